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
EXTRA_DIST += test/process/run.py test/process/system.py test/process/tsan.supp test/process/test_faults.py test/process/test_operation.py test/process/test_shop.py
