"""Slow work before a decision: it holds nobody up, and is done once."""
import time
import uuid

import msgpack

from system import Load, System
from test_faults import settle

KEEPS = 24                              # more than threads and their queue take


def check(system, name, secret):
    reply = system.query("vault", "vault.check", [name, secret])
    assert reply.status == "ok", reply
    return msgpack.unpackb(reply.body[0][5])[0]


def test_slow_preparations_hold_nobody_up(build):
    """While hashes are made, commands without one are decided at once; all hashes are right in the end."""
    with System(build, services=("vault",)) as system:
        system.start_all()
        slow, quick = (system.door("vault", "commands", who) for who in ("slow", "quick"))
        begun = time.monotonic()
        ids = [slow.send(False, "vault.keep", [f"n{number}", f"s{number}"], deadline_ms=60000)
               for number in range(KEEPS)]
        latest = 0.0
        touched = 0
        while not slow.socket.poll(0) or touched < 5:
            sent = time.monotonic()
            assert quick.ask(False, "vault.touch", ["me"]).status == "ok"
            latest = max(latest, time.monotonic() - sent)
            touched += 1
        replies = [slow.answer(command_id, 120) for command_id in ids]
        took = time.monotonic() - begun
        assert [reply.status for reply in replies] == ["ok"] * KEEPS
        assert latest < took / 4, (latest, took)
        for number in (0, KEEPS - 1):
            assert check(system, f"n{number}", f"s{number}") and not check(system, f"n{number}", "other")


def test_a_command_that_comes_again_is_prepared_once(build):
    """The same id many times while it is prepared: one event, the same answer for all; another id is refused."""
    with System(build, services=("vault",)) as system:
        system.start_all()
        door = system.door("vault", "commands")
        command_id = uuid.uuid4().bytes
        for _ in range(50):
            door.send(False, "vault.keep", ["ann", "secret"], command_id=command_id)
        numbers = set()
        for _ in range(50):
            got, reply = door.receive()
            assert got == command_id and reply.status == "ok", reply
            numbers.add(reply.cursors[0][3])
        assert numbers == {1}, numbers
        settle(system)
        assert len(system.events("log-a", "vault")) == 1
        assert system.command("vault", "vault.keep", ["ann", "other"]).code == "vault.taken"
        assert check(system, "ann", "secret")


def test_a_preparation_that_fails_is_answered(build):
    """As `internal`, alone; malformed payloads as `invalid`; the others go on."""
    with System(build, services=("vault",)) as system:
        system.start_all()
        door = system.door("vault", "commands")
        bad = door.send(False, "vault.keep", ["bob", "fail"])
        good = door.send(False, "vault.keep", ["cid", "secret"])
        malformed = door.send(False, "vault.keep", ["dan"])
        assert door.answer(bad).status == "internal"
        assert door.answer(good).status == "ok"
        assert door.answer(malformed).status == "invalid"
        assert system.status("vault").streams["vault"].number == 1


def test_it_is_stopped_and_killed_while_it_prepares(build):
    """Both under load: exit 0 in time, and each secret is kept once."""
    with System(build, services=("vault",)) as system:
        system.start_all()
        load = Load(system, "vault", "vault.keep", ([f"n{number}", "s"] for number in range(2 * KEEPS)), window=KEEPS)
        system.more(lambda: len(load.taken), 2)
        assert system.daemons["vault"].stop() == 0
        system.start("vault")
        system.live("vault")
        system.more(lambda: len(load.taken), len(load.taken) + 2)
        system.daemons["vault"].kill()
        system.start("vault")
        system.live("vault")
        load.finish()
        assert len(load.taken) == 2 * KEEPS and not load.refused
        settle(system)
        assert len(system.events("log-a", "vault")) == 2 * KEEPS
