# libsouk: layers only look down (bytes and messages; store; core; runtime; command line).
# The lowest layer is a library of its own: the message compiler is made of it, and libsouk of what that compiles.
noinst_LTLIBRARIES += libsouk-base.la
libsouk_base_la_SOURCES = \
	src/souk_error.c \
	src/souk_bytes.c \
	src/souk_utf8.c \
	src/souk_pack.c \
	src/souk_unpack.c \
	src/souk_unpack_quick.h \
	src/souk_field.c \
	src/souk_message.c \
	src/souk_zpl.c \
	src/souk_zpl.h \
	src/souk_description.c \
	src/souk_description.h \
	src/souk_description_field.c \
	src/souk_description_setting.c \
	src/souk_description_check.c \
	src/souk_evolution.c \
	src/souk_evolution.h \
	src/souk_json.c
libsouk_base_la_LIBADD = $(SODIUM_LIBS) $(CZMQ_LIBS) $(JANSSON_LIBS)

noinst_LTLIBRARIES += libsouk-all.la
libsouk_all_la_SOURCES = \
	src/souk_store.c \
	src/souk_store_file.c \
	src/souk_store_pages.c \
	src/souk_handles.c \
	src/souk_txn.c \
	src/souk_witness.c \
	src/souk_position.c \
	src/souk_log_position.c \
	src/souk_batch.c \
	src/souk_batch_peek.c \
	src/souk_lineage.c \
	src/souk_pass.c \
	src/souk_wire.c \
	src/souk_log.c \
	src/souk_wiring.c \
	src/souk_outbox.c \
	src/souk_plant.c \
	src/souk_feed.c \
	src/souk_vector.c \
	src/souk_cursor.c \
	src/souk_owed.c \
	src/souk_keyring.c \
	src/souk_seal.c \
	src/souk_forgotten.c \
	src/souk_space.c \
	src/souk_trail.c \
	src/souk_timers.c \
	src/souk_asked.c \
	src/souk_parked.c \
	src/souk_parked_answer.c \
	src/souk_settled.c \
	src/souk_core.c \
	src/souk_setting.c \
	src/souk_setting.h \
	src/souk_core_apply.c \
	src/souk_core_parked.c \
	src/souk_core_forget.c \
	src/souk_core_prepare.c \
	src/souk_core_asked.c \
	src/souk_core_commands.c \
	src/souk_core_timers.c \
	src/souk_core_commit.c \
	src/souk_core_decide.c \
	src/souk_core_follow.c \
	src/souk_core_origin.c \
	src/souk_core_owed.c \
	src/souk_core_refill.c \
	src/souk_core_trim.c \
	src/souk_prepare.c \
	src/souk_refusal.c \
	src/souk_holder.c \
	src/souk_reader.c \
	src/souk_positions.c \
	src/souk_verify.c \
	src/souk_backup.c \
	src/souk_manifest.c \
	src/souk_recorder.c \
	src/souk_recorder_order.c \
	src/souk_recorder_record.c \
	src/souk_recorder_tell.c \
	src/souk_finder.c \
	src/souk_finder_fill.c \
	src/souk_finder_rows.c \
	src/souk_finder_look.c \
	src/souk_finder_answer.c \
	src/souk_finder_why.c \
	src/souk_status.c \
	src/souk_version.c \
	src/souk_clock.c \
	src/souk_clock.h \
	src/souk_version.h \
	src/souk_engine.c \
	src/souk_report.c \
	src/souk_notify.c \
	src/souk_socket.c \
	src/souk_socket_gate.c \
	src/souk_socket_wait.c \
	src/souk_socket_gate.h \
	src/souk_socket_wait.h \
	src/souk_socket_parts.h \
	src/souk_access.c \
	src/souk_access.h \
	src/souk_links.c \
	src/souk_run.c \
	src/souk_run_writer.c \
	src/souk_run_reader.c \
	src/souk_run_finder.c \
	src/souk_run_backup.c \
	src/souk_run_digest.c \
	src/souk_run_guard.c \
	src/souk_run_place.c \
	src/souk_run_beside.c \
	src/souk_run_hand.c \
	src/souk_beside.c \
	src/souk_beside.h \
	src/souk_run_prepare.c \
	src/souk_run_access.c \
	src/souk_sandbox.c \
	src/souk_sandbox_files.c \
	src/souk_sandbox.h \
	src/souk_sandbox_parts.h \
	src/souk_daemon.c \
	src/souk_key.c \
	src/souk_key.h \
	src/souk_directory.c \
	src/souk_pass_key.c \
	src/souk_row.c \
	src/souk_catalogue.c \
	src/souk_histogram.c \
	src/souk_histogram.h \
	src/souk_client.c \
	src/souk_client.h \
	src/souk_routes.c \
	src/souk_routes_choice.c \
	src/souk_routes.h \
	src/souk_routes_parts.h \
	src/souk_routes_pack.c \
	src/souk_routes_read.c \
	src/souk_routes_session.c \
	src/souk_seen.c \
	src/souk_seen.h \
	src/souk_control.c \
	src/souk_control.h \
	src/souk_look.c \
	src/souk_look.h \
	src/souk_told.c \
	src/souk_told.h \
	src/souk_shown.c \
	src/souk_shown.h \
	src/souk_catalogue.h \
	src/souk_fit.c \
	src/souk_fit.h \
	src/souk_topology.c \
	src/souk_topology_canonical.c \
	src/souk_topology_check.c \
	src/souk_topology_find.c \
	src/souk_topology_read.c \
	src/souk_topology_relation.c \
	src/souk_topology_value.c \
	src/souk_topology_parts.h \
	src/souk_stage.c \
	src/souk_stage_fault.c \
	src/souk_stage_wire.c \
	src/souk_stage_parts.h \
	src/souk_stage_node.c \
	src/souk_stage_origin.c \
	src/souk_stage_pass.c \
	src/souk_stage_copy.c \
	src/souk_stage_trace.c \
	src/souk_stage_text.c
libsouk_all_la_SOURCES += \
	src/souk_asked.h \
	src/souk_batch.h \
	src/souk_core.h \
	src/souk_core_parts.h \
	src/souk_cursor.h \
	src/souk_daemon.h \
	src/souk_engine.h \
	src/souk_feed.h \
	src/souk_finder.h \
	src/souk_recorder_parts.h \
	src/souk_finder_parts.h \
	src/souk_handles.h \
	src/souk_holder.h \
	src/souk_lineage.h \
	src/souk_links.h \
	src/souk_log.h \
	src/souk_notify.h \
	src/souk_outbox.h \
	src/souk_owed.h \
	src/souk_keyring.h \
	src/souk_seal.h \
	src/souk_forgotten.h \
	src/souk_parked.h \
	src/souk_parked_answer.h \
	src/souk_settled.h \
	src/souk_pass.h \
	src/souk_pass_key.h \
	src/souk_plant.h \
	src/souk_position.h \
	src/souk_log_position.h \
	src/souk_prepare.h \
	src/souk_positions.h \
	src/souk_reader.h \
	src/souk_recorder.h \
	src/souk_refusal.h \
	src/souk_report.h \
	src/souk_run.h \
	src/souk_run_parts.h \
	src/souk_socket.h \
	src/souk_space.h \
	src/souk_status.h \
	src/souk_store.h \
	src/souk_store_file.h \
	src/souk_store_parts.h \
	src/souk_timers.h \
	src/souk_topology.h \
	src/souk_trail.h \
	src/souk_vector.h \
	src/souk_verify.h \
	src/souk_backup.h \
	src/souk_manifest.h \
	src/souk_directory.h \
	src/souk_wire.h \
	src/souk_wiring.h \
	src/souk_witness.h
nodist_libsouk_all_la_SOURCES = src/daemon.c src/daemon.h src/eventstore.c src/eventstore.h src/parking.c src/parking.h \
	src/ops.c src/ops.h \
	src/recovery.c src/recovery.h
libsouk_all_la_LIBADD = libsouk-base.la $(LMDB_LIBS) $(SODIUM_LIBS) $(CZMQ_LIBS) $(JANSSON_LIBS)

lib_LTLIBRARIES += libsouk.la
libsouk_la_SOURCES =
libsouk_la_LIBADD = libsouk-all.la
libsouk_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0

include_HEADERS = src/souk.h src/souk-message.h src/souk-json.h src/souk-stage.h
dist_pkgdata_DATA = src/daemon.messages.zpl src/eventstore.messages.zpl src/ops.messages.zpl \
	src/parking.messages.zpl src/recovery.messages.zpl
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = src/souk.pc

# The message compiler. Generated code is rebuilt by rules that depend on it.
bin_PROGRAMS += souk-messages
souk_messages_SOURCES = \
	src/souk_messages.c \
	src/souk_messages.h \
	src/souk_messages_name.c \
	src/souk_messages_header.c \
	src/souk_messages_source.c \
	src/souk_messages_codec.c \
	src/souk_messages_helper.c \
	src/souk_messages_table.c \
	src/souk_messages_reference.c \
	src/souk_messages_convert.c
souk_messages_LDADD = libsouk-base.la $(JANSSON_LIBS)

# What a daemon may not ask of the kernel.
if SECCOMP
noinst_PROGRAMS += souk-sandbox-filter
souk_sandbox_filter_SOURCES = src/souk_sandbox_filter.c src/souk_sandbox_parts.h
souk_sandbox_filter_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
souk_sandbox_filter_LDADD = $(SECCOMP_LIBS)
src/sandbox_filter.h: souk-sandbox-filter$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src && ./souk-sandbox-filter$(EXEEXT) >$@.new && mv $@.new $@
CLEANFILES += src/sandbox_filter.h
src/souk_sandbox.lo: src/sandbox_filter.h
endif

# How a daemon stands.
src/daemon.h: $(srcdir)/src/daemon.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src && ./souk-messages$(EXEEXT) c $(srcdir)/src/daemon.messages.zpl -o src
src/daemon.c: src/daemon.h
CLEANFILES += src/daemon.h src/daemon.c
src/souk_catalogue.lo: src/daemon.h

# What an event store answers about its events.
src/eventstore.h: $(srcdir)/src/eventstore.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src && ./souk-messages$(EXEEXT) c $(srcdir)/src/eventstore.messages.zpl -o src
src/eventstore.c: src/eventstore.h
CLEANFILES += src/eventstore.h src/eventstore.c
src/souk_finder.lo src/souk_finder_fill.lo src/souk_finder_rows.lo src/souk_finder_look.lo src/souk_finder_answer.lo \
	src/souk_finder_why.lo src/souk_run_backup.lo: src/eventstore.h

# What the operator asks of every service.
src/parking.h: $(srcdir)/src/parking.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src && ./souk-messages$(EXEEXT) c $(srcdir)/src/parking.messages.zpl -o src
src/parking.c: src/parking.h
CLEANFILES += src/parking.h src/parking.c
src/souk_core_parked.lo src/souk_parked_answer.lo: src/parking.h
src/souk_told.lo: src/eventstore.h src/parking.h

# What an operator asks of a bridge.
src/ops.h: $(srcdir)/src/ops.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src && ./souk-messages$(EXEEXT) c $(srcdir)/src/ops.messages.zpl -o src
src/ops.c: src/ops.h
CLEANFILES += src/ops.h src/ops.c
src/souk_catalogue.lo src/souk_routes_read.lo: src/ops.h

# What the operator asks of every daemon.
src/recovery.h: $(srcdir)/src/recovery.messages.zpl souk-messages$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) src && ./souk-messages$(EXEEXT) c $(srcdir)/src/recovery.messages.zpl -o src
src/recovery.c: src/recovery.h
CLEANFILES += src/recovery.h src/recovery.c
src/souk_run_backup.lo src/souk_catalogue.lo src/souk-souk_cli_backup.$(OBJEXT): src/recovery.h

# The command.
bin_PROGRAMS += souk
souk_SOURCES = \
	src/souk_main.c \
	src/souk_cli.c \
	src/souk_cli.h \
	src/souk_cli_backup.c \
	src/souk_cli_backup.h \
	src/souk_cli_heads.c \
	src/souk_cli_heads.h \
	src/souk_cli_rebuild.c \
	src/souk_cli_rebuild_parts.h \
	src/souk_cli_rebuild_stopped.c \
	src/souk_cli_restore.c \
	src/souk_cli_restore_next.c \
	src/souk_cli_restore_parts.h \
	src/souk_cli_verify.c \
	src/souk_cli_verify_offline.c \
	src/souk_cli_verify_online.c \
	src/souk_cli_verify_parts.h \
	src/souk_cli_bench.c \
	src/souk_cli_bench_parts.h \
	src/souk_cli_bench_system.c \
	src/souk_cli_bench_work.c \
	src/souk_cli_call.c \
	src/souk_cli_check.c \
	src/souk_cli_child.c \
	src/souk_cli_child.h \
	src/souk_cli_consumers.c \
	src/souk_cli_doctor.c \
	src/souk_cli_doctor.h \
	src/souk_cli_doctor_door.c \
	src/souk_cli_doctor_host.c \
	src/souk_cli_draw.c \
	src/souk_cli_draw.h \
	src/souk_cli_event.c \
	src/souk_cli_event.h \
	src/souk_cli_init.c \
	src/souk_cli_init.h \
	src/souk_cli_keys.c \
	src/souk_cli_log.c \
	src/souk_cli_look.c \
	src/souk_cli_look.h \
	src/souk_cli_node.c \
	src/souk_cli_node.h \
	src/souk_cli_parked.c \
	src/souk_cli_status.c \
	src/souk_cli_store.c \
	src/souk_cli_store.h \
	src/souk_cli_system.c \
	src/souk_cli_system.h \
	src/souk_cli_tail.c \
	src/souk_cli_top.c \
	src/souk_cli_top.h \
	src/souk_cli_top_screen.c \
	src/souk_cli_top_terminal.c \
	src/souk_cli_up.c \
	src/souk_cli_up.h \
	src/souk_cli_up_log.c \
	src/souk_cli_where.c \
	src/souk_cli_where.h \
	src/souk_cli_why.c
nodist_souk_SOURCES = src/souk_cli_template.c services/bench/load.c services/bench/load.h
src/souk-souk_cli_bench_work.$(OBJEXT): services/bench/load.h
src/souk_catalogue.lo src/souk-souk_cli_parked.$(OBJEXT) src/souk-souk_cli_consumers.$(OBJEXT): src/parking.h
src/souk-souk_cli_log.$(OBJEXT) src/souk-souk_cli_store.$(OBJEXT) src/souk-souk_cli_tail.$(OBJEXT) \
src/souk-souk_cli_verify_online.$(OBJEXT) src/souk-souk_cli_backup.$(OBJEXT): src/parking.h
src/souk_catalogue.lo src/souk-souk_cli_log.$(OBJEXT) src/souk-souk_cli_store.$(OBJEXT) \
src/souk-souk_cli_tail.$(OBJEXT) \
src/souk-souk_cli_where.$(OBJEXT) src/souk-souk_cli_why.$(OBJEXT): src/eventstore.h
souk_CFLAGS = $(AM_CFLAGS) $(SMARTCOLS_CFLAGS) $(NCURSES_CFLAGS)
souk_LDADD = libsouk-all.la $(SODIUM_LIBS) $(CZMQ_LIBS) $(JANSSON_LIBS) $(SMARTCOLS_LIBS) $(NCURSES_LIBS)

SOUK_INIT = src/init/Makefile src/init/book.messages.zpl src/init/gitignore src/init/guestbook.c src/init/topology.zpl
src/souk_cli_template.c: $(SOUK_INIT) src/init/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src && sh $(srcdir)/src/init/embed.sh $(srcdir)/src/init >$@.new && mv $@.new $@
EXTRA_DIST += $(SOUK_INIT) src/init/embed.sh
CLEANFILES += src/souk_cli_template.c
