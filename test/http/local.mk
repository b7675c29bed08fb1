# The bridge and its blog: test/http/run.py, with the programs of process-programs.
EXTRA_DIST += \
	test/http/blog.py \
	test/http/events.py \
	test/http/openapi.py \
	test/http/people.py \
	test/http/run.py \
	test/http/test_api.py \
	test/http/test_events.py \
	test/http/test_files.py \
	test/http/test_forgotten.py \
	test/http/test_guard.py \
	test/http/test_openapi.py \
	test/http/test_operator.py \
	test/http/test_rules.py \
	test/http/test_session.py \
	test/http/test_settings.py \
	test/http/test_stopped.py \
	test/http/test_under_fire.py
