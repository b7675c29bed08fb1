#include "souk_forgotten.h"

#define TABLE_FORGOTTEN "souk.forgotten"        /* person -> nothing */

int
souk_forgotten_put(struct souk_txn *txn, const struct souk_id *person)
{
    struct souk_table table;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_FORGOTTEN, &table)) != 0)
        return rc;
    return souk_txn_put(txn, table, souk_slice_of_id(person), souk_slice_of(""));
}

int
souk_forgotten_each(struct souk_txn *txn, int (*each)(void *arg, const struct souk_id *person), void *arg)
{
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;
    struct souk_id person;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_FORGOTTEN, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, souk_slice_of(""), &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0 && (rc = souk_id_of(key, &person)) == 0
        && (rc = each(arg, &person)) == 0)
        continue;
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc == -SOUK_EINVAL ? -SOUK_EDAMAGED : rc;
}
