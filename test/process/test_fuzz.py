"""Live daemons hear a language that is nearly right: fuzz_sockets.py at reduced length."""
import os

import fuzz_sockets
from system import Skipped

SECONDS = float(os.environ.get("SOUK_PROCESS_FUZZ_SECONDS", "8"))
SEED = int(os.environ.get("SOUK_PROCESS_FUZZ_SEED", "1"))


def test_daemons_hear_messages_that_are_nearly_right(build):
    """At every door, by the keys of a client and of two services, and from an origin that is followed."""
    if "ASAN_OPTIONS" not in os.environ:
        raise Skipped("a sanitizer has to look on")
    print("".join(f"# {line}\n" for line in fuzz_sockets.fuzz(build, SECONDS, SEED)), end="")
