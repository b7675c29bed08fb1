"""Disks that fail under a daemon."""
import os

from system import WAIT_SECONDS, Load, System, skip_if_sanitized
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
