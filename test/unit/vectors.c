#include "vectors.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATH_BYTES 512
#define VECTOR_BYTES_MAX (64 * 1024)

static void
read_and_test(const char *path, const char *name, vector_test *test)
{
    FILE *file = fopen(path, "rb");
    size_t size_bytes;
    uint8_t *bytes, *exact;

    assert_non_null(file);
    assert_non_null(bytes = malloc(VECTOR_BYTES_MAX));
    size_bytes = fread(bytes, 1, VECTOR_BYTES_MAX, file);
    assert_true(feof(file));
    (void)fclose(file);
    assert_non_null(exact = malloc(size_bytes + 1));
    memcpy(exact, bytes, size_bytes);
    free(bytes);
    test(name, (struct souk_slice){ exact, size_bytes });
    free(exact);
}

int
vectors_each(const char *folder, const char *prefix, vector_test *test)
{
    const char *source = getenv("srcdir");
    char path[PATH_BYTES], file[2 * PATH_BYTES];
    struct dirent *entry;
    DIR *directory;
    int count = 0;

    (void)snprintf(path, sizeof path, "%s/test/vectors/%s", source == NULL ? "." : source, folder);
    assert_non_null(directory = opendir(path));
    while ((entry = readdir(directory)) != NULL) {
        const size_t length = strlen(entry->d_name);

        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || length < 4
            || strcmp(entry->d_name + length - 4, ".bin") != 0)
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        read_and_test(file, entry->d_name, test);
        count++;
    }
    (void)closedir(directory);
    return count;
}
