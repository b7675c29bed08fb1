#include "souk_zpl.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <czmq.h>

#include <souk-message.h>

#define INDENT_SPACES 4
#define WORD_BYTES_MAX 64               /* longer words resemble nothing */

/* What a line says, as far as zconfig does not tell. */
struct entry_line {
    unsigned line;
    unsigned depth;                     /* 1 at the left edge */
    bool has_value;
};

/* What souk_zpl_check() answers. */
struct first_fault {
    struct souk_error *err;
    int rc;
};

struct souk_zpl {
    char *path;
    struct souk_arena arena;
    struct souk_zpl_node root;
    struct entry_line *entries;         /* in the order of the file */
    size_t entry_count;
};

static int read_file(const char *path, char **text_out, size_t *size_bytes_out, struct souk_error *err);
static int scan(struct souk_zpl *zpl, struct souk_slice text, struct souk_error *err);
static int scan_line(struct souk_zpl *zpl, unsigned line, const char *at, size_t size_bytes, struct souk_error *err);
static int scan_value(struct souk_zpl *zpl, unsigned line, const char *at, const char *end, struct souk_error *err);
static int build(struct souk_zpl *zpl, struct souk_slice text, struct souk_error *err);
static int copy_below(struct souk_zpl *zpl, zconfig_t *config, unsigned depth, size_t *entry,
    struct souk_zpl_node *node);
static int fail_line(const struct souk_zpl *zpl, unsigned line, struct souk_error *err, const char *format, ...)
    SOUK_PRINTF(4, 5);
static const struct souk_zpl_rule *find_rule(const struct souk_zpl_rule *rules, const char *name);
static int fail_unknown(const struct souk_zpl *zpl, const struct souk_zpl_node *node,
    const struct souk_zpl_rule *rules, struct souk_error *err);
static bool is_name_character(char letter);
static int check_child(const struct souk_zpl *zpl, const struct souk_zpl_node *node, const struct souk_zpl_node **at_p,
    const struct souk_zpl_rule *rules, struct souk_error *err);
static void keep_first(void *arg, const struct souk_zpl_node *at, const struct souk_error *err);

int
souk_zpl_open(const char *path, struct souk_zpl **zpl_out, struct souk_error *err)
{
    size_t size_bytes = 0;
    char *text = NULL;
    int rc;

    if ((rc = read_file(path, &text, &size_bytes, err)) != 0)
        return rc;
    rc = souk_zpl_parse(path, (struct souk_slice){ text, size_bytes }, zpl_out, err);
    free(text);
    return rc;
}

int
souk_zpl_parse(const char *name, struct souk_slice text, struct souk_zpl **zpl_out, struct souk_error *err)
{
    struct souk_zpl *zpl;
    int rc;

    if (text.size_bytes > SOUK_ZPL_FILE_BYTES_MAX)
        return souk_fail(err, SOUK_ETOOBIG, "%s: %zu bytes, at most %d", name, text.size_bytes,
            SOUK_ZPL_FILE_BYTES_MAX);
    if ((zpl = calloc(1, sizeof *zpl)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to read it", name);
    souk_arena_init(&zpl->arena, 0);
    zpl->root = (struct souk_zpl_node){ .name = "", .value = "" };
    if ((zpl->path = strdup(name)) == NULL) {
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no memory to read it", name);
        goto fail;
    }
    if ((rc = scan(zpl, text, err)) != 0)
        goto fail;
    if ((rc = build(zpl, text, err)) != 0)
        goto fail;
    *zpl_out = zpl;
    return 0;

fail:
    souk_zpl_close(&zpl);
    return rc;
}

void
souk_zpl_close(struct souk_zpl **zpl_p)
{
    struct souk_zpl *zpl = *zpl_p;

    if (zpl == NULL)
        return;
    souk_arena_done(&zpl->arena);
    free(zpl->entries);
    free(zpl->path);
    free(zpl);
    *zpl_p = NULL;
}

const struct souk_zpl_node *
souk_zpl_root(const struct souk_zpl *zpl)
{
    return &zpl->root;
}

int
souk_zpl_check(const struct souk_zpl *zpl, const struct souk_zpl_node *node, const struct souk_zpl_rule *rules,
    struct souk_error *err)
{
    struct first_fault first = { .err = err };

    souk_zpl_check_all(zpl, node, rules, keep_first, &first);
    return first.rc;
}

void
souk_zpl_check_all(const struct souk_zpl *zpl, const struct souk_zpl_node *node, const struct souk_zpl_rule *rules,
    void (*say)(void *arg, const struct souk_zpl_node *at, const struct souk_error *err), void *arg)
{
    const struct souk_zpl_node *child;
    const struct souk_zpl_node *at;
    const struct souk_zpl_rule *rule;
    struct souk_error err;

    for (child = node->child; child != NULL; child = child->next) {
        at = child;
        if (check_child(zpl, node, &at, rules, &err) != 0)
            say(arg, at, &err);
    }
    for (rule = rules; rule->name != NULL; rule++) {
        if (rule->times == SOUK_ZPL_MAYBE || rule->times == SOUK_ZPL_ANY || souk_zpl_child(node, rule->name) != NULL)
            continue;
        if (node == &zpl->root)
            (void)souk_zpl_fail(zpl, node, &err, "`%s` is missing", rule->name);
        else
            (void)souk_zpl_fail(zpl, node, &err, "`%s` is missing below `%s%s%s`", rule->name, node->name,
                node->has_value ? " = " : "", node->value);
        say(arg, node, &err);
    }
}

const struct souk_zpl_node *
souk_zpl_child(const struct souk_zpl_node *node, const char *name)
{
    const struct souk_zpl_node *child;

    for (child = node->child; child != NULL; child = child->next) {
        if (strcmp(child->name, name) == 0)
            return child;
    }
    return NULL;
}

const struct souk_zpl_node *
souk_zpl_again(const struct souk_zpl_node *node)
{
    const struct souk_zpl_node *other;

    for (other = node->next; other != NULL; other = other->next) {
        if (strcmp(other->name, node->name) == 0)
            return other;
    }
    return NULL;
}

int
souk_zpl_number(const struct souk_zpl *zpl, const struct souk_zpl_node *node, uint64_t value_min, uint64_t value_max,
    uint64_t *value_out, struct souk_error *err)
{
    uint64_t value;
    char *end;

    errno = 0;
    value = strtoull(node->value, &end, 10);
    if (!isdigit((unsigned char)node->value[0]) || *end != '\0' || errno != 0 || value < value_min || value > value_max)
        return souk_zpl_fail(zpl, node, err, "`%s`: a number from %ju to %ju is meant, not `%s`", node->name,
            (uintmax_t)value_min, (uintmax_t)value_max, node->value);
    *value_out = value;
    return 0;
}

int
souk_zpl_fail(const struct souk_zpl *zpl, const struct souk_zpl_node *node, struct souk_error *err,
    const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (node->line == 0)
        return souk_fail(err, SOUK_EINVAL, "%s: %s", zpl->path, sentence);
    return souk_fail(err, SOUK_EINVAL, "%s:%u: %s", zpl->path, node->line, sentence);
}

/* Optimal string alignment over three rows of its matrix. */
unsigned
souk_zpl_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_BYTES_MAX + 1];
    unsigned *before = rows[0];
    unsigned *above = rows[1];
    unsigned *row = rows[2];
    unsigned *oldest;
    size_t a_bytes = strlen(a);
    size_t b_bytes = strlen(b);
    size_t i;
    size_t j;

    if (a_bytes > WORD_BYTES_MAX || b_bytes > WORD_BYTES_MAX)
        return UINT32_MAX;
    for (j = 0; j <= b_bytes; j++)
        above[j] = before[j] = (unsigned)j;
    for (i = 1; i <= a_bytes; i++) {
        row[0] = (unsigned)i;
        for (j = 1; j <= b_bytes; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (row[j] > above[j] + 1)
                row[j] = above[j] + 1;
            if (row[j] > row[j - 1] + 1)
                row[j] = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && row[j] > before[j - 2] + 1)
                row[j] = before[j - 2] + 1;
        }
        oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_bytes];
}

void
souk_zpl_nearer(const char *word, const char *candidate, const char **nearest_p)
{
    const size_t longer = strlen(word) > strlen(candidate) ? strlen(word) : strlen(candidate);
    const unsigned far = longer < 4 ? 2 : longer < 9 ? 3 : 4;
    const unsigned distance = souk_zpl_distance(word, candidate);

    if (distance > 0 && distance < far && (*nearest_p == NULL || distance < souk_zpl_distance(word, *nearest_p)))
        *nearest_p = candidate;
}

/* Whatever the name leads to: opening a FIFO or reading a device would wait for somebody. */
static int
read_file(const char *path, char **text_out, size_t *size_bytes_out, struct souk_error *err)
{
    char *text = NULL;
    size_t size_bytes = 0;
    struct stat file;
    ssize_t n = 1;
    int fd, rc = 0;

    if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) < 0)
        return souk_fail(err, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EIO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &file) != 0)
        rc = souk_fail(err, SOUK_EIO, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(file.st_mode))
        rc = souk_fail(err, SOUK_EINVAL, "%s: it is %s; a regular file is meant", path, S_ISDIR(file.st_mode)
            ? "a directory" : S_ISFIFO(file.st_mode) ? "a pipe" : "a device or a socket");
    else if ((text = malloc(SOUK_ZPL_FILE_BYTES_MAX + 1)) == NULL)
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no memory to read it", path);
    while (rc == 0 && n > 0 && size_bytes <= SOUK_ZPL_FILE_BYTES_MAX) {
        if ((n = read(fd, text + size_bytes, SOUK_ZPL_FILE_BYTES_MAX + 1 - size_bytes)) > 0)
            size_bytes += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            rc = souk_fail(err, SOUK_EIO, "%s: %s", path, strerror(errno));
    }
    if (rc == 0 && size_bytes > SOUK_ZPL_FILE_BYTES_MAX)
        rc = souk_fail(err, SOUK_ETOOBIG, "%s: more than %d bytes", path, SOUK_ZPL_FILE_BYTES_MAX);
    (void)close(fd);
    if (rc != 0) {
        free(text);
        return rc;
    }
    *text_out = text;
    *size_bytes_out = size_bytes;
    return 0;
}

/* ---- lines ---------------------------------------------------------- */

static int
scan(struct souk_zpl *zpl, struct souk_slice text, struct souk_error *err)
{
    const char *at = text.base;
    const char *end = text.size_bytes == 0 ? at : at + text.size_bytes;
    const char *line_end;
    size_t line_count = 1;
    unsigned line;
    int rc;

    for (; at < end; at++)
        line_count += *at == '\n';
    if (!souk_slice_is_utf8(text))
        return souk_fail(err, SOUK_EINVAL, "%s: is not UTF-8", zpl->path);
    if ((zpl->entries = calloc(line_count, sizeof *zpl->entries)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to read it", zpl->path);
    for (at = text.base, line = 1; at < end; at = line_end + 1, line++) {
        if ((line_end = memchr(at, '\n', (size_t)(end - at))) == NULL)
            line_end = end;
        if ((rc = scan_line(zpl, line, at, (size_t)(line_end - at), err)) != 0)
            return rc;
    }
    return 0;
}

static int
scan_line(struct souk_zpl *zpl, unsigned line, const char *at, size_t size_bytes, struct souk_error *err)
{
    const char *end = at + size_bytes;
    const char *name = at;
    const char *letter;
    unsigned depth_max;
    unsigned depth;
    int rc;

    if (size_bytes > SOUK_ZPL_LINE_BYTES_MAX)
        return fail_line(zpl, line, err, "a line of %zu bytes, at most %d", size_bytes, SOUK_ZPL_LINE_BYTES_MAX);
    for (letter = at; letter < end; letter++) {
        if (*letter == '\t')
            return fail_line(zpl, line, err, "a tab; what is further in begins with %d spaces for each level",
                INDENT_SPACES);
        if ((unsigned char)*letter < 0x20 || *letter == 0x7f)
            return fail_line(zpl, line, err, "byte %02x is no text", (unsigned)(unsigned char)*letter);
    }
    while (end > at && end[-1] == ' ')
        end--;
    while (name < end && *name == ' ')
        name++;
    if (name == end)
        return 0;
    if ((name - at) % INDENT_SPACES != 0)
        return fail_line(zpl, line, err, "%td spaces in front; %d for each level", name - at, INDENT_SPACES);
    if (*name == '#')
        return 0;

    depth = (unsigned)(name - at) / INDENT_SPACES + 1;
    depth_max = zpl->entry_count == 0 ? 1 : zpl->entries[zpl->entry_count - 1].depth + 1;
    if (depth > depth_max)
        return fail_line(zpl, line, err, "too far in: nothing stands above it that it could belong to");
    if (depth > SOUK_ZPL_DEPTH_MAX)
        return fail_line(zpl, line, err, "more than %d levels", SOUK_ZPL_DEPTH_MAX);
    for (letter = name; letter < end && is_name_character(*letter); letter++)
        continue;
    if (letter == name)
        return fail_line(zpl, line, err, "a name is meant, not `%.*s`", (int)(end - name), name);
    if (*name == '/' || letter[-1] == '/')
        return fail_line(zpl, line, err, "a name cannot begin or end with a slash");
    zpl->entries[zpl->entry_count] = (struct entry_line){ .line = line, .depth = depth };
    while (letter < end && *letter == ' ')
        letter++;
    if (letter < end && *letter == '=') {
        zpl->entries[zpl->entry_count].has_value = true;
        if ((rc = scan_value(zpl, line, letter + 1, end, err)) != 0)
            return rc;
    } else if (letter < end && *letter != '#') {
        return fail_line(zpl, line, err, "`=` is meant behind the name, not `%.*s`", (int)(end - letter), letter);
    }
    zpl->entry_count++;
    return 0;
}

static int
scan_value(struct souk_zpl *zpl, unsigned line, const char *at, const char *end, struct souk_error *err)
{
    const char *quote;
    const char *letter;

    while (at < end && *at == ' ')
        at++;
    if (at == end || *at == '#')
        return fail_line(zpl, line, err, "a value is missing behind `=`; an empty one is \"\"");
    if (*at == '"' || *at == '\'') {
        if ((quote = memchr(at + 1, *at, (size_t)(end - at - 1))) == NULL)
            return fail_line(zpl, line, err, "the closing %c is missing", *at);
        for (letter = quote + 1; letter < end && *letter == ' '; letter++)
            continue;
        if (letter < end && *letter != '#')
            return fail_line(zpl, line, err, "`%.*s` behind a quoted value", (int)(end - letter), letter);
        return 0;
    }
    for (letter = at; letter < end; letter++) {
        if (*letter == '#' && letter[-1] != ' ')
            return fail_line(zpl, line, err, "# would begin a comment here: quote the value");
        if (*letter == '#')
            break;
    }
    return 0;
}

static bool
is_name_character(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9')
        || (letter != '\0' && strchr("$-_@.&+/", letter) != NULL);
}

/* ---- the tree ------------------------------------------------------- */

/* zconfig meets the entries in the order in which they were scanned. */
static int
build(struct souk_zpl *zpl, struct souk_slice text, struct souk_error *err)
{
    zconfig_t *config = NULL;
    zchunk_t *chunk = NULL;
    size_t entry = 0;
    int rc;

    if (zpl->entry_count == 0)
        return 0;
    if ((chunk = zchunk_new(text.base, text.size_bytes)) == NULL || (config = zconfig_chunk_load(chunk)) == NULL)
        rc = souk_fail(err, SOUK_EINVAL, "%s: is not ZPL", zpl->path);
    else if ((rc = copy_below(zpl, config, 1, &entry, &zpl->root)) != 0)
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no memory to read it", zpl->path);
    assert(rc != 0 || entry == zpl->entry_count);
    zconfig_destroy(&config);
    zchunk_destroy(&chunk);
    return rc;
}

static int
copy_below(struct souk_zpl *zpl, zconfig_t *config, unsigned depth, size_t *entry, struct souk_zpl_node *node)
{
    struct souk_zpl_node **link = &node->child;
    struct souk_zpl_node *child;
    struct souk_slice name;
    struct souk_slice value;
    const char *name_text;
    const char *value_text;
    zconfig_t *item;
    int rc;

    for (item = zconfig_child(config); item != NULL; item = zconfig_next(item)) {
        assert(*entry < zpl->entry_count && zpl->entries[*entry].depth == depth);
        if ((name_text = zconfig_name(item)) == NULL || (value_text = zconfig_value(item)) == NULL)
            return -SOUK_ENOMEM;                /* czmq goes on without */
        name = souk_slice_of(name_text);
        value = souk_slice_of(value_text);
        child = souk_arena_alloc(&zpl->arena, sizeof *child);
        name = souk_arena_copy(&zpl->arena, (struct souk_slice){ name.base, name.size_bytes + 1 });
        value = souk_arena_copy(&zpl->arena, (struct souk_slice){ value.base, value.size_bytes + 1 });
        if (child == NULL || name.base == NULL || value.base == NULL)
            return -SOUK_ENOMEM;
        *child = (struct souk_zpl_node){ .name = name.base, .value = value.base,
            .has_value = zpl->entries[*entry].has_value, .line = zpl->entries[*entry].line };
        (*entry)++;
        *link = child;
        link = &child->next;
        if ((rc = copy_below(zpl, item, depth + 1, entry, child)) != 0)
            return rc;
    }
    return 0;
}

static int
fail_line(const struct souk_zpl *zpl, unsigned line, struct souk_error *err, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return souk_fail(err, SOUK_EINVAL, "%s:%u: %s", zpl->path, line, sentence);
}

/* ---- rules ---------------------------------------------------------- */

/* Is *at_p, a child of `node`, as the rules say? When a line below it is not, *at_p becomes that. */
static int
check_child(const struct souk_zpl *zpl, const struct souk_zpl_node *node, const struct souk_zpl_node **at_p,
    const struct souk_zpl_rule *rules, struct souk_error *err)
{
    const struct souk_zpl_node *child = *at_p;
    const struct souk_zpl_node *earlier;
    const struct souk_zpl_rule *rule;

    if ((rule = find_rule(rules, child->name)) == NULL)
        return fail_unknown(zpl, child, rules, err);
    if (rule->shape != SOUK_ZPL_SECTION && !child->has_value)
        return souk_zpl_fail(zpl, child, err, "`%s` needs a value: %s = ...", child->name, child->name);
    if (rule->shape == SOUK_ZPL_SECTION && child->has_value)
        return souk_zpl_fail(zpl, child, err, "`%s` has no value; what it holds stands below it", child->name);
    if (rule->shape == SOUK_ZPL_VALUE && child->child != NULL) {
        *at_p = child->child;
        return souk_zpl_fail(zpl, child->child, err, "nothing can stand below `%s`", child->name);
    }
    earlier = souk_zpl_child(node, child->name);
    if ((rule->times == SOUK_ZPL_ONCE || rule->times == SOUK_ZPL_MAYBE) && earlier != child)
        return souk_zpl_fail(zpl, child, err, "`%s` is given twice, first in line %u", child->name, earlier->line);
    return 0;
}

static void
keep_first(void *arg, const struct souk_zpl_node *at, const struct souk_error *err)
{
    struct first_fault *first = arg;

    if (first->rc != 0)
        return;
    first->rc = -err->code;
    if (first->err != NULL)
        *first->err = *err;
}

static const struct souk_zpl_rule *
find_rule(const struct souk_zpl_rule *rules, const char *name)
{
    for (; rules->name != NULL; rules++) {
        if (strcmp(rules->name, name) == 0)
            return rules;
    }
    return NULL;
}

static int
fail_unknown(const struct souk_zpl *zpl, const struct souk_zpl_node *node, const struct souk_zpl_rule *rules,
    struct souk_error *err)
{
    const struct souk_zpl_rule *rule;
    const char *nearest = NULL;

    for (rule = rules; rule->name != NULL; rule++)
        souk_zpl_nearer(node->name, rule->name, &nearest);
    if (nearest != NULL)
        return souk_zpl_fail(zpl, node, err, "`%s` is not known here; did you mean `%s`?", node->name, nearest);
    return souk_zpl_fail(zpl, node, err, "`%s` is not known here", node->name);
}
