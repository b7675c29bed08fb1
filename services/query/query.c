/*
 * query - what the pages of the shop and of its back office show. It decides
 * nothing and publishes nothing; thrown away, it fills itself again from what
 * it follows. Each kind of page has a file of its own; this one says who
 * handles what.
 */
#include "services.h"

#include "query.h"

static const struct souk_handler handlers[] = {
    SOUK_APPLY(catalog_category_put, query_apply_category_put),
    SOUK_APPLY(catalog_written, query_apply_written),
    SOUK_APPLY(catalog_priced, query_apply_priced),
    SOUK_APPLY(catalog_published, query_apply_published),
    SOUK_APPLY(catalog_withdrawn, query_apply_withdrawn),
    SOUK_APPLY(inventory_changed, query_apply_changed),
    SOUK_APPLY(inventory_held, query_apply_held),
    SOUK_APPLY(inventory_released, query_apply_released),
    SOUK_APPLY(inventory_taken, query_apply_taken),
    SOUK_APPLY(inventory_taken_back, query_apply_taken_back),
    SOUK_APPLY(payments_asked, query_apply_payment_asked),
    SOUK_APPLY(payments_asking, query_apply_payment_asking),
    SOUK_APPLY(payments_step_needed, query_apply_payment_step_needed),
    SOUK_APPLY(payments_authorised, query_apply_payment_authorised),
    SOUK_APPLY(payments_declined, query_apply_payment_declined),
    SOUK_APPLY(payments_capture_asked, query_apply_payment_capture_asked),
    SOUK_APPLY(payments_captured, query_apply_payment_captured),
    SOUK_APPLY(payments_voided, query_apply_payment_voided),
    SOUK_APPLY(payments_void_done, query_apply_payment_void_done),
    SOUK_APPLY(payments_refund_asked, query_apply_payment_refund_asked),
    SOUK_APPLY(payments_refunded, query_apply_payment_refunded),
    SOUK_APPLY(orders_placed, query_apply_placed),
    SOUK_APPLY(orders_adopted, query_apply_adopted),
    SOUK_APPLY(orders_reserved, query_apply_reserved),
    SOUK_APPLY(orders_step_needed, query_apply_step_needed),
    SOUK_APPLY(orders_paid, query_apply_paid),
    SOUK_APPLY(orders_stepped, query_apply_stepped),
    SOUK_APPLY(orders_confirmed, query_apply_confirmed),
    SOUK_APPLY(orders_cancelled, query_apply_cancelled),
    SOUK_APPLY(orders_refund_decided, query_apply_refund_decided),
    SOUK_APPLY(orders_refunded, query_apply_refunded),
    SOUK_APPLY(accounts_registered, query_apply_registered),
    SOUK_APPLY(accounts_renamed, query_apply_renamed),
    SOUK_APPLY(accounts_left, query_apply_left),
    SOUK_APPLY(accounts_appointed, query_apply_appointed),
    SOUK_APPLY(review_updated, query_apply_review_updated),
    SOUK_APPLY(review_kept, query_apply_review_kept),
    SOUK_APPLY(moderation_queued, query_apply_moderation_queued),
    SOUK_APPLY(moderation_judged, query_apply_moderation_judged),
    SOUK_APPLY(moderation_dropped, query_apply_moderation_dropped),
    SOUK_APPLY(moderation_forbidden, query_apply_forbidden),
    SOUK_APPLY(moderation_allowed, query_apply_allowed),
    SOUK_ANSWER(query_home, query_answer_home),
    SOUK_ANSWER(query_categories, query_answer_categories),
    SOUK_ANSWER(query_products, query_answer_products),
    SOUK_ANSWER(query_product, query_answer_product),
    SOUK_ANSWER(query_my_orders, query_answer_my_orders),
    SOUK_ANSWER(query_order, query_answer_order),
    SOUK_ANSWER(query_reviews, query_answer_reviews),
    SOUK_ANSWER(query_my_review, query_answer_my_review),
    SOUK_ANSWER(query_my_reviews, query_answer_my_reviews),
    SOUK_ANSWER(query_moderation, query_answer_moderation),
    SOUK_ANSWER(query_today, query_answer_today),
    SOUK_ANSWER(query_office_products, query_answer_office_products),
    SOUK_ANSWER(query_office_product, query_answer_office_product),
    SOUK_ANSWER(query_stock, query_answer_stock),
    SOUK_ANSWER(query_stock_history, query_answer_stock_history),
    SOUK_ANSWER(query_orders, query_answer_orders),
    SOUK_ANSWER(query_order_log, query_answer_order_log),
    SOUK_ANSWER(query_customers, query_answer_customers),
    SOUK_ANSWER(query_customer, query_answer_customer),
    SOUK_ANSWER(query_customer_reviews, query_answer_customer_reviews),
    SOUK_ANSWER(query_review_log, query_answer_review_log),
    SOUK_ANSWER(query_deeds, query_answer_deeds),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { PRODUCT_PAGE_TABLE, STREAM_CATALOG },
    { PAGE_SLUG_TABLE, STREAM_CATALOG },
    { PAGE_SKU_TABLE, STREAM_CATALOG },
    { PAGE_CATEGORY_TABLE, STREAM_CATALOG },
    { CATEGORY_PLACE_TABLE, STREAM_CATALOG },
    { PRICE_HISTORY_TABLE, STREAM_CATALOG },
    { MOVED_BY_CATALOG_TABLE, STREAM_CATALOG },
    { STOCK_TABLE, STREAM_INVENTORY },
    { STOCK_CHANGE_TABLE, STREAM_INVENTORY },
    { ORDER_STOCK_LOG_TABLE, STREAM_INVENTORY },
    { ORDER_MONEY_LOG_TABLE, STREAM_PAYMENTS },
    { ORDER_PAGE_TABLE, STREAM_ORDERS },
    { ORDER_LOG_TABLE, STREAM_ORDERS },
    { ORDER_NUMBER_TABLE, STREAM_ORDERS },
    { ORDERS_STANDING_TABLE, STREAM_ORDERS },
    { SALES_DAY_TABLE, STREAM_ORDERS },
    { BUYER_TABLE, STREAM_ORDERS },
    { POPULARITY_TABLE, STREAM_ORDERS },
    { MOVED_BY_ORDERS_TABLE, STREAM_ORDERS },
    { PRODUCT_SALES_TABLE, STREAM_ORDERS },
    { AUTHOR_NAME_TABLE, STREAM_ACCOUNTS },
    { PAGE_REVIEW_TABLE, STREAM_REVIEWS },
    { STAR_COUNT_TABLE, STREAM_REVIEWS },
    { MOVED_BY_REVIEWS_TABLE, STREAM_REVIEWS },
    { OWN_REVIEW_TABLE, STREAM_REVIEWS_OWN },
    { OWN_REVIEW_OF_TABLE, STREAM_REVIEWS_OWN },
    { OWN_REVIEW_LIST_TABLE, STREAM_REVIEWS_OWN },
    { WAITING_REVIEW_TABLE, STREAM_MODERATION },
    { WAITING_SINCE_TABLE, STREAM_MODERATION },
    { REVIEW_LOG_TABLE, STREAM_MODERATION },
    { CATALOG_DEED_TABLE, STREAM_CATALOG },
    { STOCK_DEED_TABLE, STREAM_INVENTORY },
    { ORDER_DEED_TABLE, STREAM_ORDERS },
    { PEOPLE_DEED_TABLE, STREAM_ACCOUNTS },
    { MODERATION_DEED_TABLE, STREAM_MODERATION },
    { 0 },
};

static const struct souk_index_def indexes[] = {
    { LIST_ENTRY_TABLE, query_index_lists },
    { SHELF_CARD_TABLE, query_index_shelf_card },
    { LOW_STOCK_TABLE, query_index_low_stock },
    { ORDER_LIST_TABLE, query_index_order_list },
    { DEED_LIST_TABLE, query_index_deed_list },
    { 0 },
};

const struct souk_service query_service = { .name = "query", .version = 7, .handlers = handlers, .tables = tables,
    .indexes = indexes };

int
main(int argc, char **argv)
{
    return souk_service_main(&query_service, argc, argv);
}
