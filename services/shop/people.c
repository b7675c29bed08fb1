#include "people.h"

#include "shop.h"

bool
people_is_staff(const struct souk_pass *pass)
{
    return souk_pass_has_role(pass, ROLE_STAFF) || souk_pass_has_role(pass, ROLE_ADMIN);
}

int
people_staff_only(struct souk_decision *decision)
{
    return people_is_staff(souk_decision_pass(decision)) ? 0 : souk_refuse(decision, SHOP_STAFF_ONLY);
}

int
people_staff(struct souk_decision *decision, struct souk_id *person_out)
{
    int rc = people_staff_only(decision);

    return rc != 0 ? rc : people_who(decision, person_out);
}

int
people_who(struct souk_decision *decision, struct souk_id *person_out)
{
    const struct souk_pass *pass = souk_decision_pass(decision);

    if (pass == NULL)
        return souk_refuse(decision, SHOP_NOT_SIGNED_IN);
    *person_out = pass->person;
    return 0;
}
