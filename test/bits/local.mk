# test/bits: every single bit of the test vectors, and every so-manieth of two
# stores after a small real run, flipped. test/bits/bits --stride 1 flips all.
check_PROGRAMS += test/bits/bits
test_bits_bits_SOURCES = \
	test/bits/bits.c \
	test/bits/damaged.c \
	test/bits/damaged.h \
	test/bits/history.c \
	test/bits/history.h \
	test/bits/nodes.c \
	test/bits/nodes.h \
	test/bits/vectors.c \
	test/bits/vectors.h \
	test/scratch.c \
	test/scratch.h \
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
test_bits_bits_LDADD = libsouk-all.la
$(test_bits_bits_OBJECTS): src/eventstore.h src/recovery.h
TESTS += test/bits/bits
