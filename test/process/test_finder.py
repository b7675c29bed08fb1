"""What an event store's finder answers, while it records, and after it was killed, emptied or spoiled."""
import os
import shutil

import msgpack

from system import Load, System
from test_faults import received, settle

STREAMS = {"stock": "stock", "orders": "orders"}    # and their writers
LIMIT = 100


def ask(system, query, payload, store="log-a", **options):
    """The fields of an answer."""
    reply = system.query(store, f"eventstore.{query}", payload, **options)
    assert reply.status == "ok", reply
    assert reply.body[0][0] == f"eventstore.{query}_reply", reply.body
    return msgpack.unpackb(reply.body[0][5], use_list=True)


def find_all(system, stream=None, key=None, kind=None, correlation=None, latest_first=False, store="log-a"):
    """Every event that fits, page after page: (stream, number, type, key)."""
    found, place = [], None
    while True:
        events, place, behind, _ = ask(system, "find", [stream, key, kind, correlation, None, None, latest_first, LIMIT, place],
                                    store)
        found += [(event[1], event[3], event[4], event[5]) for event in events]
        if place is None:
            assert behind == 0
            return found


def finds_what_is_pulled(system, store="log-a"):
    """Everything that the event store gives on pulls can be found, in order, and nothing else."""
    for stream in STREAMS:
        pulled = [(stream, number, kind, key) for number, kind, key, *_ in system.events(store, stream)]
        assert find_all(system, stream=stream, store=store) == pulled, stream
        assert find_all(system, stream=stream, latest_first=True, store=store) == pulled[::-1], stream
        key = pulled[len(pulled) // 2][3] if pulled else b"none"
        assert [event for event in find_all(system, key=key, store=store) if event[0] == stream] \
            == [event for event in pulled if event[3] == key]
    batches, events, place = 0, 0, None
    while True:
        *counts, place, fault, _ = ask(system, "verify", [None, place], store)
        batches, events = batches + counts[0], events + counts[1]
        assert fault == ""
        if place is None:
            break
    statistics = ask(system, "statistics", [], store)
    assert statistics[3:6] == [batches, events, 0], statistics
    assert statistics[2] == 0


def test_what_is_recorded_is_found(build):
    """Under load, by every term; a caller that says what it has seen is answered with that."""
    with System(build) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=64)
        for order in range(1, 51):
            reply = system.command_taken("orders", "order.place", [order, 7, 1, 500, 1])
            assert reply.status == "ok", reply
            key = reply.body[0][4]
            events, _, _, _ = ask(system, "find", [None, key, reply.body[0][0], None, None, None, False, LIMIT, None],
                               seen=reply.cursors)
            assert [reply.body[0][3]] == [event[3] for event in events], (reply, events)
        system.more(lambda: len(load.taken), 500)
        load.end()
        settle(system)
        for writer in STREAMS.values():
            system.caught_up("log-a", writer, writer)
        finds_what_is_pulled(system)

        causes, event, effects, more, _ = ask(system, "why", ["orders", 1, 0])
        assert causes == [] and event[4] == reply.body[0][0] and not more
        assert {effect[1][1] for effect in effects} - {"orders"}, "an order leads to something elsewhere"
        leaf = effects[-1][1]
        causes, event, _, _, _ = ask(system, "why", [leaf[1], leaf[3], 0])
        assert causes[0][1:4] == ["orders", causes[0][2], 1], causes
        assert event == leaf
        assert ("orders", 1, causes[0][4], causes[0][5]) in find_all(system, correlation=leaf[8])


def test_what_the_finder_has_is_worth_nothing(build):
    """Killed while it records and fills, emptied, spoiled, with an event store that begins anew: it finds everything again."""
    with System(build) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=64)
        for wreck in ("nothing", "emptied", "spoiled"):
            system.more(lambda: len(load.taken), len(load.taken) + 300)
            system.daemons["log-a"].kill()
            index = os.path.join(system.path, "d", "log-a", "data", "finder")
            if wreck == "emptied":
                shutil.rmtree(index)
            elif wreck == "spoiled":
                with open(os.path.join(index, "data.mdb"), "r+b") as file:
                    file.write(bytes(8192))
            system.start("log-a")
            system.live("log-a")
        load.end()
        settle(system)
        for writer in STREAMS.values():
            system.caught_up("log-a", writer, writer)
        finds_what_is_pulled(system)
        assert "event=finder_emptied" in system.daemons["log-a"].log()

        system.daemons["log-a"].kill()
        system.wipe("log-a")
        system.start("log-a")
        system.live("log-a")
        for writer in STREAMS.values():
            system.caught_up("log-a", writer, writer)
        finds_what_is_pulled(system)
        assert ask(system, "statistics", [])[6] == 1


def test_a_backup_is_made_under_load(build):
    """While it records: the copy has what was there, an event store that starts on it catches up, and a name is taken once."""
    with System(build) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=64)
        for day in ("monday", "tuesday"):
            system.more(lambda: len(load.taken), len(load.taken) + 300)
            reply = system.command("log-a", "eventstore.backup", [day])
            assert reply.status == "ok" and "events in" in reply.text, reply
        assert system.command("log-a", "eventstore.backup", ["monday"]).code == "eventstore.bad_name"
        assert system.command("log-a", "eventstore.backup", ["../monday"]).code == "eventstore.bad_name"
        assert system.command("log-a", "eventstore.backup", [7]).status == "invalid"
        load.end()
        directory = os.path.join(system.path, "d", "log-a", "data")
        assert sorted(os.listdir(os.path.join(directory, "backups"))) == ["monday", "tuesday"]

        system.daemons["log-a"].kill()
        shutil.rmtree(os.path.join(directory, "store"))
        shutil.copytree(os.path.join(directory, "backups", "monday"), os.path.join(directory, "store"))
        system.start("log-a")
        system.live("log-a")
        settle(system)
        for writer in STREAMS.values():
            system.caught_up("log-a", writer, writer)
        finds_what_is_pulled(system)
        assert ask(system, "statistics", [])[6] == 2, "it is another incarnation"


def test_two_event_stores_find_the_same(build):
    """One of them was away for a while, and each has an order of its own."""
    with System(build, stores=("log-a", "log-b")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=64)
        for order in range(1, 11):
            assert system.command_taken("orders", "order.place", [order, 7, 1, 500, 1]).status == "ok"
        system.daemons["log-b"].kill()
        system.more(lambda: len(load.taken), len(load.taken) + 300)
        system.start("log-b")
        system.live("log-b")
        load.end()
        settle(system)
        for store in system.stores:
            for writer in STREAMS.values():
                system.caught_up(store, writer, writer)
            finds_what_is_pulled(system, store)
        for stream in STREAMS:
            assert find_all(system, stream=stream) == find_all(system, stream=stream, store="log-b")
