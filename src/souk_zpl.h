/*
 * souk_zpl - a file in ZPL as a tree that knows its lines, and a strict look at it.
 *
 * czmq's zconfig reads the tree. It takes nearly anything (a value cut off at
 * a '#', a name given twice, a line that nobody asked for) and keeps no line
 * numbers, so every line is looked at first, and a caller says with rules what
 * may stand where. What is refused is refused with "file:line: sentence".
 *
 * Source: https://rfc.zeromq.org/spec/4/
 */
#ifndef SOUK_ZPL_H
#define SOUK_ZPL_H

#include <souk.h>

#define SOUK_ZPL_FILE_BYTES_MAX (1024 * 1024)
#define SOUK_ZPL_LINE_BYTES_MAX 1000            /* zconfig reads past its buffer from 1,025 on */
#define SOUK_ZPL_DEPTH_MAX 8

struct souk_zpl_node {
    const char *name;
    const char *value;                          /* "" when there is none */
    bool has_value;
    unsigned line;                              /* from 1; of the root 0 */
    struct souk_zpl_node *child;                /* the first one below */
    struct souk_zpl_node *next;                 /* the next one beside */
};

struct souk_zpl;

/*
 * Read the file at `path`. Release with souk_zpl_close(). 0, -SOUK_ENOTFOUND,
 * -SOUK_EIO, -SOUK_ETOOBIG, -SOUK_EINVAL (not ZPL) or -SOUK_ENOMEM.
 */
SOUK_MUST_CHECK int souk_zpl_open(const char *path, struct souk_zpl **zpl_out, struct souk_error *err);
/* Read `text` instead; `name` stands for the path in sentences. */
SOUK_MUST_CHECK int souk_zpl_parse(const char *name, struct souk_slice text, struct souk_zpl **zpl_out,
    struct souk_error *err);
void souk_zpl_close(struct souk_zpl **zpl_p);

/* Nodes live as long as the file is open. */
const struct souk_zpl_node *souk_zpl_root(const struct souk_zpl *zpl);

/* What may stand below a node. A list of rules ends with one whose name is NULL. */
struct souk_zpl_rule {
    const char *name;
    enum souk_zpl_shape {
        SOUK_ZPL_VALUE,                         /* a value and nothing below */
        SOUK_ZPL_SECTION,                       /* no value */
        SOUK_ZPL_VALUE_AND_SECTION,             /* a value, and whatever below */
    } shape;
    enum souk_zpl_times {
        SOUK_ZPL_ONCE,
        SOUK_ZPL_MAYBE,                         /* once or not at all */
        SOUK_ZPL_SOME,                          /* once or more */
        SOUK_ZPL_ANY,
    } times;
};

/* 0, or -SOUK_EINVAL for the first child of `node` that the rules do not allow, or that they miss. */
SOUK_MUST_CHECK int souk_zpl_check(const struct souk_zpl *zpl, const struct souk_zpl_node *node,
    const struct souk_zpl_rule *rules, struct souk_error *err);
/* Call `say` with each of them, first the lines that are there, then what is missing; `at` is where it shows. */
void souk_zpl_check_all(const struct souk_zpl *zpl, const struct souk_zpl_node *node,
    const struct souk_zpl_rule *rules, void (*say)(void *arg, const struct souk_zpl_node *at,
    const struct souk_error *err), void *arg);

/* The first child of that name; NULL when there is none. */
const struct souk_zpl_node *souk_zpl_child(const struct souk_zpl_node *node, const char *name);
/* The next one beside `node` with the same name; NULL when there is none. */
const struct souk_zpl_node *souk_zpl_again(const struct souk_zpl_node *node);

/* The value of `node` as a decimal number. 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_zpl_number(const struct souk_zpl *zpl, const struct souk_zpl_node *node, uint64_t value_min,
    uint64_t value_max, uint64_t *value_out, struct souk_error *err);

/* Say what is wrong with `node`: "file:line: sentence". Returns -SOUK_EINVAL. */
int souk_zpl_fail(const struct souk_zpl *zpl, const struct souk_zpl_node *node, struct souk_error *err,
    const char *format, ...) SOUK_PRINTF(4, 5);

/* How far two words are apart: letters to add, drop, change or swap. For "did you mean". */
unsigned souk_zpl_distance(const char *a, const char *b);
/* Put `candidate` into *nearest_p when it is likely to be meant by `word`, and likelier than what is there. */
void souk_zpl_nearer(const char *word, const char *candidate, const char **nearest_p);

#endif
