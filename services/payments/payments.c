/*
 * payments - the money of each order: asked for, held, taken, given up, given
 * back. It speaks to the card processor, hears what comes of it whenever that
 * comes, and says so to the shop. An order's id is its charge's, so nothing is
 * charged twice.
 */
#include "services.h"

#include "money.h"
#include "shop.h"

#define ANSWER "answer"                 /* timer: the processor has not answered */
#define ANSWER_MS 30000
#define STEP_MS (10 * 60 * 1000)        /* for what the card's owner has to do */
#define CAPTURE "capture"               /* timer: the processor has not said that it has the money */
#define CAPTURE_MS (24 * 3600 * 1000)   /* what is held may be taken tomorrow still; goods cannot wait for ever */

/* ---- what orders asks for ------------------------------------------- */

static int
decide_authorise(const struct souk_view *view, const struct payments_authorise *command,
    struct souk_decision *decision)
{
    struct payment payment;
    int rc = payment_get(view, command->order_id, &payment);

    if (rc == 0)
        return payment.state == PAYMENT_STATE_VOIDED ? souk_refuse(decision, PAYMENTS_TOO_LATE)
            : souk_accept(decision);
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    return emit_payments_asked(decision, &(struct payments_asked){ command->order_id, command->card,
        command->amount });
}

static int
get_payment(const struct souk_view *view, struct souk_id order_id, struct souk_decision *decision,
    struct payment *payment_out)
{
    int rc = payment_get(view, order_id, payment_out);

    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, PAYMENTS_UNKNOWN_PAYMENT) : rc;
}

static int
decide_capture(const struct souk_view *view, const struct payments_capture *command, struct souk_decision *decision)
{
    struct payment payment;
    int rc;

    if ((rc = get_payment(view, command->order_id, decision, &payment)) != 0)
        return rc;
    if (payment.capture_asked)
        return souk_accept(decision);
    if (payment.state != PAYMENT_STATE_AUTHORISED)
        return souk_refuse(decision, PAYMENTS_TOO_LATE);
    return emit_payments_capture_asked(decision, &(struct payments_capture_asked){ command->order_id });
}

/* How much of it nobody has asked back. */
static uint64_t
left(const struct payment *payment)
{
    return (uint64_t)payment->amount.minor - payment->asked_back;
}

static int
give_back(const struct payment *payment, struct souk_decision *decision)
{
    struct payments_refund_asked all = { .order_id = payment->order_id,
        .refund_id = souk_decision_new_id(decision), .amount = payment->amount };

    all.amount.minor = (int64_t)left(payment);
    return emit_payments_refund_asked(decision, &all);
}

/* What was taken goes back, what is held is released, and what was never asked for cannot come any more. */
static int
decide_void(const struct souk_view *view, const struct payments_void *command, struct souk_decision *decision)
{
    struct payment payment;
    int rc = payment_get(view, command->order_id, &payment);

    if (rc == -SOUK_ENOTFOUND)
        return emit_payments_voided(decision, &(struct payments_voided){ command->order_id, false });
    if (rc != 0)
        return rc;
    if (payment.state == PAYMENT_STATE_VOIDED || left(&payment) == 0)
        return souk_accept(decision);
    if (payment.capture_asked && payment.state == PAYMENT_STATE_AUTHORISED)
        return souk_refuse(decision, PAYMENTS_TOO_LATE);
    if (payment.state == PAYMENT_STATE_CAPTURED)
        return give_back(&payment, decision);
    return emit_payments_voided(decision, &(struct payments_voided){ command->order_id, true });
}

static int
decide_refund(const struct souk_view *view, const struct payments_refund *command, struct souk_decision *decision)
{
    struct payment payment;
    struct refund refund;
    int rc;

    if ((rc = get_payment(view, command->order_id, decision, &payment)) != 0)
        return rc;
    if ((rc = refund_get(view, command->refund_id, &refund)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_accept(decision) : rc;
    if (payment.state != PAYMENT_STATE_CAPTURED)
        return souk_refuse(decision, PAYMENTS_TOO_LATE);
    if (command->amount.minor <= 0 || (uint64_t)command->amount.minor > left(&payment)
        || !money_is_same_currency(command->amount, payment.amount))
        return souk_refuse(decision, PAYMENTS_TOO_MUCH);
    return emit_payments_refund_asked(decision, &(struct payments_refund_asked){ command->order_id,
        command->refund_id, command->amount });
}

/* ---- what the processor says ---------------------------------------- */

/* Whatever it says of a payment that is decided already is not news. */
static int
react_answered(const struct souk_view *view, const struct cards_answered *event, struct souk_decision *decision)
{
    struct payment payment;
    int rc;

    if ((rc = payment_get(view, event->charge_id, &payment)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (payment.state != PAYMENT_STATE_ASKED && payment.state != PAYMENT_STATE_STEP_NEEDED)
        return 0;
    switch (event->outcome) {
    case CHARGE_OUTCOME_AUTHORISED:
        return emit_payments_authorised(decision, &(struct payments_authorised){ event->charge_id });
    case CHARGE_OUTCOME_STEP_NEEDED:
        return payment.state == PAYMENT_STATE_STEP_NEEDED ? 0
            : emit_payments_step_needed(decision, &(struct payments_step_needed){ event->charge_id });
    case CHARGE_OUTCOME_DECLINED:
        break;
    }
    return emit_payments_declined(decision, &(struct payments_declined){ event->charge_id,
        event->has_reason ? event->reason : DECLINE_REASON_DECLINED });
}

static int
react_answer_due(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct payment payment;
    struct souk_id order_id;
    int rc;

    if ((rc = souk_id_of(timer->key, &order_id)) != 0 || (rc = payment_get(view, order_id, &payment)) != 0)
        return rc;
    return emit_payments_declined(decision, &(struct payments_declined){ order_id,
        payment.state == PAYMENT_STATE_STEP_NEEDED ? DECLINE_REASON_STEP_FAILED : DECLINE_REASON_NO_ANSWER });
}

/* It has heard; what comes of it is an event. It refuses what was given up before it was asked. */
static int
react_heard(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    struct souk_id order_id;
    int rc = souk_id_of(outcome->key, &order_id);

    (void)view;
    return rc != 0 ? rc : emit_payments_asking(decision, &(struct payments_asking){ order_id, outcome->accepted });
}

/* The processor was silent for a day: the order is called off, and what is taken after all goes back. */
static int
react_capture_due(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct souk_id order_id;
    int rc = souk_id_of(timer->key, &order_id);

    (void)view;
    return rc != 0 ? rc : emit_payments_declined(decision, &(struct payments_declined){ order_id,
        DECLINE_REASON_NO_ANSWER });
}

static int
react_capture_outcome(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    struct payment payment;
    struct souk_id order_id;
    int rc;

    if ((rc = souk_id_of(outcome->key, &order_id)) != 0 || (rc = payment_get(view, order_id, &payment)) != 0)
        return rc;
    if (outcome->accepted) {
        rc = emit_payments_captured(decision, &(struct payments_captured){ order_id });
        return rc != 0 || payment.state == PAYMENT_STATE_AUTHORISED ? rc : give_back(&payment, decision);
    }
    return payment.state == PAYMENT_STATE_AUTHORISED
        ? emit_payments_declined(decision, &(struct payments_declined){ order_id, DECLINE_REASON_DECLINED })
        : emit_payments_asking(decision, &(struct payments_asking){ order_id, false });
}

static int
react_void_outcome(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    struct souk_id order_id;
    int rc = souk_id_of(outcome->key, &order_id);

    (void)view;
    return rc != 0 ? rc : emit_payments_void_done(decision, &(struct payments_void_done){ order_id });
}

static int
react_refunded(const struct souk_view *view, const struct cards_refunded *event, struct souk_decision *decision)
{
    struct refund refund;
    int rc;

    if ((rc = refund_get(view, event->refund_id, &refund)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return emit_payments_refunded(decision, &(struct payments_refunded){ refund.order_id, refund.refund_id,
        refund.amount });
}

/* ---- what has happened ---------------------------------------------- */

static int
apply_asked(struct souk_tables *tables, const struct payments_asked *event)
{
    int rc = payment_put(tables, &(struct payment){ .order_id = event->order_id, .state = PAYMENT_STATE_ASKED,
        .amount = event->amount });

    if (rc == 0)
        rc = souk_timer_set(tables, ANSWER, souk_slice_of_id(&event->order_id),
            souk_tables_time_ms(tables) + ANSWER_MS);
    return rc != 0 ? rc : souk_request(tables, "cards", &cards_authorise_type,
        &(struct cards_authorise){ event->order_id, event->card, event->amount });
}

static int
set_state(struct souk_tables *tables, struct souk_id order_id, enum payment_state state)
{
    struct payment payment;
    int rc;

    if ((rc = payment_get(souk_tables_view(tables), order_id, &payment)) != 0)
        return rc;
    payment.state = state;
    return payment_put(tables, &payment);
}

static int
decided(struct souk_tables *tables, struct souk_id order_id, enum payment_state state)
{
    int rc = set_state(tables, order_id, state);

    return rc != 0 ? rc : souk_timer_clear(tables, ANSWER, souk_slice_of_id(&order_id));
}

static int
apply_step_needed(struct souk_tables *tables, const struct payments_step_needed *event)
{
    int rc = set_state(tables, event->order_id, PAYMENT_STATE_STEP_NEEDED);

    return rc != 0 ? rc : souk_timer_set(tables, ANSWER, souk_slice_of_id(&event->order_id),
        souk_tables_time_ms(tables) + STEP_MS);
}

static int
apply_authorised(struct souk_tables *tables, const struct payments_authorised *event)
{
    return decided(tables, event->order_id, PAYMENT_STATE_AUTHORISED);
}

/* An answer may still come: then the processor has to let go of what it holds. */
static int
apply_declined(struct souk_tables *tables, const struct payments_declined *event)
{
    int rc = decided(tables, event->order_id, PAYMENT_STATE_DECLINED);

    if (rc == 0)
        rc = souk_timer_clear(tables, CAPTURE, souk_slice_of_id(&event->order_id));
    if (rc != 0 || (event->reason != DECLINE_REASON_NO_ANSWER && event->reason != DECLINE_REASON_STEP_FAILED))
        return rc;
    return souk_request(tables, "cards", &cards_void_type, &(struct cards_void){ event->order_id });
}

static int
apply_capture_asked(struct souk_tables *tables, const struct payments_capture_asked *event)
{
    struct payment payment;
    int rc;

    if ((rc = payment_get(souk_tables_view(tables), event->order_id, &payment)) != 0)
        return rc;
    payment.capture_asked = true;
    if ((rc = payment_put(tables, &payment)) == 0)
        rc = souk_timer_set(tables, CAPTURE, souk_slice_of_id(&event->order_id),
            souk_tables_time_ms(tables) + CAPTURE_MS);
    return rc != 0 ? rc : souk_request(tables, "cards", &cards_capture_type,
        &(struct cards_capture){ event->order_id });
}

static int
apply_captured(struct souk_tables *tables, const struct payments_captured *event)
{
    int rc = set_state(tables, event->order_id, PAYMENT_STATE_CAPTURED);

    return rc != 0 ? rc : souk_timer_clear(tables, CAPTURE, souk_slice_of_id(&event->order_id));
}

static int
apply_voided(struct souk_tables *tables, const struct payments_voided *event)
{
    int rc;

    if (!event->was_asked)
        return payment_put(tables, &(struct payment){ .order_id = event->order_id, .state = PAYMENT_STATE_VOIDED,
            .amount = { 0, "XXX" } });
    rc = decided(tables, event->order_id, PAYMENT_STATE_VOIDED);
    return rc != 0 ? rc : souk_request(tables, "cards", &cards_void_type, &(struct cards_void){ event->order_id });
}

static int
apply_refund_asked(struct souk_tables *tables, const struct payments_refund_asked *event)
{
    struct payment payment;
    int rc;

    if ((rc = payment_get(souk_tables_view(tables), event->order_id, &payment)) != 0)
        return rc;
    payment.asked_back += (uint64_t)event->amount.minor;
    if ((rc = payment_put(tables, &payment)) == 0)
        rc = refund_put(tables, &(struct refund){ event->refund_id, event->order_id, event->amount });
    return rc != 0 ? rc : souk_request(tables, "cards", &cards_refund_type,
        &(struct cards_refund){ event->order_id, event->refund_id, event->amount });
}

static int
apply_refunded(struct souk_tables *tables, const struct payments_refunded *event)
{
    struct payment payment;
    int rc;

    if ((rc = payment_get(souk_tables_view(tables), event->order_id, &payment)) != 0)
        return rc;
    return left(&payment) == 0 ? set_state(tables, event->order_id, PAYMENT_STATE_REFUNDED) : 0;
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(payments_authorise, decide_authorise),
    SOUK_DECIDE(payments_capture, decide_capture),
    SOUK_DECIDE(payments_void, decide_void),
    SOUK_DECIDE(payments_refund, decide_refund),
    SOUK_REACT(cards_answered, react_answered),
    SOUK_REACT(cards_refunded, react_refunded),
    SOUK_REACT_TIMER(ANSWER, react_answer_due),
    SOUK_REACT_TIMER(CAPTURE, react_capture_due),
    SOUK_REACT_OUTCOME("cards.authorise", react_heard),
    SOUK_REACT_OUTCOME("cards.capture", react_capture_outcome),
    SOUK_REACT_OUTCOME("cards.void", react_void_outcome),
    SOUK_REACT_OUTCOME("cards.refund", react_heard),
    SOUK_APPLY(payments_asked, apply_asked),
    SOUK_APPLY(payments_step_needed, apply_step_needed),
    SOUK_APPLY(payments_authorised, apply_authorised),
    SOUK_APPLY(payments_declined, apply_declined),
    SOUK_APPLY(payments_capture_asked, apply_capture_asked),
    SOUK_APPLY(payments_captured, apply_captured),
    SOUK_APPLY(payments_voided, apply_voided),
    SOUK_APPLY(payments_refund_asked, apply_refund_asked),
    SOUK_APPLY(payments_refunded, apply_refunded),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { PAYMENT_TABLE, STREAM_PAYMENTS },
    { REFUND_TABLE, STREAM_PAYMENTS },
    { 0 },
};

const struct souk_service payments_service = { .name = "payments", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&payments_service, argc, argv);
}
