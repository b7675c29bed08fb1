"""Persons: what is known of them is sealed, and can be forgotten in every copy at once."""
import json
import os
import shutil
import tempfile

import msgpack

from system import System, until
from test_origin import COMMAND_EVENT, Writer

KEY_BYTES = 32
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
    return os.path.join(system.path, "d", "lodge", "data.keys")


def somewhere(system, data):
    """In which files of the system these bytes are: stores, backups, keys, logs of what happened, copies."""
    found = []
    for home, _, names in os.walk(system.path):
        for path in (os.path.join(home, name) for name in names):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    if data in file.read():
                        found.append(path)
    return found


def nowhere(system, data):
    assert not somewhere(system, data)


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
            nowhere(system, NAMES[person].encode())

        forget(system, ALICE)
        assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]
        check_in(system, ALICE)                             # nothing new is kept of her, either
        assert name_of(system, ALICE) is None
        restart(system)
        assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]

        for with_store in (False, True):                    # an old copy of the keys, and of the store, too
            system.daemons["lodge"].kill()
            shutil.copy(os.path.join(copy, "lodge", "data.keys"), keys(system))
            if with_store:
                system.wipe("lodge")
                shutil.copytree(os.path.join(copy, "lodge", "data"), os.path.join(system.path, "d", "lodge", "data"))
            system.start("lodge")
            system.live("lodge")
            until("what happened since to be there",
                  lambda: system.status("lodge").streams["lodge"].number == 1)
            assert name_of(system, ALICE) is None and name_of(system, BOB) == NAMES[BOB]


class Safe:
    """Where old copies of the keys are kept: nowhere in the system."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="souk-process-")
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.path)

    def keep(self, system):
        shutil.copy(keys(system), os.path.join(self.path, "keys"))

    def put_back(self, system):
        shutil.copy(os.path.join(self.path, "keys"), keys(system))

    def key_of(self, person):
        with open(os.path.join(self.path, "keys"), "rb") as file:
            slots = file.read()
        at = slots.index(person) + len(person)
        return slots[at:at + KEY_BYTES]


def test_who_is_forgotten_stays_so_when_backups_are_put_back(build):
    """Each store, both, and the keys, from before she was forgotten; then both are filled again from nothing. Her name and her
    key are in no file, and nobody is told them. Only whoever puts all of it back, the keys too, has undone it, and has
    to do it again."""
    with System(build, services=("lodge",)) as system, Safe() as safe:
        system.start_all()
        for person in (ALICE, BOB):
            check_in(system, person)
        system.souk("backup", "-n", "before", "lodge", "log-a")
        safe.keep(system)

        def restored(names, with_keys):
            """Those names' stores as they were; the system runs again."""
            for name in ("lodge", "log-a"):
                system.daemons[name].kill()
            for name in names:
                system.souk("restore", "--even-so", name, "before")
                shutil.rmtree(os.path.join(system.path, "d", name, "data", "store.aside-1"))
            if with_keys:
                safe.put_back(system)
            system.start_all()

        def forgotten(what):
            assert (name_of(system, ALICE), name_of(system, BOB)) == (None, NAMES[BOB]), what
            nowhere(system, safe.key_of(ALICE))
            assert somewhere(system, safe.key_of(BOB)) == [keys(system)], what
            for person in (ALICE, BOB):
                nowhere(system, NAMES[person].encode())

        assert name_of(system, ALICE) == NAMES[ALICE]
        assert somewhere(system, safe.key_of(ALICE)) == [keys(system)]
        forget(system, ALICE)
        forgotten("at once")
        for with_keys in (False, True):
            for names in (("lodge",), ("log-a",)):
                restored(names, with_keys)
                until("what happened since to be there", lambda: system.status("lodge").streams["lodge"].number == 1)
                until("it to be recorded", lambda: system.status("log-a").streams["lodge"].number == 1)
                forgotten(f"a backup of {names}, keys {with_keys}")
        rebuild = ("rebuild", "--json", "--programs", f"{system.build}/test/process", "lodge")
        assert json.loads(system.souk(*rebuild))["same_epoch"]
        forgotten("rebuilt while it runs")
        system.daemons["lodge"].kill()
        safe.put_back(system)
        assert json.loads(system.souk(*rebuild))["events"] == 3
        system.start("lodge")
        system.live("lodge")
        forgotten("rebuilt while it does not run")

        restored(("lodge", "log-a"), False)
        assert system.status("lodge").streams.get("lodge") is None or system.status("lodge").streams["lodge"].number == 0
        forgotten("nobody knows of it any more, and her key is gone")
        check_in(system, ALICE)
        forgotten("she gets no other one")
        restored(("lodge", "log-a"), True)
        assert name_of(system, ALICE) == NAMES[ALICE], "nobody can know: all is as it was"
        forget(system, ALICE)
        forgotten("again")


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
