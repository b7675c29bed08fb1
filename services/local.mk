# Daemons.
bin_PROGRAMS += souk-eventstore
souk_eventstore_SOURCES = services/eventstore/eventstore.c
souk_eventstore_LDADD = libsouk-all.la
