"""All hostile peers at once, while somebody works: floods.py at reduced length."""
import os

import floods
from system import skip_if_sanitized

SECONDS = float(os.environ.get("SOUK_PROCESS_FLOOD_SECONDS", "4"))
ALONE_SECONDS = 1                       # at least: until a daemon has met it


def test_all_floods_at_once_over_ipc(build):
    """Noise, altered and endless messages, topics, connections, handshakes, slow peers, replays, cursors, a thief."""
    print("".join(f"# {line}\n" for line in floods.flood(build, SECONDS, False)), end="")


def test_all_floods_at_once_over_tcp(build):
    """The same, where also connections have to be counted by who sent how much."""
    print("".join(f"# {line}\n" for line in floods.flood(build, SECONDS, True)), end="")


def alone(build, name):
    """What it costs without the others, whose memory would hide it. Sanitizers have memory of their own."""
    skip_if_sanitized("sanitizers have memory of their own")
    print("".join(f"# {line}\n" for line in floods.flood(build, ALONE_SECONDS, True, [name], is_compared=False)), end="")


def test_noise_alone_costs_no_more_than_promised(build):
    alone(build, "noise")


def test_altered_frames_alone_cost_no_more_than_promised(build):
    alone(build, "frames")


def test_endless_messages_alone_cost_no_more_than_promised(build):
    alone(build, "endless")


def test_endless_topics_alone_cost_no_more_than_promised(build):
    alone(build, "subscriptions")


def test_connections_alone_cost_no_more_than_promised(build):
    alone(build, "connections")


def test_handshakes_alone_cost_no_more_than_promised(build):
    alone(build, "handshakes")


def test_slow_peers_alone_cost_no_more_than_promised(build):
    alone(build, "slow")


def test_replays_alone_cost_no_more_than_promised(build):
    alone(build, "replays")


def test_a_repeated_command_alone_costs_no_more_than_promised(build):
    alone(build, "again")


def test_absurd_cursors_alone_cost_no_more_than_promised(build):
    alone(build, "cursors")


def test_a_thief_alone_costs_no_more_than_promised(build):
    alone(build, "thief")
