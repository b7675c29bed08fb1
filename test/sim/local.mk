# The simulator: the core over real stores on a memory file system, and a
# checker that shares nothing with it.
check_PROGRAMS += test/sim/souk-sim
test_sim_souk_sim_SOURCES = \
	test/sim/app.h \
	test/sim/app_messages.c \
	test/sim/app_messages.h \
	test/sim/app_moderation.c \
	test/sim/app_orders.c \
	test/sim/app_payments.c \
	test/sim/app_query.c \
	test/sim/app_reviews.c \
	test/sim/app_rows.c \
	test/sim/app_stock.c \
	test/sim/sim.c \
	test/sim/sim_client.c \
	test/sim/sim_client.h \
	test/sim/sim_disk.c \
	test/sim/sim_disk.h \
	test/sim/sim_fault.c \
	test/sim/sim_fault.h \
	test/sim/sim_hash.c \
	test/sim/sim_loss.c \
	test/sim/sim_loss.h \
	test/sim/sim_net.c \
	test/sim/sim_net.h \
	test/sim/sim_node.c \
	test/sim/sim_node.h \
	test/sim/sim_plan.c \
	test/sim/sim_plan.h \
	test/sim/sim_queue.c \
	test/sim/sim_queue.h \
	test/sim/sim_random.h \
	test/sim/sim_states.c \
	test/sim/sim_states.h \
	test/sim/sim_tell.c \
	test/sim/sim_tell.h \
	test/sim/sim_world.c \
	test/sim/sim_world.h \
	test/sim/sim_heap.c \
	test/scratch.c \
	test/scratch.h \
	$(SIM_CHECKER)
test_sim_souk_sim_LDADD = libsouk-all.la $(LMDB_LIBS) $(SODIUM_LIBS)
test_sim_souk_sim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=crypto_generichash_init \
	-Wl,--wrap=crypto_generichash_update -Wl,--wrap=crypto_generichash_final

# With planted bugs nothing else is worth looking at: each has to be found.
EXTRA_DIST += test/sim/schedules.sh test/sim/replay.sh test/sim/planted.sh test/sim/planted.txt
if PLANTED_BUGS
TESTS += test/sim/planted.sh
else
TESTS += test/sim/schedules.sh test/sim/replay.sh
endif

# The checker's part.
SIM_CHECKER = \
	test/sim/check.c \
	test/sim/check_arena.c \
	test/sim/check_arena.h \
	test/sim/check_commands.c \
	test/sim/check_commands.h \
	test/sim/check_decode.c \
	test/sim/check_decode.h \
	test/sim/check_frames.c \
	test/sim/check_frames.h \
	test/sim/check_history.c \
	test/sim/check_history.h \
	test/sim/check_incarnations.c \
	test/sim/check_incarnations.h \
	test/sim/check_model.c \
	test/sim/check_model.h \
	test/sim/check_state.c \
	test/sim/check_state.h \
	test/sim/check_tables.c \
	test/sim/check_tables.h \
	test/sim/trace.h

check_PROGRAMS += test/sim/test_check
test_sim_test_check_SOURCES = test/sim/test_check.c test/sim/app.h $(SIM_CHECKER)
test_sim_test_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_sim_test_check_LDADD = $(SODIUM_LIBS) $(CMOCKA_LIBS)
TESTS += test/sim/test_check
