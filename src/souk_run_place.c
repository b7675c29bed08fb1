#include "souk_run_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_directory.h"

#define RESCUED ".rescued"
#define RESCUE_AGAIN_MS 1000

static void find_gone(struct run *run, struct souk_time now);
static void rescue(struct run *run, struct souk_time now);

void
run_place_look(struct run *run, struct souk_time now)
{
    if (run->place != SOUK_STORE_THERE || (run->place = souk_store_place(run->store)) == SOUK_STORE_THERE)
        return;
    find_gone(run, now);
}

static void
find_gone(struct run *run, struct souk_time now)
{
    struct souk_line line;

    souk_line_begin(&line, run->report, SOUK_LEVEL_ERROR, run->place == SOUK_STORE_GONE ? "store_gone"
        : "store_replaced");
    souk_line_text(&line, "path", run->store_path);
    souk_line_text(&line, "text", run->place == SOUK_STORE_REPLACED
        ? "another store lies where this process has its own: it stops, start it again to go on with that one"
        : run->config->service == NULL ? "somebody has removed the store of this process: it is written once more"
        : "somebody has removed the store of this process: no commands are taken until event stores have recorded all"
        " of it, then it is filled again from them");
    souk_line_end(&line);
    run->place_due_ms = now.steady_ms + run->config->node->shell_limits.drain_ms;
}

/*
 * What was committed lies in a file without a name, and ends with this process.
 * A service has it again from event stores once they have acknowledged all of
 * it; an event store may be the only one that has it.
 */
void
run_place_leave(struct run *run, struct souk_time now)
{
    const bool is_service = run->config->service != NULL;
    const bool has_drained = run->engine.type->drain(&run->engine);

    if (is_service && (!has_drained || !souk_core_is_recorded(run->engine.core)) && now.steady_ms < run->place_due_ms)
        return;
    if (run->place == SOUK_STORE_REPLACED) {
        run_end(run, EX_UNAVAILABLE);
    } else if (is_service && souk_core_is_recorded(run->engine.core)) {
        run->begins_again = true;
        run_end(run, EX_OK);
    } else {
        rescue(run, now);
    }
}

static void
rescue(struct run *run, struct souk_time now)
{
    char path[sizeof run->store_path + sizeof RESCUED];
    struct souk_error err = { 0 };
    struct souk_line line;

    if (now.steady_ms < run->rescue_due_ms)
        return;
    run->rescue_due_ms = now.steady_ms + RESCUE_AGAIN_MS;
    (void)snprintf(path, sizeof path, "%s" RESCUED, run->store_path);
    (void)souk_directory_remove(path);          /* of the last try; what is in the way still makes the copy fail */
    if (souk_directory_make(run->config->node->data, strlen(run->config->node->data), &err) == 0
        && souk_store_copy(run->store, path, &err) == 0) {
        run->begins_again = run->has_rescued = true;
        run_end(run, EX_OK);
        return;
    }
    souk_line_begin(&line, run->report, SOUK_LEVEL_ERROR, "not_rescued");
    souk_line_text(&line, "error", souk_error_name(err.code));
    souk_line_format(&line, "text", "its store cannot be written once more: %s; it tries again, and what it has ends"
        " with this process", err.text);
    souk_line_end(&line);
}

/* After the store was closed: what was copied gets its place, unless somebody was quicker. */
int
run_place_return(const struct run *run)
{
    char path[sizeof run->store_path + sizeof RESCUED];
    struct souk_line line;
    int rc = 0;

    if (!run->has_rescued)
        return 0;
    (void)snprintf(path, sizeof path, "%s" RESCUED, run->store_path);
    if ((access(run->store_path, F_OK) == 0 && run_set_aside(run) != 0)
        || rename(path, run->store_path) != 0 || souk_directory_sync_parent(run->store_path) != 0)
        rc = -1;
    souk_line_begin(&line, run->report, rc == 0 ? SOUK_LEVEL_WARN : SOUK_LEVEL_ERROR, "rescued");
    souk_line_text(&line, "path", rc == 0 ? run->store_path : path);
    souk_line_text(&line, "text", rc == 0 ? "all that it had was written once more" : strerror(errno));
    souk_line_end(&line);
    return rc;
}

/* It is kept for the operator, under a name of its own. */
int
run_set_aside(const struct run *run)
{
    char path[SOUK_DIRECTORY_PATH_BYTES_MAX];
    int rc = souk_directory_set_aside(run->store_path, path);
    struct souk_line line;

    souk_line_begin(&line, run->report, rc == 0 ? SOUK_LEVEL_WARN : SOUK_LEVEL_ERROR, "moved_aside");
    souk_line_text(&line, "path", path);
    if (rc != 0)
        souk_line_text(&line, "text", strerror(errno));
    souk_line_end(&line);
    return rc;
}
