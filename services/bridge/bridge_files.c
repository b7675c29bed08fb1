#define _GNU_SOURCE                     /* openat, fdopendir, O_NOFOLLOW */
#include "bridge_files.h"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <zlib.h>
#ifdef HAVE_BROTLI
#include <brotli/encode.h>
#endif

#include "souk_batch.h"

#define MISSING_PATH "/404.html"
#define PATH_BYTES_MAX 1023
#define TAG_HASH_BYTES 16
#define POLICY_BYTES_MAX 4096
#define HASHED_DIGITS_MIN 8             /* of a name that changes with what is in it */
#define SAVING_PERCENT 10               /* less is not worth another answer */
#define GZIP_WINDOW (15 + 16)           /* with gzip's own header */

enum coding { PLAIN, GZIP, BROTLI, CODINGS };

struct file {
    struct MHD_Response *answers[CODINGS];      /* NULL: not worth it */
    struct MHD_Response *unchanged;             /* 304 */
    char etag[2 * TAG_HASH_BYTES + 3];
};

/* One path; several may lead to one file. */
struct row {
    char *path;
    size_t file;
};

struct bridge_files {
    size_t file_count, row_count, bytes;
    struct file *files;
    struct row *rows;                           /* sorted by path at the end */
    const char *unchanging;                     /* how paths begin of what never changes; NULL: none are known */
};

static const struct {
    const char *end, *type;
    bool is_text;                               /* worth compressing */
} types[] = {
    { ".html", "text/html; charset=utf-8", true },
    { ".css", "text/css; charset=utf-8", true },
    { ".js", "text/javascript; charset=utf-8", true },
    { ".mjs", "text/javascript; charset=utf-8", true },
    { ".json", "application/json", true },
    { ".map", "application/json", true },
    { ".webmanifest", "application/manifest+json", true },
    { ".svg", "image/svg+xml", true },
    { ".txt", "text/plain; charset=utf-8", true },
    { ".xml", "application/xml", true },
    { ".wasm", "application/wasm", true },
    { ".png", "image/png", false },
    { ".jpg", "image/jpeg", false },
    { ".jpeg", "image/jpeg", false },
    { ".webp", "image/webp", false },
    { ".avif", "image/avif", false },
    { ".ico", "image/vnd.microsoft.icon", false },
    { ".woff2", "font/woff2", false },
    { "", "application/octet-stream", false },
};

static int add_row(struct bridge_files *files, const char *path, size_t bytes, size_t file);
static int make_answers(struct file *file, const char *path, const char *type, const char *caching,
    struct souk_slice bytes);
static struct MHD_Response *make_answer(const struct file *file, const char *type, const char *caching,
    const char *policy, enum coding coding, void *bytes, size_t size_bytes);
static const char *type_of(const char *path, bool *is_text_out);
static const char *caching_of(const struct bridge_files *files, const char *path);
static bool is_hashed_name(const char *path);
static void make_policy(const char *type, struct souk_slice html, char text_out[POLICY_BYTES_MAX]);
static size_t add_script(struct souk_slice script, char *text_out, size_t text_bytes);
static void *compress_gzip(struct souk_slice bytes, size_t *size_bytes_out);
static void *compress_brotli(struct souk_slice bytes, size_t *size_bytes_out);
static int read_dir(struct bridge_files *files, int fd, const char *dir, const char *path, unsigned depth,
    struct souk_error *err);
static int read_file(struct bridge_files *files, int fd, size_t size_bytes, const char *dir, const char *path,
    struct souk_error *err);
static int by_path(const void *a, const void *b);
static const struct file *find(const struct bridge_files *files, struct souk_slice path);
static struct MHD_Response *choose(const struct file *file, const char *accept_encoding);
static bool accepts(const char *accept_encoding, const char *coding);

struct bridge_files *
bridge_files_new(const char *unchanging)
{
    struct bridge_files *files = calloc(1, sizeof *files);

    if (files == NULL || (files->files = calloc(BRIDGE_FILES_MAX, sizeof *files->files)) == NULL
        || (files->rows = calloc(3 * BRIDGE_FILES_MAX, sizeof *files->rows)) == NULL)
        bridge_files_close(&files);
    if (files != NULL)
        files->unchanging = unchanging;
    return files;
}

void
bridge_files_close(struct bridge_files **files_p)
{
    struct bridge_files *files = *files_p;
    size_t i;
    size_t k;

    if (files == NULL)
        return;
    for (i = 0; files->files != NULL && i < files->file_count; i++) {
        for (k = 0; k < CODINGS; k++) {
            if (files->files[i].answers[k] != NULL)
                MHD_destroy_response(files->files[i].answers[k]);
        }
        if (files->files[i].unchanged != NULL)
            MHD_destroy_response(files->files[i].unchanged);
    }
    for (i = 0; files->rows != NULL && i < files->row_count; i++)
        free(files->rows[i].path);
    free(files->rows);
    free(files->files);
    free(files);
    *files_p = NULL;
}

/* ---- adding --------------------------------------------------------- */

int
bridge_files_add(struct bridge_files *files, const char *path, const char *type, struct souk_slice bytes,
    struct souk_error *err)
{
    static const char index_name[] = "/index.html";
    const size_t path_bytes = strlen(path);
    const size_t file = files->file_count;
    int rc;

    if (file == BRIDGE_FILES_MAX || bytes.size_bytes > BRIDGE_FILE_BYTES_MAX
        || bytes.size_bytes > BRIDGE_FILES_BYTES_MAX - files->bytes)
        return souk_fail(err, SOUK_ETOOBIG, "%s: at most %d files are served, of %d bytes each and %d in all", path,
            BRIDGE_FILES_MAX, BRIDGE_FILE_BYTES_MAX, BRIDGE_FILES_BYTES_MAX);
    files->file_count++;
    files->bytes += bytes.size_bytes;
    if ((rc = make_answers(&files->files[file], path, type, caching_of(files, path), bytes)) != 0
        || (rc = add_row(files, path, path_bytes, file)) != 0)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to serve it", path);
    if (path_bytes >= strlen(index_name) && strcmp(path + path_bytes - strlen(index_name), index_name) == 0) {
        rc = add_row(files, path, path_bytes - strlen(index_name) + 1, file);
        if (rc == 0 && path_bytes > strlen(index_name))
            rc = add_row(files, path, path_bytes - strlen(index_name), file);
    } else if (path_bytes > 6 && strcmp(path + path_bytes - 5, ".html") == 0) {
        rc = add_row(files, path, path_bytes - 5, file);
    }
    return rc == 0 ? 0 : souk_fail(err, SOUK_ENOMEM, "%s: no memory to serve it", path);
}

static int
add_row(struct bridge_files *files, const char *path, size_t bytes, size_t file)
{
    char *copy = strndup(path, bytes);

    if (copy == NULL)
        return -SOUK_ENOMEM;
    files->rows[files->row_count++] = (struct row){ copy, file };
    return 0;
}

static int
make_answers(struct file *file, const char *path, const char *type, const char *caching, struct souk_slice bytes)
{
    void *(*const compress[CODINGS])(struct souk_slice, size_t *) = { [GZIP] = compress_gzip,
        [BROTLI] = compress_brotli };
    char policy[POLICY_BYTES_MAX];
    uint8_t hash[TAG_HASH_BYTES];
    char digits[2 * TAG_HASH_BYTES + 1];
    size_t size_bytes = 0;
    bool is_text;
    void *copy;
    size_t i;

    if (type == NULL)
        type = type_of(path, &is_text);
    else
        is_text = true;
    souk_digest(hash, sizeof hash, &bytes, 1);
    (void)sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
    (void)snprintf(file->etag, sizeof file->etag, "\"%s\"", digits);
    make_policy(type, bytes, policy);
    if ((copy = malloc(bytes.size_bytes + 1)) == NULL)
        return -SOUK_ENOMEM;
    if (bytes.size_bytes > 0)
        memcpy(copy, bytes.base, bytes.size_bytes);
    file->answers[PLAIN] = make_answer(file, type, caching, policy, PLAIN, copy, bytes.size_bytes);
    file->unchanged = make_answer(file, NULL, caching, policy, PLAIN, calloc(1, 1), 0);
    for (i = GZIP; i < CODINGS && is_text; i++) {
        if ((copy = compress[i](bytes, &size_bytes)) != NULL
            && size_bytes * 100 <= bytes.size_bytes * (100 - SAVING_PERCENT))
            file->answers[i] = make_answer(file, type, caching, policy, i, copy, size_bytes);
        else
            free(copy);
    }
    return file->answers[PLAIN] == NULL || file->unchanged == NULL ? -SOUK_ENOMEM : 0;
}

/* `bytes` is taken. NULL without memory. */
static struct MHD_Response *
make_answer(const struct file *file, const char *type, const char *caching, const char *policy, enum coding coding,
    void *bytes, size_t size_bytes)
{
    static const char *const codings[] = { [GZIP] = "gzip", [BROTLI] = "br" };
    struct MHD_Response *answer;

    if (bytes == NULL)
        return NULL;
    if ((answer = MHD_create_response_from_buffer(size_bytes, bytes, MHD_RESPMEM_MUST_FREE)) == NULL) {
        free(bytes);
        return NULL;
    }
    if (type != NULL)
        (void)MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (coding != PLAIN)
        (void)MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_ENCODING, codings[coding]);
    (void)MHD_add_response_header(answer, MHD_HTTP_HEADER_ETAG, file->etag);
    (void)MHD_add_response_header(answer, MHD_HTTP_HEADER_CACHE_CONTROL, caching);
    (void)MHD_add_response_header(answer, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
    (void)MHD_add_response_header(answer, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(answer, "Content-Security-Policy", policy);
    (void)MHD_add_response_header(answer, "Referrer-Policy", "same-origin");
    (void)MHD_add_response_header(answer, "Cross-Origin-Opener-Policy", "same-origin");
    (void)MHD_add_response_header(answer, "Cross-Origin-Resource-Policy", "same-origin");
    return answer;
}

static const char *
type_of(const char *path, bool *is_text_out)
{
    const size_t path_bytes = strlen(path);
    size_t bytes;
    size_t i;

    for (i = 0;; i++) {
        bytes = strlen(types[i].end);
        if (bytes <= path_bytes && strcasecmp(path + path_bytes - bytes, types[i].end) == 0)
            break;
    }
    *is_text_out = types[i].is_text;
    return types[i].type;
}

static const char *
caching_of(const struct bridge_files *files, const char *path)
{
    const bool is_kept = files->unchanging != NULL
        && strncmp(path, files->unchanging, strlen(files->unchanging)) == 0;

    return is_kept || is_hashed_name(path) ? "public, max-age=31536000, immutable" : "no-cache";
}

/* Does a piece of the last name, between - _ and dots, look like a hash: hexadecimal, with a figure among it? */
static bool
is_hashed_name(const char *path)
{
    const char *at = strrchr(path, '/') + 1;
    size_t bytes;

    for (; *at != '\0'; at += bytes + (at[bytes] != '\0')) {
        bytes = strcspn(at, "-_.");
        if (bytes >= HASHED_DIGITS_MIN && strspn(at, "0123456789abcdef") == bytes && strcspn(at, "0123456789") < bytes)
            return true;
    }
    return false;
}

/* ---- what a page may do --------------------------------------------- */

/* Nothing from elsewhere, and of scripts within the page only those that it came with, by their hashes. */
static void
make_policy(const char *type, struct souk_slice html, char text_out[POLICY_BYTES_MAX])
{
    static const char rest[] = "; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
        " manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    const char *at = html.base;
    const char *const end = html.size_bytes == 0 ? at : at + html.size_bytes;
    const char *script;
    const char *close;
    size_t bytes;

    if (strncmp(type, "text/html", strlen("text/html")) != 0) {
        (void)strcpy(text_out, "default-src 'none'; frame-ancestors 'none'");
        return;
    }
    bytes = (size_t)sprintf(text_out, "default-src 'none'; script-src 'self'");
    while (at < end && (at = memmem(at, (size_t)(end - at), "<script", 7)) != NULL) {
        script = memchr(at, '>', (size_t)(end - at));
        close = script == NULL ? NULL : memmem(script, (size_t)(end - script), "</script>", 9);
        if (close == NULL)
            break;
        if (memmem(at, (size_t)(script - at), " src=", 5) == NULL)
            bytes += add_script((struct souk_slice){ script + 1, (size_t)(close - script - 1) }, text_out + bytes,
                POLICY_BYTES_MAX - sizeof rest - bytes);
        at = close;
    }
    (void)strcpy(text_out + bytes, rest);
}

/* Gives the bytes; one that has no room will not run, and the browser says so. */
static size_t
add_script(struct souk_slice script, char *text_out, size_t text_bytes)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char digits[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    if (text_bytes < sizeof digits + sizeof " 'sha256-'")
        return 0;
    (void)crypto_hash_sha256(hash, script.base, script.size_bytes);
    (void)sodium_bin2base64(digits, sizeof digits, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    return (size_t)sprintf(text_out, " 'sha256-%s'", digits);
}

/* ---- compressing ---------------------------------------------------- */

static void *
compress_gzip(struct souk_slice bytes, size_t *size_bytes_out)
{
    z_stream stream = { .next_in = NULL };
    void *room;

    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    *size_bytes_out = deflateBound(&stream, bytes.size_bytes);
    if ((room = malloc(*size_bytes_out)) != NULL) {
        stream.next_in = (Bytef *)(uintptr_t)bytes.base;
        stream.avail_in = (uInt)bytes.size_bytes;
        stream.next_out = room;
        stream.avail_out = (uInt)*size_bytes_out;
        if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
            *size_bytes_out = stream.total_out;
        } else {
            free(room);
            room = NULL;
        }
    }
    (void)deflateEnd(&stream);
    return room;
}

static void *
compress_brotli(struct souk_slice bytes, size_t *size_bytes_out)
{
#ifdef HAVE_BROTLI
    void *room;

    *size_bytes_out = BrotliEncoderMaxCompressedSize(bytes.size_bytes);
    if (*size_bytes_out == 0 || (room = malloc(*size_bytes_out)) == NULL)
        return NULL;
    if (BrotliEncoderCompress(BROTLI_DEFAULT_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, bytes.size_bytes,
            bytes.base, size_bytes_out, room) == BROTLI_TRUE)
        return room;
    free(room);
#endif
    return NULL;
}

/* ---- reading -------------------------------------------------------- */

int
bridge_files_read(struct bridge_files *files, const char *dir, struct souk_error *err)
{
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return souk_fail(err, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EIO, "files %s: %s", dir, strerror(errno));
    return read_dir(files, fd, dir, "", 0, err);
}

/* `fd` is taken. */
static int
read_dir(struct bridge_files *files, int fd, const char *dir, const char *path, unsigned depth,
    struct souk_error *err)
{
    char below[PATH_BYTES_MAX + 1];
    const struct dirent *entry;
    struct stat status;
    DIR *entries;
    int rc = 0;
    int child;

    if ((entries = fdopendir(fd)) == NULL) {
        (void)close(fd);
        return souk_fail(err, SOUK_ENOMEM, "files %s%s: %s", dir, path, strerror(errno));
    }
    while (rc == 0 && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= sizeof below) {
            rc = souk_fail(err, SOUK_ETOOBIG, "files %s%s: a path of more than %d bytes", dir, path, PATH_BYTES_MAX);
            break;
        }
        if ((child = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) < 0) {
            if (errno != ELOOP)                 /* a link */
                rc = souk_fail(err, SOUK_EIO, "files %s%s: %s", dir, below, strerror(errno));
            continue;
        }
        if (fstat(child, &status) != 0)
            rc = souk_fail(err, SOUK_EIO, "files %s%s: %s", dir, below, strerror(errno));
        if (rc == 0 && S_ISDIR(status.st_mode) && depth < BRIDGE_FILES_DEPTH_MAX) {
            rc = read_dir(files, child, dir, below, depth + 1, err);
            continue;
        }
        if (rc == 0 && S_ISDIR(status.st_mode))
            rc = souk_fail(err, SOUK_ETOOBIG, "files %s%s: more than %d directories in each other", dir, below,
                BRIDGE_FILES_DEPTH_MAX);
        else if (rc == 0 && S_ISREG(status.st_mode))
            rc = read_file(files, child, (size_t)status.st_size, dir, below, err);
        (void)close(child);
    }
    (void)closedir(entries);
    return rc;
}

static int
read_file(struct bridge_files *files, int fd, size_t size_bytes, const char *dir, const char *path,
    struct souk_error *err)
{
    size_t bytes = 0;
    ssize_t more = 1;
    char *room;
    int rc;

    if (size_bytes > BRIDGE_FILE_BYTES_MAX)
        return souk_fail(err, SOUK_ETOOBIG, "files %s%s: more than %d bytes", dir, path, BRIDGE_FILE_BYTES_MAX);
    if ((room = malloc(size_bytes + 1)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "files %s%s: no memory to serve it", dir, path);
    while (bytes < size_bytes && more > 0) {
        if ((more = read(fd, room + bytes, size_bytes - bytes)) > 0)
            bytes += (size_t)more;
    }
    if (more < 0)
        rc = souk_fail(err, SOUK_EIO, "files %s%s: %s", dir, path, strerror(errno));
    else
        rc = bridge_files_add(files, path, NULL, (struct souk_slice){ room, bytes }, err);
    free(room);
    return rc;
}

bool
bridge_files_has(const struct bridge_files *files, const char *path)
{
    size_t i;

    for (i = 0; i < files->row_count; i++) {
        if (strcmp(files->rows[i].path, path) == 0)
            return true;
    }
    return false;
}

int
bridge_files_end(struct bridge_files *files, const struct souk_routes *routes, struct souk_error *err)
{
    size_t i;

    qsort(files->rows, files->row_count, sizeof *files->rows, by_path);
    for (i = 0; i < routes->page_count; i++) {
        if (find(files, souk_slice_of(routes->pages[i].file)) == NULL)
            return souk_fail(err, SOUK_EINVAL, "line %u of the routes: there is no file %s in %s",
                routes->pages[i].line, routes->pages[i].file, routes->files);
    }
    return 0;
}

/* ---- finding -------------------------------------------------------- */

struct MHD_Response *
bridge_files_find(const struct bridge_files *files, const struct souk_routes *routes, struct souk_slice path,
    const char *accept_encoding, const char *if_none_match, unsigned *status_out)
{
    const struct file *file = find(files, path);

    if (file == NULL)
        file = find(files, souk_slice_of(souk_routes_page(routes, path)));
    if (file == NULL)
        return NULL;
    if (if_none_match != NULL && strstr(if_none_match, file->etag) != NULL) {
        *status_out = MHD_HTTP_NOT_MODIFIED;
        return file->unchanged;
    }
    *status_out = MHD_HTTP_OK;
    return choose(file, accept_encoding);
}

struct MHD_Response *
bridge_files_missing(const struct bridge_files *files, const char *accept_encoding)
{
    const struct file *file = find(files, souk_slice_of(MISSING_PATH));

    return file == NULL ? NULL : choose(file, accept_encoding);
}

static struct MHD_Response *
choose(const struct file *file, const char *accept_encoding)
{
    static const char *const codings[] = { [GZIP] = "gzip", [BROTLI] = "br" };
    enum coding coding;

    for (coding = BROTLI; coding > PLAIN && accept_encoding != NULL; coding--) {
        if (file->answers[coding] != NULL && accepts(accept_encoding, codings[coding]))
            return file->answers[coding];
    }
    return file->answers[PLAIN];
}

static const struct file *
find(const struct bridge_files *files, struct souk_slice path)
{
    size_t below = 0;
    size_t above = files->row_count;
    size_t middle;
    int order;

    while (below < above) {
        middle = (below + above) / 2;
        order = souk_slice_compare(path, souk_slice_of(files->rows[middle].path));
        if (order == 0)
            return &files->files[files->rows[middle].file];
        if (order < 0)
            above = middle;
        else
            below = middle + 1;
    }
    return NULL;
}

static int
by_path(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->path, ((const struct row *)b)->path);
}

/* Is it in the list, and not with q=0? */
static bool
accepts(const char *accept_encoding, const char *coding)
{
    const size_t coding_bytes = strlen(coding);
    const char *at = accept_encoding;
    const char *quality;
    size_t bytes;

    for (; *at != '\0'; at += bytes + (at[bytes] == ',')) {
        at += strspn(at, " \t");
        bytes = strcspn(at, ",");
        if (strncasecmp(at, coding, coding_bytes) != 0 || strchr(" \t;,", at[coding_bytes]) == NULL)
            continue;
        quality = at + coding_bytes + strspn(at + coding_bytes, " \t;");
        return strncasecmp(quality, "q=0", 3) != 0
            || strspn(quality + 3, ".0") < strcspn(quality + 3, " \t,;");
    }
    return false;
}
