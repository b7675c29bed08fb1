/*
 * replay - a fuzz target without libFuzzer: each argument is a file that is
 * given to it once. Silent when nothing goes wrong, as assert() is loud.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX (1024 * 1024)

static int
replay(const char *path)
{
    uint8_t *bytes, *exact;
    size_t size_bytes;
    FILE *file;
    int rc = -1;

    if ((file = fopen(path, "rbe")) == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    bytes = malloc(INPUT_BYTES_MAX);
    size_bytes = bytes == NULL ? 0 : fread(bytes, 1, INPUT_BYTES_MAX, file);
    /* Of its very size, so that a sanitizer sees the first byte too many that is read. */
    exact = malloc(size_bytes == 0 ? 1 : size_bytes);
    if (bytes == NULL || exact == NULL || ferror(file)) {
        fprintf(stderr, "%s: cannot be read\n", path);
    } else {
        memcpy(exact, bytes, size_bytes);
        rc = LLVMFuzzerTestOneInput(exact, size_bytes);
    }
    free(exact);
    free(bytes);
    (void)fclose(file);
    return rc;
}

int
main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++)
        if (replay(argv[i]) != 0)
            return 1;
    return 0;
}
