/*
 * The services of the shop, for the tests of their stories.
 */
#ifndef SHOP_SERVICES_H
#define SHOP_SERVICES_H

#include <souk.h>

extern const struct souk_service accounts_service;
extern const struct souk_service catalog_service;
extern const struct souk_service carts_service;
extern const struct souk_service inventory_service;
extern const struct souk_service orders_service;
extern const struct souk_service payments_service;
extern const struct souk_service reviews_service;
extern const struct souk_service moderation_service;
extern const struct souk_service query_service;
extern const struct souk_service cards_service;               /* not the shop's: the card processor's sandbox */

#endif
