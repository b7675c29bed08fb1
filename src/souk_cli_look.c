#include "souk_cli_look.h"

#include <sysexits.h>

int
souk_cli_look_choose(const struct souk_cli *cli, const struct souk_topology *topology, const char *const *names,
    size_t name_count, struct souk_looked *looked, size_t *count_out)
{
    const struct souk_topology_node *node;
    size_t i;

    *count_out = 0;
    for (i = 0; i < name_count; i++) {
        if ((node = souk_topology_node(topology, names[i])) == NULL) {
            souk_cli_say(cli, SOUK_CLI_RED, "%s has no service or event store `%s`", topology->name.text, names[i]);
            return EX_DATAERR;
        }
        looked[(*count_out)++] = (struct souk_looked){ .node = node };
    }
    for (i = 0; i < topology->node_count && name_count == 0; i++)
        looked[(*count_out)++] = (struct souk_looked){ .node = &topology->nodes[i] };
    return 0;
}

int
souk_cli_look(const struct souk_cli *cli, struct souk_client *client, struct souk_looked *looked, size_t count,
    uint32_t deadline_ms)
{
    struct souk_cli_progress progress = { 0 };
    struct souk_client_answer answer;
    struct souk_looked *answered;
    struct souk_error err = { 0 };
    int rc;

    for (size_t i = 0; i < count; i++) {
        if ((rc = souk_look_ask(client, looked[i].node, deadline_ms, &looked[i], &err)) != 0) {
            souk_cli_say(cli, SOUK_CLI_RED, "%s", err.text);
            return souk_cli_exit_status(rc, EX_CONFIG);
        }
    }
    while (souk_client_waiting(client) > 0) {
        souk_cli_progress(cli, &progress, "waiting for %zu of %zu", souk_client_waiting(client), count);
        if ((rc = souk_client_receive(client, SOUK_CLIENT_RETRY_MS / 5, &answer)) == -SOUK_ENOTFOUND)
            continue;
        if (rc != 0)
            return EX_IOERR;
        answered = answer.arg;
        json_decref(answered->said);
        answered->said = souk_look_answer(&answer);
        answered->is_forbidden = !answer.is_late && answer.reply.status == SOUK_STATUS_FORBIDDEN;
        answered->took_us = answer.took_us;
        answered->wall_ms = souk_cli_wall_ms();
    }
    souk_cli_progress_end(&progress);
    return 0;
}

void
souk_cli_look_done(struct souk_looked *looked, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(looked[i].said);
        json_decref(looked[i].problems);
    }
}
