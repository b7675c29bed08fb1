"""souk rebuild: another program with other tables takes over while commands and queries keep arriving."""
import json
import os
import shutil
import signal
import subprocess

from system import WAIT_SECONDS, Load, System, until
from test_backup import EX_UNAVAILABLE, souk
from test_faults import check_once, levels_equal, placed, quieten, received, settle

EX_DATAERR, EX_TEMPFAIL = 65, 75


def rebuild(system, name, version=2, **options):
    program = f"{system.build}/test/process/service{version if version != 1 else ''}"
    return json.loads(souk(system, "rebuild", "--json", "--program", program, name, name, **options))


def test_a_program_with_other_tables_takes_over_under_load(build):
    """No caller of a service sees an error, the epoch goes on, each command has one effect, and the tables are those that a
    store filled from nothing has."""
    with System(build) as system:
        system.start_all()
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
            assert os.path.isdir(os.path.join(system.path, "d", name, "store.before"))
            assert not os.path.exists(os.path.join(system.path, "d", name, "store.beside"))
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


def test_a_rebuild_that_comes_to_nothing_is_taken_back(build):
    """The new process is killed when it has asked, or stops: the old one goes on, in its epoch, and can be rebuilt later."""
    with System(build, services=("stock", "query"),
                service_lines={"stock": ["limits", "    drain_ms = 500"]}) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=8)
        system.more(lambda: len(load.taken), 200)
        beside = os.path.join(system.path, "d", "stock", "store.beside")
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

        system.daemons["stock"].kill()
        said = souk(system, "rebuild", "stock", status=EX_UNAVAILABLE)
        assert "does not answer" in said and "move" in said and "aside" in said, said
        souk(system, "rebuild", "nobody", status=EX_DATAERR)
