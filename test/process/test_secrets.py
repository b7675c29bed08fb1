"""Secret keys: they are in their files, and nowhere else; and who has one lets nobody look into his memory."""
import os
import stat
import subprocess

import zmq
from zmq.utils import z85

from system import WAIT_SECONDS, Door, Keys, Skipped, System, skip_if_sanitized, until
from test_access import EX_CONFIG, counted, hup, keyed
from test_forget import ALICE, BOB, NAMES, check_in, forget, keys
from test_pass import kept, note, pass_of_lodge

NODES = ("lodge", "stock", "query", "log-a")
SLOT_BYTES, KEY_AT, KEY_BYTES = 64, 16, 32      # of a service's keys of persons: person, key, check
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
CORE = ("prlimit", "--core=4096")       # so much of a dump they might leave


def unsealed(text):
    """A key as its file has it, and as memory does."""
    return text, z85.decode(text)


def pages(system):
    """What is there to be read of a system, but its secret keys: (name, bytes)."""
    secret = os.path.join(system.path, "process.keys")
    for top in (system.path, system.witness):
        for home, _, names in os.walk(top):
            for path in (os.path.join(home, name) for name in names):
                if home != secret and stat.S_ISREG(os.stat(path).st_mode):
                    with open(path, "rb") as file:
                        yield path, file.read()
    for name, daemon in system.daemons.items():
        for page in ("cmdline", "environ"):
            try:
                with open(f"/proc/{daemon.process.pid}/{page}", "rb") as file:
                    yield f"{name}: {page}", file.read()
            except PermissionError:
                assert page == "environ", "what it was called with is anybody's"


def persons_keys(system):
    with open(keys(system), "rb") as file:
        slots = file.read()
    return [slots[at + KEY_AT:at + KEY_AT + KEY_BYTES] for at in range(SLOT_BYTES, len(slots), SLOT_BYTES)]


def test_a_secret_key_is_in_its_file_and_nowhere_else(build):
    """Not in a topology, a log, a store, a witness, an argument, the environment, an answer; after keys were used, exchanged
    and refused. Nor is what passes are signed with, or what persons are sealed under."""
    with keyed(build, services=NODES[:3], system_lines=("pass_issuer = lodge",)) as system:
        secrets, persons = {}, []

        def remember():
            secrets.update((pair[1], who) for who, pair in system.pairs.items())

        def searched():
            return [*pages(system), ("souk status", system.souk("status", "--json", "--streams", "--as=test").encode())]

        def where(needle):
            return [name for name, page in searched() if needle in page]

        remember()
        system.start_all()
        signed = pass_of_lodge(system)
        assert note(system, signed).status == "ok"
        for person in (ALICE, BOB):
            check_in(system, person)
        persons += persons_keys(system)
        forget(system, BOB)
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2

        # One is exchanged.
        old = system.pairs["stock"]
        system.make_key("stock", ".next")
        remember()
        system.service_lines["stock"] = [f'old_key = "{old[0].decode()}"']
        hup(system)
        assert system.daemons["stock"].stop() == 0
        system.start("stock")
        system.live("stock")
        system.doors.clear()
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2

        # One is a stranger's, one is taken out, one does not fit, one is no key any more.
        stranger = zmq.curve_keypair()
        secrets[stranger[1]] = "a stranger"
        door = Door(system.context, system.endpoint("lodge", "queries"), "test", Keys(*stranger, system.pairs["lodge"][0]))
        counted(system, "lodge", "strangers", 1)
        door.close()
        system.service_lines["stock"] = []
        hup(system)
        log_path = system.daemons["query"].log_path
        assert system.daemons["query"].stop() == 0
        path, pair = os.path.join(system.path, "process.keys", "query.key"), system.pairs["query"]
        system.make_key("query")
        remember()
        system.pairs["query"] = pair
        for spoils in (b"", b"%"):              # whole, but another one; and a character too long
            with open(path, "rb+") as file:
                text = file.read().rstrip(b"\n")
                file.seek(0)
                file.write(text + spoils + b"\n")
            assert system.start("query").process.wait(WAIT_SECONDS) == EX_CONFIG
        with open(path, "wb") as file:
            file.write(pair[1] + b"\n")
        system.start("query")
        system.live("query")
        assert log_path == system.daemons["query"].log_path

        with open(os.path.join(system.path, "process.keys", "lodge.pass.key"), "rb") as file:
            secrets[file.read().strip()] = "passes"
        # What is looked for would be found.
        assert system.topology in where(system.pairs["lodge"][0]) and where(NAMES[ALICE].encode()) == []
        assert any("lodge.stream" in name or "data.mdb" in name for name in where(b"a note"))
        assert where(persons[0]) == [keys(system)] and where(persons[1]) == [], "of who is forgotten nothing is left"
        assert len(secrets) == len(NODES) + 5 and len(persons) == 2, secrets
        found = [(whose, name) for text, whose in secrets.items() for needle in unsealed(text)
                 for name, page in searched() if needle in page]
        assert not found, found


def test_who_has_a_key_leaves_no_dump(build):
    """By its own doing, whatever it is started with: daemons with keys, and a service that has keys of persons only."""
    skip_if_sanitized("sanitizers keep processes from leaving dumps")
    with keyed(build, services=("stock",), wrap=CORE) as system:
        system.start_all()
        for name, daemon in system.daemons.items():
            core, locked = kept(daemon.process.pid)
            assert core == "0" and locked > 0, (name, core, locked)
    with System(build, services=("lodge", "vault"), wrap=CORE) as system:
        system.start_all()
        assert {name: kept(daemon.process.pid)[0] for name, daemon in system.daemons.items()} == {
            "lodge": "0", "vault": "4096", "log-a": "4096"}


def test_nobody_looks_into_the_memory_of_who_has_a_key(build):
    """Another process of the same user, who is not root: what the kernel tells of a daemon is root's, and its memory cannot be
    opened, as that of others can. So it is where a service has keys of persons only."""
    skip_if_sanitized("leaks are looked for from another process")
    for clients, services, shut in (({"test": []}, ("stock",), {"stock", "log-a"}), (None, ("lodge", "vault"), {"lodge"})):
        with System(build, services=services, clients=clients) as system:
            user = os.geteuid()
            wrap = ()
            if user == 0:
                wrap, user = AS_NOBODY, NOBODY
                for top in (system.path, system.witness):
                    for home, _, names in os.walk(top):
                        for path in (home, *(os.path.join(home, name) for name in names)):
                            os.chown(path, NOBODY, NOBODY)
            if subprocess.run([*wrap, "test", "-x", f"{build}/souk"], check=False).returncode != 0:
                raise Skipped("another user may not run what was built here")
            system.wrap = list(wrap)
            system.start_all()
            with subprocess.Popen([*wrap, "cat"], stdin=subprocess.PIPE) as other:
                def look(pid):
                    """Who owns what is told of it, and whether its memory can be opened."""
                    opened = subprocess.run([*wrap, "head", "-c", "0", f"/proc/{pid}/mem"], check=False,
                                            stderr=subprocess.DEVNULL)
                    return os.stat(f"/proc/{pid}/environ").st_uid, opened.returncode == 0

                until("another process to be there", lambda: os.stat(f"/proc/{other.pid}/environ").st_uid == user)
                plain = look(other.pid)         # whether that may be opened is the kernel's to say (yama)
                for name, daemon in system.daemons.items():
                    assert look(daemon.process.pid) == ((0, False) if name in shut else plain), (name, plain)
                other.stdin.close()
