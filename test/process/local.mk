# Real daemons on real sockets: test/process/run.py and what it runs.
check_PROGRAMS += test/process/service
test_process_service_SOURCES = \
	test/process/service.c \
	test/sim/app.h \
	test/sim/app_messages.c \
	test/sim/app_messages.h \
	test/sim/app_moderation.c \
	test/sim/app_orders.c \
	test/sim/app_payments.c \
	test/sim/app_query.c \
	test/sim/app_reviews.c \
	test/sim/app_rows.c \
	test/sim/app_stock.c
test_process_service_LDADD = libsouk-all.la
check_PROGRAMS += test/process/service2
test_process_service2_SOURCES = \
	test/process/service.c \
	test/sim/app.h \
	test/sim/app_messages.c \
	test/sim/app_messages.h \
	test/sim/app_moderation.c \
	test/sim/app_orders.c \
	test/sim/app_payments.c \
	test/sim/app_query.c \
	test/sim/app_reviews.c \
	test/sim/app_rows.c \
	test/sim/app_stock.c
test_process_service2_CPPFLAGS = $(AM_CPPFLAGS) -DVERSION_AT=1
test_process_service2_LDADD = libsouk-all.la
EXTRA_DIST += test/process/run.py test/process/system.py test/process/tsan.supp test/process/test_faults.py test/process/test_recovery.py test/process/test_backup.py test/process/test_verify.py test/process/test_rebuild.py test/process/test_matrix.py test/process/test_finder.py test/process/test_access.py test/process/test_hole.py test/process/test_intruders.py test/process/test_keys.py test/process/test_tutorial.py test/process/test_operation.py test/process/test_shop.py

# What souk init makes, for the tests of the command.
test/process/book.h: $(srcdir)/src/init/book.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/process && ./souk-messages$(EXEEXT) c $(srcdir)/src/init/book.messages.zpl -o test/process
test/process/book.c: test/process/book.h
CLEANFILES += test/process/book.h test/process/book.c
check_PROGRAMS += test/process/guestbook
test_process_guestbook_SOURCES = src/init/guestbook.c
nodist_test_process_guestbook_SOURCES = test/process/book.c test/process/book.h
test_process_guestbook_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/process
test_process_guestbook_LDADD = libsouk-all.la
$(test_process_guestbook_OBJECTS): test/process/book.h
EXTRA_DIST += test/process/test_souk.py test/process/test_blog.py test/process/net.py test/process/test_hosts.py \
	test/process/test_two_hosts.py
EXTRA_DIST += test/process/ledger.py test/process/test_ledger.py
EXTRA_DIST += test/process/confined.py test/process/test_units.py
EXTRA_DIST += test/process/test_bench.py test/process/test_prepare.py test/process/test_disk.py
EXTRA_DIST += test/process/test_hostile.py test/process/attacks.py test/process/curve.py test/process/floods.py \
	test/process/test_floods.py test/process/fuzz_sockets.py test/process/test_fuzz.py

# A module for any process: without sanitizers, whatever the daemons are built with.
check_LTLIBRARIES += test/process/failing.la
test_process_failing_la_SOURCES = test/process/failing.c
test_process_failing_la_CFLAGS = -std=gnu11 -Wall -Wextra -Wshadow -fvisibility=hidden
test_process_failing_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
process-programs: test/process/failing.la
# One that tries what daemons must not do.
check_LTLIBRARIES += test/process/trying.la
test_process_trying_la_SOURCES = test/process/trying.c
test_process_trying_la_CFLAGS = -std=gnu11 -Wall -Wextra -Wshadow -fvisibility=hidden
test_process_trying_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
process-programs: test/process/trying.la
EXTRA_DIST += test/process/test_sandbox.py
# Another one, in which one call fails.
check_LTLIBRARIES += test/process/calls.la
test_process_calls_la_SOURCES = test/process/calls.c
test_process_calls_la_CFLAGS = -std=gnu11 -Wall -Wextra -Wshadow -fvisibility=hidden
test_process_calls_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
process-programs: test/process/calls.la
EXTRA_DIST += test/process/test_calls.py

# A service with slow work before its decisions.
test/process/vault.h: $(srcdir)/test/process/vault.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/process && \
		./souk-messages$(EXEEXT) c $(srcdir)/test/process/vault.messages.zpl -o test/process
test/process/vault.c: test/process/vault.h
EXTRA_DIST += test/process/vault.messages.zpl
CLEANFILES += test/process/vault.h test/process/vault.c
check_PROGRAMS += test/process/vault
test_process_vault_SOURCES = test/process/vault_service.c
nodist_test_process_vault_SOURCES = test/process/vault.c test/process/vault.h
test_process_vault_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/process
test_process_vault_LDADD = libsouk-all.la $(SODIUM_LIBS)
$(test_process_vault_OBJECTS): test/process/vault.h

# Letters and their reader, for the operator's commands.
test/process/desk.h: $(srcdir)/test/process/desk.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/process && \
		./souk-messages$(EXEEXT) c $(srcdir)/test/process/desk.messages.zpl -o test/process
test/process/desk.c: test/process/desk.h
EXTRA_DIST += test/process/desk.messages.zpl test/process/test_operate.py
CLEANFILES += test/process/desk.h test/process/desk.c
check_PROGRAMS += test/process/desk
test_process_desk_SOURCES = test/process/desk_service.c
nodist_test_process_desk_SOURCES = test/process/desk.c test/process/desk.h
test_process_desk_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/process
test_process_desk_LDADD = libsouk-all.la
$(test_process_desk_OBJECTS): test/process/desk.h

# A service that asks who the caller speaks for.
test/process/lodge.h: $(srcdir)/test/process/lodge.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/process && \
		./souk-messages$(EXEEXT) c $(srcdir)/test/process/lodge.messages.zpl -o test/process
test/process/lodge.c: test/process/lodge.h
EXTRA_DIST += test/process/lodge.messages.zpl test/process/test_pass.py test/process/test_forget.py test/process/test_sale.py
CLEANFILES += test/process/lodge.h test/process/lodge.c
check_PROGRAMS += test/process/lodge
test_process_lodge_SOURCES = test/process/lodge_service.c
nodist_test_process_lodge_SOURCES = test/process/lodge.c test/process/lodge.h
test_process_lodge_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/test/process
test_process_lodge_LDADD = libsouk-all.la
$(test_process_lodge_OBJECTS): test/process/lodge.h

# All that test/process/run.py needs in a build directory.
process-programs: $(bin_PROGRAMS) test/powercut/shim.la test/process/service test/process/service2 \
	test/process/guestbook test/process/vault test/process/desk test/process/lodge
.PHONY: process-programs
EXTRA_DIST += test/process/test_added.py test/process/test_secrets.py test/process/test_versions.py
