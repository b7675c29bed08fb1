"""What daemons give up once they have started: each that is installed tries what it must not do."""
import glob
import os
import re
import shutil
import tempfile

from system import Daemon, skip_if_sanitized

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
NO_DAEMONS = {"souk", "souk-messages", "souk-sandbox-filter"}   # commands, and what the build runs
DENIED = {"exec", "execveat", "fork", "vfork", "ptrace", "unshare", "setns", "mount", "clock", "keyctl", "chown", "setuid",
          "writable_code", "written_code", "memfd", "socket_alg", "socket_vsock", "socket_raw"}
ALLOWED = {"socket_unix", "socket_inet", "socket_inet6", "thread"}
INTERFACES = {"socket_netlink"}         # libzmq aborts unless it is told that there are none


class Installed:
    """The daemons of the shop, each alone, with a library in them that tries."""

    def __init__(self, build, lines=""):
        self.build = os.path.abspath(build)
        self.path = tempfile.mkdtemp(prefix="souk-process-")
        self.witness = tempfile.mkdtemp(prefix="souk-process-", dir="/dev/shm")
        self.topology = os.path.join(self.path, "shop.zpl")
        with open(os.path.join(ROOT, "topology/shop.zpl"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("../services", f"{ROOT}/services").replace("127.0.0.1:8080", "127.0.0.1:0")
        text = text.replace("system = shop\n", f"system = shop\n    witness = {self.witness}\n{lines}")
        text += "".join(f"service = {name}\n    program = {program}\n" for name, program in
                        (("recommendations", "souk-recommendations"), ("writer", "souk-bench-service")))
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write(text)
        self.names = re.findall(r"^(?:service|event_store|client) = ([a-z0-9-]+)$", text, re.MULTILINE)
        programs = dict(re.findall(r"^(?:service|client) = ([a-z0-9-]+)\n(?:    .*\n)*?    program = (\S+)$", text,
                                   re.MULTILINE))
        self.programs = {name: programs.get(name, "souk-eventstore") for name in self.names if name in programs
                         or name.startswith("es")}
        self.daemons = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for daemon in self.daemons.values():
            daemon.kill()
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.witness, ignore_errors=True)

    def start(self, names):
        shim = os.path.join(self.build, "test/process/.libs/trying.so")
        for name in names:
            self.daemons[name] = Daemon(self, name, [f"{self.build}/{self.programs[name]}", name, "--topology",
                                                     self.topology], os.path.join(self.path, f"{name}.log"),
                                        {"LD_PRELOAD": shim})

    def tried(self, name):
        """What came of each try, by its name; and the line in which the daemon says what it has given up."""
        daemon = self.daemons[name]
        daemon.says("tried all")
        return dict(re.findall(r"^tried (\w+) (\w+)$", daemon.log(), re.MULTILINE)), daemon.says("event=sandbox")


def test_each_daemon_has_given_up_what_it_does_not_need(build):
    skip_if_sanitized("sanitizers want to be loaded first, and there is no sandbox with them")
    with Installed(build) as shop:
        found = {os.path.basename(path) for path in glob.glob(f"{shop.build}/souk*") if os.access(path, os.X_OK)
                 and os.path.isfile(path)} - NO_DAEMONS
        assert set(shop.programs.values()) == found, "a daemon that nobody has tried"
        shop.start(shop.programs)
        for name in shop.programs:
            tried, said = shop.tried(name)
            assert tried.pop("privileges") == "1" and "calls=limited" in said, (name, tried, said)
            wanted = {**dict.fromkeys(DENIED, "EPERM"), **dict.fromkeys(ALLOWED, "0"),
                      **dict.fromkeys(INTERFACES, "EOPNOTSUPP")}
            assert tried == wanted, (name, {what: (tried.get(what), wanted.get(what)) for what in {*tried, *wanted}
                                            if tried.get(what) != wanted.get(what)})


def test_without_a_sandbox_nothing_is_given_up(build):
    """The same tries as a control: what is denied above is not denied by anything else."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with Installed(build, "    sandbox = no\n") as shop:
        names = ("es1", "cards", "bridge")
        shop.start(names)
        for name in names:
            tried, said = shop.tried(name)
            assert tried.pop("privileges") == "0" and "calls=all" in said, (name, said)
            as_root = {"socket_raw", "mount"} if os.geteuid() != 0 else set()
            assert not [what for what in tried if tried[what] == "EPERM" and what not in as_root], (name, tried)
            assert {tried[what] for what in ALLOWED | INTERFACES | {"fork", "unshare", "clock", "memfd"}} == {"0"}, tried
