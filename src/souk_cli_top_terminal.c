/* A file of its own: <term.h> makes macros of words like `lines`. */
#include "souk_cli_top.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

/* newterm() would say so, too, and lose memory over it. */
bool
top_terminal_is_known(void)
{
    int found;

    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return false;
    (void)del_curterm(cur_term);
    return true;
}
