#include "souk_store_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The format of LMDB 0.9, 64 bits, in the byte order of the host. */
#define LMDB_MAGIC 0xBEEFC0DEu
#define LMDB_FORMAT 1u
#define LMDB_PAGE_BRANCH 0x01u
#define LMDB_PAGE_LEAF 0x02u
#define LMDB_PAGE_META 0x08u
#define LMDB_NODE_BIG 0x01u
#define LMDB_NO_PAGE UINT64_MAX
#define LMDB_DEPTH_MAX 32
#define LMDB_METAS 2

#define TAIL_PAGES_MAX (1 << 28)        /* far more than one transaction can take and give back */

struct lmdb_page {
    uint64_t number;
    uint16_t pad;
    uint16_t flags;
    uint16_t lower;             /* end of the array of node offsets */
    uint16_t upper;
};

struct lmdb_tree {
    uint32_t pad;               /* of the free tree: the page size */
    uint16_t flags;
    uint16_t depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries;
    uint64_t root;
};

struct lmdb_meta {
    uint32_t magic;
    uint32_t format;
    uint64_t address;
    uint64_t map_bytes;
    struct lmdb_tree trees[2];  /* free pages, main */
    uint64_t last_page;
    uint64_t txn;
};

struct lmdb_node {
    uint16_t low, high;         /* size of the value, or low half of a page number */
    uint16_t flags;             /* of a branch: the page number's bits from 32 on */
    uint16_t key_bytes;
};

/* Pages between the end of the file and the last page that LMDB counts. */
struct tail {
    int fd;
    uint64_t page_bytes;
    uint64_t first, end;
    uint64_t found;
    uint8_t *seen;              /* one bit per page of the tail */
};

static int read_meta(int fd, uint64_t at, struct lmdb_meta *meta_out);
static int check_tail(int fd, const struct lmdb_meta *meta, uint64_t file_pages);
static int walk_free(struct tail *tail, uint64_t page, int depth);
static int walk_free_leaf(struct tail *tail, const uint8_t *bytes, size_t nodes);
static int note_free(struct tail *tail, const uint8_t *value, uint64_t size_bytes);
static int note_free_big(struct tail *tail, uint64_t page, uint64_t size_bytes);
static int read_fully(int fd, void *buffer, size_t size_bytes, uint64_t at);

int
souk_store_file_check(int fd, const char *path, struct souk_error *err)
{
    struct lmdb_meta meta, other;
    struct stat file;
    uint64_t page_bytes;
    int rc;

    if (fstat(fd, &file) != 0)
        return souk_fail(err, SOUK_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return souk_fail(err, SOUK_EDAMAGED, "%s: not a regular file", path);
    if ((rc = read_meta(fd, 0, &meta)) != 0)
        goto bad;
    page_bytes = meta.trees[0].pad;
    if (page_bytes < 512 || page_bytes > 65536 || (page_bytes & (page_bytes - 1)) != 0)
        return souk_fail(err, SOUK_EDAMAGED, "%s: first meta page is damaged; restore a backup or rebuild", path);
    if ((rc = read_meta(fd, page_bytes, &other)) != 0)
        goto bad;
    if (other.trees[0].pad != page_bytes)
        return souk_fail(err, SOUK_EDAMAGED, "%s: its meta pages disagree; restore a backup or rebuild", path);
    if (other.txn > meta.txn)
        meta = other;
    if (meta.last_page < LMDB_METAS - 1 || meta.last_page >= meta.map_bytes / page_bytes)
        return souk_fail(err, SOUK_EDAMAGED, "%s: newest meta page is damaged; restore a backup or rebuild", path);
    if ((uint64_t)file.st_size / page_bytes > meta.last_page)
        return 0;
    if ((rc = check_tail(fd, &meta, (uint64_t)file.st_size / page_bytes)) != -SOUK_EDAMAGED)
        goto bad;
    return souk_fail(err, SOUK_EDAMAGED, "%s: cut short at %lld of %llu bytes; restore a backup or rebuild", path,
        (long long)file.st_size, (unsigned long long)((meta.last_page + 1) * page_bytes));

bad:
    switch (rc) {
    case 0:
        return 0;
    case -SOUK_EUNSUPPORTED:
        return souk_fail(err, SOUK_EUNSUPPORTED, "%s: LMDB file of another format version", path);
    case -SOUK_EDAMAGED:
        return souk_fail(err, SOUK_EDAMAGED, "%s: no LMDB meta page; restore a backup or rebuild", path);
    case -SOUK_ENOMEM:
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to check it", path);
    default:
        return souk_fail(err, SOUK_EIO, "%s: cannot be read: %s", path, strerror(errno));
    }
}

static int
read_meta(int fd, uint64_t at, struct lmdb_meta *meta_out)
{
    struct {
        struct lmdb_page page;
        struct lmdb_meta meta;
    } record;
    int rc;

    _Static_assert(sizeof record.page == 16 && sizeof record.meta == 136, "LMDB 0.9 on 64 bits");

    if ((rc = read_fully(fd, &record, sizeof record, at)) != 0)
        return rc;
    if ((record.page.flags & LMDB_PAGE_META) == 0 || record.meta.magic != LMDB_MAGIC)
        return -SOUK_EDAMAGED;
    if (record.meta.format != LMDB_FORMAT)
        return -SOUK_EUNSUPPORTED;
    *meta_out = record.meta;
    return 0;
}

/*
 * A page that a transaction took at the end of the file and freed again is
 * counted but never written. So a short file is whole if every page that it
 * lacks is listed as free.
 */
static int
check_tail(int fd, const struct lmdb_meta *meta, uint64_t file_pages)
{
    struct tail tail = {
        .fd = fd,
        .page_bytes = meta->trees[0].pad,
        .first = file_pages,
        .end = meta->last_page + 1,
    };
    int rc;

    if (file_pages < LMDB_METAS || tail.end - tail.first > TAIL_PAGES_MAX)
        return -SOUK_EDAMAGED;
    if ((tail.seen = calloc(1, (tail.end - tail.first) / 8 + 1)) == NULL)
        return -SOUK_ENOMEM;
    rc = meta->trees[0].root == LMDB_NO_PAGE ? 0 : walk_free(&tail, meta->trees[0].root, 0);
    free(tail.seen);
    if (rc == 0 && tail.found != tail.end - tail.first)
        rc = -SOUK_EDAMAGED;
    return rc;
}

static int
walk_free(struct tail *tail, uint64_t page, int depth)
{
    struct lmdb_page *head;
    struct lmdb_node node;
    uint8_t *bytes;
    uint16_t offset;
    size_t nodes, n;
    int rc;

    if (depth > LMDB_DEPTH_MAX || page >= tail->first)
        return -SOUK_EDAMAGED;
    if ((bytes = malloc(tail->page_bytes)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = read_fully(tail->fd, bytes, tail->page_bytes, page * tail->page_bytes)) != 0)
        goto done;
    head = (struct lmdb_page *)bytes;
    rc = -SOUK_EDAMAGED;
    if (head->number != page || head->lower < sizeof *head || head->lower > tail->page_bytes)
        goto done;
    nodes = (head->lower - sizeof *head) / sizeof offset;
    if ((head->flags & LMDB_PAGE_LEAF) != 0) {
        rc = walk_free_leaf(tail, bytes, nodes);
        goto done;
    }
    if ((head->flags & LMDB_PAGE_BRANCH) == 0)
        goto done;
    for (n = 0, rc = 0; n < nodes && rc == 0; n++) {
        memcpy(&offset, bytes + sizeof *head + n * sizeof offset, sizeof offset);
        if (offset > tail->page_bytes - sizeof node) {
            rc = -SOUK_EDAMAGED;
            break;
        }
        memcpy(&node, bytes + offset, sizeof node);
        rc = walk_free(tail, (uint64_t)node.flags << 32 | (uint64_t)node.high << 16 | node.low, depth + 1);
    }

done:
    free(bytes);
    return rc;
}

static int
walk_free_leaf(struct tail *tail, const uint8_t *bytes, size_t nodes)
{
    struct lmdb_node node;
    uint64_t size_bytes, big;
    uint16_t offset;
    size_t at, n;
    int rc = 0;

    for (n = 0; n < nodes && rc == 0; n++) {
        memcpy(&offset, bytes + sizeof(struct lmdb_page) + n * sizeof offset, sizeof offset);
        if (offset > tail->page_bytes - sizeof node)
            return -SOUK_EDAMAGED;
        memcpy(&node, bytes + offset, sizeof node);
        at = (size_t)offset + sizeof node + node.key_bytes;
        size_bytes = (uint64_t)node.high << 16 | node.low;
        if ((node.flags & LMDB_NODE_BIG) != 0) {
            if (at > tail->page_bytes - sizeof big)
                return -SOUK_EDAMAGED;
            memcpy(&big, bytes + at, sizeof big);
            rc = note_free_big(tail, big, size_bytes);
        } else {
            if (at > tail->page_bytes || size_bytes > tail->page_bytes - at)
                return -SOUK_EDAMAGED;
            rc = note_free(tail, bytes + at, size_bytes);
        }
    }
    return rc;
}

static int
note_free_big(struct tail *tail, uint64_t page, uint64_t size_bytes)
{
    uint8_t *value;
    int rc;

    if (page >= tail->first || size_bytes > (tail->first - page) * tail->page_bytes - sizeof(struct lmdb_page))
        return -SOUK_EDAMAGED;
    if ((value = malloc(size_bytes)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = read_fully(tail->fd, value, size_bytes, page * tail->page_bytes + sizeof(struct lmdb_page))) == 0)
        rc = note_free(tail, value, size_bytes);
    free(value);
    return rc;
}

/* A record of the free tree: a count, then as many page numbers. */
static int
note_free(struct tail *tail, const uint8_t *value, uint64_t size_bytes)
{
    uint64_t count, page, bit, n;

    if (size_bytes < sizeof count)
        return -SOUK_EDAMAGED;
    memcpy(&count, value, sizeof count);
    if (count > size_bytes / sizeof page - 1)
        return -SOUK_EDAMAGED;
    for (n = 1; n <= count; n++) {
        memcpy(&page, value + n * sizeof page, sizeof page);
        if (page < tail->first || page >= tail->end)
            continue;
        bit = page - tail->first;
        if ((tail->seen[bit / 8] & 1u << bit % 8) == 0)
            tail->found++;
        tail->seen[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    return 0;
}

/* 0, -SOUK_EDAMAGED when the file ends before, -SOUK_EIO with errno. */
static int
read_fully(int fd, void *buffer, size_t size_bytes, uint64_t at)
{
    uint8_t *bytes = buffer;
    ssize_t n;

    while (size_bytes > 0) {
        if ((n = pread(fd, bytes, size_bytes, (off_t)at)) < 0) {
            if (errno == EINTR)
                continue;
            return -SOUK_EIO;
        }
        if (n == 0)
            return -SOUK_EDAMAGED;
        bytes += n;
        at += (uint64_t)n;
        size_bytes -= (size_t)n;
    }
    return 0;
}
