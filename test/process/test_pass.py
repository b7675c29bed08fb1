"""People: passes that one service signs and others take."""
import json
import os
import stat
import subprocess
import time
import uuid

import msgpack
import zmq.utils.z85

import souk_client
import souk_codec
import souk_ed25519
from system import System, until

PERSON = bytes(range(16))
HOUR_MS = 3600000
SHORT_MS = 5000                         # of a pass that is to expire under the test's eyes


def z85(data):
    return zmq.utils.z85.encode(data).decode()


def line_of(seed):
    """What the topology says of whoever signs with it."""
    return f"pass_key = {z85(souk_ed25519.public_key(seed))}"


def now_ms():
    return time.time_ns() // 1000000


def signed(seed, role="staff", age_ms=0):
    """For a minute, from that long ago."""
    issued = now_ms() - age_ms
    return souk_codec.sign_pass(souk_codec.Pass(PERSON, (role,), issued, issued + 60000), seed)


def kept(pid):
    """How much of a dump the process would leave, and how much of its memory is locked, in kB."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        core = next(line.split()[4] for line in file if line.startswith("Max core file size"))
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return core, next(int(line.split()[1]) for line in file if line.startswith("VmLck"))


def is_sanitized():
    """Then no memory is locked, and nobody leaves a dump."""
    return "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ


def note(system, pass_bytes):
    return system.door("lodge", "commands").ask(False, "lodge.note", ["a note"], pass_bytes=pass_bytes)


def pass_of_lodge(system, life_ms=HOUR_MS):
    """That it signs itself."""
    reply = system.query("lodge", "lodge.pass", [PERSON, "staff", life_ms])
    assert reply.status == "ok", reply
    return msgpack.unpackb(reply.body[0][5])[0]


def test_a_service_signs_passes_that_it_and_others_take(build):
    """One host and no `pass_key`: the services share a key, whose secret half only the issuer keeps, in memory that is locked
    and never written out."""
    with System(build, services=("vault", "lodge"), system_lines=("pass_issuer = lodge",),
                wrap=("prlimit", "--core=4096")) as system:
        system.start_all()
        good = pass_of_lodge(system)
        assert note(system, b"").code == "lodge.staff_only"
        assert note(system, good).status == "ok"
        reply = note(system, good[:-1] + bytes([good[-1] ^ 1]))
        assert (reply.status, reply.code) == ("refused", "souk.pass") and "not signed" in reply.text, reply
        reply = system.door("lodge", "queries").ask(True, "lodge.who", [], pass_bytes=b"nonsense")
        assert (reply.status, reply.code) == ("refused", "souk.pass"), reply
        reply = system.door("lodge", "queries").ask(True, "lodge.who", [], pass_bytes=good)
        assert msgpack.unpackb(reply.body[0][5])[0] == PERSON, reply
        node = souk_client.Node("lodge", *(system.endpoint("lodge", kind) for kind in ("commands", "queries", "publish")))
        caller = souk_client.Caller(system.context, node, "test")
        assert caller.command("lodge.note", msgpack.packb(["a note"]), pass_=good).word == "ok"
        assert caller.command("lodge.note", msgpack.packb(["a note"]), pass_=signed(bytes(32))).code == "souk.pass"
        assert msgpack.unpackb(caller.query("lodge.who", b"\x90", pass_=good).body[0].payload)[0] == PERSON
        caller.close()
        home = os.path.join(system.path, "process.keys")
        key, public = (os.path.join(home, f"lodge.pass.{half}") for half in ("key", "public"))
        assert [stat.S_IMODE(os.stat(path).st_mode) for path in (home, key, public)] == [0o700, 0o600, 0o600]
        assert not [name for name in os.listdir(os.path.join(system.path, "r")) if "pass" in name]
        with open(key, "rb") as file:
            seed = file.read().strip()
        shown = system.souk("keys", "pass").split('"')[1]
        assert shown in open(public, encoding="ascii").read()
        said = souk_codec.check_pass(good, [zmq.utils.z85.decode(shown)], now_ms())
        assert (said.person, said.roles, said.expires - said.issued) == (PERSON, ("staff",), HOUR_MS), said
        system.daemons["lodge"].stop()
        os.unlink(public)                       # as if the one that made it had been killed between its halves
        system.start("lodge")
        system.live("lodge")
        assert note(system, good).status == "ok"
        assert open(key, "rb").read().strip() == seed
        system.daemons["vault"].stop()          # it may have made it, and whoever has held a secret leaves no dump
        system.start("vault")
        system.live("vault")
        for name in ("lodge", "vault"):
            core, locked = kept(system.daemons[name].process.pid)
            assert is_sanitized() or (core, locked > 0) == (("0", True) if name == "lodge" else ("4096", False)), (
                name, core, locked)

        system.daemons["lodge"].stop()
        os.unlink(key)                          # the others take what the old one has signed: it is no use to sign anew
        daemon = system.start("lodge")
        daemon.says("it is not the public half of")
        assert daemon.process.wait(30) == 78
        with open(public, "w", encoding="ascii") as file:
            file.write("nonsense")
        system.daemons["vault"].stop()
        daemon = system.start("vault")
        daemon.says("it holds no key")
        assert daemon.process.wait(30) == 78


def test_keys_of_the_topology_are_changed_while_it_runs(build):
    """Whoever signs with a key that HUP has taken away is nobody from then on; `lodge` does not sign here."""
    older, newer = bytes(range(32)), bytes(range(1, 33))
    lines = [line_of(older), line_of(newer)]
    with System(build, services=("lodge", "vault"), system_lines=("pass_issuer = vault", lines[0])) as system:
        os.makedirs(os.path.join(system.path, "process.keys"), 0o700)
        key = os.path.join(system.path, "process.keys", "vault.pass.key")
        daemon = system.start("vault")
        daemon.says("there is no key to sign passes with")
        assert daemon.process.wait(30) == 78
        with open(key, "w", encoding="ascii") as file:
            file.write(z85(newer) + "\n")
        os.chmod(key, 0o640)
        assert system.start("vault").process.wait(30) == 78
        os.chmod(key, 0o600)
        daemon = system.start("vault")
        daemon.says("its public half is no `pass_key`")
        assert daemon.process.wait(30) == 78
        with open(key, "w", encoding="ascii") as file:
            file.write(z85(older) + "\n")
        said = subprocess.run([f"{system.build}/souk", "keys", "pass", "--json", "--topology", system.topology],
                              check=True, stdout=subprocess.PIPE).stdout
        assert json.loads(said) == [{"name": "vault", "pass_key": line_of(older).split()[2]}], said
        system.start_all()
        assert note(system, signed(older)).status == "ok"
        assert note(system, signed(newer)).code == "souk.pass"
        for keys, good in ((lines, (older, newer)), (lines[1:], (newer,))):
            system.system_lines = ["pass_issuer = vault", *keys]
            system.write_topology()
            system.daemons["lodge"].signal(1)
            system.daemons["lodge"].says("event=reloaded")
            for seed in (older, newer):
                assert (note(system, signed(seed)).status == "ok") == (seed in good), (keys, seed)
            system.daemons["lodge"].log_from = os.path.getsize(system.daemons["lodge"].log_path)
        assert note(system, signed(newer, age_ms=60000)).code == "souk.pass"
        assert note(system, signed(newer, role="customer")).code == "lodge.staff_only"


def put_in(system, *keys, event="reloaded"):
    """Into the topology, and every service reads it."""
    system.system_lines = ["pass_issuer = lodge", *(f'pass_key = "{key}"' for key in keys)]
    system.write_topology()
    for name in system.services:
        daemon = system.daemons[name]
        daemon.log_from = os.path.getsize(daemon.log_path)
        daemon.signal(1)
        daemon.says(f"event={event if name == 'lodge' else 'reloaded'}")


def start_again(system, name):
    system.daemons[name].stop()
    system.start(name)
    system.live(name)


def takers(system, pass_bytes):
    """What a command and a query of the issuer, and a command of another service, say of a pass."""
    who = system.door("lodge", "queries").ask(True, "lodge.who", [], pass_bytes=pass_bytes)
    touched = system.command_taken("vault", "vault.touch", ["somebody"], pass_bytes=pass_bytes)
    return {reply.code if reply.status == "refused" else reply.status for reply in (note(system, pass_bytes), who, touched)}


def test_the_key_of_passes_is_exchanged_and_no_good_pass_is_refused(build):
    """From one that the services of a host share to one of the topology, in steps that the command tells; then what the old
    one has signed is good no more."""
    with System(build, services=("vault", "lodge"), system_lines=("pass_issuer = lodge",), apart=True) as system:
        def rotate():
            (step,) = json.loads(system.souk("keys", "rotate", "--pass", "--json"))
            assert step["name"] == "lodge", step
            return step
        system.start_all()
        is_sandboxed = "files=all" not in system.daemons["lodge"].says("event=sandbox")     # not so with sanitizers
        home = os.path.join(system.path, "process.keys")
        before = pass_of_lodge(system)
        step = rotate()
        assert step["did"] == "next" and rotate() == step, step
        new, old = step["pass_key"], step["old_pass_key"]
        with open(os.path.join(home, "lodge.pass.next.key"), encoding="ascii") as file:
            ahead = signed(zmq.utils.z85.decode(file.read().strip()))
        assert (takers(system, before), takers(system, ahead)) == ({"ok"}, {"souk.pass"})
        assert "put both into the topology" in subprocess.run(
            [f"{system.build}/souk", "keys", "rotate", "--pass", "-t", system.topology], check=True, stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, encoding="utf-8").stderr

        put_in(system, new, old)
        for good in (before, ahead, pass_of_lodge(system)):
            assert takers(system, good) == {"ok"}
        step = rotate()
        assert (step["did"], step["pass_key"], step["old_pass_key"]) == ("rotated", new, old), step
        assert rotate() == step and os.listdir(home) == ["lodge.pass.key"]
        last = pass_of_lodge(system)                    # by the one that it was started with
        if is_sandboxed:
            process = system.daemons["lodge"].process
            assert "goes on as it was" in system.souk("rebuild", "--programs", f"{system.build}/test/process", "lodge",
                                                      status=75)
            system.daemons["lodge"].says("for one that its sandbox does not let it read")
            assert process.poll() is None and takers(system, last) == {"ok"}
        start_again(system, "lodge")
        after = pass_of_lodge(system)
        for good, key in ((before, old), (last, old), (ahead, new), (after, new)):
            assert souk_codec.check_pass(good, [zmq.utils.z85.decode(key)], now_ms()).person == PERSON
            assert takers(system, good) == {"ok"}
        start_again(system, "vault")
        assert takers(system, before) == {"ok"}

        put_in(system, new)
        assert [takers(system, known) for known in (before, last)] == [{"souk.pass"}] * 2
        assert [takers(system, good) for good in (ahead, after, pass_of_lodge(system))] == [{"ok"}] * 3
        assert rotate()["did"] == "next"                # it is over, so another one may begin


def test_all_passes_are_revoked_at_once(build):
    """The key was stolen: the topology has the next one alone, from HUP on nothing is good that was signed before, and the
    issuer says that it is to be started again."""
    with System(build, services=("vault", "lodge"), system_lines=("pass_issuer = lodge",)) as system:
        (shown,) = json.loads(system.souk("keys", "pass", "--json"))
        system.system_lines.append(f'pass_key = "{shown["pass_key"]}"')
        system.write_topology()
        system.start_all()
        good = pass_of_lodge(system)
        assert takers(system, good) == {"ok"}
        (step,) = json.loads(system.souk("keys", "rotate", "--pass", "--json"))
        put_in(system, step["pass_key"], event="restart_needed")
        assert takers(system, good) == {"souk.pass"}
        system.daemons["lodge"].says("what it signs passes with is no `pass_key` any more")
        until("its status to say so", lambda: "is no `pass_key` any more" in system.status("lodge").restart_needed)
        assert takers(system, pass_of_lodge(system)) == {"souk.pass"}
        (step,) = json.loads(system.souk("keys", "rotate", "--pass", "--json"))
        assert (step["did"], step["old_pass_key"]) == ("rotated", None), step
        start_again(system, "lodge")
        assert takers(system, pass_of_lodge(system)) == {"ok"} and takers(system, good) == {"souk.pass"}
        until("its status to say nothing", lambda: system.status("lodge").restart_needed == "")


def test_a_pass_is_good_until_the_command_is_decided(build):
    """Commands wait for an event that is to come. When it has, the pass of one is over, and the key of another's is not the
    topology's any more: they are refused as if they came then. One whose pass is good is decided, once, however it came again."""
    older, newer = bytes(range(32)), bytes(range(1, 33))
    lines = [line_of(seed) for seed in (older, newer)]
    with System(build, services=("lodge",), system_lines=("pass_issuer = lodge", *lines)) as system:
        os.makedirs(os.path.join(system.path, "process.keys"), 0o700)
        with open(os.path.join(system.path, "process.keys", "lodge.pass.key"), "w", encoding="ascii") as file:
            file.write(z85(newer) + "\n")
        os.chmod(file.name, 0o600)
        system.start_all()
        taken_out, good = signed(older), pass_of_lodge(system)
        door = system.door("lodge", "commands")
        first = note(system, good)
        seen = [[stream, counter, bits, number + 1] for stream, counter, bits, number in first.cursors]
        once, short = uuid.uuid4().bytes, pass_of_lodge(system, SHORT_MS)
        waits = [door.send(False, "lodge.note", ["a note"], pass_bytes=pass_bytes, command_id=command_id, seen=seen,
                           deadline_ms=60000)
                 for pass_bytes, command_id in ((short, None), (taken_out, None), (good, once), (short, once))]
        reply = door.ask(False, "no.such", [], pass_bytes=short)
        assert reply.status == "unknown", reply         # it was good when they were heard
        system.system_lines = ["pass_issuer = lodge", lines[1]]
        system.write_topology()
        system.daemons["lodge"].signal(1)
        system.daemons["lodge"].says("event=reloaded")
        until("a pass to expire", lambda: door.ask(False, "no.such", [], pass_bytes=short).code == "souk.pass")
        assert not door.answers
        assert note(system, good).status == "ok"
        late, unsigned = (door.answer(command_id) for command_id in waits[:2])
        assert (late.status, late.code, late.text) == ("refused", "souk.pass", "the pass has expired"), late
        assert (unsigned.status, unsigned.code) == ("refused", "souk.pass") and "not signed" in unsigned.text, unsigned
        assert door.answer(once).cursors == door.answer(once).cursors
        assert system.status("lodge").streams["lodge"].number == 3
