/*
 * money - prices and amounts that are held against each other.
 */
#ifndef SHOP_MONEY_H
#define SHOP_MONEY_H

#include <souk-message.h>

bool money_is_same_currency(struct souk_money a, struct souk_money b);
bool money_is_equal(struct souk_money a, struct souk_money b);

#endif
