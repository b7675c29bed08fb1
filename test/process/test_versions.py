"""What daemons run with: they say it, and do not start with a libzmq that is too old."""
import os
import re

from system import WAIT_SECONDS, Daemon, skip_if_sanitized
from test_access import EX_CONFIG
from test_sandbox import ROOT, Installed


def least():
    """That configure asks for, and the one before it."""
    with open(os.path.join(ROOT, "configure.ac"), encoding="utf-8") as file:
        text = re.search(r"m4_define\(\[libzmq_min\], \[([\d.]+)\]\)", file.read())[1]
    number, patch = text.rsplit(".", 1)
    return text, f"{number}.{int(patch) - 1}"


def test_each_daemon_says_what_it_runs_with(build):
    """At its start, and what is too old ends it: before there is a store, and before anybody can knock."""
    skip_if_sanitized("sanitizers want to be loaded first")
    wanted, before = least()
    with Installed(build, "    sandbox = no\n") as shop:
        for name, program in shop.programs.items():
            home = os.path.join(shop.path, f"failing-{name}")
            os.mkdir(home)
            for version, starts in ((before, False), (wanted, True)):
                with open(os.path.join(home, "old"), "w", encoding="utf-8") as file:
                    file.write(version)
                shop.daemons[name] = Daemon(
                    shop, name, [f"{shop.build}/{program}", name, "--topology", shop.topology],
                    os.path.join(shop.path, f"{name}.log"),
                    {"LD_PRELOAD": os.path.join(shop.build, "test/process/.libs/failing.so"), "FAILING": home})
                daemon = shop.daemons[name]
                said = daemon.says("event=started")
                assert f"libzmq {version}," in said and re.search(r" version=\S+ ", said), said
                for library in ("lmdb", "czmq", "libsodium", "jansson"):
                    assert re.search(rf"{library} \d+\.\d+", said), said
                if starts:
                    daemon.says("event=sandbox")
                    daemon.kill()
                else:
                    assert daemon.process.wait(WAIT_SECONDS) == EX_CONFIG, daemon.log()
                    assert f"this is libzmq {before}, and it needs {wanted} or a later one" in daemon.log(), daemon.log()
                    assert "event=sandbox" not in daemon.log()
                    assert not os.path.exists(os.path.join(shop.path, "homes", name, "data", "store"))
