# An independent client in Python, written from doc/protocol.md; test/process/run.py runs its tests.
EXTRA_DIST += test/client/souk_client.py test/client/souk_codec.py test/client/souk_ed25519.py \
	test/client/test_client.py test/client/test_codec.py test/client/test_origin.py
