"""What daemons give up once they have started: each that is installed tries what it must not do."""
import ctypes
import glob
import os
import re
import shutil
import tempfile

from system import Daemon, Skipped, skip_if_sanitized

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
NO_DAEMONS = {"souk", "souk-messages", "souk-sandbox-filter"}   # commands, and what the build runs
DENIED = {"exec", "execveat", "fork", "vfork", "ptrace", "unshare", "setns", "mount", "clock", "keyctl", "chown", "setuid",
          "writable_code", "written_code", "memfd", "socket_alg", "socket_vsock", "socket_raw"}
ALLOWED = {"socket_unix", "socket_inet", "socket_inet6", "thread"}
WAYS = ("opened", "made", "renamed", "removed", "truncated")
FOREIGN = {"store": "data/other/data/store/data.mdb", "outside": "outside", "key": "keys/other.key"}
TRUNCATE_SINCE = 3
SCOPE_SINCE = 6                         # Landlock's version that keeps signals in
INTERFACES = {"socket_netlink"}         # libzmq aborts unless it is told that there are none


def landlock():
    """The version that the kernel has; 0: none."""
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1))


class Installed:
    """The daemons of the shop, each alone, with a library in them that tries."""

    def __init__(self, build, lines=""):
        self.build = os.path.abspath(build)
        self.path = tempfile.mkdtemp(prefix="souk-process-")
        self.witness = tempfile.mkdtemp(prefix="souk-process-", dir="/dev/shm")
        self.topology = os.path.join(self.path, "conf", "shop.zpl")
        os.mkdir(os.path.dirname(self.topology))
        with open(os.path.join(ROOT, "topology/shop.zpl"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("../services", f"{ROOT}/services").replace("127.0.0.1:8080", "127.0.0.1:0")
        text = text.replace("system = shop\n", f"system = shop\n    data = ../data\n    witness = {self.witness}\n    keys = ../keys\n"
                            f"{lines}")
        text += "".join(f"service = {name}\n    program = {program}\n" for name, program in
                        (("recommendations", "souk-recommendations"), ("writer", "souk-bench-service")))
        self.programs = {"es1": "souk-eventstore", **dict(re.findall(
            r"^(?:service|client) = (\S+)\n(?:    .*\n)*?    program = (\S+)$", text, re.MULTILINE))}
        text += "service = other\n    program = souk-other\n"       # which nobody starts
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write(text)
        for path in FOREIGN.values():
            self.put(path)
        self.daemons = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for daemon in self.daemons.values():
            daemon.kill()
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.witness, ignore_errors=True)

    def put(self, path):
        """A file, and another one that it may be renamed to."""
        path = os.path.join(self.path, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for name in (path, f"{path}.other"):
            with open(name, "w", encoding="utf-8"):
                pass

    def start(self, names):
        shim = {"LD_PRELOAD": os.path.join(self.build, "test/process/.libs/trying.so"), "TRYING": self.path}
        for name in names:
            own = {"TRYING_OWN": os.path.join(self.path, "data", name, "data")} if name != "bridge" else {}
            if own:
                self.put(f"data/{name}/data/own")
            self.daemons[name] = Daemon(self, name, [f"{self.build}/{self.programs[name]}", name, "--topology",
                                                     self.topology], os.path.join(self.path, f"{name}.log"),
                                        {**shim, **own})

    def tried(self, name):
        """What came of each try, by its name; and the line in which the daemon says what it has given up."""
        daemon = self.daemons[name]
        daemon.says("tried all")
        return dict(re.findall(r"^tried (\w+) (\w+)$", daemon.log(), re.MULTILINE)), daemon.says("event=sandbox")


def test_each_daemon_has_given_up_what_it_does_not_need(build):
    skip_if_sanitized("sanitizers want to be loaded first, and there is no sandbox with them")
    if landlock() < TRUNCATE_SINCE:
        raise Skipped("the kernel has no Landlock, or an old one")
    with Installed(build) as shop:
        found = {os.path.basename(path) for path in glob.glob(f"{shop.build}/souk*") if os.access(path, os.X_OK)
                 and os.path.isfile(path)} - NO_DAEMONS
        assert set(shop.programs.values()) == found, "a daemon that nobody has tried"
        shop.start(["accounts"])
        shop.tried("accounts")              # which has made the key with which it signs passes
        shop.start([name for name in shop.programs if name != "accounts"])
        for name in shop.programs:
            tried, said = shop.tried(name)
            assert tried.pop("privileges") == "1" and "calls=limited files=limited" in said, (name, tried, said)
            assert "signal" not in tried or tried.pop("signal") == "EPERM" or landlock() < SCOPE_SINCE, tried
            wanted = {**{f"{what}_{way}": "EACCES" for what in FOREIGN for way in WAYS},
                      "pass_key_read": "0" if name == "accounts" else "EACCES",
                      "pass_public_read": "EACCES" if name == "bridge" else "0",
                      "store_read": "EACCES", "key_read": "EACCES", "outside_read": "0",
                      **({f"own_{way}": "0" for way in (*WAYS, "read")} if name != "bridge" else {}),
                      **dict.fromkeys(DENIED, "EPERM"), **dict.fromkeys(ALLOWED, "0"),
                      **dict.fromkeys(INTERFACES, "EOPNOTSUPP")}
            assert tried == wanted, (name, {what: (tried.get(what), wanted.get(what)) for what in {*tried, *wanted}
                                            if tried.get(what) != wanted.get(what)})


def test_without_a_sandbox_nothing_is_given_up(build):
    """The same tries as a control: what is denied above is not denied by anything else."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with Installed(build, "    sandbox = no\n") as shop:
        for name in ("es1", "cards", "bridge"):
            for path in FOREIGN.values():
                shop.put(path)              # the one before has removed them
            shop.start([name])
            tried, said = shop.tried(name)
            assert tried.pop("privileges") == "0" and "calls=all files=all" in said, (name, said)
            as_root = {"socket_raw", "mount"} if os.geteuid() != 0 else set()
            assert not [what for what in tried if tried[what] in ("EPERM", "EACCES") and what not in as_root], (name, tried)
            assert name == "es1" or tried["pass_key_read"] == tried["pass_public_read"] == "0", (name, tried)
            assert {tried[what] for what in ALLOWED | INTERFACES | {"fork", "unshare", "clock", "memfd", "signal"}} == {"0"}, tried
