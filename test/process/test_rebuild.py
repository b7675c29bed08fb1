"""souk rebuild: another program with other tables takes over while commands and queries keep arriving, or fills a store alone."""
import itertools
import json
import os
import shutil
import signal
import subprocess

from system import WAIT_SECONDS, Door, Load, System, skip_if_sanitized, until, whole_rights
from test_backup import EX_UNAVAILABLE, souk
from test_faults import check_once, levels_equal, placed, quieten, received, settle
from test_pass import line_of, note, pass_of_lodge, signed, z85

EX_DATAERR, EX_SOFTWARE, EX_TEMPFAIL = 65, 70, 75


def rebuild(system, name, version=2, **options):
    program = f"{system.build}/test/process/service{version if version != 1 else ''}"
    return json.loads(souk(system, "rebuild", "--json", "--program", program, name, name, **options))


def test_a_program_with_other_tables_takes_over_under_load(build):
    """No caller of a service sees an error, the epoch goes on, each command has one effect, and the tables are those that a
    store filled from nothing has. Each has its data where its sandbox hides what is others'."""
    with System(build, apart=True) as system:
        system.start_all()
        said = system.daemons["stock"].says("event=sandbox")
        assert "files=all" in said or " hidden=7 " in said, said
        loads = {"stock": Load(system, "stock", "stock.receive", received(), window=4, again_seconds=0.3),
                 "orders": Load(system, "orders", "order.place", placed(1), window=1, again_seconds=0.3)}
        for load in loads.values():
            system.more(lambda load=load: len(load.taken), 200)
        for name in ("stock", "orders", "query"):
            before = {name: len(load.taken) for name, load in loads.items()}
            process = system.daemons[name].process
            told = rebuild(system, name)
            assert told["same_epoch"] and told["events"] > 0, told
            assert process.poll() is None, "the same process goes on, so who looks after it notices nothing"
            assert os.readlink(f"/proc/{process.pid}/exe").endswith("service2")
            home = os.path.join(system.path, "d", name, "data")
            assert os.path.isdir(os.path.join(home, "store.before"))
            assert not os.path.exists(os.path.join(home, "store.beside"))
            for other, load in loads.items():
                system.more(lambda load=load: len(load.taken), before[other] + 50)
        for load in loads.values():
            load.end()
        quieten(system)
        levels_equal(system, len(loads["stock"].taken))
        for holder in ("stock", "log-a"):
            check_once(system, loads["stock"], "stock", holder, "stock.received")
        for holder in ("orders", "log-a"):
            check_once(system, loads["orders"], "orders", holder, "order.placed")
        for name in ("stock", "orders"):
            assert system.status(name).epoch == 1
            assert "event=fenced" not in system.daemons[name].log()
        before = {stream: digest.digest for stream, digest in system.digests("query").items()}
        rebuild(system, "query", version=1)
        settle(system)
        assert {stream: digest.digest for stream, digest in system.digests("query").items()} == before
        slowest = max(load.late for load in loads.values())
        assert slowest < 8, slowest


def test_who_signs_passes_and_who_takes_them_are_rebuilt(build):
    """The program that takes over is in the sandbox of the one before, which hides the keys: the issuer reads its own again,
    be the public half in the topology or not, and the other one knows it still."""
    key = bytes(range(32))
    for lines in ([], [line_of(key)]):
        with System(build, services=("vault", "lodge"), system_lines=["pass_issuer = lodge", *lines], apart=True) as system:
            if lines:
                home = os.path.join(system.path, "process.keys")
                os.makedirs(home, 0o700)
                with open(os.open(os.path.join(home, "lodge.pass.key"), os.O_WRONLY | os.O_CREAT, 0o600), "w",
                          encoding="ascii") as file:
                    file.write(z85(key) + "\n")
            system.start_all()
            before = pass_of_lodge(system)
            for name in ("lodge", "vault"):
                process = system.daemons[name].process
                told = json.loads(souk(system, "rebuild", "--json", "--programs", f"{system.build}/test/process", name))
                assert told["same_epoch"] and process.poll() is None, told
            for good in (before, pass_of_lodge(system)):
                assert note(system, good).status == "ok"
                for pass_bytes, status in ((good, "ok"), (signed(bytes(32)), "refused")):
                    reply = system.command_taken("vault", "vault.touch", ["somebody"], pass_bytes=pass_bytes)
                    assert reply.status == status, reply


def test_whose_key_was_exchanged_is_rebuilt_when_it_was_started_again(build):
    """The next key is in a file of its own, which becomes the current one while the service runs in a sandbox that knows files
    and not names."""
    with System(build, services=("vault",), clients={"test": whole_rights(("vault",))}, apart=True) as system:
        words = ("rebuild", "--as", "test", "--programs", f"{system.build}/test/process", "vault")
        system.start_all()
        old = system.pairs["vault"]
        system.make_key("vault", ".next")
        system.service_lines["vault"] = [f'old_key = "{old[0].decode()}"']
        system.write_topology()
        for daemon in system.daemons.values():
            daemon.signal(signal.SIGHUP)
            daemon.says("skips=")
        system.daemons["vault"].stop()
        daemon = system.start("vault")
        system.live("vault")
        system.souk("keys", "rotate", "vault")
        assert not [name for name in os.listdir(os.path.join(system.path, "process.keys")) if ".next" in name]
        system.souk(*words)
        system.doors.clear()
        assert system.command_taken("vault", "vault.touch", ["somebody"]).status == "ok" and daemon.process.poll() is None


def test_what_an_event_store_lacks_of_a_private_stream_is_not_lost(build):
    """Whoever asks may not have such a stream, and is told where it ends."""
    def check_in(durability):
        person = os.urandom(16)
        reply = system.command_taken("lodge", "lodge.check_in", [person, "somebody"], recorded=durability == 2)
        assert (reply.status, reply.durability) == ("ok", durability), reply

    with System(build, services=("lodge",)) as system:
        words = ("rebuild", "--json", "--programs", f"{system.build}/test/process", "lodge")
        system.start_all()
        check_in(2)
        system.daemons["log-a"].kill()
        check_in(1)
        system.daemons["lodge"].kill()
        system.start("log-a")
        system.live("log-a")
        said = souk(system, *words, status=EX_UNAVAILABLE)
        assert "alone has what it wrote up to lodge.private/1/2; event stores have lodge.private/1/1" in said, said
        system.start("lodge")
        system.live("lodge")
        check_in(2)
        system.daemons["lodge"].kill()
        told = json.loads(souk(system, *words))
        assert (told["epoch"], told["events"]) == (2, 3), told


def test_a_rebuild_that_comes_to_nothing_is_taken_back(build):
    """The new process is killed when it has asked, or stops: the old one goes on, in its epoch, and can be rebuilt later."""
    with System(build, services=("stock", "query"),
                service_lines={"stock": ["limits", "    drain_ms = 500"]}) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=8)
        system.more(lambda: len(load.taken), 200)
        beside = os.path.join(system.path, "d", "stock", "data", "store.beside")
        for number in (signal.SIGKILL, signal.SIGSTOP):
            shutil.rmtree(beside, ignore_errors=True)
            program = [f"{build}/test/process/service2", "stock", "--rebuild", "--topology", system.topology]
            stock = system.daemons["stock"]
            stock.log_from = os.path.getsize(stock.log_path)
            child = subprocess.Popen(program, stderr=subprocess.DEVNULL)
            until("it to ask", lambda: os.path.exists(os.path.join(beside, "close")), WAIT_SECONDS)
            child.send_signal(number)
            taken = len(load.taken)
            if number == signal.SIGSTOP:
                stock.says("event=takes_back")
                child.send_signal(signal.SIGCONT)
                assert child.wait(WAIT_SECONDS) == EX_TEMPFAIL
            else:
                child.wait(WAIT_SECONDS)
            system.more(lambda taken=taken: len(load.taken), taken + 50)
        assert system.status("stock").epoch == 1
        assert rebuild(system, "stock")["same_epoch"]
        load.end()
        settle(system)
        levels_equal(system, len(load.taken))
        check_once(system, load, "stock", "log-a", "stock.received")
        souk(system, "rebuild", "nobody", status=EX_DATAERR)


def test_a_service_that_does_not_run_is_rebuilt(build):
    """Its process is dead: another program fills its tables from the event store and is stopped; nothing of the old store is
    touched while that has events that nobody else has, or while a process has it."""
    skip_if_sanitized("it mostly waits for who does not answer")
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 500))
        load.finish()
        settle(system)
        home = os.path.join(system.path, "d", "stock", "data")
        system.daemons["stock"].signal(signal.SIGSTOP)
        said = souk(system, "rebuild", "stock", status=EX_UNAVAILABLE)
        assert "end that process first" in said, said
        system.daemons["stock"].signal(signal.SIGCONT)

        system.daemons["log-a"].kill()
        assert system.command_taken("stock", "stock.receive", [1, 1]).durability == 1
        system.daemons["stock"].kill()
        assert "log-a does not answer" in souk(system, "rebuild", "stock", status=EX_UNAVAILABLE)
        system.start("log-a")
        system.live("log-a")
        said = souk(system, "rebuild", "stock", status=EX_UNAVAILABLE)
        assert "alone has what it wrote up to stock/1/501; event stores have stock/1/500" in said, said
        system.start("stock")
        system.live("stock")
        settle(system)

        digests = {name: {stream: digest.digest for stream, digest in system.digests(name).items()}
                   for name in system.services}
        for name, program in (("stock", "true"), ("stock", None), ("query", None)):
            system.daemons[name].kill()
            if program is not None:
                said = souk(system, "rebuild", "--program", shutil.which(program), name, status=EX_SOFTWARE)
                assert "in its place again" in said, said
            else:
                told = rebuild(system, name, version=1)
                assert (told["epoch"], told["events"]) == ((2, 501) if name == "stock" else (0, 501)), told
                assert os.path.exists(os.path.join(system.path, "d", name, "data", "store.before", "data.mdb"))
            system.start(name)
            system.live(name)
            assert system.status("stock").epoch == (2 if program is None else 1)
        settle(system)
        levels_equal(system, 501)
        assert {name: {stream: digest.digest for stream, digest in system.digests(name).items()}
                for name in system.services} == digests
        command_id, reply = next(iter(load.taken.items()))
        again = Door(system.context, system.endpoint("stock", "commands"), load.caller)
        answer = again.ask(False, "stock.receive", load.payload_of[command_id], command_id=command_id)
        again.close()
        assert (answer.status, answer.cursors) == ("ok", reply.cursors), answer
        shutil.rmtree(home)
        system.daemons["stock"].kill()
        assert "is not here" in souk(system, "rebuild", "stock", status=EX_UNAVAILABLE)
