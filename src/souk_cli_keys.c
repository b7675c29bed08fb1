#include "souk_cli.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "souk_key.h"
#include "souk_pass_key.h"

enum action { ACTION_NONE, ACTION_MAKE, ACTION_LIST, ACTION_ROTATE, ACTION_PASS };

struct options {
    struct souk_cli cli;                /* first */
    enum action action;
    const char *host;
    bool of_passes;
    char **names;
    int name_count;
};

/* A service, an event store or a client: whoever may have a key. */
struct owner {
    const char *kind, *name, *host;     /* host: NULL of a client */
    const char *key, *old_key;          /* what the topology says; NULL: nothing */
};

struct keys {
    const struct options *options;
    struct souk_topology *topology;
    const char *dir;
    struct owner *owners;
    size_t owner_count;
    json_t *said;                       /* NULL without --json */
    struct libscols_table *table;       /* of list */
};

enum { COLUMN_NAME, COLUMN_KIND, COLUMN_HOST, COLUMN_KEY, COLUMN_STATE };

static error_t parse_option(int key, char *arg, struct argp_state *state);
static void gather(struct keys *keys);
static int choose(const struct keys *keys, const struct owner **chosen, size_t *count_out);
static int act(struct keys *keys, const struct owner *owner);
static int make(struct keys *keys, const struct owner *owner);
static int list(struct keys *keys, const struct owner *owner);
static int rotate(struct keys *keys, const struct owner *owner);
static int act_on_pass_key(struct keys *keys);
static int show_pass_key(struct keys *keys);
static int rotate_pass_key(struct keys *keys);
static bool find_pass_key(const struct keys *keys, const char *text, char other_out[SOUK_KEY_TEXT_BYTES]);
static void say_pass_lines(struct keys *keys, const char *key, const char *old_key, const char *text);
static void say_lines(struct keys *keys, const struct owner *owner, const char *key, const char *old_key,
    const char *text);
static int look(const struct keys *keys, const struct owner *owner, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES]);
static int fail(const struct keys *keys, int rc, const struct souk_error *err);

int
souk_cli_keys(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "host", 'H', "NAME", 0, "make: those that the topology puts on this host; default: the only one, or the one with"
            " this machine's name", 0 },
        { "pass", 'p', NULL, 0, "rotate: the key that passes are signed with", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "make|list|rotate|pass [NAME...]\nrotate --pass", .doc = "Make, list and exchange the keys of services, event stores and"
        " clients, on the host where they are used." };
    static const struct souk_cli_heading headings[] = { { "NAME", SOUK_CLI_TEXT }, { "WHAT", SOUK_CLI_TEXT },
        { "HOST", SOUK_CLI_TEXT }, { "KEY", SOUK_CLI_TEXT }, { "STATE", SOUK_CLI_TEXT }, { NULL, SOUK_CLI_TEXT } };
    const struct owner **chosen = NULL;
    struct options options = { .action = ACTION_NONE };
    struct keys keys = { .options = &options };
    size_t count = 0;
    int status;

    souk_cli_begin(&options.cli, argv);
    options.names = souk_cli_need(calloc((size_t)argc, sizeof *options.names));
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) == 0
        && (status = souk_cli_topology_unkeyed(&options.cli, &keys.topology)) == 0) {
        keys.dir = options.cli.keys != NULL ? options.cli.keys : keys.topology->keys;
        keys.said = options.cli.is_json ? souk_cli_need(json_array()) : NULL;
        gather(&keys);
        chosen = souk_cli_need(calloc(keys.owner_count, sizeof(struct owner *)));
        status = options.action == ACTION_PASS || options.of_passes ? act_on_pass_key(&keys)
            : choose(&keys, chosen, &count);
    }
    if (status == 0 && options.action == ACTION_LIST && keys.said == NULL)
        keys.table = souk_cli_table(&options.cli, headings, true);
    for (size_t i = 0; i < count && status == 0; i++)
        status = act(&keys, chosen[i]);
    if (keys.table != NULL)
        souk_cli_table_end(keys.table);
    if (keys.said != NULL)
        souk_cli_json(keys.said);
    free(chosen);
    free(keys.owners);
    free(options.names);
    souk_topology_close(&keys.topology);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case 'H':
        options->host = arg;
        return 0;
    case 'p':
        options->of_passes = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->action != ACTION_NONE)
            options->names[options->name_count++] = arg;
        else if (strcmp(arg, "make") == 0)
            options->action = ACTION_MAKE;
        else if (strcmp(arg, "list") == 0)
            options->action = ACTION_LIST;
        else if (strcmp(arg, "rotate") == 0)
            options->action = ACTION_ROTATE;
        else if (strcmp(arg, "pass") == 0)
            options->action = ACTION_PASS;
        else
            argp_error(state, "%s: make, list, rotate or pass is meant", arg);
        return 0;
    case ARGP_KEY_END:
        if (options->action == ACTION_NONE)
            argp_error(state, "make, list, rotate or pass?");
        if (options->of_passes && options->action != ACTION_ROTATE)
            argp_error(state, "--pass is of `rotate`");
        if ((options->action == ACTION_PASS || options->of_passes) && options->name_count > 0)
            argp_error(state, "the topology says who signs passes: no name is needed");
        if (options->action == ACTION_ROTATE && !options->of_passes && options->name_count == 0)
            argp_error(state, "whose key? Name them: one after the other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- who is meant --------------------------------------------------- */

static void
gather(struct keys *keys)
{
    const struct souk_topology *topology = keys->topology;

    keys->owners = souk_cli_need(calloc(topology->node_count + topology->client_count, sizeof *keys->owners));
    for (size_t i = 0; i < topology->node_count; i++) {
        const struct souk_topology_node *node = &topology->nodes[i];

        keys->owners[keys->owner_count++] = (struct owner){ node->kind == SOUK_NODE_SERVICE ? "service" : "event_store",
            node->name.text, node->host->name.text, node->key, node->old_key };
    }
    for (size_t i = 0; i < topology->client_count; i++) {
        const struct souk_topology_client *client = &topology->clients[i];

        keys->owners[keys->owner_count++] = (struct owner){ "client", client->name.text, NULL, client->key,
            client->old_key };
    }
}

/* Those that are named. Without names: the nodes of this host that have no key yet here, or, to be listed, everybody. */
static int
choose(const struct keys *keys, const struct owner **chosen, size_t *count_out)
{
    const struct options *options = keys->options;
    const struct souk_topology_host *host = NULL;
    char public_text[SOUK_KEY_TEXT_BYTES];
    size_t i;
    int status;

    for (int name = 0; name < options->name_count; name++) {
        for (i = 0; i < keys->owner_count && strcmp(keys->owners[i].name, options->names[name]) != 0; i++)
            continue;
        if (i == keys->owner_count) {
            souk_cli_say(&options->cli, SOUK_CLI_RED, "the topology has no service, event store or client `%s`",
                options->names[name]);
            return EX_DATAERR;
        }
        for (size_t k = 0; k < *count_out; k++) {
            if (chosen[k] == &keys->owners[i]) {
                souk_cli_say(&options->cli, SOUK_CLI_RED, "`%s` is named twice", options->names[name]);
                return EX_USAGE;
            }
        }
        chosen[(*count_out)++] = &keys->owners[i];
    }
    if (options->name_count > 0)
        return 0;
    if (options->action == ACTION_MAKE && (status = souk_cli_host(&options->cli, keys->topology, options->host,
        &host)) != 0)
        return status;
    for (i = 0; i < keys->owner_count; i++) {
        const struct owner *owner = &keys->owners[i];

        if (options->action == ACTION_LIST || (owner->host != NULL && strcmp(owner->host, host->name.text) == 0
            && look(keys, owner, SOUK_KEY_CURRENT, public_text) == -SOUK_ENOTFOUND))
            chosen[(*count_out)++] = owner;
    }
    if (*count_out == 0)
        souk_cli_say(&options->cli, SOUK_CLI_PLAIN, "every service and event store of host `%s` has its key in %s",
            host->name.text, keys->dir);
    return 0;
}

/* ---- what is done --------------------------------------------------- */

static int
act(struct keys *keys, const struct owner *owner)
{
    return keys->options->action == ACTION_MAKE ? make(keys, owner)
        : keys->options->action == ACTION_LIST ? list(keys, owner) : rotate(keys, owner);
}

static int
make(struct keys *keys, const struct owner *owner)
{
    char public_text[SOUK_KEY_TEXT_BYTES];
    struct souk_error err = { 0 };
    int rc;

    rc = souk_key_make(keys->dir, owner->name, SOUK_KEY_CURRENT, public_text, &err);
    if (rc == -SOUK_EBUSY)
        souk_cli_say(&keys->options->cli, SOUK_CLI_RED, "%s; another one in its place: `souk keys rotate %s`", err.text,
            owner->name);
    if (rc != 0)
        return rc == -SOUK_EBUSY ? EX_CANTCREAT : fail(keys, rc, &err);
    say_lines(keys, owner, public_text, NULL, "made");
    return 0;
}

static int
act_on_pass_key(struct keys *keys)
{
    if (keys->topology->pass_issuer != NULL)
        return keys->options->of_passes ? rotate_pass_key(keys) : show_pass_key(keys);
    souk_cli_say(&keys->options->cli, SOUK_CLI_RED, "%s has no `pass_issuer`: no service signs passes",
        keys->topology->name.text);
    return EX_DATAERR;
}

/* Of the service that signs passes: made when there is none yet. */
static int
show_pass_key(struct keys *keys)
{
    char public_text[SOUK_KEY_TEXT_BYTES];
    struct souk_error err = { 0 };
    int rc;

    if ((rc = souk_pass_key_make(keys->topology, keys->dir, SOUK_KEY_CURRENT, public_text, &err)) != 0)
        return fail(keys, rc, &err);
    if (keys->said != NULL)
        (void)json_array_append_new(keys->said, souk_cli_need(json_pack("{ss ss}", "name",
            keys->topology->pass_issuer->name.text, "pass_key", public_text)));
    else
        (void)printf("system = %s\n    pass_key = \"%s\"\n", keys->topology->name.text, public_text);
    return 0;
}

/*
 * As rotate(), but what the one before has signed is good for as long as a pass may be, so there
 * is a step that no file tells of: until it is out of the topology, no other exchange begins.
 */
static int
rotate_pass_key(struct keys *keys)
{
    char current[SOUK_KEY_TEXT_BYTES], next[SOUK_KEY_TEXT_BYTES], other[SOUK_KEY_TEXT_BYTES];
    const struct souk_topology *topology = keys->topology;
    struct souk_error err = { 0 };
    bool has_next;
    int rc;

    if ((rc = souk_pass_key_public(topology, keys->dir, SOUK_KEY_CURRENT, current, &err)) != 0)
        return fail(keys, rc, &err);
    rc = souk_pass_key_public(topology, keys->dir, SOUK_KEY_NEXT, next, &err);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return fail(keys, rc, &err);
    has_next = rc == 0;
    if (has_next && find_pass_key(keys, next, other)) {
        if ((rc = souk_pass_key_turn(topology, keys->dir, &err)) != 0)
            return fail(keys, rc, &err);
        say_pass_lines(keys, next, other, "rotated");
        return 0;
    }
    if (!find_pass_key(keys, current, other) && topology->pass_keys.count > 0) {
        souk_cli_say(&keys->options->cli, SOUK_CLI_RED, "neither what `%s` signs with nor what it shall is a `pass_key` of"
            " %s: `souk keys pass` says what belongs there", topology->pass_issuer->name.text, topology->path);
        return EX_CONFIG;
    }
    if (!has_next && other[0] != '\0') {
        say_pass_lines(keys, current, other, "rotated");
        return 0;
    }
    if (!has_next && (rc = souk_pass_key_make(topology, keys->dir, SOUK_KEY_NEXT, next, &err)) != 0)
        return fail(keys, rc, &err);
    say_pass_lines(keys, next, current, "next");
    return 0;
}

/* Whether the topology has it; *other_out is the other one that it has, "" for none. */
static bool
find_pass_key(const struct keys *keys, const char *text, char other_out[SOUK_KEY_TEXT_BYTES])
{
    const struct souk_pass_keys *known = &keys->topology->pass_keys;
    char key[SOUK_KEY_TEXT_BYTES];
    bool found = false;

    other_out[0] = '\0';
    for (uint32_t i = 0; i < known->count; i++) {
        (void)zmq_z85_encode(key, known->keys[i], sizeof known->keys[i]);
        if (strcmp(key, text) == 0)
            found = true;
        else
            memcpy(other_out, key, sizeof key);
    }
    return found;
}

/* What belongs into the topology now; `old_key`: "" for none. */
static void
say_pass_lines(struct keys *keys, const char *key, const char *old_key, const char *text)
{
    const char *issuer = keys->topology->pass_issuer->name.text;

    if (keys->said != NULL) {
        (void)json_array_append_new(keys->said, souk_cli_need(json_pack("{ss ss ss ss?}", "name", issuer, "did", text,
            "pass_key", key, "old_pass_key", old_key[0] == '\0' ? NULL : old_key)));
        return;
    }
    (void)printf("system = %s\n    pass_key = \"%s\"\n", keys->topology->name.text, key);
    if (old_key[0] != '\0')
        (void)printf("    pass_key = \"%s\"\n", old_key);
    (void)fflush(stdout);
    if (strcmp(text, "next") == 0)
        souk_cli_say(&keys->options->cli, SOUK_CLI_PLAIN, "put both into the topology of every host, send all daemons"
            " HUP, and run this again");
    else if (old_key[0] == '\0')
        souk_cli_say(&keys->options->cli, SOUK_CLI_PLAIN, "the old secret key is gone: start `%s` again, and it signs with"
            " the new one", issuer);
    else
        souk_cli_say(&keys->options->cli, SOUK_CLI_PLAIN, "the old secret key is gone: start `%s` again, and it signs with"
            " the first of the two; %d minutes later nothing that the second one has signed is good any more: take it out"
            " of the topology of every host and send all daemons HUP", issuer,
            (int)((SOUK_PASS_LIFE_MS_MAX + SOUK_PASS_AHEAD_MS) / 60000));
}

static int
list(struct keys *keys, const struct owner *owner)
{
    char current[SOUK_KEY_TEXT_BYTES] = "", next[SOUK_KEY_TEXT_BYTES] = "";
    const bool is_here = look(keys, owner, SOUK_KEY_CURRENT, current) == 0;
    const bool has_next = look(keys, owner, SOUK_KEY_NEXT, next) == 0;
    const bool is_told = owner->key != NULL;
    const char *state = !is_here && !has_next ? is_told ? "elsewhere" : "none"
        : !is_told ? "not in the topology"
        : has_next && strcmp(next, owner->key) == 0 ? "rotating: rotate it again to end it"
        : has_next ? "rotating: put the next one into the topology"
        : strcmp(current, owner->key) == 0 ? "good" : "another one in the topology";
    struct libscols_line *line;

    if (keys->said != NULL) {
        (void)json_array_append_new(keys->said, souk_cli_need(json_pack("{ss ss ss? ss? ss? ss? ss? ss}", "name",
            owner->name, "kind", owner->kind, "host", owner->host, "key", owner->key, "old_key", owner->old_key, "here",
            is_here ? current : NULL, "next", has_next ? next : NULL, "state", state)));
        return 0;
    }
    line = souk_cli_line(keys->table, NULL);
    souk_cli_cell(line, COLUMN_NAME, "%s", owner->name);
    souk_cli_cell(line, COLUMN_KIND, "%s", owner->kind);
    souk_cli_cell(line, COLUMN_HOST, "%s", owner->host == NULL ? "-" : owner->host);
    souk_cli_cell(line, COLUMN_KEY, "%s", has_next ? next : is_here ? current : is_told ? owner->key : "-");
    souk_cli_cell(line, COLUMN_STATE, "%s", state);
    souk_cli_cell_color(line, COLUMN_STATE, strcmp(state, "good") == 0 ? SOUK_CLI_GREEN : is_here || has_next
        ? SOUK_CLI_YELLOW : SOUK_CLI_DIM);
    return 0;
}

/*
 * Each step is told by what is there, so the command is run again until it has
 * nothing to do: draw a next pair; wait until the topology has it; drop the old one.
 */
static int
rotate(struct keys *keys, const struct owner *owner)
{
    char current[SOUK_KEY_TEXT_BYTES], next[SOUK_KEY_TEXT_BYTES];
    struct souk_error err = { 0 };
    int rc;

    if ((rc = souk_key_public(keys->dir, owner->name, SOUK_KEY_CURRENT, current, &err)) != 0)
        return fail(keys, rc, &err);
    rc = look(keys, owner, SOUK_KEY_NEXT, next);
    if (rc == 0 && owner->key != NULL && strcmp(owner->key, next) == 0) {
        if ((rc = souk_key_turn(keys->dir, owner->name, &err)) != 0)
            return fail(keys, rc, &err);
        say_lines(keys, owner, next, NULL, "rotated");
        return 0;
    }
    if (rc == -SOUK_ENOTFOUND && (rc = souk_key_make(keys->dir, owner->name, SOUK_KEY_NEXT, next, &err)) != 0)
        return fail(keys, rc, &err);
    if (rc != 0)
        return fail(keys, souk_key_public(keys->dir, owner->name, SOUK_KEY_NEXT, next, &err), &err);
    say_lines(keys, owner, next, current, "next");
    return 0;
}

/* What belongs into the topology now. */
static void
say_lines(struct keys *keys, const struct owner *owner, const char *key, const char *old_key, const char *text)
{
    if (keys->said != NULL) {
        (void)json_array_append_new(keys->said, souk_cli_need(json_pack("{ss ss ss ss?}", "name", owner->name, "did",
            text, "key", key, "old_key", old_key)));
        return;
    }
    (void)printf("%s = %s\n    key = \"%s\"\n", owner->kind, owner->name, key);
    if (old_key != NULL)
        (void)printf("    old_key = \"%s\"\n", old_key);
    (void)fflush(stdout);
    if (old_key != NULL)
        souk_cli_say(&keys->options->cli, SOUK_CLI_PLAIN, "put both into the topology of every host, send all daemons"
            " HUP, and run this again");
    else if (strcmp(text, "rotated") == 0)
        souk_cli_say(&keys->options->cli, SOUK_CLI_PLAIN, "the old secret key is gone: take `old_key` of `%s` out of the"
            " topology and send all daemons HUP", owner->name);
}

static int
look(const struct keys *keys, const struct owner *owner, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES])
{
    struct souk_error err = { 0 };
    int rc = souk_key_public(keys->dir, owner->name, which, public_out, &err);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        souk_cli_say(&keys->options->cli, SOUK_CLI_YELLOW, "%s", err.text);
    return rc;
}

static int
fail(const struct keys *keys, int rc, const struct souk_error *err)
{
    souk_cli_say(&keys->options->cli, SOUK_CLI_RED, "%s", err->text);
    return rc == -SOUK_EINVAL ? EX_CANTCREAT : souk_cli_exit_status(rc, EX_CONFIG);
}
