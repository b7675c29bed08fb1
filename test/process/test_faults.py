"""Daemons that are killed, stopped, or not there, while commands go on."""
import contextlib
import itertools
import os
import random
import signal
import time

import msgpack
import zmq

from system import Load, System, until

KILLS = int(os.environ.get("SOUK_PROCESS_KILLS", "20"))
AWAY = int(os.environ.get("SOUK_PROCESS_AWAY_EVENTS", "2000"))
SKUS = 5
SUBSCRIBERS, RESTARTS = 200, 5
HEADS = b"\x01"                          # their topic


def received():
    return ([1 + number % SKUS, 1] for number in itertools.count())


def placed(first):
    return ([number, 1 + number % SKUS, 1, 100 + number, number % 4] for number in itertools.count(first))


def check_once(system, load, stream, holder, event):
    """Each command that was taken stands in the log once, and nothing else does."""
    ids = [cause[2] for _, kind, _, cause, _ in system.events(holder, stream) if kind == event and cause[0] == 0]
    assert len(ids) == len(set(ids)), "doubled"
    assert set(load.taken) == set(ids), (len(load.taken), len(ids))


def levels_equal(system, count):
    """What was received is on hand, in the service's own tables and in its follower's."""
    for name, table in (("stock", 0), ("query", 1)):
        on_hand = sum(system.row(name, table, sku)[0] for sku in range(1, SKUS + 1))
        shipped = sum(system.row(name, table, sku)[2] for sku in range(1, SKUS + 1))
        assert on_hand + shipped == count, (name, on_hand, shipped, count)


def settle(system):
    """Wait until every follower and the event stores stand where the writers do."""
    for name in system.stores + system.services:
        for stream, at in system.status(name).streams.items():
            if at.origin != name:
                system.caught_up(name, at.origin, stream)


QUIET_SECONDS = 5                       # an order expires after 4


def quieten(system):
    """Wait until no stream has grown for so long that nothing more can come of itself, and all have caught up."""
    last = []

    def look():
        heads = [(name, at.name, at.number) for name in system.services
                 for at in system.status(name).streams.values() if at.origin == name]
        if not last or last[0] != heads:
            last[:] = [heads, time.monotonic()]
        return time.monotonic() - last[1] > QUIET_SECONDS
    until("all to be quiet", look)
    settle(system)


def test_any_daemon_is_killed_at_any_moment(build):
    """kill -9 under load: nothing acknowledged is lost, nothing doubled; tables filled again are the same."""
    chance = random.Random(4711)
    with System(build) as system:
        system.start_all()
        receives = Load(system, "stock", "stock.receive", received())
        places = Load(system, "orders", "order.place", placed(1))
        for _ in range(KILLS):
            name = chance.choice(system.stores + system.services)
            before = len(receives.taken) + len(places.taken)
            system.daemons[name].kill()
            system.start(name)
            system.live(name)
            system.more(lambda: len(receives.taken) + len(places.taken), before + chance.randrange(1, 400))
        receives.end()
        places.end()
        quieten(system)
        levels_equal(system, len(receives.taken))
        for holder in ("stock", "log-a"):
            check_once(system, receives, "stock", holder, "stock.received")
        for holder in ("orders", "log-a"):
            check_once(system, places, "orders", holder, "order.placed")
        before = system.digests("query")
        assert system.daemons["query"].stop() == 0
        system.wipe("query")
        system.start("query")
        settle(system)
        assert system.digests("query") == before


def test_a_writer_comes_back_to_many_subscribers(build):
    """It is killed and started under them again and again: each hears it again, and a command is answered meanwhile."""
    with System(build, services=("stock",)) as system, contextlib.ExitStack() as stack:
        system.start_all()
        hearers = [stack.enter_context(system.context.socket(zmq.SUB)) for _ in range(SUBSCRIBERS)]
        for hearer in hearers:
            hearer.subscribe(HEADS)
            hearer.connect(system.endpoint("stock", "publish"))
        for number in range(1, RESTARTS + 1):
            system.daemons["stock"].kill()
            system.start("stock")
            system.live("stock")
            begun = time.monotonic()
            assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
            assert time.monotonic() - begun < 5
            waiting = set(hearers)
            until("each to hear it", lambda waiting=waiting, number=number: all_hear(waiting, number))
        assert system.status("stock").epoch == 1


def all_hear(waiting, number):
    """Take those out that have heard of that number; whether none is left."""
    waiting -= {hearer for hearer in waiting if heard(hearer) >= number}
    return not waiting


def heard(hearer):
    """The number of the last event of the last heads that came; 0: none have come."""
    number = 0
    while hearer.poll(0):
        number = msgpack.unpackb(hearer.recv_multipart()[1])[7][0][3]
    return number


def test_the_event_store_is_down_the_whole_time(build):
    """Commands succeed and live followers follow; when it comes back its log is complete."""
    with System(build) as system:
        system.start_all()
        system.daemons["log-a"].kill()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 2000))
        load.finish()
        system.caught_up("query", "stock", "stock")
        levels_equal(system, 2000)
        system.start("log-a")
        system.caught_up("log-a", "stock", "stock")
        check_once(system, load, "stock", "log-a", "stock.received")


def test_a_follower_is_away_while_much_happens(build):
    """Stopped, started again: the same digests as one that never stopped; so has one that starts empty."""
    with System(build) as system:
        system.start_all()
        assert system.daemons["query"].stop() == 0
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), AWAY), window=128)
        load.finish()
        system.start("query")
        settle(system)
        levels_equal(system, AWAY)
        before = system.digests("query")
        assert system.daemons["query"].stop() == 0
        system.wipe("query")
        system.start("query")
        settle(system)
        assert system.digests("query") == before


def test_a_follower_that_is_stopped_costs_bounded_memory(build):
    """SIGSTOP: its publisher's memory stays bounded, nobody else is late, and it catches up when it wakes."""
    events = int(os.environ.get("SOUK_PROCESS_STOPPED_EVENTS", "20000"))
    with System(build) as system:
        system.start_all()
        Load(system, "stock", "stock.receive", itertools.islice(received(), 1000)).finish()
        settle(system)
        memory = system.status("stock").memory_bytes
        system.daemons["query"].signal(signal.SIGSTOP)
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), events), window=256)
        load.finish(1200)
        system.caught_up("orders", "stock", "stock")
        system.caught_up("log-a", "stock", "stock")
        grown = system.status("stock").memory_bytes - memory
        assert grown < 64 << 20, grown
        assert load.late < 5, load.late
        system.daemons["query"].signal(signal.SIGCONT)
        settle(system)
        levels_equal(system, 1000 + events)
