/*
 * within - is a text part of another one? People and goods are found by that.
 */
#ifndef SHOP_WITHIN_H
#define SHOP_WITHIN_H

#include <souk.h>

/* Small and capital letters of ASCII are the same. Nothing is within everything. */
bool within(struct souk_slice wanted, struct souk_slice text);

#endif
