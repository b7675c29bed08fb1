# man
dist_man_MANS += man/souk-messages.1 man/souk-stage.3 man/souk.messages.5 man/souk.topology.5
dist_man_MANS += man/souk.1 man/souk-bench.1 man/souk-call.1 man/souk-check.1 man/souk-init.1 man/souk-log.1 man/souk-status.1 \
	man/souk-tail.1 man/souk-up.1 man/souk-why.1
dist_man_MANS += man/souk-parked.1 man/souk-consumers.1 man/souk-top.1
dist_man_MANS += man/souk-backup.1 man/souk-restore.1 man/souk-verify.1 man/souk-rebuild.1
dist_man_MANS += man/souk-bridge.8 man/souk.routes.5
dist_man_MANS += man/souk-doctor.1
dist_man_MANS += man/souk_service_main.3 man/souk-service.8 man/souk-eventstore.8
dist_man_MANS += man/souk-keys.1
dist_man_MANS += man/souk-accounts.8 man/souk-cards.8 \
	man/souk-carts.8 man/souk-catalog.8 man/souk-inventory.8 man/souk-orders.8 man/souk-payments.8 man/souk-query.8
dist_man_MANS += man/souk-moderation.8 man/souk-recommendations.8 man/souk-reviews.8
