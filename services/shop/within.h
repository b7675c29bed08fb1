/*
 * within - is a text part of another one? Staff finds people and goods by that.
 */
#ifndef SHOP_WITHIN_H
#define SHOP_WITHIN_H

#include <souk.h>

/* Small and capital letters of ASCII are the same. Nothing is within everything. */
bool within(struct souk_slice wanted, struct souk_slice text);

#endif
