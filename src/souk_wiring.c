#include "souk_wiring.h"

#define HOUR_MS (3600ULL * 1000)

void
souk_limits_fill(struct souk_limits *limits)
{
    const struct souk_limits defaults = {
        .head_ms = 1000,
        .pull_timeout_ms = 2000,
        .pull_idle_ms = 5000,
        .pull_credit_bytes = 1024 * 1024,
        .feed_bytes_max = 4 * 1024 * 1024,
        .hold_ms = 30 * 1000,
        .seal_retry_ms = 1000,
        .request_retry_ms = 2000,
        .handler_tries_max = 3,
        .waiting_max = 1024,
        .pulls_max = 1024,
        .commit_events_max = 4096,
        .batch_cut_bytes = 60 * 1024,
        .ids_window_ms = 7 * 24 * HOUR_MS,
        .losses_window_ms = 30 * 24 * HOUR_MS,
        .retention_ms = 24 * HOUR_MS,
        .trim_rows_max = 64,
        .round_bytes_max = 64 * 1024 * 1024,
    };

#define FILL(limit) if (limits->limit == 0) limits->limit = defaults.limit
    FILL(head_ms);
    FILL(pull_timeout_ms);
    FILL(pull_idle_ms);
    FILL(pull_credit_bytes);
    FILL(feed_bytes_max);
    FILL(hold_ms);
    FILL(seal_retry_ms);
    FILL(request_retry_ms);
    FILL(handler_tries_max);
    FILL(waiting_max);
    FILL(pulls_max);
    FILL(commit_events_max);
    FILL(batch_cut_bytes);
    FILL(ids_window_ms);
    FILL(losses_window_ms);
    FILL(retention_ms);
    FILL(trim_rows_max);
    FILL(round_bytes_max);
#undef FILL
}

uint32_t
souk_limits_unreached_max(const struct souk_limits *limits)
{
    return limits->waiting_max / 2 + limits->waiting_max % 2;
}
