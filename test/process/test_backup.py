"""souk backup, souk restore: copies made under load, put in place of lost and of newer stores."""
import itertools
import json
import os
import shutil
import subprocess

from system import WAIT_SECONDS, Load, System
from test_faults import levels_equal, received, settle
from test_recovery import check_recorded

EX_OK, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE = 0, 65, 66, 69


def souk(system, *words, status=EX_OK):
    """Run souk(1); what it says on both outputs."""
    ended = subprocess.run([f"{system.build}/souk", words[0], "--topology", system.topology, *words[1:]],
                           capture_output=True, text=True, check=False, timeout=2 * WAIT_SECONDS)
    assert ended.returncode == status, (words, ended)
    return ended.stdout + ended.stderr


def test_backups_are_made_under_load_and_restored(build):
    """Of a service and of its event store while commands go on; each is restored after its store is lost, and nothing that
    was answered `recorded` is missing."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=16, recorded=True)
        system.more(lambda: len(load.taken), 300)
        said = souk(system, "backup", "--name", "monday", "stock", "log-a", "query")
        assert said.count("whole, verified and on disk") == 3, said
        assert "cannot be" in souk(system, "backup", "--name", "../x", "stock", status=EX_DATAERR)
        assert "there already" in souk(system, "backup", "--name", "monday", "stock", status=EX_DATAERR)
        listed = json.loads(souk(system, "backup", "--list", "--json"))["backups"]
        assert {(one["node"], one["name"], one["copy"]) for one in listed} \
            == {(name, "monday", "here") for name in ("stock", "query", "log-a")}, listed
        held = next(one["streams"]["stock"] for one in listed if one["node"] == "stock")
        system.more(lambda: len(load.taken), len(load.taken) + 300)
        assert "stop it first" in souk(system, "restore", "stock", "monday", status=EX_UNAVAILABLE)
        load.end()
        settle(system)

        head = system.status("stock").streams["stock"].number
        system.daemons["stock"].kill()
        said = souk(system, "restore", "stock", "monday", status=EX_DATAERR)
        assert "is newer than the backup: it ends at stock/1/" in said and "--even-so" in said, said
        shutil.rmtree(os.path.join(system.path, "d", "stock", "data", "store"))
        told = json.loads(souk(system, "restore", "stock", "monday", "--dry-run", "--json"))
        assert not told["restored"] and told["streams"] == {"stock": held}, told
        assert not os.path.exists(os.path.join(system.path, "d", "stock", "data", "store"))
        said = souk(system, "restore", "stock", "monday")
        assert f"it takes back {head - held} events of stock that log-a holds" in said, said
        assert "opens epoch 2 or above" in said, said
        system.start("stock")
        system.live("stock")
        assert system.status("stock").epoch == 2
        settle(system)
        levels_equal(system, len(check_recorded(system, load, "stock", "stock", "stock.received")))

        incarnation = system.status("log-a").incarnation
        system.daemons["log-a"].kill()
        said = souk(system, "restore", "--even-so", "log-a", "monday")
        assert "new incarnation" in said and "events of stock behind stock/1/" in said, said
        assert os.path.isdir(os.path.join(system.path, "d", "log-a", "data", "store.aside-1"))
        system.start("log-a")
        system.live("log-a")
        assert system.status("log-a").incarnation != incarnation
        settle(system)
        check_recorded(system, load, "stock", "log-a", "stock.received")
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        settle(system)

        before = system.digests("query")
        system.daemons["query"].kill()
        assert "newer than the backup" in souk(system, "restore", "query", "monday", status=EX_DATAERR)
        assert "follows from where" in souk(system, "restore", "-e", "query", "monday")
        system.start("query")
        settle(system)
        assert system.digests("query") == before


def test_what_a_backup_lacks_is_said_before_it_is_restored(build):
    """A damaged one, another node's, one that would leave a hole, one while no event store is there: refused or foretold."""
    with System(build, services=("stock", "query"),
                system_lines=["limits", "    retention_ms = 1000", "    ids_window_ms = 1000"]) as system:
        system.start_all()
        Load(system, "stock", "stock.receive", itertools.islice(received(), 100), window=4).finish()
        settle(system)
        souk(system, "backup", "-n", "one", "stock", "log-a")
        trimmed = system.status("stock").counters["trimmed"]
        Load(system, "stock", "stock.receive", itertools.islice(received(), 300), window=4).finish()
        settle(system)
        system.more(lambda: system.status("stock").counters["trimmed"], trimmed + 60)

        backups = os.path.join(system.path, "d", "log-a", "data", "backups")
        assert "backup of the event store log-a" in souk(system, "restore", "stock", os.path.join(backups, "one"),
                                                         status=EX_DATAERR)
        assert "no backup" in souk(system, "restore", "log-a", "two", status=EX_NOINPUT)
        system.daemons["log-a"].kill()
        said = souk(system, "restore", "-n", "log-a", "one")
        assert "HOLE: stock has trimmed what follows stock/1/" in said, said
        shutil.rmtree(os.path.join(system.path, "d", "log-a", "data", "store"))
        assert "HOLE" in souk(system, "restore", "log-a", "one", status=EX_DATAERR)

        with open(os.path.join(backups, "one", "data.mdb"), "r+b") as file:
            data = file.read()
            file.seek(0)
            file.write(data.replace(b"stock.received", b"stock.receiveD"))
        assert "cannot be restored" in souk(system, "restore", "-e", "log-a", "one", status=EX_DATAERR)
        assert not os.path.exists(os.path.join(system.path, "d", "log-a", "data", "store.restoring"))

        system.daemons["stock"].kill()
        said = souk(system, "restore", "-n", "stock", "one")
        assert "log-a does not answer now" in said and "takes no commands" in said, said


def test_origins_trim_what_every_backup_holds(build):
    """trim_after = backed_up: nothing without a backup, then up to the oldest one that is kept."""
    with System(build, services=("stock",), system_lines=["limits", "    retention_ms = 1000",
                                                          "    ids_window_ms = 1000"]) as system:
        system.trim_after = "backed_up"
        system.write_topology()
        system.start_all()

        def more_events():
            Load(system, "stock", "stock.receive", itertools.islice(received(), 100), window=1).finish()
            settle(system)

        def begins():
            return system.events_begin("stock", "stock")
        more_events()
        assert system.status("stock").counters["trimmed"] == 0
        souk(system, "backup", "-n", "first", "log-a")
        more_events()
        system.more(begins, 100)
        assert begins() <= 101
        souk(system, "backup", "-n", "second", "log-a")
        more_events()
        assert begins() <= 101, "the first one may still be restored"
        shutil.rmtree(os.path.join(system.path, "d", "log-a", "data", "backups", "first"))
        more_events()
        system.more(begins, 200)
        assert begins() <= 201
