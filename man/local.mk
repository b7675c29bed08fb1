# man
dist_man_MANS += man/souk-messages.1 man/souk.messages.5
