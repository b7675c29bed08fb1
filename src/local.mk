# libsouk: layers only look down (bytes and messages; store; core; runtime; command line).
noinst_LTLIBRARIES += libsouk-all.la
libsouk_all_la_SOURCES = \
	src/souk_error.c \
	src/souk_bytes.c
libsouk_all_la_LIBADD = $(LMDB_LIBS) $(SODIUM_LIBS)

lib_LTLIBRARIES += libsouk.la
libsouk_la_SOURCES =
libsouk_la_LIBADD = libsouk-all.la
libsouk_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0

include_HEADERS = src/souk.h src/souk-message.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = src/souk.pc
