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

# The shop: what its services say to each other, and the services.
services/shop/shop.h: $(srcdir)/services/shop/shop.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) services/shop && \
		./souk-messages$(EXEEXT) c $(srcdir)/services/shop/shop.messages.zpl -o services/shop
services/shop/shop.c: services/shop/shop.h
EXTRA_DIST += services/shop/shop.messages.zpl services/shop/shop.routes.zpl topology/shop.zpl topology/shop-two-hosts.zpl
CLEANFILES += services/shop/shop.h services/shop/shop.c
noinst_LTLIBRARIES += libshop.la
libshop_la_SOURCES = \
	services/shop/carted.c \
	services/shop/carted.h \
	services/shop/money.c \
	services/shop/money.h \
	services/shop/offers.c \
	services/shop/offers.h \
	services/shop/people.c \
	services/shop/people.h \
	services/shop/services.h \
	services/shop/within.c \
	services/shop/within.h
nodist_libshop_la_SOURCES = services/shop/shop.c services/shop/shop.h
libshop_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/services/shop
libshop_la_LIBADD = libsouk-all.la
SHOP_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/services/shop -I$(top_builddir)/services/shop

bin_PROGRAMS += souk-accounts souk-catalog souk-inventory souk-carts souk-orders souk-payments souk-query souk-cards
souk_accounts_SOURCES = services/accounts/accounts.c services/accounts/accounts_answers.c \
	services/accounts/accounts_parts.h services/accounts/accounts_passwords.c
souk_accounts_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_accounts_LDADD = libshop.la $(SODIUM_LIBS)
souk_catalog_SOURCES = services/catalog/catalog.c
souk_catalog_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_catalog_LDADD = libshop.la
souk_inventory_SOURCES = services/inventory/inventory.c
souk_inventory_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_inventory_LDADD = libshop.la
souk_carts_SOURCES = services/carts/carts.c
souk_carts_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_carts_LDADD = libshop.la
souk_orders_SOURCES = services/orders/orders.c services/orders/orders.h services/orders/orders_search.c
souk_orders_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_orders_LDADD = libshop.la $(SODIUM_LIBS)
souk_payments_SOURCES = services/payments/payments.c
souk_payments_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_payments_LDADD = libshop.la
souk_query_SOURCES = \
	services/query/query.c \
	services/query/query.h \
	services/query/query_deeds.c \
	services/query/query_from.c \
	services/query/query_lists.c \
	services/query/query_office.c \
	services/query/query_order_log.c \
	services/query/query_orders.c \
	services/query/query_products.c \
	services/query/query_reviews.c \
	services/query/query_shelf.c \
	services/query/query_today.c
souk_query_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_query_LDADD = libshop.la
bin_PROGRAMS += souk-reviews souk-moderation
souk_reviews_SOURCES = services/reviews/reviews.c
souk_reviews_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_reviews_LDADD = libshop.la
souk_moderation_SOURCES = services/moderation/moderation.c
souk_moderation_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_moderation_LDADD = libshop.la
souk_cards_SOURCES = services/cards/cards.c
souk_cards_CPPFLAGS = $(SHOP_CPPFLAGS)
souk_cards_LDADD = libshop.la

# The same sources in one program, whose main is the test's: theirs give way.
check_LTLIBRARIES += libshop-services.la
libshop_services_la_SOURCES = \
	services/accounts/accounts.c \
	services/accounts/accounts_answers.c \
	services/accounts/accounts_parts.h \
	services/accounts/accounts_passwords.c \
	services/cards/cards.c \
	services/carts/carts.c \
	services/catalog/catalog.c \
	services/inventory/inventory.c \
	services/moderation/moderation.c \
	services/orders/orders.c \
	services/orders/orders.h \
	services/orders/orders_search.c \
	services/payments/payments.c \
	services/query/query.c \
	services/query/query.h \
	services/query/query_deeds.c \
	services/query/query_from.c \
	services/query/query_lists.c \
	services/query/query_office.c \
	services/query/query_order_log.c \
	services/query/query_orders.c \
	services/query/query_products.c \
	services/query/query_reviews.c \
	services/query/query_shelf.c \
	services/query/query_today.c \
	services/reviews/reviews.c \
	services/shop/story.c \
	services/shop/story.h
libshop_services_la_CPPFLAGS = $(SHOP_CPPFLAGS) -Dmain='__attribute__((weak)) service_main'
libshop_services_la_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
libshop_services_la_LIBADD = libshop.la $(SODIUM_LIBS)

check_PROGRAMS += services/shop/test_shop
services_shop_test_shop_SOURCES = services/shop/test_shop.c
services_shop_test_shop_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_shop_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_shop_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_shop
check_PROGRAMS += services/shop/test_accounts
services_shop_test_accounts_SOURCES = services/shop/test_accounts.c
services_shop_test_accounts_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_accounts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_accounts_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SODIUM_LIBS)
TESTS += services/shop/test_accounts
check_PROGRAMS += services/shop/test_query
services_shop_test_query_SOURCES = services/shop/test_query.c
services_shop_test_query_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_query_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_query_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_query
check_PROGRAMS += services/shop/test_lists
services_shop_test_lists_SOURCES = services/shop/test_lists.c
services_shop_test_lists_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_lists_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_lists_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_lists
check_PROGRAMS += services/shop/test_query_reviews
services_shop_test_query_reviews_SOURCES = services/shop/test_query_reviews.c
services_shop_test_query_reviews_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_query_reviews_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_query_reviews_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_query_reviews
check_PROGRAMS += services/shop/test_reviews
services_shop_test_reviews_SOURCES = services/shop/test_reviews.c
services_shop_test_reviews_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_reviews_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_reviews_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_reviews

check_PROGRAMS += services/shop/test_carts
services_shop_test_carts_SOURCES = services/shop/test_carts.c
services_shop_test_carts_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_carts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_carts_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_carts

# Months of the shop as an event store has them: what ./demo begins with.
EXTRA_PROGRAMS += services/shop/year
services_shop_year_SOURCES = services/shop/year.c
services_shop_year_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_year_LDADD = libshop-services.la $(SODIUM_LIBS)
EXTRA_DIST += services/shop/year.py services/shop/year_goods.py services/shop/year_people.py services/shop/year_words.py

check_PROGRAMS += services/shop/test_office
services_shop_test_office_SOURCES = services/shop/test_office.c
services_shop_test_office_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_office_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_office_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_office

check_PROGRAMS += services/shop/test_hanging
services_shop_test_hanging_SOURCES = services/shop/test_hanging.c
services_shop_test_hanging_CPPFLAGS = $(SHOP_CPPFLAGS)
services_shop_test_hanging_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_shop_test_hanging_LDADD = libshop-services.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
TESTS += services/shop/test_hanging

# None of them compiles before the header is there.
$(souk_reviews_OBJECTS) $(souk_moderation_OBJECTS) $(services_shop_test_reviews_OBJECTS) \
	$(services_shop_test_query_reviews_OBJECTS) $(souk_carts_OBJECTS) $(services_shop_test_carts_OBJECTS) $(services_shop_test_office_OBJECTS) \
	$(services_shop_test_hanging_OBJECTS): services/shop/shop.h
$(libshop_la_OBJECTS) $(souk_accounts_OBJECTS) $(souk_catalog_OBJECTS) $(souk_inventory_OBJECTS) $(souk_orders_OBJECTS) \
	$(souk_payments_OBJECTS) $(souk_cards_OBJECTS) $(souk_query_OBJECTS) $(libshop_services_la_OBJECTS) \
	$(services_shop_test_shop_OBJECTS) $(services_shop_test_accounts_OBJECTS) $(services_shop_test_query_OBJECTS) \
	$(services_shop_year_OBJECTS): services/shop/shop.h

# A service that is added to the shop later: its messages are its own.
services/recommendations/suggestions.h: $(srcdir)/services/recommendations/suggestions.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) services/recommendations && ./souk-messages$(EXEEXT) c \
		$(srcdir)/services/recommendations/suggestions.messages.zpl -o services/recommendations
services/recommendations/suggestions.c: services/recommendations/suggestions.h
EXTRA_DIST += services/recommendations/suggestions.messages.zpl
CLEANFILES += services/recommendations/suggestions.h services/recommendations/suggestions.c
RECOMMENDATIONS_CPPFLAGS = $(SHOP_CPPFLAGS) -I$(top_builddir)/services/recommendations
bin_PROGRAMS += souk-recommendations
souk_recommendations_SOURCES = services/recommendations/recommendations.c
nodist_souk_recommendations_SOURCES = services/recommendations/suggestions.c services/recommendations/suggestions.h
souk_recommendations_CPPFLAGS = $(RECOMMENDATIONS_CPPFLAGS)
souk_recommendations_LDADD = libshop.la
check_LTLIBRARIES += librecommendations-service.la
librecommendations_service_la_SOURCES = services/recommendations/recommendations.c
nodist_librecommendations_service_la_SOURCES = services/recommendations/suggestions.c
librecommendations_service_la_CPPFLAGS = $(RECOMMENDATIONS_CPPFLAGS) -Dmain='__attribute__((weak)) service_main'
librecommendations_service_la_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
librecommendations_service_la_LIBADD = libshop.la
check_PROGRAMS += services/recommendations/test_recommendations
services_recommendations_test_recommendations_SOURCES = services/recommendations/test_recommendations.c
services_recommendations_test_recommendations_CPPFLAGS = $(RECOMMENDATIONS_CPPFLAGS)
services_recommendations_test_recommendations_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
services_recommendations_test_recommendations_LDADD = librecommendations-service.la libshop-services.la $(CMOCKA_LIBS) \
	$(JANSSON_LIBS)
TESTS += services/recommendations/test_recommendations
$(souk_recommendations_OBJECTS) $(librecommendations_service_la_OBJECTS) \
	$(services_recommendations_test_recommendations_OBJECTS): services/shop/shop.h services/recommendations/suggestions.h

# HTTP in front of a system.
bin_PROGRAMS += souk-bridge
souk_bridge_SOURCES = \
	services/bridge/bridge.c \
	services/bridge/bridge.h \
	services/bridge/bridge_answer.c \
	services/bridge/bridge_api.c \
	services/bridge/bridge_events.c \
	services/bridge/bridge_files.c \
	services/bridge/bridge_files.h \
	services/bridge/bridge_follow.c \
	services/bridge/bridge_guard.c \
	services/bridge/bridge_http.c \
	services/bridge/bridge_openapi.c \
	services/bridge/bridge_operator.c \
	services/bridge/bridge_operator_json.c \
	services/bridge/bridge_place.c \
	services/bridge/bridge_rate.c \
	services/bridge/bridge_reference.c \
	services/bridge/bridge_reply.c \
	services/bridge/bridge_session.c \
	services/bridge/bridge_caller.c \
	services/bridge/bridge_watch.c
souk_bridge_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(ZLIB_CFLAGS) $(BROTLI_CFLAGS)
souk_bridge_LDADD = libsouk-all.la $(MICROHTTPD_LIBS) $(ZLIB_LIBS) $(BROTLI_LIBS) $(SODIUM_LIBS) $(JANSSON_LIBS)
$(souk_bridge_OBJECTS): src/eventstore.h src/parking.h src/ops.h
