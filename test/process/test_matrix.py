"""The restore matrix: every combination of an old copy, none, or the last one for an origin, the event store and a follower,
with the event store up or down at the start, and an origin that has trimmed or not."""
import collections
import itertools
import os
import random
import shutil

import msgpack

from system import Load, System, until
from test_faults import received, settle

COUNT = int(os.environ.get("SOUK_PROCESS_MATRIX", "6"))        # cases; 108 are all
EVENTS = 40                             # of each of two stretches
AGES = ("last", "old", "none")
NODES = {"origin": "stock", "store": "log-a", "follower": "query"}

Case = collections.namedtuple("Case", "origin store follower is_up trims")
CASES = [Case(*case) for case in itertools.product(AGES, AGES, AGES, (True, False), (False, True))]


def heads(system):
    return {name: system.status(name).streams["stock"].number for name in NODES.values()}


def prepare(system, trims):
    """Copies of all three, and where they stand: by age."""
    copies = {}
    system.start_all()
    for age in ("old", "last"):
        trimmed = system.status("stock").counters["trimmed"]
        Load(system, "stock", "stock.receive", itertools.islice(received(), EVENTS), window=1).finish()
        settle(system)
        if trims:
            system.more(lambda trimmed=trimmed: system.status("stock").counters["trimmed"], trimmed + EVENTS // 2)
        begin = system.events_begin("stock", "stock")
        at = heads(system)
        assert len(set(at.values())) == 1 and (begin > 1) == trims, (at, begin)
        for daemon in system.daemons.values():
            daemon.kill()
        path = os.path.join(system.path, f"copy-{age}")
        shutil.copytree(os.path.join(system.path, "d"), path)
        copies[age] = path, at["stock"], begin
        if age == "old":
            system.start_all()
    return copies


def put(system, copies, role, age):
    home = os.path.join(system.path, "d", NODES[role], "data")
    shutil.rmtree(home, ignore_errors=True)
    if age != "none":
        shutil.copytree(os.path.join(copies[age][0], NODES[role], "data"), home)


def run_case(system, copies, case):
    for role in NODES:
        put(system, copies, role, getattr(case, role))
    for name in os.listdir(system.witness):
        os.unlink(os.path.join(system.witness, name))
    number = {age: copies[age][1] if age != "none" else 0 for age in AGES}
    longest = max(number[case.origin], number[case.store])
    begin = copies[case.origin][2] if case.origin != "none" else 1
    has_hole = begin > number[case.store] + 1

    if case.is_up:
        system.start("log-a")
    for name in ("stock", "query"):
        system.start(name)
    if not case.is_up:
        system.daemons["stock"].says("not every event store answers")
        status = system.status("stock")
        assert status.state == "sealing" and "--accept-loss" in status.waiting_for, status.waiting_for
        reply = system.command("stock", "stock.receive", [1, 1])
        assert (reply.status, reply.code) == ("busy", "recovering"), reply
        system.start("log-a")
    system.live("stock")
    taken = system.command_taken("stock", "stock.receive", [1, 1])
    assert taken.durability >= 1

    if has_hole:
        # It is said by whoever has the hole, with what to do; and it is no hole for ever.
        told = until("log-a to say what it lacks", lambda: system.status("log-a").waiting_for)
        assert "does not hold what follows stock" in told and "restore a backup" in told, told
        assert system.status("log-a").streams["stock"].number == number[case.store]
        system.daemons["log-a"].kill()
        put(system, copies, "store", "last")
        system.start("log-a")
    reply = system.command_taken("stock", "stock.receive", [1, 1], recorded=True, deadline_ms=20000)
    assert reply.durability == 2, reply
    settle(system)

    events = system.events("log-a", "stock")
    assert [event[0] for event in events] == list(range(1, len(events) + 1))
    assert len(events) == longest + 2, (len(events), longest)
    assert heads(system) == dict.fromkeys(NODES.values(), len(events))
    units = collections.Counter()
    for event in events:
        sku, count = msgpack.unpackb(event[4])
        units[sku] += count
    for name, table in (("stock", 0), ("query", 1)):
        for sku, count in units.items():
            assert system.row(name, table, sku)[0] == count, (name, sku)
    # Whoever stood in a history that is void now stands in the one that goes on, and it is an epoch above.
    assert system.status("stock").epoch > (1 if longest else 0)
    assert len({system.status(name).streams["stock"].hash for name in NODES.values()}) == 1
    aside = system.status("log-a").counters["set_aside"]
    restored = number["last"] if has_hole else number[case.store]
    assert (aside > 0) == (restored > longest), (aside, restored, longest)


def test_the_restore_matrix(build):
    """No silent fork, no hole for ever, and what is said is right and says what to do."""
    chosen = CASES if COUNT >= len(CASES) else random.Random(4711).sample(CASES, COUNT)
    for trims in (False, True):
        with System(build, services=("stock", "query"),
                    system_lines=["limits", "    retention_ms = 1000", "    ids_window_ms = 1000"]) as system:
            system.trim_after = "recorded" if trims else "backed_up"
            system.write_topology()
            copies = prepare(system, trims)
            for case in chosen:
                if case.trims != trims:
                    continue
                try:
                    run_case(system, copies, case)
                except BaseException as failure:
                    raise AssertionError(f"{case}: {failure!r}") from failure
                for daemon in system.daemons.values():
                    daemon.kill()
