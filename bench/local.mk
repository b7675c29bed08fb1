# bench: figures, made by `make bench` and never by `make check`. bench/README.md says how to run them.
BENCH_ALL = bench/bench_batch bench/bench_log bench/bench_core bench/bench_finder
EXTRA_PROGRAMS += $(BENCH_ALL)
BENCH_MEASURE = bench/measure.c bench/measure.h

# The hash functions of libsodium are wrapped, so that one program can seal a batch with others of them.
bench_bench_batch_SOURCES = bench/bench_batch.c $(BENCH_MEASURE)
bench_bench_batch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=crypto_generichash_init \
	-Wl,--wrap=crypto_generichash_update -Wl,--wrap=crypto_generichash_final
bench_bench_batch_LDADD = libsouk-all.la -lpthread

bench_bench_log_SOURCES = bench/bench_log.c $(BENCH_MEASURE)
bench_bench_log_LDADD = libsouk-all.la

bench/bench.h: $(srcdir)/bench/bench.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) bench && ./souk-messages$(EXEEXT) c $(srcdir)/bench/bench.messages.zpl -o bench
bench/bench.c: bench/bench.h
bench_bench_core_SOURCES = bench/bench_core.c $(BENCH_MEASURE)
nodist_bench_bench_core_SOURCES = bench/bench.c bench/bench.h
bench_bench_core_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/bench
bench_bench_core_LDADD = libsouk-all.la
bench/bench_core-bench_core.$(OBJEXT): bench/bench.h

bench_bench_finder_SOURCES = bench/bench_finder.c $(BENCH_MEASURE)
bench_bench_finder_LDADD = libsouk-all.la
$(bench_bench_finder_OBJECTS): src/eventstore.h

EXTRA_DIST += bench/bench_cold.py bench/bench_growth.py bench/bench_http.py bench/bench_shop.py bench/bench.messages.zpl bench/instructions.sh bench/instructions.txt bench/README.md
# Clients of souk's peers: bench/compare compiles them, where their libraries are.
EXTRA_DIST += bench/compare bench/peers/peer.c bench/peers/peer.h bench/peers/nats.c bench/peers/plain.c \
	bench/peers/postgres.c bench/peers/redis.c
CLEANFILES += $(BENCH_ALL) bench/bench.h bench/bench.c

.PHONY: bench
bench: $(BENCH_ALL)
