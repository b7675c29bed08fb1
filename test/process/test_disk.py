"""Disks and sockets that fail under a daemon."""
import os

from system import WAIT_SECONDS, Door, Load, System, skip_if_sanitized, until
from test_faults import check_once, levels_equal, received, settle

EX_IOERR = 74
CALLS = (2, 3, 5, 8, 13, 21, 34, 55, 89)        # writes and flushes of a daemon, from its start


def test_a_write_that_fails_stops_the_daemon(build):
    """Whichever it is: it says so and stops; nothing was acknowledged that is not on disk, and it goes on later."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with System(build, services=("stock", "query")) as system:
        shim = {"LD_PRELOAD": os.path.join(system.build, "test/powercut/.libs/shim.so"),
                "POWERCUT_ROOT": os.path.join(system.path, "d"),
                "POWERCUT_JOURNAL": os.path.join(system.path, "journal")}
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=8, again_seconds=0.1)
        for call in CALLS:
            for name in ("stock", "log-a"):
                assert system.daemons[name].stop() == 0
                daemon = system.start(name, POWERCUT_FAIL=str(call), **shim)
                if name == "log-a":             # a finder's failure ends nothing but finding
                    daemon.says("error=io")
                    daemon.kill()
                else:
                    assert daemon.process.wait(WAIT_SECONDS) == EX_IOERR, (call, daemon.log())
                    assert "error=io" in daemon.log(), daemon.log()
                system.start(name)
                system.live(name)
        load.end()
        settle(system)
        levels_equal(system, len(load.taken))
        for holder in ("stock", "log-a"):
            check_once(system, load, "stock", holder, "stock.received")


def test_a_disk_that_is_low_refuses_commands_only(build):
    """Commands are refused as full, queries and pulls answered; also after a start; with room it goes on by itself."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with System(build, services=("stock", "query")) as system:
        shim = {"LD_PRELOAD": os.path.join(system.build, "test/process/.libs/failing.so"), "FAILING": system.path}
        low = os.path.join(system.path, "low")

        def refused():
            reply = system.command("stock", "stock.receive", [1, 1])
            assert reply.status in ("ok", "full"), reply
            return reply if reply.status == "full" else None

        system.start("log-a")
        system.start("query")
        system.start("stock", **shim)
        system.live("stock")
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        with open(low, "w", encoding="utf-8"):
            pass
        reply = until("commands to be refused", refused)
        assert "no room" in reply.text and reply.retry_after_ms > 0, reply
        system.daemons["log-a"].kill()          # who restarts now has nobody to ask for its past, and needs nobody
        for start in range(3):
            if start > 0:
                assert system.daemons["stock"].stop() == 0
                system.start("stock", **shim)
                system.live("stock")
            system.daemons["stock"].says("event=refusing")
            for _ in range(3):
                assert system.command("stock", "stock.receive", [1, 1]).status == "full"
            taken = len(system.events("stock", "stock"))
            assert system.row("stock", 0, 1)[0] == taken
            assert system.status("stock").state == "live"
            assert "room on its disk" in system.status("stock").waiting_for
        os.unlink(low)
        until("it to go on", lambda: system.command("stock", "stock.receive", [1, 1]).status == "ok")
        system.daemons["stock"].says("event=goes_on")
        assert system.status("stock").epoch == 1
        assert system.row("stock", 0, 1)[0] == taken + 1
        system.caught_up("query", "stock", "stock")
        system.start("log-a")
        system.live("log-a")
        system.caught_up("log-a", "stock", "stock")


def test_a_socket_that_cannot_be_heard_stops_the_daemon(build):
    """It says so and stops, whichever socket it is: deaf, it would seem to be well; started again it goes on."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with System(build, services=("stock", "query")) as system:
        shim = {"LD_PRELOAD": os.path.join(system.build, "test/process/.libs/failing.so")}
        homes = {name: os.path.join(system.path, f"failing-{name}") for name in system.services}
        for home in homes.values():
            os.mkdir(home)
        system.start("log-a")
        for name in system.services:
            system.start(name, FAILING=homes[name], **shim)
            system.live(name)
        for name, endpoint, query, ask in (("stock", "stock.commands", False, "stock.receive"),
                                           ("stock", "stock.queries", True, "rows.get"),
                                           ("query", "stock.publish", False, "stock.receive")):
            switch = os.path.join(homes[name], "receive")
            with open(f"{switch}.new", "w", encoding="utf-8") as file:
                file.write(endpoint)
            os.rename(f"{switch}.new", switch)
            door = Door(system.context, system.endpoint("stock", "queries" if query else "commands"))
            door.send(query, ask, [1, 1])
            daemon = system.daemons[name]
            assert daemon.process.wait(WAIT_SECONDS) == EX_IOERR, daemon.log()
            assert "event=failed" in daemon.log() and "received" in daemon.log(), daemon.log()
            os.unlink(switch)
            door.close()
            system.start(name, FAILING=homes[name], **shim)
            system.live(name)
            assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).status == "ok"
        system.caught_up("query", "stock", "stock")
