#define _GNU_SOURCE                     /* mkostemp */
#include "routes_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPOLOGY_SUFFIX ".topology"

static const char messages[] =
    "application = book\n"
    "    about = A book that anybody writes into.\n"
    "stream = book\n"
    "    about = What was written.\n"
    "    audience = public\n"
    "enum = mood\n"
    "    about = How it was.\n"
    "    values\n"
    "        glad = 0\n"
    "        sad = 1\n"
    "record = place\n"
    "    about = Where.\n"
    "    fields\n"
    "        at_ms = time\n"
    "        id = id\n"
    "record = line\n"
    "    about = What.\n"
    "    fields\n"
    "        text = text 20\n"
    "        inner = place\n"
    "refusals\n"
    "    book.full = there is no page left\n"
    "    book.unknown = there is no such page\n"
    "command = book.write\n"
    "    about = Something.\n"
    "    refuses = book.full\n"
    "    fields\n"
    "        page_id = id\n"
    "        number = u32\n"
    "        text = text 100\n"
    "        lines = list 4 of line\n"
    "command = book.burn\n"
    "    about = Something.\n"
    "    fields\n"
    "        page_id = id\n"
    "query = book.page\n"
    "    about = Something.\n"
    "    refuses = book.unknown\n"
    "    fields\n"
    "        page_id = id\n"
    "    reply\n"
    "        fields\n"
    "            text = text 100\n"
    "            revision = u64\n"
    "query = book.look\n"
    "    about = Something.\n"
    "    fields\n"
    "        small = u8 optional\n"
    "        large = u64 optional\n"
    "        below = i64 optional\n"
    "        yes = bool optional\n"
    "        text = text 100 optional\n"
    "        bytes = bytes 16 optional\n"
    "        id = id optional\n"
    "        at_ms = time optional\n"
    "        price = money optional\n"
    "        mood = mood optional\n"
    "        from = place optional\n"
    "        numbers = list 3 of u16\n"
    "        words = list 3 of text 10\n"
    "    reply\n"
    "        fields\n"
    "            text = text 100\n"
    "command = book.sign\n"
    "    about = Something.\n"
    "    refuses = book.unknown\n"
    "    fields\n"
    "        hash = bytes 32\n"
    "        from = text 64 optional\n"
    "        narrow = text 45 optional\n"
    "        small = bytes 31 optional\n"
    "event = book.signed\n"
    "    about = Something.\n"
    "    stream = book\n"
    "    key = number\n"
    "    after = book.sign\n"
    "    fields\n"
    "        number = u64\n"
    "query = book.pass\n"
    "    about = Something.\n"
    "    refuses = book.unknown\n"
    "    fields\n"
    "        secret = bytes 32\n"
    "    reply\n"
    "        fields\n"
    "            pass = bytes 512\n"
    "query = book.lines\n"
    "    about = Something.\n"
    "    fields\n"
    "        lines = list 4 of line\n"
    "    reply\n"
    "        fields\n"
    "            text = text 100\n";

static bool write_file(const char *text, char path_out[ROUTES_PATH_BYTES]);

bool
routes_system_open(struct routes_system *system)
{
    static struct souk_topology_errors errors;
    char path[ROUTES_PATH_BYTES];
    struct souk_error err;
    int rc = -1;

    memset(system, 0, sizeof *system);
    if (!routes_system_write(path))
        return false;
    if ((rc = souk_topology_read(path, &system->topology, &errors)) != 0)
        (void)fprintf(stderr, "%s\n", errors.errors[0].text);
    else if ((rc = souk_catalogue_init(&system->catalogue, system->topology, &err)) != 0)
        (void)fprintf(stderr, "%s\n", err.text);
    else
        system->bridge = souk_topology_client(system->topology, "bridge");
    routes_system_unlink(path);
    return rc == 0;
}

void
routes_system_close(struct routes_system *system)
{
    souk_catalogue_done(&system->catalogue);
    souk_topology_close(&system->topology);
}

bool
routes_system_write(char path_out[ROUTES_PATH_BYTES])
{
    char messages_path[ROUTES_PATH_BYTES];
    char text[1024];
    FILE *file;

    if (!write_file(messages, messages_path))
        return false;
    if ((size_t)snprintf(path_out, ROUTES_PATH_BYTES, "%s" TOPOLOGY_SUFFIX, messages_path) >= ROUTES_PATH_BYTES)
        return false;
    (void)snprintf(text, sizeof text, "system = shop\n    messages = %s\nevent_store = es1\n"
        "service = book\n    program = book\n    stream = book\n"
        "client = bridge\n    program = souk-bridge\n    listen = 127.0.0.1:0\n    routes = routes.zpl\n    query = book\n    follow = book\n"
        "    hostname = shop.example\n    proxy = 127.0.0.1\n"
        "    call = book\n        command = book.write\n        command = book.sign\n"
        "client = office\n    program = souk-bridge\n    listen = 127.0.0.1:0\n    routes = routes.zpl\n"
        "    operator = yes\n", messages_path);
    if ((file = fopen(path_out, "wxe")) == NULL)
        return false;
    (void)fputs(text, file);
    return fclose(file) == 0;
}

void
routes_system_unlink(char path[ROUTES_PATH_BYTES])
{
    (void)unlink(path);
    path[strlen(path) - strlen(TOPOLOGY_SUFFIX)] = '\0';
    (void)unlink(path);
}

static bool
write_file(const char *text, char path_out[ROUTES_PATH_BYTES])
{
    bool is_written;
    int fd;

    (void)strcpy(path_out, "/dev/shm/souk-routes-XXXXXX");
    if ((fd = mkostemp(path_out, O_CLOEXEC)) < 0)
        return false;
    is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    (void)close(fd);
    return is_written;
}
