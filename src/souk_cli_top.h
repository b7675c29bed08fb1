/*
 * souk_cli_top - what `souk top` knows of a system, apart from how it is shown.
 *
 * souk_cli_top.c           asking, rates, order, --once
 * souk_cli_top_screen.c    the terminal
 * souk_cli_top_terminal.c  whether there is one
 */
#ifndef SOUK_CLI_TOP_H
#define SOUK_CLI_TOP_H

#include "souk_cli_look.h"
#include "souk_cli_system.h"

#define TOP_CELL_BYTES 40
#define TOP_TEXT_BYTES 256

/* Columns, and what can be sorted by. */
enum top_column { TOP_NAME, TOP_STATE, TOP_COMMANDS, TOP_OUT, TOP_IN, TOP_LAG, TOP_BEHIND, TOP_MEMORY, TOP_LAST, TOP_UP,
    TOP_COLUMNS };

struct top_heading {
    const char *name;
    char key;                           /* sorts by it */
    int width;                          /* negative: from the left */
    bool most_first;
};

struct top_node {
    struct souk_looked looked;      /* said NULL: it does not answer, or has not yet */
    bool is_asked, was_asked;           /* a question is under way; one has been answered, or is too late */
    bool is_known;                      /* one ever was */
    uint64_t due_ms;                    /* steady: ask it again */
    /* the answer before */
    uint64_t heard_ms, started_ms;      /* steady; its own wall clock */
    uint64_t commands, out, in;
    /* what the two say */
    bool has_rates;
    double commands_s, out_s, in_s;
    /* what the last one says */
    struct souk_look_lag lag;            /* events of all streams, age of the worst */
    bool has_last;
    uint64_t last_ms;                   /* age of the newest event that it has */
};

struct top {
    const struct souk_cli *cli;
    struct souk_cli_system system;
    uint32_t interval_ms;
    size_t count;
    struct top_node nodes[SOUK_CLI_NODES_MAX];
    struct top_node *order[SOUK_CLI_NODES_MAX];
    enum top_column sort;
    bool is_reversed;
};

/* Of all nodes. */
struct top_sum {
    size_t live, lost, problems;
    double commands_s, events_s;
    uint64_t parked;
    const struct top_node *worst;       /* the furthest behind; NULL: nobody is */
};

extern const struct top_heading top_headings[TOP_COLUMNS];

/* Ask whoever is due, and take answers for at most `wait_ms`. 0, or an exit status; what is wrong has been said. */
int top_look(struct top *top, uint32_t wait_ms);
/* `order` by `sort`. */
void top_sort(struct top *top);
void top_add_up(const struct top *top, struct top_sum *sum_out);
void top_cell(const struct top *top, const struct top_node *node, enum top_column column,
    char text_out[TOP_CELL_BYTES]);
const char *top_state(const struct top_node *node);
/* One line about all of them. */
void top_summary(const struct top *top, char text_out[TOP_TEXT_BYTES]);

/* Does $TERM name a terminal that is described here? */
bool top_terminal_is_known(void);
/* Show it on the terminal until somebody quits. An exit status. */
int top_screen(struct top *top);

#endif
