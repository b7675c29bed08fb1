/*
 * souk_cli_init - the files that `souk init` writes: those in src/init, made
 * into souk_cli_template.c by src/init/embed.sh.
 */
#ifndef SOUK_CLI_INIT_H
#define SOUK_CLI_INIT_H

#define SOUK_CLI_TEMPLATE_SYSTEM "SYSTEM"       /* stands for the name of the system */

struct souk_cli_template {
    const char *name;
    const char *text;
};

/* Ends with one whose name is NULL. */
extern const struct souk_cli_template souk_cli_templates[];

#endif
