# Daemons.
bin_PROGRAMS += souk-eventstore
souk_eventstore_SOURCES = services/eventstore/eventstore.c
souk_eventstore_LDADD = libsouk-all.la

# What souk bench measures; the command speaks the same messages.
services/bench/load.h: $(srcdir)/services/bench/load.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) services/bench && \
		./souk-messages$(EXEEXT) c $(srcdir)/services/bench/load.messages.zpl -o services/bench
services/bench/load.c: services/bench/load.h
EXTRA_DIST += services/bench/load.messages.zpl
CLEANFILES += services/bench/load.h services/bench/load.c
bin_PROGRAMS += souk-bench-service
souk_bench_service_SOURCES = services/bench/bench.c
nodist_souk_bench_service_SOURCES = services/bench/load.c services/bench/load.h
souk_bench_service_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/services/bench
souk_bench_service_LDADD = libsouk-all.la
$(souk_bench_service_OBJECTS): services/bench/load.h
