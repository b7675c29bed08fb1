"""Persons: what is known of them is sealed, and can be forgotten in every copy at once."""
import os
import shutil

import msgpack

from system import System, until
from test_origin import COMMAND_EVENT, Writer

ALICE, BOB = bytes(range(16)), bytes(range(1, 17))
NAMES = {ALICE: "Alissa of the Lantern Makers", BOB: "Bruno of the Carpet Menders"}


def check_in(system, person):
    assert system.command_taken("lodge", "lodge.check_in", [person, NAMES[person]], recorded=True).status == "ok"


def forget(system, person):
    assert system.command_taken("lodge", "lodge.forget", [person], recorded=True).status == "ok"


def name_of(system, person):
    reply = system.query("lodge", "lodge.guest", [person])
    assert reply.status == "ok", reply
    return msgpack.unpackb(reply.body[0][5])[0]


def restart(system, name="lodge"):
    system.daemons[name].kill()
    system.start(name)
    system.live(name)


def keys(system):
    return os.path.join(system.path, "d", "lodge.keys")


def nowhere(system, text):
    """In no file of the system is the text: stores, keys, logs of what happened, copies."""
    for home, _, names in os.walk(system.path):
        for path in (os.path.join(home, name) for name in names):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    assert text.encode() not in file.read(), path


def test_a_person_is_forgotten_in_every_copy(build):
    """Kept through a crash and the loss of the store; then gone from it, from the event store, from old copies of both,
    and from the keys that an old copy brings back. The other one is known all the time."""
    with System(build, services=("lodge",)) as system:
        system.start_all()
        check_in(system, ALICE)
        check_in(system, BOB)
        assert [name_of(system, person) for person in (ALICE, BOB)] == [NAMES[ALICE], NAMES[BOB]]
        restart(system)
        assert name_of(system, ALICE) == NAMES[ALICE]
        assert f"keys of what it knows of persons are in no backup: copy {keys(system)}" in system.souk("backup", "lodge")
        made = system.souk_json("backup", "-n", "one", "lodge", "log-a")[0]["backups"]
        assert [one["keys_apart"] for one in made] == [keys(system), None], made
        copy = os.path.join(system.path, "copy")
        shutil.copytree(os.path.join(system.path, "d"), copy)
        system.daemons["lodge"].kill()
        system.wipe("lodge")                                # the keys lie beside it
        system.start("lodge")
        system.live("lodge")
        until("its past to be there again", lambda: system.status("lodge").streams["lodge.private"].number == 2)
        assert name_of(system, ALICE) == NAMES[ALICE]
        for person in (ALICE, BOB):
            nowhere(system, NAMES[person])

        forget(system, ALICE)
        assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]
        check_in(system, ALICE)                             # nothing new is kept of her, either
        assert name_of(system, ALICE) is None
        restart(system)
        assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]

        for with_store in (False, True):                    # an old copy of the keys, and of the store, too
            system.daemons["lodge"].kill()
            shutil.copy(os.path.join(copy, "lodge.keys"), keys(system))
            if with_store:
                system.wipe("lodge")
                shutil.copytree(os.path.join(copy, "lodge"), os.path.join(system.path, "d", "lodge"))
            system.start("lodge")
            system.live("lodge")
            until("what happened since to be there",
                  lambda: system.status("lodge").streams["lodge"].number == 1)
            assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]


def test_a_log_from_before_sealing_is_read(build):
    """A history whose names nobody sealed, since they were no personal fields when it was written: read, kept sealed, and
    forgotten by whoever reads it."""
    lines = {"log-a": ["limits", "    pull_idle_ms = 50"]}
    with System(build, services=("lodge",), service_lines=lines) as system:
        system.start("log-a")
        system.live("log-a")
        before = Writer(system.context, system.path, "lodge", ("lodge", "lodge.private"))
        before.open()
        for person, name in NAMES.items():
            before.write(before.batch("lodge.private", names=("lodge.checked_in", "clerk"), events=(
                COMMAND_EVENT._replace(key=person, payload=msgpack.packb([person, name])),)))
        assert before.recorded()
        before.close()
        system.start("lodge")
        system.live("lodge")
        assert [name_of(system, person) for person in (ALICE, BOB)] == [NAMES[ALICE], NAMES[BOB]]
        restart(system)
        assert name_of(system, BOB) == NAMES[BOB]
        forget(system, ALICE)
        assert name_of(system, ALICE) is None
        system.daemons["lodge"].kill()
        system.wipe("lodge")
        system.start("lodge")
        system.live("lodge")
        until("its past to be there again", lambda: system.status("lodge").streams["lodge"].number == 1)
        assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]


def test_without_its_keys_a_service_knows_nobody_and_goes_on(build):
    """The file is lost; whoever comes now gets a new key. A damaged one is an error that says what to do."""
    with System(build, services=("lodge",)) as system:
        system.start_all()
        check_in(system, ALICE)
        system.daemons["lodge"].kill()
        os.unlink(keys(system))
        system.start("lodge")
        system.live("lodge")
        assert name_of(system, ALICE) is None
        check_in(system, BOB)
        check_in(system, ALICE)
        assert [name_of(system, person) for person in (ALICE, BOB)] == [NAMES[ALICE], NAMES[BOB]]
        system.daemons["lodge"].kill()
        with open(keys(system), "r+b") as file:
            file.seek(70)
            file.write(b"?")
        system.start("lodge")
        system.daemons["lodge"].says("put their backup back")
        assert system.daemons["lodge"].process.wait(30) == 74, "EX_IOERR"
