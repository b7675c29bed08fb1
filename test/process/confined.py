#!/usr/bin/python3
"""confined.py UNIT GROUPS PROGRAM [ARGUMENT...] - run a program under what a unit of systemd's says, as far as it goes without systemd:
limits, privileges, mask of files, calls of the kernel, families of sockets, memory that is written and run. A line
that is neither known here nor known to be out of reach is an error, so that nothing is forgotten that the unit gets. GROUPS is what `systemd-analyze syscall-filter` prints."""
import ctypes
import os
import re
import resource
import sys

ALLOW = 0x7fff0000
DENIES = {"EPERM": 0x00050001}
EQUAL, MASKED_EQUAL = 4, 7
PROT_WRITE, PROT_EXEC = 2, 4
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
AF = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
EAFNOSUPPORT = 0x00050000 | 97
CAP_LAST = 63
LIMITS = {"LimitCORE": resource.RLIMIT_CORE, "LimitMEMLOCK": resource.RLIMIT_MEMLOCK, "LimitNOFILE": resource.RLIMIT_NOFILE}
# A service manager's own, and what needs mounts, control groups or another user.
BEYOND = re.compile(r"Type|NotifyAccess|Environment(File)?|Exec\w+|Watchdog\w+|Timeout\w+|Restart(Sec|PreventExitStatus)?|User"
                    r"|(State|Runtime)Directory\w*|TasksMax|MemoryMax|AmbientCapabilities|Protect\w+|Private\w+|RemoveIPC"
                    r"|Restrict(Namespaces|Realtime|SUIDSGID)|LockPersonality|SystemCallArchitectures")
libc = ctypes.CDLL(None, use_errno=True)


def lines_of(unit):
    """What stands under [Service]: name and value."""
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    service = re.search(r"^\[Service\]\n(.*?)^\[", text, re.MULTILINE | re.DOTALL).group(1)
    return [line.split("=", 1) for line in service.splitlines() if line and line[0] != "#"]


def groups_of(path):
    """Systemd's groups of calls: a name, and below it what is in it."""
    groups, group = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            word = line.strip()
            if word and word[0] != "#":
                if line[0] == "@":
                    group = groups.setdefault(word, [])
                elif group is not None:
                    group.append(word)
    return groups


def calls_of(words, groups):
    """The names that these words of a filter stand for."""
    calls = set()
    for word in words:
        calls |= calls_of(groups[word], groups) if word[0] == "@" else {word}
    return calls


def size(text):
    factors = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * factors[text[-1]] if text[-1] in factors else int(text)


class Filter:
    """By libseccomp, as systemd does it."""

    def __init__(self, otherwise):
        self.lib = ctypes.CDLL("libseccomp.so.2")
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.lib.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action, call, *conditions):
        class Condition(ctypes.Structure):
            _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
        number = self.lib.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return                              # another processor's
        array = (Condition * len(conditions))(*(Condition(*condition) for condition in conditions))
        assert self.lib.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(conditions), array) == 0, call

    def load(self):
        assert self.lib.seccomp_load(self.context) == 0


def confine(unit, groups):
    lines = lines_of(unit)
    said = dict(lines)
    calls = set()
    for name, value in lines:
        if name in LIMITS:
            resource.setrlimit(LIMITS[name], (size(value),) * 2)
        elif name == "SystemCallFilter":
            calls = calls - calls_of(value[1:].split(), groups) if value[0] == "~" else calls | calls_of(value.split(), groups)
        elif name == "UMask":
            os.umask(int(value, 8))
        elif name == "CapabilityBoundingSet":
            assert value == "", value
            for capability in range(CAP_LAST + 1 if os.geteuid() == 0 else 0):
                libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        elif name not in ("NoNewPrivileges", "MemoryDenyWriteExecute", "RestrictAddressFamilies", "SystemCallErrorNumber"):
            assert BEYOND.fullmatch(name), f"{unit}: {name}: nothing is known of it here"
    assert said["NoNewPrivileges"] == said["MemoryDenyWriteExecute"] == "yes"
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    whole = Filter(DENIES[said["SystemCallErrorNumber"]])
    for call in calls:
        whole.add(ALLOW, call)
    parts = Filter(ALLOW)
    families = [AF[word] for word in said["RestrictAddressFamilies"].split()]
    for family in set(range(64)) - set(families):
        parts.add(EAFNOSUPPORT, "socket", (0, EQUAL, family, 0))
    for call, what in (("mmap", PROT_EXEC | PROT_WRITE), ("mprotect", PROT_EXEC), ("pkey_mprotect", PROT_EXEC)):
        parts.add(DENIES["EPERM"], call, (2, MASKED_EQUAL, what, what))
    return whole, parts


if __name__ == "__main__":
    for one in confine(sys.argv[1], groups_of(sys.argv[2])):
        one.load()
    os.execv(sys.argv[3], sys.argv[3:])
