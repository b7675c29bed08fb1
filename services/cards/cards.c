/*
 * cards - a card processor's sandbox: what the shop would rent from somebody
 * else. It knows cards; the shop knows their tokens. It behaves as real ones
 * do: an answer may come late, twice, or never. Requests are told apart by the
 * charge or refund that they name, so asking again has no second effect.
 */
#include "services.h"

#include <string.h>

#include "money.h"
#include "shop.h"

#define ANSWER "answer"                 /* timer: an answer that comes late, or again */
#define LATE_MS 8000
#define AGAIN_MS 1000
#define RIGHT_CODE "1234"

/* ---- cards ---------------------------------------------------------- */

static const struct {
    const char *number;
    enum card_manner manner;
} test_cards[] = {
    { "4242424242424242", CARD_MANNER_PAYS },
    { "4000000000000002", CARD_MANNER_DECLINED },
    { "4000000000009995", CARD_MANNER_INSUFFICIENT_FUNDS },
    { "4000000000000069", CARD_MANNER_EXPIRED_CARD },
    { "4000000000000127", CARD_MANNER_WRONG_CODE },
    { "4000002760003184", CARD_MANNER_WANTS_STEP },
    { "4000000000000259", CARD_MANNER_PAYS_LATE },
    { "4000000000000341", CARD_MANNER_PAYS_TWICE },
    { "4000000000000119", CARD_MANNER_NEVER_ANSWERS },
};

/* The digits of a number that people write with spaces. */
static void
read_number(struct souk_slice text, char digits_out[20])
{
    const char *at = text.base;
    size_t count = 0;

    for (size_t i = 0; i < text.size_bytes; i++)
        if (at[i] != ' ')
            digits_out[count++] = at[i];
    digits_out[count] = '\0';
}

static int
decide_keep(const struct souk_view *view, const struct cards_keep *command, struct souk_decision *decision)
{
    struct cards_kept kept = { .card = command->card, .manner = CARD_MANNER_UNKNOWN };
    char digits[20];
    struct card card;
    size_t count;
    int rc;

    if ((rc = card_get(view, command->card, &card)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_accept(decision) : rc;
    read_number(command->number, digits);
    count = strlen(digits);
    for (size_t i = 0; i < sizeof test_cards / sizeof test_cards[0]; i++)
        if (strcmp(digits, test_cards[i].number) == 0)
            kept.manner = test_cards[i].manner;
    kept.last4 = souk_slice_of(count < 4 ? digits : digits + count - 4);
    return emit_cards_kept(decision, &kept);
}

/* ---- charges -------------------------------------------------------- */

static int
answer(struct souk_decision *decision, struct souk_id charge_id, enum card_manner manner)
{
    static const struct {
        enum charge_outcome outcome;
        enum decline_reason reason;
    } answers[] = {
        [CARD_MANNER_PAYS] = { CHARGE_OUTCOME_AUTHORISED, 0 },
        [CARD_MANNER_DECLINED] = { CHARGE_OUTCOME_DECLINED, DECLINE_REASON_DECLINED },
        [CARD_MANNER_INSUFFICIENT_FUNDS] = { CHARGE_OUTCOME_DECLINED, DECLINE_REASON_INSUFFICIENT_FUNDS },
        [CARD_MANNER_EXPIRED_CARD] = { CHARGE_OUTCOME_DECLINED, DECLINE_REASON_EXPIRED_CARD },
        [CARD_MANNER_WRONG_CODE] = { CHARGE_OUTCOME_DECLINED, DECLINE_REASON_WRONG_CODE },
        [CARD_MANNER_WANTS_STEP] = { CHARGE_OUTCOME_STEP_NEEDED, 0 },
        [CARD_MANNER_PAYS_LATE] = { CHARGE_OUTCOME_AUTHORISED, 0 },
        [CARD_MANNER_PAYS_TWICE] = { CHARGE_OUTCOME_AUTHORISED, 0 },
        [CARD_MANNER_NEVER_ANSWERS] = { CHARGE_OUTCOME_DECLINED, DECLINE_REASON_NO_ANSWER },
        [CARD_MANNER_UNKNOWN] = { CHARGE_OUTCOME_DECLINED, DECLINE_REASON_UNKNOWN_CARD },
    };

    return emit_cards_answered(decision, &(struct cards_answered){ .charge_id = charge_id,
        .outcome = answers[manner].outcome, .has_reason = answers[manner].outcome == CHARGE_OUTCOME_DECLINED,
        .reason = answers[manner].reason });
}

static int
decide_authorise(const struct souk_view *view, const struct cards_authorise *command, struct souk_decision *decision)
{
    struct card card = { .manner = CARD_MANNER_UNKNOWN };
    struct charge charge;
    int rc;

    if ((rc = charge_get(view, command->charge_id, &charge)) == 0)
        return charge.state == PAYMENT_STATE_VOIDED ? souk_refuse(decision, CARDS_TOO_LATE) : souk_accept(decision);
    if (rc != -SOUK_ENOTFOUND || ((rc = card_get(view, command->card, &card)) != 0 && rc != -SOUK_ENOTFOUND))
        return rc;
    rc = emit_cards_asked(decision, &(struct cards_asked){ command->charge_id, command->amount, card.manner });
    if (rc != 0 || card.manner == CARD_MANNER_PAYS_LATE || card.manner == CARD_MANNER_NEVER_ANSWERS)
        return rc;
    return answer(decision, command->charge_id, card.manner);
}

static int
react_answer_due(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct charge charge;
    struct souk_id charge_id;
    int rc;

    if ((rc = souk_id_of(timer->key, &charge_id)) != 0 || (rc = charge_get(view, charge_id, &charge)) != 0)
        return rc;
    return answer(decision, charge_id, charge.manner);
}

static int
get_charge(const struct souk_view *view, struct souk_id charge_id, struct souk_decision *decision,
    struct charge *charge_out)
{
    int rc = charge_get(view, charge_id, charge_out);

    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, CARDS_UNKNOWN_CHARGE) : rc;
}

static int
decide_take_step(const struct souk_view *view, const struct cards_take_step *command, struct souk_decision *decision)
{
    const bool is_right = souk_slice_equal(command->code, souk_slice_of(RIGHT_CODE));
    struct charge charge;
    int rc;

    if ((rc = get_charge(view, command->charge_id, decision, &charge)) != 0)
        return rc;
    if (charge.state != PAYMENT_STATE_STEP_NEEDED)
        return souk_refuse(decision, CARDS_TOO_LATE);
    return emit_cards_answered(decision, &(struct cards_answered){ .charge_id = command->charge_id,
        .outcome = is_right ? CHARGE_OUTCOME_AUTHORISED : CHARGE_OUTCOME_DECLINED, .has_reason = !is_right,
        .reason = DECLINE_REASON_STEP_FAILED });
}

static int
decide_capture(const struct souk_view *view, const struct cards_capture *command, struct souk_decision *decision)
{
    struct charge charge;
    int rc;

    if ((rc = get_charge(view, command->charge_id, decision, &charge)) != 0)
        return rc;
    if (charge.state == PAYMENT_STATE_CAPTURED)
        return souk_accept(decision);
    if (charge.state != PAYMENT_STATE_AUTHORISED)
        return souk_refuse(decision, CARDS_TOO_LATE);
    return emit_cards_captured(decision, &(struct cards_captured){ command->charge_id });
}

/* Of a charge that was never heard of, too: then it cannot come any more. */
static int
decide_void(const struct souk_view *view, const struct cards_void *command, struct souk_decision *decision)
{
    struct charge charge = { .state = PAYMENT_STATE_ASKED };
    int rc = charge_get(view, command->charge_id, &charge);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (charge.state == PAYMENT_STATE_VOIDED)
        return souk_accept(decision);
    if (charge.state == PAYMENT_STATE_CAPTURED)
        return souk_refuse(decision, CARDS_TOO_LATE);
    return emit_cards_voided(decision, &(struct cards_voided){ command->charge_id });
}

static int
decide_refund(const struct souk_view *view, const struct cards_refund *command, struct souk_decision *decision)
{
    struct charge charge;
    struct gone_back done;
    int rc;

    if ((rc = get_charge(view, command->charge_id, decision, &charge)) != 0)
        return rc;
    if ((rc = gone_back_get(view, command->refund_id, &done)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_accept(decision) : rc;
    if (charge.state != PAYMENT_STATE_CAPTURED || command->amount.minor <= 0
        || (uint64_t)command->amount.minor > (uint64_t)charge.amount.minor - charge.back
        || !money_is_same_currency(command->amount, charge.amount))
        return souk_refuse(decision, CARDS_TOO_LATE);
    return emit_cards_refunded(decision, &(struct cards_refunded){ command->charge_id, command->refund_id,
        command->amount });
}

/* ---- what has happened ---------------------------------------------- */

static int
apply_kept(struct souk_tables *tables, const struct cards_kept *event)
{
    return card_put(tables, &(struct card){ event->card, event->last4, event->manner });
}

static int
apply_asked(struct souk_tables *tables, const struct cards_asked *event)
{
    int rc = charge_put(tables, &(struct charge){ .charge_id = event->charge_id, .amount = event->amount,
        .manner = event->manner, .state = PAYMENT_STATE_ASKED });

    if (rc == 0 && (event->manner == CARD_MANNER_PAYS_LATE || event->manner == CARD_MANNER_PAYS_TWICE))
        rc = souk_timer_set(tables, ANSWER, souk_slice_of_id(&event->charge_id), souk_tables_time_ms(tables)
            + (event->manner == CARD_MANNER_PAYS_LATE ? LATE_MS : AGAIN_MS));
    return rc;
}

static int
set_state(struct souk_tables *tables, struct souk_id charge_id, enum payment_state state)
{
    struct charge charge = { .charge_id = charge_id, .amount = { 0, "XXX" } };   /* of one that was never asked for */
    int rc = charge_get(souk_tables_view(tables), charge_id, &charge);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    charge.state = state;
    return charge_put(tables, &charge);
}

/* What is said again, or too late, changes nothing. */
static int
apply_answered(struct souk_tables *tables, const struct cards_answered *event)
{
    static const enum payment_state states[] = { [CHARGE_OUTCOME_AUTHORISED] = PAYMENT_STATE_AUTHORISED,
        [CHARGE_OUTCOME_DECLINED] = PAYMENT_STATE_DECLINED, [CHARGE_OUTCOME_STEP_NEEDED] = PAYMENT_STATE_STEP_NEEDED };
    struct charge charge;
    int rc;

    if ((rc = charge_get(souk_tables_view(tables), event->charge_id, &charge)) != 0)
        return rc;
    if (charge.state != PAYMENT_STATE_ASKED && charge.state != PAYMENT_STATE_STEP_NEEDED)
        return 0;
    return set_state(tables, event->charge_id, states[event->outcome]);
}

static int
apply_captured(struct souk_tables *tables, const struct cards_captured *event)
{
    return set_state(tables, event->charge_id, PAYMENT_STATE_CAPTURED);
}

static int
apply_voided(struct souk_tables *tables, const struct cards_voided *event)
{
    int rc = set_state(tables, event->charge_id, PAYMENT_STATE_VOIDED);

    return rc != 0 ? rc : souk_timer_clear(tables, ANSWER, souk_slice_of_id(&event->charge_id));
}

static int
apply_refunded(struct souk_tables *tables, const struct cards_refunded *event)
{
    struct charge charge;
    int rc;

    if ((rc = charge_get(souk_tables_view(tables), event->charge_id, &charge)) != 0)
        return rc;
    charge.back += (uint64_t)event->amount.minor;
    rc = charge_put(tables, &charge);
    return rc != 0 ? rc : gone_back_put(tables, &(struct gone_back){ event->refund_id });
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(cards_keep, decide_keep),
    SOUK_DECIDE(cards_authorise, decide_authorise),
    SOUK_DECIDE(cards_take_step, decide_take_step),
    SOUK_DECIDE(cards_capture, decide_capture),
    SOUK_DECIDE(cards_void, decide_void),
    SOUK_DECIDE(cards_refund, decide_refund),
    SOUK_REACT_TIMER(ANSWER, react_answer_due),
    SOUK_APPLY(cards_kept, apply_kept),
    SOUK_APPLY(cards_asked, apply_asked),
    SOUK_APPLY(cards_answered, apply_answered),
    SOUK_APPLY(cards_captured, apply_captured),
    SOUK_APPLY(cards_voided, apply_voided),
    SOUK_APPLY(cards_refunded, apply_refunded),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { CARD_TABLE, STREAM_CARDS },
    { CHARGE_TABLE, STREAM_CARDS },
    { GONE_BACK_TABLE, STREAM_CARDS },
    { 0 },
};

const struct souk_service cards_service = { .name = "cards", .version = 1, .handlers = handlers, .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&cards_service, argc, argv);
}
