# examples/blog

examples/blog/blog.h: $(srcdir)/examples/blog/blog.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) examples/blog && ./souk-messages$(EXEEXT) c $(srcdir)/examples/blog/blog.messages.zpl -o examples/blog
examples/blog/blog.c: examples/blog/blog.h
EXTRA_DIST += examples/blog/blog.messages.zpl
CLEANFILES += examples/blog/blog.h examples/blog/blog.c

check_PROGRAMS += examples/blog/test_blog
examples_blog_test_blog_SOURCES = examples/blog/test_blog.c examples/blog/posts.c examples/blog/comments.c \
	examples/blog/moderation.c examples/blog/query.c examples/blog/regulars.c examples/blog/services.h
nodist_examples_blog_test_blog_SOURCES = examples/blog/blog.c examples/blog/blog.h
examples_blog_test_blog_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/examples/blog
examples_blog_test_blog_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
examples_blog_test_blog_LDADD = libsouk-all.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
$(examples_blog_test_blog_OBJECTS): examples/blog/blog.h
TESTS += examples/blog/test_blog
