#include "topology_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_NAME "shop.zpl"
#define TEXT_BYTES_MAX (64 * 1024)

struct souk_topology *
topology_read_text(const char *text, struct souk_topology_errors *errors, char dir_out[TOPOLOGY_DIR_BYTES])
{
    struct souk_topology *topology = NULL;
    char path[64];
    FILE *file;

    strcpy(dir_out, "/tmp/souk-test-XXXXXX");
    assert_non_null(mkdtemp(dir_out));
    (void)snprintf(path, sizeof path, "%s/" FILE_NAME, dir_out);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    if (souk_topology_read(path, &topology, errors) != 0)
        assert_null(topology);
    (void)unlink(path);
    (void)rmdir(dir_out);
    return topology;
}

struct souk_topology *
topology_read_good(const char *text)
{
    struct souk_topology_errors errors;
    struct souk_topology *topology;
    char dir[TOPOLOGY_DIR_BYTES];

    topology = topology_read_text(text, &errors, dir);
    if (topology == NULL)
        print_error("%s\n", errors.errors[0].text);
    assert_non_null(topology);
    return topology;
}

void
expect_refused(const char *text, const char *sentences)
{
    static struct souk_topology_errors errors;
    char said[TEXT_BYTES_MAX] = "";
    struct souk_topology *topology;
    char dir[TOPOLOGY_DIR_BYTES];
    char *at;
    size_t i;

    topology = topology_read_text(text, &errors, dir);
    if (topology != NULL)
        print_error("taken, though: %s\n", sentences);
    assert_null(topology);
    strcat(dir, "/");
    for (i = 0; i < errors.count; i++) {
        strcat(said, errors.errors[i].text);
        strcat(said, "\n");
    }
    while ((at = strstr(said, dir)) != NULL)
        memmove(at, at + strlen(dir), strlen(at + strlen(dir)) + 1);
    assert_string_equal(said, sentences);
    assert_int_equal(errors.code, SOUK_EINVAL);
}
