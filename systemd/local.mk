# For systemd: a unit for each daemon, and who runs them.
if SYSTEMD_UNITS
systemdunitdir = $(systemdsystemunitdir)
nodist_systemdunit_DATA = systemd/souk@.service
sysusersdir = $(systemdsystemunitdir)/../../sysusers.d
dist_sysusers_DATA = systemd/souk.conf
endif
systemd/souk@.service: $(srcdir)/systemd/souk@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && $(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' $< >$@.new && mv $@.new $@
CLEANFILES += systemd/souk@.service systemd/souk@.service.new
EXTRA_DIST += systemd/souk@.service.in systemd/souk.conf

TESTS += test/unit/test_units.sh
EXTRA_DIST += test/unit/test_units.sh
check_DATA = systemd/souk@.service
