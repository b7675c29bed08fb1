# test/powercut: a store after a power cut. `make check` looks at a few thousand
# images; test/powercut/powercut --images N looks at more.
check_LTLIBRARIES += test/powercut/shim.la
test_powercut_shim_la_SOURCES = test/powercut/shim.c test/powercut/journal.h
# A module for any process: without sanitizers, whatever the workload is built with.
test_powercut_shim_la_CFLAGS = -std=gnu11 -Wall -Wextra -Wshadow -fvisibility=hidden
test_powercut_shim_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

check_PROGRAMS += test/powercut/workload test/powercut/powercut
test_powercut_workload_SOURCES = test/powercut/workload.c test/powercut/history.c test/powercut/history.h \
	test/powercut/contents.c test/powercut/contents.h test/powercut/journal.h
test_powercut_workload_LDADD = libsouk-all.la
test_powercut_powercut_SOURCES = test/powercut/powercut.c test/powercut/disk.c test/powercut/disk.h \
	test/powercut/history.c test/powercut/history.h test/powercut/contents.c test/powercut/contents.h \
	test/powercut/journal.h test/scratch.c test/scratch.h
test_powercut_powercut_LDADD = libsouk-all.la

dist_check_SCRIPTS = test/powercut/powercut.test
TESTS += test/powercut/powercut.test
