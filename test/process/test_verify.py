"""souk verify: chains of origins and event stores, as they are given and as they lie on disks."""
import itertools
import json
import os

from system import Load, System
from test_backup import EX_DATAERR, EX_UNAVAILABLE, souk
from test_faults import placed, received, settle


def test_chains_are_one_history(build):
    """Under load, with an origin that has trimmed, a private stream, and two event stores; then as they lie on the disk."""
    with System(build, services=("orders", "stock"), stores=("log-a", "log-b"),
                system_lines=["limits", "    retention_ms = 1000", "    ids_window_ms = 1000"]) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=4)
        places = Load(system, "orders", "order.place", placed(1), window=1)
        system.more(lambda: system.status("stock").counters["trimmed"], 20)
        told = json.loads(souk(system, "verify", "--json"))
        assert told["good"] and told["differences"] == [], told
        streams = {stream["stream"]: {holder["holder"]: holder for holder in stream["holders"]}
                   for stream in told["streams"]}
        assert set(streams["stock"]) == {"log-a", "log-b", "stock"}, streams
        assert streams["stock"]["stock"]["behind"] > 0 and streams["stock"]["log-a"]["behind"] == 0, streams
        assert streams["stock"]["log-a"]["number"] > 100
        assert "private" in streams["orders.private"]["orders"]["note"]
        load.end()
        places.end()
        settle(system)
        said = souk(system, "verify", "--stream", "stock", "--stream", "orders.private")
        assert "one history" in said and "log-b" in said, said
        souk(system, "verify", "--stream", "nothing", status=EX_DATAERR)
        souk(system, "backup", "-n", "one", "log-a")
        homes = [os.path.join(system.path, "d", name, "data") for name in ("log-a", "log-b", "stock")]
        backup = os.path.join(homes[0], "backups", "one")
        assert "the running system" in souk(system, "verify", "--offline", homes[0], status=EX_UNAVAILABLE)
        system.daemons["log-b"].kill()
        said = souk(system, "verify", "--stream", "stock", status=EX_UNAVAILABLE)
        assert "log-b does not answer" in said, said
        for daemon in system.daemons.values():
            daemon.kill()
        told = json.loads(souk(system, "verify", "--json", "--offline", *homes, backup))
        assert told["good"] and told["events"] > 0, told
        assert sorted(os.listdir(backup)) == ["data.mdb", "manifest"], "it is left as it was"

        with open(os.path.join(backup, "data.mdb"), "r+b") as file:
            data = file.read()
            file.seek(0)
            file.write(data.replace(b"stock.received", b"stock.receiveD"))
        told = json.loads(souk(system, "verify", "--json", "--offline", backup, homes[1], status=EX_DATAERR))
        assert not told["good"], told
        assert {(one["stream"], one["holder"], one["other"]) for one in told["differences"]} \
            == {("stock", backup, None)}, told


def test_two_histories_are_told_apart(build):
    """Two event stores that never met record rivals: the first number that differs, with both hashes, on line and off."""
    with System(build, services=("stock",), stores=("log-a", "log-b")) as system:
        system.start("log-a")
        system.start("stock", "--accept-loss")
        system.live("stock")
        Load(system, "stock", "stock.receive", itertools.islice(received(), 20), window=1).finish()
        system.caught_up("log-a", "stock", "stock")
        for name in ("stock", "log-a"):
            system.daemons[name].kill()
        system.wipe("stock")
        system.start("log-b")
        system.start("stock", "--accept-loss")
        system.live("stock")
        Load(system, "stock", "stock.receive", itertools.islice(received(), 30), window=1).finish()
        system.caught_up("log-b", "stock", "stock")
        system.daemons["stock"].kill()
        system.start("log-a")
        system.live("log-a")
        rivals = [json.loads(souk(system, "verify", "--json", status=EX_DATAERR))["differences"][0]]
        for name in ("log-a", "log-b"):
            system.daemons[name].kill()
        homes = [os.path.join(system.path, "d", name, "data") for name in ("log-a", "log-b")]
        rivals.append(json.loads(souk(system, "verify", "--json", "--offline", *homes, status=EX_DATAERR))["differences"][0])
        for rival in rivals:
            assert (rival["stream"], rival["number"]) == ("stock", 1), rival
            assert len(rival["hash"]) == 64 and len(rival["other_hash"]) == 64 and rival["hash"] != rival["other_hash"]
        assert {(rival["hash"], rival["other_hash"]) for rival in rivals} == {(rivals[0]["hash"], rivals[0]["other_hash"])}
