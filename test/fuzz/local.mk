# test/fuzz: one target a decoder, and one for machines that hear hostile
# frames. With --enable-fuzzers they are libFuzzer's, and test/fuzz/fuzz.test
# SECONDS lets each of them search; else each runs the corpus and no more.
# `make check` gives every target its corpus in either case.
FUZZ_TARGETS = \
	test/fuzz/fuzz_answers \
	test/fuzz/fuzz_batch \
	test/fuzz/fuzz_description \
	test/fuzz/fuzz_found \
	test/fuzz/fuzz_http \
	test/fuzz/fuzz_json \
	test/fuzz/fuzz_kept \
	test/fuzz/fuzz_node \
	test/fuzz/fuzz_pack \
	test/fuzz/fuzz_questions \
	test/fuzz/fuzz_record \
	test/fuzz/fuzz_routes \
	test/fuzz/fuzz_rows \
	test/fuzz/fuzz_texts \
	test/fuzz/fuzz_topology \
	test/fuzz/fuzz_wire \
	test/fuzz/fuzz_witness
check_PROGRAMS += $(FUZZ_TARGETS)

if FUZZERS
FUZZ_MAIN = test/fuzz/fuzz.h
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = test/fuzz/fuzz.h test/fuzz/replay.c
FUZZ_LINK = $(AM_LDFLAGS)
endif

# The simulator's reader of the protocol, and the comparison with ours.
FUZZ_SAME = test/fuzz/same.c test/fuzz/same.h test/sim/check_arena.c test/sim/check_arena.h \
	test/sim/check_decode.c test/sim/check_decode.h test/sim/trace.h
FUZZ_APP = test/sim/app.h test/sim/app_messages.c test/sim/app_messages.h test/sim/app_moderation.c \
	test/sim/app_orders.c test/sim/app_payments.c test/sim/app_query.c test/sim/app_reviews.c \
	test/sim/app_rows.c test/sim/app_stock.c
FUZZ_SCRATCH = test/scratch.c test/scratch.h

test_fuzz_fuzz_batch_SOURCES = test/fuzz/fuzz_batch.c test/fuzz/batch_again.c test/fuzz/batch_again.h \
	$(FUZZ_SAME) $(FUZZ_MAIN)
test_fuzz_fuzz_batch_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_batch_LDADD = libsouk-all.la $(SODIUM_LIBS)

test_fuzz_fuzz_description_SOURCES = test/fuzz/fuzz_description.c $(FUZZ_MAIN)
test_fuzz_fuzz_description_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_description_LDADD = libsouk-all.la $(JANSSON_LIBS)

test_fuzz_fuzz_found_SOURCES = test/fuzz/fuzz_found.c test/bits/nodes.c test/bits/nodes.h $(FUZZ_APP) $(FUZZ_SCRATCH) \
	$(FUZZ_MAIN)
test_fuzz_fuzz_found_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_found_LDADD = libsouk-all.la
test/fuzz/fuzz_found.$(OBJEXT): src/eventstore.h

FUZZ_BRIDGE = services/bridge/bridge.h services/bridge/bridge_answer.c services/bridge/bridge_api.c \
	services/bridge/bridge_caller.c services/bridge/bridge_events.c services/bridge/bridge_files.c \
	services/bridge/bridge_files.h services/bridge/bridge_follow.c services/bridge/bridge_guard.c \
	services/bridge/bridge_http.c services/bridge/bridge_openapi.c services/bridge/bridge_operator.c \
	services/bridge/bridge_operator_json.c services/bridge/bridge_place.c services/bridge/bridge_rate.c services/bridge/bridge_reference.c \
	services/bridge/bridge_reply.c services/bridge/bridge_session.c services/bridge/bridge_watch.c
FUZZ_BRIDGE += test/fuzz/ground_bridge.c test/fuzz/ground_bridge.h test/unit/routes_text.c test/unit/routes_text.h

# The command, as far as it asks services and event stores; and what the linker puts in the place of its sockets.
FUZZ_COMMAND = src/souk_cli.c src/souk_cli.h src/souk_cli_call.c src/souk_cli_consumers.c src/souk_cli_event.c \
	src/souk_cli_event.h src/souk_cli_heads.c src/souk_cli_heads.h src/souk_cli_log.c src/souk_cli_look.c \
	src/souk_cli_look.h src/souk_cli_node.c src/souk_cli_node.h src/souk_cli_parked.c src/souk_cli_status.c \
	src/souk_cli_store.c src/souk_cli_store.h src/souk_cli_system.c src/souk_cli_system.h src/souk_cli_where.c \
	src/souk_cli_where.h src/souk_cli_why.c
FAR_END_LINK = -Wl,--wrap=souk_socket_open -Wl,--wrap=souk_socket_close -Wl,--wrap=souk_socket_subscribe \
	-Wl,--wrap=souk_socket_send -Wl,--wrap=souk_socket_receive -Wl,--wrap=souk_socket_wait
test_fuzz_fuzz_answers_SOURCES = test/fuzz/fuzz_answers.c test/fuzz/far_end.c test/fuzz/far_end.h $(FUZZ_BRIDGE) \
	$(FUZZ_COMMAND) $(FUZZ_MAIN)
test_fuzz_fuzz_answers_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/services/bridge
test_fuzz_fuzz_answers_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(ZLIB_CFLAGS) $(BROTLI_CFLAGS) $(SMARTCOLS_CFLAGS)
test_fuzz_fuzz_answers_LDFLAGS = $(FUZZ_LINK) $(FAR_END_LINK)
test_fuzz_fuzz_answers_LDADD = libsouk-all.la $(MICROHTTPD_LIBS) $(ZLIB_LIBS) $(BROTLI_LIBS) $(SMARTCOLS_LIBS) \
	$(SODIUM_LIBS) $(CZMQ_LIBS) $(JANSSON_LIBS)
$(test_fuzz_fuzz_answers_OBJECTS): src/eventstore.h src/parking.h src/ops.h

test_fuzz_fuzz_http_SOURCES = test/fuzz/fuzz_http.c $(FUZZ_BRIDGE) $(FUZZ_MAIN)
test_fuzz_fuzz_http_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/services/bridge
test_fuzz_fuzz_http_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(ZLIB_CFLAGS) $(BROTLI_CFLAGS)
test_fuzz_fuzz_http_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_http_LDADD = libsouk-all.la $(MICROHTTPD_LIBS) $(ZLIB_LIBS) $(BROTLI_LIBS) $(SODIUM_LIBS) $(JANSSON_LIBS)
$(test_fuzz_fuzz_http_OBJECTS): src/eventstore.h src/parking.h src/ops.h

test_fuzz_fuzz_json_SOURCES = test/fuzz/fuzz_json.c $(FUZZ_MAIN)
nodist_test_fuzz_fuzz_json_SOURCES = test/unit/shop.c test/unit/shop.h
test_fuzz_fuzz_json_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/unit
test_fuzz_fuzz_json_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_json_LDADD = libsouk-all.la $(JANSSON_LIBS)
test/fuzz/fuzz_json-fuzz_json.$(OBJEXT): test/unit/shop.h

test_fuzz_fuzz_kept_SOURCES = test/fuzz/fuzz_kept.c test/bits/nodes.c test/bits/nodes.h $(FUZZ_APP) $(FUZZ_SCRATCH) \
	$(FUZZ_MAIN)
test_fuzz_fuzz_kept_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_kept_LDADD = libsouk-all.la $(SODIUM_LIBS)

test_fuzz_fuzz_node_SOURCES = test/fuzz/fuzz_node.c test/bits/nodes.c test/bits/nodes.h $(FUZZ_APP) \
	test/sim/check_arena.c test/sim/check_arena.h test/sim/check_decode.c test/sim/check_decode.h \
	test/sim/trace.h $(FUZZ_SCRATCH) $(FUZZ_MAIN)
test_fuzz_fuzz_node_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_node_LDADD = libsouk-all.la $(SODIUM_LIBS)

test_fuzz_fuzz_pack_SOURCES = test/fuzz/fuzz_pack.c $(FUZZ_MAIN)
test_fuzz_fuzz_pack_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_pack_LDADD = libsouk-all.la

test_fuzz_fuzz_questions_SOURCES = test/fuzz/fuzz_questions.c services/bridge/bridge.h services/bridge/bridge_place.c \
	services/query/query.h services/query/query_from.c $(FUZZ_MAIN)
test_fuzz_fuzz_questions_CPPFLAGS = $(SHOP_CPPFLAGS) -I$(top_srcdir)/services/bridge -I$(top_srcdir)/services/query
test_fuzz_fuzz_questions_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS)
test_fuzz_fuzz_questions_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_questions_LDADD = libsouk-all.la $(SODIUM_LIBS) $(JANSSON_LIBS)
$(test_fuzz_fuzz_questions_OBJECTS): services/shop/shop.h src/eventstore.h src/ops.h src/parking.h src/recovery.h

test_fuzz_fuzz_record_SOURCES = test/fuzz/fuzz_record.c test/fuzz/batch_again.c test/fuzz/batch_again.h \
	$(FUZZ_SAME) $(FUZZ_MAIN)
test_fuzz_fuzz_record_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_record_LDADD = libsouk-all.la $(SODIUM_LIBS)

test_fuzz_fuzz_routes_SOURCES = test/fuzz/fuzz_routes.c test/unit/routes_text.c test/unit/routes_text.h $(FUZZ_MAIN)
test_fuzz_fuzz_routes_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_routes_LDADD = libsouk-all.la $(JANSSON_LIBS)

test_fuzz_fuzz_rows_SOURCES = test/fuzz/fuzz_rows.c $(FUZZ_APP) $(FUZZ_SCRATCH) $(FUZZ_MAIN)
test_fuzz_fuzz_rows_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_rows_LDADD = libsouk-all.la

test_fuzz_fuzz_texts_SOURCES = test/fuzz/fuzz_texts.c $(FUZZ_SCRATCH) $(FUZZ_MAIN)
test_fuzz_fuzz_texts_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_texts_LDADD = libsouk-all.la $(SODIUM_LIBS)

test_fuzz_fuzz_topology_SOURCES = test/fuzz/fuzz_topology.c $(FUZZ_SCRATCH) $(FUZZ_MAIN)
test_fuzz_fuzz_topology_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_topology_LDADD = libsouk-all.la

test_fuzz_fuzz_wire_SOURCES = test/fuzz/fuzz_wire.c $(FUZZ_SAME) $(FUZZ_MAIN)
test_fuzz_fuzz_wire_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_wire_LDADD = libsouk-all.la $(SODIUM_LIBS)

test_fuzz_fuzz_witness_SOURCES = test/fuzz/fuzz_witness.c $(FUZZ_SCRATCH) $(FUZZ_MAIN)
test_fuzz_fuzz_witness_LDFLAGS = $(FUZZ_LINK)
test_fuzz_fuzz_witness_LDADD = libsouk-all.la

dist_check_SCRIPTS += test/fuzz/corpus.test
TESTS += test/fuzz/corpus.test
EXTRA_DIST += test/fuzz/fuzz.test test/fuzz/big.py test/fuzz/coverage.sh test/fuzz/corpus
