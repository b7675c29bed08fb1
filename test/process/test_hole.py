"""--accept-hole: an event store that has lost what its origins have trimmed, and records on behind it."""
import os
import signal

import msgpack

from system import WAIT_SECONDS, Load, System, until
from test_faults import placed, settle

EX_USAGE = 64
STREAMS = ("orders", "orders.private")   # a command writes both, in turns
TRIMMED, UNKNOWN = 1, 3                  # verdicts
ZERO = [0, bytes(8), 0, bytes(32)]
BEGINNING = [1, bytes(8), 0, bytes(32)]


def pull(system, holder, stream, cursor, asker="orders"):
    door = system.door(holder, "queries")
    door.socket.send(msgpack.packb([1, 2, 1, asker, 1 << 20, [[stream, *cursor]], []]))
    assert door.socket.poll(WAIT_SECONDS * 1000)
    return door.socket.recv_multipart()


def verdict(system, holder, stream, cursor, asker="orders"):
    return msgpack.unpackb(pull(system, holder, stream, cursor, asker)[0])[6][0][5]


def positions(system, holder, stream):
    """Behind each batch of a stream, from its start on."""
    found = [ZERO]
    while True:
        answer, *frames = pull(system, holder, stream, found[-1])
        for frame in frames:
            unpacker = msgpack.Unpacker(use_list=True)
            unpacker.feed(frame)
            header = unpacker.unpack()
            found.append([header[5], header[6], header[7] + header[8] - 1, header[2]])
        if not msgpack.unpackb(answer)[5]:
            return found


def submit(system, number, durability):
    reply = system.command_taken("orders", "order.place", [number, 1, 1, 100, 1], recorded=True,
                                 deadline_ms=1000 if durability == 1 else WAIT_SECONDS * 1000)
    assert reply.durability == durability, reply


def check_behind(system, old, chain):
    """The event store has everything behind where it begins, and it is what the old one had; nobody is told `void`."""
    status = system.status("log-a")
    for stream in STREAMS:
        at = status.streams[stream]
        begin = [one for one in chain[stream] if one[2] == at.begins - 1][-1]
        events = system.events("log-a", stream, "orders", begin)
        assert [event[0] for event in events] == list(range(at.begins, at.begins + len(events))), (at, events)
        assert at.begins + len(events) > at.number, (at, len(events))
        assert events[:len(old[stream]) - at.begins + 1] == old[stream][at.begins - 1:]
        for cursor in chain[stream][:chain[stream].index(begin)]:
            assert verdict(system, "log-a", stream, cursor) == TRIMMED, cursor
        yield at


def test_an_event_store_begins_behind_a_hole(build):
    """Refused until the operator says so; then it has all that its origin has, and says what is gone."""
    with System(build, services=("orders", "query"),
                system_lines=["limits", "    retention_ms = 1000", "    ids_window_ms = 1000"]) as system:
        system.start_all()
        load = Load(system, "orders", "order.place", placed(1), window=3)
        system.more(lambda: system.status("orders").counters["trimmed"], 100)
        load.end()
        settle(system)
        system.daemons["orders"].signal(signal.SIGSTOP)     # orders that expire would be recorded behind what is read here
        old = {stream: system.events("log-a", stream, "orders") for stream in STREAMS}
        chain = {stream: positions(system, "log-a", stream) for stream in STREAMS}
        system.daemons["log-a"].kill()
        system.wipe("log-a")
        system.daemons["orders"].signal(signal.SIGCONT)

        system.start("log-a")
        told = until("log-a to say what it lacks", lambda: system.status("log-a").waiting_for)
        assert "orders does not hold what follows orders" in told and "--accept-hole=orders" in told, told
        assert verdict(system, "orders", "orders", BEGINNING, "query") == UNKNOWN, "it is for event stores to ask"
        submit(system, (1 << 20) + 1, 1)
        system.daemons["log-a"].kill()
        assert system.start("log-a", "--accept-hole=nobody").process.wait() == EX_USAGE
        system.start("log-a", "--accept-hole=orders").says("event=hole")
        submit(system, (1 << 20) + 2, 2)
        settle(system)
        assert system.status("log-a").waiting_for == ""
        begins = [at.begins for at in check_behind(system, old, chain) if at.hole_accepted > 0 and at.begins > 1]
        assert len(begins) == len(STREAMS), begins

        # From then on it is an event store like any other: killed, or with an origin that opens an epoch.
        for name in ("orders", "log-a"):
            system.daemons[name].kill()
        for name in os.listdir(system.witness):
            os.unlink(os.path.join(system.witness, name))
        for name in ("log-a", "orders"):
            system.start(name)
        system.live("orders")
        submit(system, (1 << 20) + 3, 2)
        settle(system)
        assert [at.begins for at in check_behind(system, old, chain)] == begins
        assert system.souk("status", "--json").count("hole_accepted_ms") == len(STREAMS)
        assert "log-a" in system.souk("backup", "log-a")

        # What is gone is gone: a service that has lost its store says who lacks what.
        system.daemons["orders"].kill()
        system.wipe("orders")
        system.start("orders")
        told = until("orders to say what it lacks",
                     lambda: "no event store that answers" in system.status("orders").waiting_for
                     and system.status("orders").waiting_for)
        assert "restore a backup" in told, told
        assert system.command("orders", "order.place", [1 << 22, 1, 1, 100, 1]).code == "recovering"
        system.daemons["log-a"].kill()
        assert "one history" in system.souk("verify", "--offline", os.path.join(system.path, "d", "log-a", "data"))
