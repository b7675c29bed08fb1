"""All hostile peers at once, while somebody works: floods.py at reduced length."""
import os

import floods

SECONDS = float(os.environ.get("SOUK_PROCESS_FLOOD_SECONDS", "4"))


def test_all_floods_at_once_over_ipc(build):
    """Noise, altered and endless messages, topics, connections, handshakes, slow peers, replays, cursors, a thief."""
    print("".join(f"# {line}\n" for line in floods.flood(build, SECONDS, False)), end="")


def test_all_floods_at_once_over_tcp(build):
    """The same, where also connections have to be counted by who sent how much."""
    print("".join(f"# {line}\n" for line in floods.flood(build, SECONDS, True)), end="")
