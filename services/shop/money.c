#include "money.h"

#include <string.h>

bool
money_is_same_currency(struct souk_money a, struct souk_money b)
{
    return memcmp(a.currency, b.currency, sizeof a.currency) == 0;
}

bool
money_is_equal(struct souk_money a, struct souk_money b)
{
    return a.minor == b.minor && money_is_same_currency(a, b);
}
