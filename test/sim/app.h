/*
 * app - the simulated application, as its messages and tables say it.
 *
 * Six services that pull at each other in every way the protocol knows: a
 * command that writes two streams in alternating batches, timers, an outgoing
 * request, reactions in both directions, a loop of three streams, an index
 * that joins three, and reactions to events that turned out to be lost.
 *
 * This page is all that a checker needs to compute the same tables from the
 * same events. It includes nothing, and the handlers are in app_*.c.
 *
 * Every payload is one msgpack array of unsigned integers, in the order given
 * here. Every event is keyed by its first field as decimal text, and so is
 * every row, unless said otherwise. A row is one msgpack array of unsigned
 * integers too; fields that no event has set are 0. In every row the last
 * field, `events`, counts the events of its stream that changed it.
 *
 * streams   (all with schema version 1)
 *
 *   orders            order.placed [order, sku, units, price]
 *                     order.lined [order, line]             one for each further line
 *                     order.reserved [order, price]         asks payments for payments.charge [order, price]
 *                     order.paid [order]
 *                     order.cancelled [order, reason]       1 asked for, 2 no stock, 3 declined
 *                     order.expired [order]
 *                     order.refund-due [order]
 *                     order.refunded [order]
 *                     order.compensated [order, epoch counter, number]    of the event that was lost
 *   orders.private    order.addressed [order, address]
 *                     order.noted [order, line]
 *   stock             stock.received [sku, units]
 *                     stock.reserved [order, sku, units]
 *                     stock.short [order, sku, units]
 *                     stock.released [order, sku, units]
 *                     stock.shipped [order, sku, units]
 *                     stock.compensated [order, epoch counter, number]
 *   payments          payment.charged [order, amount]
 *                     payment.refunded [order, amount]
 *                     payment.compensated [order, epoch counter, number]
 *   reviews.internal  review.submitted [review, sku, stars]
 *                     review.edited [review, stars]
 *                     review.published [review]
 *                     review.hidden [review]
 *                     review.compensated [review, epoch counter, number]
 *   reviews           review.updated [review, sku, stars, state]
 *   moderation        verdict.approved [review]
 *                     verdict.rejected [review]
 *                     verdict.withdrawn [review, epoch counter, number]
 *
 * commands, and who takes them
 *
 *   orders            order.place [order, sku, units, price, lines]     lines 0 to 3
 *                     order.cancel [order]
 *   stock             stock.receive [sku, units]
 *   payments          payments.charge [order, amount]
 *   reviews           review.submit [review, sku, stars]
 *                     review.edit [review, stars]
 *
 *   order.place emits placed, addressed, and for each further line lined and
 *   noted: streams o p, o p o p, and so on.
 *
 * queries
 *
 *   everyone          rows.get [table, key]    answers rows.got [found, field 0, field 1 ... as in the row]
 *                     rows.dump [table, skip]  answers rows.dumped, an array of [key: bin, row: bin] in key order,
 *                                              the first APP_DUMP_ROWS_MAX after `skip` rows
 *
 *   `table` is the number below; `key` is the key as a number, so query's reviews
 *   cannot be got, only dumped.
 *
 * tables: number, name, the stream that feeds it, the row
 *
 *   orders        0 orders      orders            [state, sku, units, price, refund, lines, compensations, events]
 *                 1 addresses   orders.private    [address, notes, events]
 *   stock         0 levels      stock             by sku [on hand, held, shipped, events]
 *                 1 holds       stock             by order [sku, units, state, compensations, events]
 *                 2 wanted      orders            [state, events]
 *   payments      0 charges     payments          [amount, state, compensations, events]
 *                 1 dues        orders            [state, events]
 *   reviews       0 internal    reviews.internal  [sku, stars, edits, state, compensations, events]
 *                 1 generic     reviews           [sku, stars, state, events]
 *                 2 verdicts    moderation        [verdict, events]
 *   moderation    0 verdicts    moderation        [verdict, withdrawals, events]
 *                 1 subjects    reviews.internal  [sku, stars, state, events]
 *   query         0 orders      orders            [state, sku, units, price, refund, events]
 *                 1 levels      stock             by sku [on hand, held, shipped, events]
 *                 2 holds       stock             by order [state, events]
 *                 3 charges     payments          [amount, state, events]
 *                 4 reviews     reviews           by "sku/review" [stars, state, events]
 *                 5 verdicts    moderation        [verdict, events]
 *                 6 tally       orders            one row, "0" [mix, events]
 *                 7 view        index             by order [order state, hold state, charge state, charge amount]
 *                 8 shelf       index             by sku [on hand, held, published reviews, their stars]
 *
 *   A view row is there when any of query's orders, holds, charges has the
 *   order; a shelf row when levels has the sku or reviews has one of it.
 *   mix becomes (mix * 31 + order * 7 + code of the event) mod 2^32 with each
 *   event of `orders` that query handles: order matters.
 *
 * what applies change (besides `events`)
 *
 *   order state and refund, wherever a table has them:
 *       placed: state 1, with sku, units, price; reserved: 2; paid: 3; cancelled: 4; expired: 5;
 *       refund-due: refund 1; refunded: refund 2; lined: lines + 1; compensated: compensations + 1.
 *       `wanted` and `dues` take placed, reserved, paid, cancelled, expired, and `dues` counts refund-due
 *       as an event of its own without changing the state; query's orders take all but lined and compensated.
 *   addresses: addressed sets the address; noted: notes + 1.
 *   levels: received: on hand + units; reserved: held + units; released: held - units;
 *       shipped: on hand - units, held - units, shipped + units. short and compensated leave levels alone.
 *   holds: reserved: sku, units, state 1; released: 2; shipped: 3; short: sku, units, state 4;
 *       compensated: compensations + 1.
 *       query's holds take all but compensated.
 *   charges: charged: amount, state 1; refunded: state 2; compensated: compensations + 1. query's: all but compensated.
 *   internal: submitted: sku, stars, state 0; edited: stars, edits + 1, state 0; published: state 1; hidden: state 2.
 *   subjects: submitted and edited as in internal; published: state 1; hidden: state 2.
 *   generic, query's reviews: updated sets all.
 *   verdicts: approved: 1; rejected: 2; withdrawn: withdrawals + 1 (reviews' and query's do not handle withdrawn).
 *
 * A followed event of a type that is not named for a table changes nothing.
 */
#ifndef APP_H
#define APP_H

#define APP_DUMP_ROWS_MAX 512           /* of one answer */
#define APP_EXPIRY_MS 4000             /* an order that is neither paid nor cancelled by then */
#define APP_PRICE_DECLINED 7            /* a price that this divides is declined */

/* The code of each event of `orders` in query's tally. */
enum app_order_code {
    APP_ORDER_PLACED = 1,
    APP_ORDER_RESERVED,
    APP_ORDER_PAID,
    APP_ORDER_CANCELLED,
    APP_ORDER_EXPIRED,
    APP_ORDER_REFUND_DUE,
    APP_ORDER_REFUNDED,
};

#endif
