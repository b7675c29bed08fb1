#include "souk_keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "souk_directory.h"

#define MAGIC "soukkey1"
#define CHECK_BYTES 16
#define INDEX_SLOTS_MIN 64
#define READ_SLOTS 256                          /* at a time, when the file is read through */

struct slot {
    struct souk_id person;
    uint8_t key[SOUK_KEYRING_KEY_BYTES];
    uint8_t check[CHECK_BYTES];
};

_Static_assert(sizeof(struct slot) == SOUK_KEYRING_SLOT_BYTES, "a slot is as it lies in the file");

struct entry {
    struct souk_id person;
    uint32_t number;                            /* of its slot; 0: nobody */
};

struct souk_keyring {
    pthread_mutex_t lock;
    int fd;
    uint32_t slots;                             /* that were read, the head counted */
    uint64_t forgotten;
    uint32_t index_mask;
    struct entry *index;                        /* by the person's last bytes, which are drawn at random */
};

static int begin(struct souk_keyring *keyring, const char *path, struct souk_error *err);
static int catch_up(struct souk_keyring *keyring);
static int read_slots(struct souk_keyring *keyring, uint32_t from, struct slot *slots_out, uint32_t room,
    uint32_t *count_out);
static int take(struct souk_keyring *keyring, const struct slot *slot);
static int look_up(struct souk_keyring *keyring, const struct souk_id *person, uint32_t *number_out);
static int write_slot(struct souk_keyring *keyring, uint32_t number, const struct souk_id *person,
    const uint8_t key[SOUK_KEYRING_KEY_BYTES]);
static struct entry *entry_of(const struct entry *index, uint32_t mask, const struct souk_id *person);
static int grow_index(struct souk_keyring *keyring);
static void check_of(const struct slot *slot, uint8_t check_out[CHECK_BYTES]);
static bool fits(const struct slot *slot);
static bool is_zero(const void *bytes, size_t size_bytes);

int
souk_keyring_open(const char *path, struct souk_keyring **keyring_out, struct souk_error *err)
{
    struct souk_keyring *keyring;
    int rc;

    if ((keyring = calloc(1, sizeof *keyring)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "keys of persons %s: no memory", path);
    if ((rc = pthread_mutex_init(&keyring->lock, NULL)) != 0) {
        free(keyring);
        return souk_fail(err, SOUK_ENOMEM, "keys of persons %s: %s", path, strerror(rc));
    }
    keyring->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (keyring->fd < 0)
        rc = souk_fail(err, SOUK_EIO, "keys of persons %s: %s", path, strerror(errno));
    else if ((rc = begin(keyring, path, err)) == 0 && (rc = catch_up(keyring)) != 0)
        rc = souk_fail(err, (enum souk_error_code)-rc, "keys of persons %s: %s; what they sealed cannot be read without"
            " them, so put their backup back", path, rc == -SOUK_EDAMAGED ? "a slot is not as it was written"
            : souk_error_name(rc));
    if (rc != 0)
        souk_keyring_close(&keyring);
    else
        *keyring_out = keyring;
    return rc;
}

void
souk_keyring_close(struct souk_keyring **keyring_p)
{
    struct souk_keyring *keyring = *keyring_p;

    *keyring_p = NULL;
    if (keyring == NULL)
        return;
    if (keyring->fd >= 0)
        (void)close(keyring->fd);
    (void)pthread_mutex_destroy(&keyring->lock);
    free(keyring->index);
    free(keyring);
}

int
souk_keyring_find(struct souk_keyring *keyring, const struct souk_id *person, enum souk_keyring_state *state_out,
    uint8_t key_out[SOUK_KEYRING_KEY_BYTES])
{
    struct slot slot;
    uint32_t number, count;
    int rc;

    *state_out = SOUK_KEYRING_NONE;
    (void)pthread_mutex_lock(&keyring->lock);
    if ((rc = look_up(keyring, person, &number)) == 0 && number != 0
        && (rc = read_slots(keyring, number, &slot, 1, &count)) == 0) {
        if (count != 1 || !fits(&slot)) {
            rc = -SOUK_EDAMAGED;
        } else if (is_zero(slot.key, sizeof slot.key)) {
            *state_out = SOUK_KEYRING_FORGOTTEN;
        } else {
            *state_out = SOUK_KEYRING_KEY;
            memcpy(key_out, slot.key, sizeof slot.key);
        }
        sodium_memzero(&slot, sizeof slot);
    }
    (void)pthread_mutex_unlock(&keyring->lock);
    return rc;
}

int
souk_keyring_add(struct souk_keyring *keyring, const struct souk_id *person, const uint8_t key[SOUK_KEYRING_KEY_BYTES])
{
    uint32_t number;
    int rc;

    (void)pthread_mutex_lock(&keyring->lock);
    if ((rc = look_up(keyring, person, &number)) == 0 && number == 0)
        rc = write_slot(keyring, 0, person, key);
    (void)pthread_mutex_unlock(&keyring->lock);
    return rc;
}

int
souk_keyring_forget(struct souk_keyring *keyring, const struct souk_id *person)
{
    static const uint8_t none[SOUK_KEYRING_KEY_BYTES];
    uint32_t number;
    int rc;

    (void)pthread_mutex_lock(&keyring->lock);
    if ((rc = look_up(keyring, person, &number)) == 0)
        rc = write_slot(keyring, number, person, none);
    (void)pthread_mutex_unlock(&keyring->lock);
    return rc;
}

void
souk_keyring_count(struct souk_keyring *keyring, uint64_t *keys_out, uint64_t *forgotten_out)
{
    (void)pthread_mutex_lock(&keyring->lock);
    *forgotten_out = keyring->forgotten;
    *keys_out = keyring->slots - 1 - keyring->forgotten;
    (void)pthread_mutex_unlock(&keyring->lock);
}

/* ---- the file ------------------------------------------------------- */

/* The first slot says what the file is. */
static int
begin(struct souk_keyring *keyring, const char *path, struct souk_error *err)
{
    struct slot head = { .key = { 0 } }, found;
    uint32_t count;
    int rc;

    memcpy(head.person.bytes, MAGIC, sizeof MAGIC);
    check_of(&head, head.check);
    if ((rc = read_slots(keyring, 0, &found, 1, &count)) != 0)
        return souk_fail(err, SOUK_EIO, "keys of persons %s: %s", path, strerror(errno));
    keyring->slots = 1;
    if (count == 1 && memcmp(&found, &head, sizeof head) == 0)
        return 0;
    if (count == 1)
        return souk_fail(err, SOUK_EDAMAGED, "%s: this is no file of keys of persons; put its backup back, or move it"
            " away when there was none", path);
    if (pwrite(keyring->fd, &head, sizeof head, 0) != (ssize_t)sizeof head || fdatasync(keyring->fd) != 0
        || souk_directory_sync_parent(path) != 0)
        return souk_fail(err, SOUK_EIO, "keys of persons %s: %s", path, strerror(errno));
    return 0;
}

/* Read what has been appended since, by whomever. A slot at the end that is not whole counts as unwritten. */
static int
catch_up(struct souk_keyring *keyring)
{
    struct slot slots[READ_SLOTS];
    uint32_t count;
    int rc;

    do {
        if ((rc = read_slots(keyring, keyring->slots, slots, READ_SLOTS, &count)) != 0)
            break;
        for (uint32_t i = 0; i < count && rc == 0; i++) {
            if (fits(&slots[i]))
                rc = take(keyring, &slots[i]);
            else
                rc = i + 1 == count && count < READ_SLOTS ? -SOUK_ENOTFOUND : -SOUK_EDAMAGED;
        }
    } while (rc == 0 && count == READ_SLOTS);
    sodium_memzero(slots, sizeof slots);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Whole slots only. */
static int
read_slots(struct souk_keyring *keyring, uint32_t from, struct slot *slots_out, uint32_t room, uint32_t *count_out)
{
    const off_t at = (off_t)from * SOUK_KEYRING_SLOT_BYTES;
    ssize_t n;

    do
        n = pread(keyring->fd, slots_out, room * sizeof *slots_out, at);
    while (n < 0 && errno == EINTR);
    *count_out = n < 0 ? 0 : (uint32_t)((size_t)n / sizeof *slots_out);
    return n < 0 ? -SOUK_EIO : 0;
}

static int
take(struct souk_keyring *keyring, const struct slot *slot)
{
    struct entry *entry;
    int rc;

    if (keyring->slots > SOUK_KEYRING_PERSONS_MAX)
        return -SOUK_EDAMAGED;
    if ((rc = grow_index(keyring)) != 0)
        return rc;
    entry = entry_of(keyring->index, keyring->index_mask, &slot->person);
    if (entry->number != 0)
        return -SOUK_EDAMAGED;                  /* nobody has two */
    *entry = (struct entry){ slot->person, keyring->slots++ };
    keyring->forgotten += is_zero(slot->key, sizeof slot->key);
    return 0;
}

static int
look_up(struct souk_keyring *keyring, const struct souk_id *person, uint32_t *number_out)
{
    int rc = 0;

    *number_out = 0;
    for (int looks = 0; looks < 2 && rc == 0 && *number_out == 0; looks++) {
        if (keyring->index != NULL)
            *number_out = entry_of(keyring->index, keyring->index_mask, person)->number;
        if (*number_out == 0 && looks == 0)
            rc = catch_up(keyring);
    }
    return rc;
}

/* Into slot `number`, or behind the last one when it is 0. */
static int
write_slot(struct souk_keyring *keyring, uint32_t number, const struct souk_id *person,
    const uint8_t key[SOUK_KEYRING_KEY_BYTES])
{
    struct slot slot = { .person = *person }, before;
    const bool is_new = number == 0;
    uint32_t count;
    ssize_t n;
    int rc = 0;

    if (is_new && keyring->slots > SOUK_KEYRING_PERSONS_MAX)
        return -SOUK_EFULL;
    if (!is_new && read_slots(keyring, number, &before, 1, &count) == 0 && count == 1
        && is_zero(before.key, sizeof before.key) && fits(&before))
        return 0;                               /* forgotten already */
    memcpy(slot.key, key, sizeof slot.key);
    check_of(&slot, slot.check);
    do
        n = pwrite(keyring->fd, &slot, sizeof slot, (off_t)(is_new ? keyring->slots : number) * SOUK_KEYRING_SLOT_BYTES);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof slot)
        rc = n >= 0 || errno == ENOSPC || errno == EDQUOT ? -SOUK_EFULL : -SOUK_EIO;
    else if (fdatasync(keyring->fd) != 0)
        rc = -SOUK_EIO;
    else if (is_new)
        rc = take(keyring, &slot);
    else
        keyring->forgotten++;
    sodium_memzero(&slot, sizeof slot);
    sodium_memzero(&before, sizeof before);
    return rc;
}

/* ---- whose slot is where -------------------------------------------- */

/* The person's entry, or the free one where it would stand. */
static struct entry *
entry_of(const struct entry *index, uint32_t mask, const struct souk_id *person)
{
    uint32_t at;

    memcpy(&at, person->bytes + sizeof person->bytes - sizeof at, sizeof at);
    for (at &= mask; index[at].number != 0; at = (at + 1) & mask)
        if (memcmp(&index[at].person, person, sizeof *person) == 0)
            break;
    return (struct entry *)(uintptr_t)&index[at];
}

/* At most half of it is taken. */
static int
grow_index(struct souk_keyring *keyring)
{
    const uint32_t size = keyring->index == NULL ? 0 : keyring->index_mask + 1;
    const uint32_t grown = size == 0 ? INDEX_SLOTS_MIN : size * 2;
    struct entry *index;

    if (keyring->slots * 2 < size)
        return 0;
    if ((index = calloc(grown, sizeof *index)) == NULL)
        return -SOUK_ENOMEM;
    for (uint32_t i = 0; i < size; i++)
        if (keyring->index[i].number != 0)
            *entry_of(index, grown - 1, &keyring->index[i].person) = keyring->index[i];
    free(keyring->index);
    keyring->index = index;
    keyring->index_mask = grown - 1;
    return 0;
}

/* ---- slots ---------------------------------------------------------- */

static void
check_of(const struct slot *slot, uint8_t check_out[CHECK_BYTES])
{
    (void)crypto_generichash(check_out, CHECK_BYTES, (const uint8_t *)slot, offsetof(struct slot, check), NULL, 0);
}

static bool
fits(const struct slot *slot)
{
    uint8_t check[CHECK_BYTES];

    check_of(slot, check);
    return memcmp(check, slot->check, sizeof check) == 0;
}

static bool
is_zero(const void *bytes, size_t size_bytes)
{
    return sodium_is_zero(bytes, size_bytes) == 1;
}
