# man
dist_man_MANS += man/souk-messages.1 man/souk.topology.5 man/souk-stage.3 man/souk.messages.5
