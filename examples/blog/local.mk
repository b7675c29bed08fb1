# examples/blog

examples/blog/blog.h: $(srcdir)/examples/blog/blog.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) examples/blog && ./souk-messages$(EXEEXT) c $(srcdir)/examples/blog/blog.messages.zpl -o examples/blog
examples/blog/blog.c: examples/blog/blog.h
EXTRA_DIST += examples/blog/blog.messages.zpl examples/blog/blog.routes.zpl
CLEANFILES += examples/blog/blog.h examples/blog/blog.c

# What all of them say to each other.
noinst_LTLIBRARIES += libblog-messages.la
libblog_messages_la_SOURCES =
nodist_libblog_messages_la_SOURCES = examples/blog/blog.c examples/blog/blog.h
libblog_messages_la_LIBADD = libsouk-all.la
BLOG_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/examples/blog

bin_PROGRAMS += blog-posts blog-comments blog-moderation blog-query blog-regulars
blog_posts_SOURCES = examples/blog/posts.c examples/blog/services.h
blog_posts_CPPFLAGS = $(BLOG_CPPFLAGS)
blog_posts_LDADD = libblog-messages.la
blog_comments_SOURCES = examples/blog/comments.c examples/blog/services.h
blog_comments_CPPFLAGS = $(BLOG_CPPFLAGS)
blog_comments_LDADD = libblog-messages.la
blog_moderation_SOURCES = examples/blog/moderation.c examples/blog/services.h
blog_moderation_CPPFLAGS = $(BLOG_CPPFLAGS)
blog_moderation_LDADD = libblog-messages.la
blog_query_SOURCES = examples/blog/query.c examples/blog/services.h
blog_query_CPPFLAGS = $(BLOG_CPPFLAGS)
blog_query_LDADD = libblog-messages.la
blog_regulars_SOURCES = examples/blog/regulars.c examples/blog/services.h
blog_regulars_CPPFLAGS = $(BLOG_CPPFLAGS)
blog_regulars_LDADD = libblog-messages.la

# The same sources in one program, whose main is the test's: theirs give way.
check_LTLIBRARIES += libblog-services.la
libblog_services_la_SOURCES = examples/blog/posts.c examples/blog/comments.c examples/blog/moderation.c \
	examples/blog/query.c examples/blog/regulars.c examples/blog/services.h
libblog_services_la_CPPFLAGS = $(BLOG_CPPFLAGS) -Dmain='__attribute__((weak)) service_main'
libblog_services_la_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
libblog_services_la_LIBADD = libblog-messages.la

check_PROGRAMS += examples/blog/test_blog
examples_blog_test_blog_SOURCES = examples/blog/test_blog.c examples/blog/services.h
examples_blog_test_blog_CPPFLAGS = $(BLOG_CPPFLAGS)
examples_blog_test_blog_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
examples_blog_test_blog_LDADD = libblog-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += examples/blog/test_blog

# None of them compiles before the header is there.
$(blog_posts_OBJECTS) $(blog_comments_OBJECTS) $(blog_moderation_OBJECTS) $(blog_query_OBJECTS) \
	$(blog_regulars_OBJECTS) $(libblog_services_la_OBJECTS) $(examples_blog_test_blog_OBJECTS): examples/blog/blog.h
