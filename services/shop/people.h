/*
 * people - who may do what in the shop, by the passes that accounts signs.
 */
#ifndef SHOP_PEOPLE_H
#define SHOP_PEOPLE_H

#include <souk.h>

#define ROLE_GUEST "guest"              /* somebody with a cart who has not signed in */
#define ROLE_CUSTOMER "customer"
#define ROLE_STAFF "staff"
#define ROLE_ADMIN "admin"              /* staff who may make staff */

/* Staff or an admin? `pass` may be NULL, which is nobody. */
bool people_is_staff(const struct souk_pass *pass);
/* 0 for staff and admins; else the decision is refused: SOUK_REFUSED. */
SOUK_MUST_CHECK int people_staff_only(struct souk_decision *decision);
/* The same, and who it is. */
SOUK_MUST_CHECK int people_staff(struct souk_decision *decision, struct souk_id *person_out);
/* 0 and who it is, for guests too; else SOUK_REFUSED. */
SOUK_MUST_CHECK int people_who(struct souk_decision *decision, struct souk_id *person_out);

#endif
