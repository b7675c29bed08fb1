# test/unit

check_PROGRAMS += test/unit/test_pack
test_unit_test_pack_SOURCES = test/unit/test_pack.c
test_unit_test_pack_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_pack_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(MSGPACK_LIBS)
TESTS += test/unit/test_pack

check_PROGRAMS += test/unit/test_scratch
test_unit_test_scratch_SOURCES = test/unit/test_scratch.c test/scratch.c test/scratch.h
test_unit_test_scratch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_scratch_LDADD = $(CMOCKA_LIBS)
TESTS += test/unit/test_scratch

check_PROGRAMS += test/unit/test_store
test_unit_test_store_SOURCES = test/unit/test_store.c
test_unit_test_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_store_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_store

check_PROGRAMS += test/unit/test_witness
test_unit_test_witness_SOURCES = test/unit/test_witness.c
test_unit_test_witness_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_witness_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_witness

check_PROGRAMS += test/unit/test_key
test_unit_test_key_SOURCES = test/unit/test_key.c test/scratch.c test/scratch.h
test_unit_test_key_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_key_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_key

check_PROGRAMS += test/unit/test_access
test_unit_test_access_SOURCES = test/unit/test_access.c test/unit/topology_text.c test/unit/topology_text.h
test_unit_test_access_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_access_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(CZMQ_LIBS)
TESTS += test/unit/test_access

check_PROGRAMS += test/unit/test_position
test_unit_test_position_SOURCES = test/unit/test_position.c
test_unit_test_position_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_position_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_position

# The simulator's reader of the protocol says the same of every vector.
UNIT_SAME = test/unit/vectors.c test/unit/vectors.h test/fuzz/same.c test/fuzz/same.h test/sim/check_arena.c \
	test/sim/check_arena.h test/sim/check_decode.c test/sim/check_decode.h test/sim/trace.h

check_PROGRAMS += test/unit/test_batch
test_unit_test_batch_SOURCES = test/unit/test_batch.c test/fuzz/batch_again.c test/fuzz/batch_again.h $(UNIT_SAME)
test_unit_test_batch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_batch_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(SODIUM_LIBS)
TESTS += test/unit/test_batch

check_PROGRAMS += test/unit/test_feed
test_unit_test_feed_SOURCES = test/unit/test_feed.c
test_unit_test_feed_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_feed_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_feed

check_PROGRAMS += test/unit/test_wait
test_unit_test_wait_SOURCES = test/unit/test_wait.c
test_unit_test_wait_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_wait_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_wait

check_PROGRAMS += test/unit/test_pass
test_unit_test_pass_SOURCES = test/unit/test_pass.c test/unit/vectors.c test/unit/vectors.h
test_unit_test_pass_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_pass_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SODIUM_LIBS)
TESTS += test/unit/test_pass

check_PROGRAMS += test/unit/test_wire
test_unit_test_wire_SOURCES = test/unit/test_wire.c $(UNIT_SAME)
test_unit_test_wire_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_wire_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(SODIUM_LIBS)
TESTS += test/unit/test_wire

check_PROGRAMS += test/unit/test_parked
test_unit_test_parked_SOURCES = test/unit/test_parked.c
test_unit_test_parked_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_parked_LDADD = libsouk-all.la $(CMOCKA_LIBS)
$(test_unit_test_parked_OBJECTS): src/parking.h
TESTS += test/unit/test_parked

check_PROGRAMS += test/unit/test_log
test_unit_test_log_SOURCES = test/unit/test_log.c
test_unit_test_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_log_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_log

# Made by the compiler under test; a bare dependency of the objects, so that nothing else waits for it.
test/unit/shop.h: $(srcdir)/test/unit/shop.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/unit && ./souk-messages$(EXEEXT) c $(srcdir)/test/unit/shop.messages.zpl -o test/unit
test/unit/shop.c: test/unit/shop.h
EXTRA_DIST += test/unit/shop.messages.zpl
CLEANFILES += test/unit/shop.h test/unit/shop.c

check_PROGRAMS += test/unit/test_seal
test_unit_test_seal_SOURCES = test/unit/test_seal.c
test_unit_test_seal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_seal_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SODIUM_LIBS)
TESTS += test/unit/test_seal

check_PROGRAMS += test/unit/test_messages
test_unit_test_messages_SOURCES = test/unit/test_messages.c test/unit/fake_runtime.c test/unit/fake_runtime.h
nodist_test_unit_test_messages_SOURCES = test/unit/shop.c test/unit/shop.h
test_unit_test_messages_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/unit
test_unit_test_messages_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_messages_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
test/unit/test_messages-test_messages.$(OBJEXT): test/unit/shop.h
TESTS += test/unit/test_messages

# The vectors, by the simulator's checker: a second reading of doc/protocol.md.
check_PROGRAMS += test/unit/test_vectors_check
test_unit_test_vectors_check_SOURCES = test/unit/test_vectors_check.c test/sim/check_arena.c test/sim/check_arena.h \
	test/sim/check_decode.c test/sim/check_decode.h test/sim/trace.h
test_unit_test_vectors_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_vectors_check_LDADD = $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SODIUM_LIBS)
TESTS += test/unit/test_vectors_check
EXTRA_DIST += test/vectors

# Payloads, ids and texts among them, by what souk itself reads and writes them with.
check_PROGRAMS += test/unit/test_vectors
test_unit_test_vectors_SOURCES = test/unit/test_vectors.c test/unit/vectors.c test/unit/vectors.h
test_unit_test_vectors_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_vectors_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SODIUM_LIBS)
$(test_unit_test_vectors_OBJECTS): src/eventstore.h src/recovery.h
TESTS += test/unit/test_vectors

check_PROGRAMS += test/unit/test_json
test_unit_test_json_SOURCES = test/unit/test_json.c
test_unit_test_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_json_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += test/unit/test_json

check_PROGRAMS += test/unit/test_description
test_unit_test_description_SOURCES = test/unit/test_description.c
test_unit_test_description_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_description_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_description

TESTS += test/unit/test_souk_messages.sh
EXTRA_DIST += test/unit/test_souk_messages.sh

# The test kit, with services of its own.
test/unit/stage.h: $(srcdir)/test/unit/stage.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/unit && ./souk-messages$(EXEEXT) c $(srcdir)/test/unit/stage.messages.zpl -o test/unit
test/unit/stage.c: test/unit/stage.h
EXTRA_DIST += test/unit/stage.messages.zpl
CLEANFILES += test/unit/stage.h test/unit/stage.c

check_PROGRAMS += test/unit/test_core
test_unit_test_core_SOURCES = test/unit/test_core.c test/bits/nodes.c test/bits/nodes.h test/scratch.c test/scratch.h \
	test/sim/app.h test/sim/app_messages.c test/sim/app_messages.h test/sim/app_moderation.c test/sim/app_orders.c \
	test/sim/app_payments.c test/sim/app_query.c test/sim/app_reviews.c test/sim/app_rows.c test/sim/app_stock.c
test_unit_test_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_core_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_core

check_PROGRAMS += test/unit/test_stage
test_unit_test_stage_SOURCES = test/unit/test_stage.c test/unit/stage_inventory.c test/unit/stage_inventory.h
nodist_test_unit_test_stage_SOURCES = test/unit/stage.c test/unit/stage.h
test_unit_test_stage_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/unit
test_unit_test_stage_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_stage_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
test/unit/test_stage-test_stage.$(OBJEXT) test/unit/test_stage-stage_inventory.$(OBJEXT): test/unit/stage.h
TESTS += test/unit/test_stage

# The same source as the daemon's, whose main gives way to the test's.
check_PROGRAMS += test/unit/test_stage_pass
test_unit_test_stage_pass_SOURCES = test/unit/test_stage_pass.c test/process/lodge_service.c
nodist_test_unit_test_stage_pass_SOURCES = test/process/lodge.c test/process/lodge.h
test_unit_test_stage_pass_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/process \
	-Dmain='__attribute__((weak)) service_main'
test_unit_test_stage_pass_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
test_unit_test_stage_pass_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
$(test_unit_test_stage_pass_OBJECTS): test/process/lodge.h
TESTS += test/unit/test_stage_pass

check_PROGRAMS += test/unit/test_topology test/unit/test_topology_refused
UNIT_TOPOLOGY = test/unit/topology_text.c test/unit/topology_text.h
test_unit_test_topology_SOURCES = test/unit/test_topology.c $(UNIT_TOPOLOGY)
test_unit_test_topology_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_topology_LDADD = libsouk-all.la $(CMOCKA_LIBS)
test_unit_test_topology_refused_SOURCES = test/unit/test_topology_refused.c $(UNIT_TOPOLOGY)
test_unit_test_topology_refused_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_topology_refused_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_topology test/unit/test_topology_refused

TESTS += test/unit/test_souk.sh
EXTRA_DIST += test/unit/test_souk.sh
TESTS += test/unit/test_tally.sh
EXTRA_DIST += test/unit/test_tally.sh

check_PROGRAMS += test/unit/test_runtime
test_unit_test_runtime_SOURCES = test/unit/test_runtime.c
test_unit_test_runtime_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_runtime_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS) $(CZMQ_LIBS)
TESTS += test/unit/test_runtime

# The finder, over logs that were written by hand.
UNIT_FINDER = test/unit/finder_bench.c test/unit/finder_bench.h test/unit/recorded.c test/unit/recorded.h

check_PROGRAMS += test/unit/test_finder
test_unit_test_finder_SOURCES = test/unit/test_finder.c $(UNIT_FINDER)
test_unit_test_finder_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_finder_LDADD = libsouk-all.la $(CMOCKA_LIBS)
$(test_unit_test_finder_OBJECTS): src/eventstore.h
TESTS += test/unit/test_finder

check_PROGRAMS += test/unit/test_finder_filling
test_unit_test_finder_filling_SOURCES = test/unit/test_finder_filling.c $(UNIT_FINDER)
test_unit_test_finder_filling_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_finder_filling_LDADD = libsouk-all.la $(CMOCKA_LIBS)
$(test_unit_test_finder_filling_OBJECTS): src/eventstore.h
TESTS += test/unit/test_finder_filling

check_PROGRAMS += test/unit/test_seen
test_unit_test_seen_SOURCES = test/unit/test_seen.c
test_unit_test_seen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_seen_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_seen

check_PROGRAMS += test/unit/test_routes
test_unit_test_routes_SOURCES = test/unit/test_routes.c test/unit/routes_text.c test/unit/routes_text.h
test_unit_test_routes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_routes_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += test/unit/test_routes

check_PROGRAMS += test/unit/test_backup
test_unit_test_backup_SOURCES = test/unit/test_backup.c test/unit/recorded.c test/unit/recorded.h
test_unit_test_backup_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_backup_LDADD = libsouk-all.la $(CMOCKA_LIBS) -lpthread
TESTS += test/unit/test_backup

check_PROGRAMS += test/unit/test_histogram
test_unit_test_histogram_SOURCES = test/unit/test_histogram.c
test_unit_test_histogram_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_histogram_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_histogram

check_PROGRAMS += test/unit/test_client
test_unit_test_client_SOURCES = test/unit/test_client.c
test_unit_test_client_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_client_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_client
check_PROGRAMS += test/unit/test_manifest
test_unit_test_manifest_SOURCES = test/unit/test_manifest.c
test_unit_test_manifest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_unit_test_manifest_LDADD = libsouk-all.la $(CMOCKA_LIBS)
TESTS += test/unit/test_manifest
