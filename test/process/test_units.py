"""The unit for systemd: each installed daemon does its work under what it says, as far as that goes without systemd."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

from system import WAIT_SECONDS, Daemon, Skipped, skip_if_sanitized, until
from test_sandbox import ROOT, TRUNCATE_SINCE, Installed, landlock

UNIT = os.path.join(ROOT, "systemd/souk@.service.in")
CONFINED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confined.py")


class Confined(Installed):
    """The shop, each daemon under the unit, and the service manager's socket."""

    def __init__(self, build):
        super().__init__(build)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(os.path.join(self.path, "notify"))
        self.told = []
        self.groups = os.path.join(self.path, "groups")
        with open(self.groups, "wb") as file:
            subprocess.run(["systemd-analyze", "syscall-filter"], check=True, stdout=file, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        """What nobody takes holds up who says it."""
        with self.manager:
            while said := self.manager.recv(4096).decode():
                self.told += said.splitlines()

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.manager.shutdown(socket.SHUT_RDWR)

    def start(self, names):
        for name in names:
            self.daemons[name] = Daemon(self, name, [
                sys.executable, CONFINED, UNIT, self.groups, f"{self.build}/{self.programs[name]}", name, "--topology", self.topology],
                os.path.join(self.path, f"{name}.log"),
                {"NOTIFY_SOCKET": os.path.join(self.path, "notify"), "WATCHDOG_USEC": "1000000"})

    def souk(self, *words):
        return subprocess.run([f"{self.build}/souk", *words], check=True, stdout=subprocess.PIPE,
                              timeout=2 * WAIT_SECONDS).stdout


def test_each_daemon_works_under_the_unit(build):
    """It gives up itself what it always does, is ready, live and fed, can become another program, and ends when it is told to."""
    skip_if_sanitized("sanitizers write code")
    if shutil.which("systemd-analyze") is None:
        raise Skipped("there is no systemd-analyze, which knows its groups of calls")
    with Confined(build) as shop:
        shop.start(shop.programs)
        for name, daemon in shop.daemons.items():
            daemon.says("event=listening" if name == "bridge" else "event=ready")
            said = daemon.says("event=sandbox")
            assert landlock() < TRUNCATE_SINCE or "calls=limited files=limited" in said, said
            if name != "bridge":
                daemon.says("event=state state=live")
            with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
                status = file.read()
            assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE) and re.search(r"^CapBnd:\t0+$", status, re.MULTILINE) \
                or os.geteuid() != 0, (name, status)
            with open(f"/proc/{daemon.process.pid}/limits", encoding="ascii") as file:
                limits = file.read()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), (name, limits)
        for word, least in (("READY=1", 1), ("WATCHDOG=1", 3)):
            until(f"all to say {word}", lambda word=word, least=least: shop.told.count(word) >= least * len(shop.daemons))
        words = ("rebuild", "--topology", shop.topology, "--json", "--programs", shop.build, "cards")
        assert json.loads(shop.souk(*words))["same_epoch"]
        for name, daemon in reversed(shop.daemons.items()):
            daemon.signal(signal.SIGTERM)
        for name, daemon in shop.daemons.items():
            assert daemon.process.wait(WAIT_SECONDS) == 0, (name, daemon.log())
