#define _GNU_SOURCE                     /* open_memstream */
/*
 * What the API is, as pages for people: made once, of the same document that
 * programs read. No script, and nothing from elsewhere.
 */
#include "bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRONT_PATH "/"
#define SHORT_PATH "/api"
#define REFERENCE_PATH "/api/reference"
#define STYLE_PATH "/api/reference.css"
#define HTML "text/html; charset=utf-8"
#define GROUP_BYTES 64

static const char style[] =
    ":root{--ink:#1c2024;--soft:#60646c;--line:#e0e1e6;--paper:#fcfcfd;--tint:#f0f0f3;--get:#0d74ce;--post:#218358;"
    "--put:#ab6400;--delete:#ce2c31;--patch:#8145b5;color-scheme:light dark}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#b0b4ba;--line:#2e3135;--paper:#111113;--tint:#18191b;"
    "--get:#70b8ff;--post:#3dd68c;--put:#ffca16;--delete:#ff9592;--patch:#d19dff}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,sans-serif}\n"
    "a{color:var(--get);text-underline-offset:.2em}a:focus-visible{outline:2px solid;outline-offset:2px}\n"
    "code{font:.9em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}\n"
    ".frame{display:grid;grid-template-columns:17rem minmax(0,1fr);max-width:76rem;margin:0 auto}\n"
    "nav{position:sticky;top:0;height:100vh;overflow:auto;padding:2rem 1rem 2rem 1.5rem;border-right:1px solid"
    " var(--line);font-size:.9rem}\n"
    "nav h2{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:1.4rem 0 .3rem}\n"
    "nav ul{list-style:none;margin:0;padding:0}nav li{padding:.1rem 0}nav a{color:inherit;text-decoration:none}\n"
    "nav a:hover{text-decoration:underline}\n"
    "main{padding:2rem 2rem 6rem;min-width:0}h1{font-size:2rem;line-height:1.2;margin:.2rem 0 1rem;text-wrap:balance}\n"
    "article{padding:1.6rem 0;border-top:1px solid var(--line);scroll-margin-top:1rem}\n"
    "article h3{font-size:1.1rem;font-weight:600;margin:0;display:flex;gap:.7rem;align-items:baseline;flex-wrap:wrap}\n"
    ".method{font:700 .75rem/1 ui-monospace,monospace;min-width:3.6rem}\n"
    ".get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}"
    ".patch{color:var(--patch)}\n"
    ".who{font-size:.8rem;color:var(--soft);border:1px solid var(--line);border-radius:1rem;padding:0 .6rem}\n"
    "h4{font-size:.8rem;color:var(--soft);margin:1.1rem 0 .3rem}\n"
    "dl{display:grid;grid-template-columns:minmax(7rem,14rem) minmax(0,1fr);margin:0;background:var(--tint);"
    "border-radius:.5rem;padding:.5rem .9rem;font-size:.93rem}\n"
    "dt{padding:.25rem 1rem .25rem 0}dd{margin:0;padding:.25rem 0}.type{color:var(--soft)}\n"
    ".front{max-width:40rem;margin:0 auto;padding:18vh 1.5rem}\n"
    "@media(max-width:52rem){.frame{display:block}nav{position:static;height:auto;border:0;padding-bottom:0}"
    "nav ul{columns:2}main{padding:1.5rem}dl{grid-template-columns:1fr}dt{padding-bottom:0}}\n";

static char *make_reference(const struct bridge *bridge, json_t *openapi, size_t *bytes_out);
static char *make_front(const struct bridge *bridge, size_t *bytes_out);
static void write_begin(FILE *out, const struct bridge *bridge, const char *what);
static void write_contents(FILE *out, json_t *paths);
static void name_group(const char *path, char group_out[GROUP_BYTES]);
static void write_operation(FILE *out, const char *path, const char *method, json_t *operation);
static void write_who(FILE *out, json_t *security);
static void write_parameters(FILE *out, json_t *parameters);
static void write_fields(FILE *out, const char *title, json_t *schema);
static void write_field(FILE *out, const char *name, const char *where, bool is_required, json_t *schema,
    const char *about);
static void write_type(FILE *out, json_t *schema);
static void write_responses(FILE *out, json_t *responses);
static void write_text(FILE *out, const char *text);
static const char *text_of(const json_t *object, const char *name);

int
bridge_reference_add(struct bridge *bridge, json_t *openapi, struct souk_error *err)
{
    static const char *const paths[] = { SHORT_PATH, REFERENCE_PATH };
    size_t bytes = 0;
    char *text;
    size_t i;
    int rc = bridge_text_add(bridge, STYLE_PATH, "text/css; charset=utf-8", strdup(style), sizeof style - 1, err);

    for (i = 0; i < sizeof paths / sizeof paths[0] && rc == 0; i++) {
        text = make_reference(bridge, openapi, &bytes);
        rc = bridge_text_add(bridge, paths[i], HTML, text, bytes, err);
    }
    if (rc == 0 && !bridge_files_has(bridge->files, FRONT_PATH)) {
        text = make_front(bridge, &bytes);
        rc = bridge_text_add(bridge, FRONT_PATH, HTML, text, bytes, err);
    }
    return rc;
}

static char *
make_reference(const struct bridge *bridge, json_t *openapi, size_t *bytes_out)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes_out);
    json_t *paths = json_object_get(openapi, "paths");
    const char *method;
    const char *path;
    json_t *operations;
    json_t *operation;

    if (out == NULL)
        return NULL;
    write_begin(out, bridge, "API reference");
    (void)fprintf(out, "<div class=\"frame\">\n<nav aria-label=\"Contents\">\n");
    write_contents(out, paths);
    (void)fprintf(out, "</nav>\n<main>\n<h1>");
    write_text(out, bridge->routes->name);
    (void)fprintf(out, ": API reference</h1>\n<p>");
    write_text(out, bridge->routes->about == NULL ? "" : bridge->routes->about);
    (void)fprintf(out, "</p>\n<p>JSON over HTTP; for programs there is <a href=\"/api/openapi.json\">OpenAPI 3.1</a>."
        " Errors are problems by RFC 9457. <a href=\"" FRONT_PATH "\">Back</a>.</p>\n");
    json_object_foreach(paths, path, operations) {
        json_object_foreach(operations, method, operation)
            write_operation(out, path, method, operation);
    }
    (void)fprintf(out, "</main>\n</div>\n</body></html>\n");
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static char *
make_front(const struct bridge *bridge, size_t *bytes_out)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes_out);

    if (out == NULL)
        return NULL;
    write_begin(out, bridge, "welcome");
    (void)fprintf(out, "<main class=\"front\">\n<h1>");
    write_text(out, bridge->routes->name);
    (void)fprintf(out, "</h1>\n<p>");
    write_text(out, bridge->routes->about == NULL ? "" : bridge->routes->about);
    (void)fprintf(out, "</p>\n<p><a href=\"" REFERENCE_PATH "\">API reference</a></p>\n</main>\n</body></html>\n");
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void
write_begin(FILE *out, const struct bridge *bridge, const char *what)
{
    (void)fprintf(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    write_text(out, bridge->routes->name);
    (void)fprintf(out, ": %s</title><link rel=\"stylesheet\" href=\"" STYLE_PATH "\"></head>\n<body>\n", what);
}

/* Under the piece of the path behind /api. */
static void
write_contents(FILE *out, json_t *paths)
{
    char last[GROUP_BYTES] = "";
    char group[GROUP_BYTES];
    const char *method;
    const char *path;
    json_t *operations;
    json_t *operation;

    json_object_foreach(paths, path, operations) {
        name_group(path, group);
        if (strcmp(group, last) != 0) {
            (void)fprintf(out, "%s<h2>", last[0] == '\0' ? "" : "</ul>\n");
            write_text(out, group);
            (void)fprintf(out, "</h2>\n<ul>\n");
            memcpy(last, group, sizeof last);
        }
        json_object_foreach(operations, method, operation) {
            (void)fprintf(out, "<li><a href=\"#%s:%s\">", method, path);
            write_text(out, text_of(operation, "summary"));
            (void)fprintf(out, "</a></li>\n");
        }
    }
    if (last[0] != '\0')
        (void)fprintf(out, "</ul>\n");
}

static void
name_group(const char *path, char group_out[GROUP_BYTES])
{
    const char *at = strncmp(path, "/api/", 5) == 0 ? path + 5 : path + 1;

    (void)snprintf(group_out, GROUP_BYTES, "%.*s", (int)strcspn(at, "/"), at);
    if (group_out[0] == '\0')
        (void)snprintf(group_out, GROUP_BYTES, "/");
}

static void
write_operation(FILE *out, const char *path, const char *method, json_t *operation)
{
    json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    const char *letter;

    (void)fprintf(out, "<article id=\"%s:%s\">\n<h3><span class=\"method %s\">", method, path, method);
    for (letter = method; *letter != '\0'; letter++)
        (void)fputc(*letter - ('a' - 'A'), out);
    (void)fprintf(out, "</span> <code>");
    write_text(out, path);
    (void)fprintf(out, "</code>");
    write_who(out, json_object_get(operation, "security"));
    (void)fprintf(out, "</h3>\n<p>");
    write_text(out, text_of(operation, "summary"));
    (void)fprintf(out, "</p>\n");
    write_parameters(out, json_object_get(operation, "parameters"));
    write_fields(out, "Body", json_object_get(json_object_get(content, BRIDGE_JSON), "schema"));
    content = json_object_get(json_object_get(json_object_get(operation, "responses"), "200"), "content");
    write_fields(out, "Answer", json_object_get(json_object_get(content, BRIDGE_JSON), "schema"));
    write_responses(out, json_object_get(operation, "responses"));
    (void)fprintf(out, "</article>\n");
}

static void
write_who(FILE *out, json_t *security)
{
    json_t *one;
    size_t i;

    if (security == NULL)
        return;
    (void)fprintf(out, " <span class=\"who\">");
    json_array_foreach(security, i, one) {
        (void)fprintf(out, "%s", i == 0 ? "for " : i + 1 == json_array_size(security) ? " or " : ", ");
        write_text(out, json_string_value(json_array_get(json_object_get(one, "session"), 0)));
    }
    (void)fprintf(out, "</span>");
}

static void
write_parameters(FILE *out, json_t *parameters)
{
    json_t *parameter;
    size_t i;

    if (json_array_size(parameters) == 0)
        return;
    (void)fprintf(out, "<h4>Parameters</h4>\n<dl>\n");
    json_array_foreach(parameters, i, parameter)
        write_field(out, text_of(parameter, "name"), text_of(parameter, "in"),
            json_is_true(json_object_get(parameter, "required")), json_object_get(parameter, "schema"),
            text_of(parameter, "description"));
    (void)fprintf(out, "</dl>\n");
}

static void
write_fields(FILE *out, const char *title, json_t *schema)
{
    json_t *required = json_object_get(schema, "required");
    json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *field;
    json_t *one;
    bool is_required;
    size_t i;

    if (json_object_size(properties) == 0)
        return;
    (void)fprintf(out, "<h4>%s</h4>\n<dl>\n", title);
    json_object_foreach(properties, name, field) {
        is_required = false;
        json_array_foreach(required, i, one)
            is_required |= strcmp(json_string_value(one), name) == 0;
        write_field(out, name, "", is_required, field, text_of(field, "description"));
    }
    (void)fprintf(out, "</dl>\n");
}

static void
write_field(FILE *out, const char *name, const char *where, bool is_required, json_t *schema, const char *about)
{
    (void)fprintf(out, "<dt><code>");
    write_text(out, name);
    (void)fprintf(out, "</code></dt><dd><span class=\"type\">");
    write_type(out, schema);
    (void)fprintf(out, "%s%s%s</span> ", where[0] == '\0' ? "" : ", ", where, is_required ? "" : ", optional");
    write_text(out, about);
    (void)fprintf(out, "</dd>\n");
}

/* A type, the values of a choice, the name of a record; of a list what it is of. */
static void
write_type(FILE *out, json_t *schema)
{
    const char *reference = text_of(schema, "$ref");
    const char *slash = strrchr(reference, '/');
    json_t *choices = json_object_get(schema, "enum");
    json_t *items = json_object_get(schema, "items");
    json_t *one;
    size_t i;

    if (items != NULL) {
        (void)fprintf(out, "list of ");
        write_type(out, items);
    } else if (slash != NULL) {
        write_text(out, slash + 1);
    } else if (choices != NULL) {
        json_array_foreach(choices, i, one) {
            (void)fprintf(out, "%s", i == 0 ? "" : " | ");
            write_text(out, json_string_value(one));
        }
    } else if (text_of(schema, "format")[0] != '\0') {
        write_text(out, text_of(schema, "format"));
    } else {
        write_text(out, json_is_string(json_object_get(schema, "type")) ? text_of(schema, "type") : "integer");
    }
}

static void
write_responses(FILE *out, json_t *responses)
{
    const char *status;
    json_t *response;

    (void)fprintf(out, "<h4>Responses</h4>\n<dl>\n");
    json_object_foreach(responses, status, response) {
        (void)fprintf(out, "<dt>%s</dt><dd>", status);
        write_text(out, text_of(response, "description"));
        (void)fprintf(out, "</dd>\n");
    }
    (void)fprintf(out, "</dl>\n");
}

/* "" when it is not there. */
static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static void
write_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}
