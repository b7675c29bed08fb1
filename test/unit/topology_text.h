/*
 * topology_text - topologies for tests, written as text.
 */
#ifndef TOPOLOGY_TEXT_H
#define TOPOLOGY_TEXT_H

#include "souk_topology.h"

#define TOPOLOGY_DIR_BYTES 32

#define TOP "system = shop\n"
#define STORE "event_store = es1\n"
#define ORDERS "service = orders\n    program = shop-orders\n    stream = orders\n"
#define QUERY "service = query\n    program = shop-query\n    follow = orders\n"
#define SMALL TOP STORE ORDERS QUERY
#define OTHER_KEY "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf9\""
#define THIRD_KEY "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yfa\""
#define KEY "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf8\""

/* The topology in `text`, or NULL and what was said; `dir_out` is the directory in which it lay. */
struct souk_topology *topology_read_text(const char *text, struct souk_topology_errors *errors,
    char dir_out[TOPOLOGY_DIR_BYTES]);
/* The same of one that has to be taken. */
struct souk_topology *topology_read_good(const char *text);
/* All that is said of `text`, a line each; the directory of the file, another one each time, is left out. */
void expect_refused(const char *text, const char *sentences);

#endif
