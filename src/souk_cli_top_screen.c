#include "souk_cli_top.h"

#include <ctype.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define WAIT_MS 100                     /* between two looks at the keyboard */
#define TABLE_FROM 4                    /* the first line of the table's body */
#define LINES_MIN 8
#define COLUMNS_MIN 40
#define PROBLEM_LINES_MAX 4

enum pair { PAIR_GOOD = 1, PAIR_WARN, PAIR_BAD, PAIR_DIM };

struct screen {
    struct top *top;
    bool has_color;
    size_t first;                       /* of the nodes that are shown */
    size_t shown;                       /* how many fit */
    bool ends;
};

static volatile sig_atomic_t told_to_end;       /* a signal handler knows nothing else */

static void on_signal(int number);
static void hear_keys(struct screen *screen);
static void draw(struct screen *screen);
static void draw_head(const struct screen *screen);
static void draw_headings(const struct screen *screen);
static void draw_node(const struct screen *screen, int line, const struct top_node *node);
static int width_of(const struct screen *screen, enum top_column column);
static void draw_problems(const struct screen *screen, int line, size_t lines);
static void draw_keys(const struct screen *screen);
static attr_t attribute(const struct screen *screen, enum pair pair);
static attr_t attribute_of(const struct screen *screen, const struct top_node *node, enum top_column column);

int
top_screen(struct top *top)
{
    struct screen screen = { .top = top };
    struct sigaction action = { .sa_handler = on_signal };
    SCREEN *terminal = NULL;
    int status = 0;

    if (!top_terminal_is_known() || (terminal = newterm(NULL, stdout, stdin)) == NULL) {
        souk_cli_say(top->cli, SOUK_CLI_RED, "the terminal `%s` is not known: set TERM, or use --once",
            getenv("TERM") == NULL ? "" : getenv("TERM"));
        return EX_UNAVAILABLE;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    screen.has_color = top->cli->out_has_color && has_colors();
    if (screen.has_color) {
        (void)start_color();
        (void)use_default_colors();
        (void)init_pair(PAIR_GOOD, COLOR_GREEN, -1);
        (void)init_pair(PAIR_WARN, COLOR_YELLOW, -1);
        (void)init_pair(PAIR_BAD, COLOR_RED, -1);
        (void)init_pair(PAIR_DIM, COLOR_CYAN, -1);
    }
    (void)cbreak();
    (void)noecho();
    (void)curs_set(0);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    while (status == 0 && !screen.ends && !told_to_end) {
        top_sort(top);
        draw(&screen);
        for (size_t i = 0; i < top->count; i++)
            top->nodes[i].was_asked = false;
        status = top_look(top, WAIT_MS);
        hear_keys(&screen);
    }
    (void)endwin();
    delscreen(terminal);
    return status;
}

static void
on_signal(int number)
{
    told_to_end = 1;
}

static void
hear_keys(struct screen *screen)
{
    struct top *top = screen->top;
    int key;

    while ((key = getch()) != ERR) {
        switch (key) {
        case 'q':
        case 27:                        /* escape */
            screen->ends = true;
            break;
        case 'r':
            top->is_reversed = !top->is_reversed;
            break;
        case KEY_UP:
        case 'k':
            screen->first -= screen->first > 0;
            break;
        case KEY_DOWN:
        case 'j':
            screen->first++;
            break;
        case KEY_PPAGE:
            screen->first -= screen->first < screen->shown ? screen->first : screen->shown;
            break;
        case KEY_NPAGE:
        case ' ':
            screen->first += screen->shown;
            break;
        case KEY_HOME:
            screen->first = 0;
            break;
        case KEY_RESIZE:
            (void)erase();
            break;
        default:
            for (enum top_column column = 0; column < TOP_COLUMNS; column++) {
                if (key == top_headings[column].key) {
                    top->is_reversed = top->sort == column && !top->is_reversed;
                    top->sort = column;
                }
            }
            break;
        }
    }
}

/* ---- drawing -------------------------------------------------------- */

static void
draw(struct screen *screen)
{
    const struct top *top = screen->top;
    struct top_sum sum;
    size_t problem_lines;
    size_t room;

    (void)erase();
    if (LINES < LINES_MIN || COLS < COLUMNS_MIN) {
        (void)mvaddnstr(0, 0, "too small", COLS);
        (void)refresh();
        return;
    }
    top_add_up(top, &sum);
    problem_lines = sum.problems > PROBLEM_LINES_MAX ? PROBLEM_LINES_MAX : sum.problems;
    /* Body, an empty line, problems, keys. Problems give way before nodes do. */
    room = (size_t)LINES - TABLE_FROM - 1;
    if (problem_lines > 0 && room < problem_lines + 1 + 3)
        problem_lines = room > 4 ? 1 : 0;
    screen->shown = room - (problem_lines > 0 ? problem_lines + 1 : 0);
    if (screen->first + screen->shown > top->count)
        screen->first = top->count > screen->shown ? top->count - screen->shown : 0;
    draw_head(screen);
    draw_headings(screen);
    for (size_t i = 0; i < screen->shown && screen->first + i < top->count; i++)
        draw_node(screen, TABLE_FROM + (int)i, top->order[screen->first + i]);
    if (problem_lines > 0)
        draw_problems(screen, LINES - 1 - (int)problem_lines, problem_lines);
    draw_keys(screen);
    (void)refresh();
}

static void
draw_head(const struct screen *screen)
{
    const struct top *top = screen->top;
    const time_t now = time(NULL);
    char text[TOP_TEXT_BYTES];
    struct top_sum sum;
    struct tm parts;
    size_t bytes;

    top_add_up(top, &sum);
    (void)attron(A_BOLD);
    (void)mvaddnstr(0, 0, top->system.topology->name.text, COLS);
    (void)attroff(A_BOLD);
    (void)snprintf(text, sizeof text, "   %zu of %zu live", sum.live, top->count - sum.lost);
    (void)attron(attribute(screen, sum.live + sum.lost >= top->count ? PAIR_GOOD : PAIR_BAD));
    (void)addnstr(text, COLS - getcurx(stdscr));
    (void)attrset(A_NORMAL);
    bytes = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &parts));
    if ((int)bytes + 1 < COLS - getcurx(stdscr))
        (void)mvaddstr(0, COLS - (int)bytes, text);
    top_summary(top, text);
    (void)attrset(sum.parked > 0 || sum.worst != NULL ? attribute(screen, PAIR_WARN) : A_NORMAL);
    (void)mvaddnstr(1, 0, text, COLS);
    (void)attrset(A_NORMAL);
    if (top->count > screen->shown) {
        (void)snprintf(text, sizeof text, "%zu-%zu of %zu", screen->first + 1, screen->first + screen->shown,
            top->count);
        (void)mvaddnstr(2, COLS - (int)strlen(text), text, COLS);
    }
}

/* The letter that sorts by a column is underlined, the column that is sorted by stands out. */
static void
draw_headings(const struct screen *screen)
{
    int column_from = 0;

    (void)attron(A_REVERSE);
    (void)mvhline(TABLE_FROM - 1, 0, ' ', COLS);
    for (enum top_column column = 0; column < TOP_COLUMNS; column++) {
        const struct top_heading *heading = &top_headings[column];
        const int width = width_of(screen, column);
        const int from = heading->width < 0 ? column_from : column_from + width - 1 - (int)strlen(heading->name);

        if (column_from + width > COLS + 1)
            break;
        (void)attrset(column == screen->top->sort ? A_BOLD : A_REVERSE);
        (void)mvaddstr(TABLE_FROM - 1, from, heading->name);
        for (int i = 0; heading->name[i] != '\0'; i++) {
            if (tolower((unsigned char)heading->name[i]) == heading->key) {
                (void)mvchgat(TABLE_FROM - 1, from + i, 1, A_UNDERLINE | (column == screen->top->sort ? A_BOLD
                    : A_REVERSE), 0, NULL);
                break;
            }
        }
        column_from += width;
    }
    (void)attrset(A_NORMAL);
}

static void
draw_node(const struct screen *screen, int line, const struct top_node *node)
{
    char text[TOP_CELL_BYTES];
    int column_from = 0;

    for (enum top_column column = 0; column < TOP_COLUMNS; column++) {
        const int width = width_of(screen, column);
        int bytes;

        if (column_from + width > COLS + 1)
            break;
        top_cell(screen->top, node, column, text);
        bytes = (int)strlen(text) < width ? (int)strlen(text) : width - 1;
        (void)attrset(text[0] == '0' && strcspn(text, "123456789") == strlen(text) ? A_DIM
            : attribute_of(screen, node, column));
        (void)mvaddnstr(line, top_headings[column].width < 0 ? column_from : column_from + width - 1 - bytes, text,
            bytes);
        column_from += width;
    }
    (void)attrset(A_NORMAL);
}

/* With the space behind it. Names have as much as the longest one wants. */
static int
width_of(const struct screen *screen, enum top_column column)
{
    size_t longest = strlen(top_headings[TOP_NAME].name);

    if (column != TOP_NAME)
        return abs(top_headings[column].width) + 1;
    for (size_t i = 0; i < screen->top->count; i++)
        if (strlen(screen->top->nodes[i].looked.node->name.text) > longest)
            longest = strlen(screen->top->nodes[i].looked.node->name.text);
    return (int)longest + 1;
}

static void
draw_problems(const struct screen *screen, int line, size_t lines)
{
    const struct top *top = screen->top;
    char text[TOP_TEXT_BYTES + SOUK_NAME_BYTES_MAX];
    struct top_sum sum;
    size_t said = 0;

    top_add_up(top, &sum);
    (void)attron(attribute(screen, PAIR_BAD));
    for (size_t i = 0; i < top->count; i++) {
        const struct souk_looked *looked = &top->order[i]->looked;

        for (size_t k = 0; k < json_array_size(looked->problems) && said < lines; k++) {
            if (said + 1 == lines && sum.problems > lines)
                (void)snprintf(text, sizeof text, "and %zu more: souk status", sum.problems - said);
            else
                (void)snprintf(text, sizeof text, "%s: %s", looked->node->name.text,
                    json_string_value(json_array_get(looked->problems, k)));
            (void)mvaddnstr(line + (int)said++, 0, text, COLS);
        }
    }
    (void)attrset(A_NORMAL);
}

static void
draw_keys(const struct screen *screen)
{
    (void)attron(attribute(screen, PAIR_DIM));
    (void)mvaddnstr(LINES - 1, 0, "q quit   a heading's letter sorts by it, r turns it round   arrows move", COLS);
    (void)attrset(A_NORMAL);
}

/* Without colours what is bad is bold, what is amiss underlined. */
static attr_t
attribute(const struct screen *screen, enum pair pair)
{
    if (screen->has_color)
        return (attr_t)COLOR_PAIR(pair) | (pair == PAIR_BAD ? A_BOLD : A_NORMAL);
    return pair == PAIR_BAD ? A_BOLD : pair == PAIR_WARN ? A_UNDERLINE : A_NORMAL;
}

static attr_t
attribute_of(const struct screen *screen, const struct top_node *node, enum top_column column)
{
    const bool is_bad = json_array_size(node->looked.problems) > 0;

    if (column == TOP_NAME)
        return A_BOLD;
    if (column == TOP_STATE)
        return attribute(screen, is_bad ? PAIR_BAD : strcmp(top_state(node), "live") == 0 ? PAIR_GOOD : PAIR_WARN);
    if ((column == TOP_LAG || column == TOP_BEHIND) && node->lag.events > 0)
        return attribute(screen, node->lag.events >= node->looked.node->thresholds.behind_events ? PAIR_BAD
            : PAIR_WARN);
    return A_NORMAL;
}
