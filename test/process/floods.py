#!/usr/bin/python3
"""floods.py BUILD [SECONDS [ipc|tcp [NAME...]]] - all hostile peers of attacks.py at once, or those named, against real
daemons that work, with keys: over ipc and over tcp, SECONDS (60) each. Nothing that was acknowledged is lost, nobody's
process or epoch changes, everybody's memory stays below the ceiling that the topology gives it; how long a command, and
the news of it at a follower, took is told: alone, beside as many processes that are busy with themselves, and during the
floods. The peers, and those processes, share the processors with the daemons, so only the last two are of one machine.
With one NAME memory has to stay below what that peer alone may cost."""
import collections
import multiprocessing
import os
import resource
import sys
import threading
import time
import uuid

import msgpack

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [path for path in (HERE, os.path.join(os.path.dirname(HERE), "client")) if path not in sys.path]

# pylint: disable=wrong-import-position
import attacks                          # noqa: E402
from system import WAIT_SECONDS, Door, Late, Status, System, whole_rights       # noqa: E402

SERVICES = ("stock", "orders", "payments", "query")     # the address and the key of payments are a thief's
IDLE_SECONDS = 2, 60                    # least and most, alone, and with neighbours: what the times are compared with
RATE = 100                              # commands a second of those who work, at most
SKU = 1 << 50                           # that nobody else is about
MEMORY_BYTES_MAX = 256 << 20            # in the topology: the least that it may say
CEILING_BYTES = MEMORY_BYTES_MAX * 3 // 4   # half, where connections are cut, and what comes until they are
# Of each alone: twice what doc/security.md says, and no less than 24; topics came to 34 on a machine that was busy.
CEILINGS_MB = {"noise": 24, "frames": 24, "endless": CEILING_BYTES >> 20, "subscriptions": 72, "connections": 24,
               "handshakes": 24, "slow": 40, "replays": 24, "again": 72, "cursors": 24, "thief": 24}
# What shows that a daemon has met them: the least that counters of all nodes have grown by. Whoever works does nothing that
# they count but commands, which are not his here, and answers to a few pulls. Noise ends in libzmq, uncounted.
MET = {"noise": {}, "frames": {"frames_malformed": 1, "malformed": 1}, "endless": {"connections_cut": 1},
       "subscriptions": {"connections_cut": 1}, "connections": {"connections_refused": 1}, "handshakes": {"strangers": 1},
       "slow": {"replies_dropped": 1}, "replays": {"pulls_refused": 1}, "again": {"commands": 100},
       "cursors": {"forbidden": 1, "pulls_answered": 100}, "thief": {"malformed": 1, "gaps": 1, "batches_foreign": 1}}
DESCRIPTORS = 4000                      # of each daemon: 430 connections a door
STACK_BYTES = 64 << 20                  # of each of its threads: address space that is no memory, more than it may have
LATE_SECONDS_MAX = 20                   # for a command and its news; whoever takes longer was shut out
LOOK_SECONDS = 0.05


class Work(threading.Thread):
    """One command at a time, and after it a query at a follower, which has to have seen what it led to."""

    def __init__(self, system):
        super().__init__(daemon=True)
        self.commands, self.queries = (
            Door(system.context, system.endpoint(name, kind), "worker", system.shown(name, "worker"))
            for name, kind in (("stock", "commands"), ("query", "queries")))
        self.ends = threading.Event()
        self.times = []                 # seconds until the reply, seconds until it was seen
        self.failure = None
        self.start()

    def run(self):
        try:
            while not self.ends.is_set():
                began = time.monotonic()
                reply = self.insist(self.commands, False, "stock.receive", [SKU, 1])
                replied = time.monotonic()
                row = self.insist(self.queries, True, "rows.get", [1, SKU], reply.cursors)
                seen = time.monotonic()
                assert msgpack.unpackb(row.body[0][5])[1] == len(self.times) + 1, "a follower shows what was not done"
                self.times.append((replied - began, seen - began))
                self.ends.wait(max(0, 1 / RATE - (seen - began)))
        except BaseException as failure:        # pylint: disable=broad-except
            self.failure = failure

    @staticmethod
    def insist(door, query, name, payload, seen=()):
        """Under one id until it is taken."""
        request, end = uuid.uuid4().bytes, time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            door.send(query, name, payload, seen=seen, deadline_ms=0, command_id=request)
            try:
                reply = door.answer(request, 1)
            except Late:
                continue                # its connection may have been cut
            if reply.status == "ok":
                return reply
            assert reply.status in ("busy", "pending", "expired"), reply
        raise Late(f"{name} was not answered within {WAIT_SECONDS} s")

    def end(self):
        self.ends.set()
        self.join(2 * WAIT_SECONDS)
        self.commands.close()
        self.queries.close()
        if self.failure is not None:
            raise self.failure
        return len(self.times)


def anonymous_bytes(pid):
    """Resident, and no page of a file: what memory_bytes_max is about."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    return 0


def percentiles(times):
    """Of replies and of news, in milliseconds: the middle, 99 of 100, and the longest."""
    found = []
    for column in zip(*times):
        ordered = sorted(column)
        found.append([1000 * ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 99, 100)])
    return found


def flood(build, seconds, over_tcp, names=(), is_compared=True):
    """All of it, and lines that tell how it went, beside how it goes without."""
    clients = {"test": whole_rights(SERVICES), "worker": ["call = stock", "query = query"],
               "clerk": ["call = stock"], "reader": ["follow = stock", "query = stock"]}
    limits = ["limits", f"    memory_bytes_max = {MEMORY_BYTES_MAX}"]
    is_bounded = not {"ASAN_OPTIONS", "TSAN_OPTIONS"} & set(os.environ)     # whose memory is another one's
    few = ["sh", "-c", f'ulimit -n {DESCRIPTORS}; ulimit -s {STACK_BYTES >> 10}; exec "$@"', "sh"]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    begins, nears = multiprocessing.Event(), multiprocessing.Event()
    ends, leaves = (multiprocessing.Value("b", 0, lock=False) for _ in range(2))
    crowd, neighbours = [], []
    try:
        with System(build, services=SERVICES, clients=clients, wrap=few) as system:
            if over_tcp:
                system.listen_on_tcp()
            for name in (*SERVICES, *system.stores):
                system.service_lines.setdefault(name, []).extend(limits)
            system.write_topology()
            system.started = ["log-a", "stock", "orders", "query"]
            crowd = [attacks.Attack(attack, attacks.Peer(system, number), begins, ends)
                     for number, attack in enumerate(attacks.ATTACKS)       # before there are threads here
                     if not names or attack.__name__ in names]
            neighbours = [attacks.Attack(attacks.neighbour, attacks.Peer(system, number), nears, leaves)
                          for number in range(len(crowd) if is_compared else 0)]
            for name in system.started:
                system.start(name)
            for name in system.started:
                system.live(name)
            told = watch(system, seconds, (begins, ends, crowd), (nears, leaves, neighbours), is_bounded)
    finally:
        leaves.value = ends.value = 1
        nears.set()
        begins.set()
        for attack in (*crowd, *neighbours):
            attack.end()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return told


def worked(work, seconds):
    """Its times of so long."""
    first, end = len(work.times), time.monotonic() + seconds
    while time.monotonic() < end or len(work.times) == first:
        assert work.failure is None, work.failure
        work.ends.wait(LOOK_SECONDS)
    return work.times[first:]


def counters(system):
    """Of all nodes together, asked for until they are told: connections may be cut, and a node busy."""
    sums = collections.Counter()
    for name in system.daemons:
        reply = Work.insist(system.door(name, "queries"), True, "souk.status", [])
        sums.update(Status(reply.body[0][5]).counters)
    return sums


def met(system, crowd, before, taken):
    """By what was made to refuse something, or to do it for nothing: whether daemons have counted it, with what was not."""
    now = counters(system)
    grown = {what: now[what] - before[what] - (taken if what == "commands" else 0) for what in now}
    return {attack.name: {what: grown[what] for what, least in MET[attack.name].items() if grown[what] < least}
            for attack in crowd}


def alive(system, crowd):
    for name, daemon in system.daemons.items():
        assert daemon.process.poll() is None, f"{name} has ended: {daemon.process.returncode}"
    died = [attack.name for attack in crowd if attack.has_died()]
    assert not died, f"they have ended by themselves: {died}"


def watch(system, seconds, floods, quiet, is_bounded):
    """Work alone, work beside others, work while all of them are there, and what is left of it."""
    begins, ends, crowd = floods
    nears, leaves, neighbours = quiet
    idle_seconds = min(max(IDLE_SECONDS[0], seconds / 10), IDLE_SECONDS[1])
    work = Work(system)
    system.more(lambda: len(work.times), 1)
    peaks = {name: [anonymous_bytes(daemon.process.pid)] * 2 for name, daemon in system.daemons.items()}
    epoch = system.status("stock").epoch
    before = {}
    if neighbours:
        before["alone"] = worked(work, idle_seconds)
        nears.set()
        before["beside others"] = worked(work, idle_seconds)
        leaves.value = 1
        assert all(neighbour.end() for neighbour in neighbours), "neighbours did not do anything"
    counted = counters(system)
    begins.set()
    flooded_from = len(work.times)
    end = time.monotonic() + seconds
    while work.failure is None:
        is_late = time.monotonic() > end + WAIT_SECONDS
        if time.monotonic() > end and (is_late or all(attack.done.value for attack in crowd)):
            unmet = met(system, crowd, counted, len(work.times) + 1 - flooded_from)
            if is_late or len(work.times) > flooded_from and not any(unmet.values()):
                break
        work.ends.wait(LOOK_SECONDS)
        alive(system, crowd)
        for name, daemon in system.daemons.items():
            peaks[name][1] = max(peaks[name][1], anonymous_bytes(daemon.process.pid))
    assert work.failure is None, work.failure
    flooded = work.times[flooded_from:]
    ends.value = 1
    done = {attack.name: attack.end() for attack in crowd}
    system.more(lambda: len(work.times), len(work.times) + 20)
    assert not any(unmet.values()), f"not met within {WAIT_SECONDS} s: {unmet}"
    return judge(system, work, done, peaks, epoch, {**before, "flooded": flooded}, is_bounded)


def compared(times):
    """How many times the p99 of each state, of replies and of news, is that of another one."""
    p99 = {what: [part99 for _, part99, _ in percentiles(of)] for what, of in times.items()}
    for what, (replied, seen) in p99.items():
        for other in ("alone", "beside others"):
            if other in p99 and other != what:
                yield f"{what}: p99 until the reply {replied / p99[other][0]:.1f} times that of {other}, until it is shown" \
                      f" {seen / p99[other][1]:.1f} times"


def judge(system, work, done, peaks, epoch, times, is_bounded):
    """Nobody has noticed anything."""
    taken = work.end()
    told = ["  ".join(f"{name} {count}" for name, count in done.items())]
    told.append("RssAnon, MB, at first and at most: "
                + "  ".join(f"{name} {least >> 20} {most >> 20}" for name, (least, most) in peaks.items()))
    for name in system.daemons:
        of = system.status(name).counters
        told.append(f"{name}: " + "  ".join(f"{what} {count}" for what, count in of.items() if count and what in (
            "strangers", "forbidden", "malformed", "frames_malformed", "connections_refused", "connections_cut")))
    for what, of in times.items():
        (r50, r99, r100), (s50, s99, s100) = percentiles(of)
        told.append(f"{what}: {len(of)} commands; ms until the reply: p50 {r50:.1f} p99 {r99:.1f} at most"
                    f" {r100:.1f}; until a follower shows it: p50 {s50:.1f} p99 {s99:.1f} at most {s100:.1f}")
    told += compared(times)
    assert all(done.values()), f"a flood did not run: {done}"
    for name, daemon in system.daemons.items():
        assert daemon.process.poll() is None, name
    for name in ("query", "log-a"):
        system.caught_up(name, "stock", "stock")
    assert (system.row("stock", 0, SKU)[0], system.row("query", 1, SKU)[0]) == (taken, taken)
    if "again" in done:
        assert system.row("stock", 0, attacks.ARTICLE)[0] == 1, "a replayed command has another effect"
    own = system.events("stock", "stock")
    assert own == system.events("log-a", "stock")
    assert sum(1 for _, _, key, _, _ in own if key == str(SKU).encode()) == taken
    for name in ("stock", "orders"):
        assert system.status(name).epoch == epoch, f"{name} has opened another epoch"
    if is_bounded:
        ceiling = CEILINGS_MB[next(iter(done))] << 20 if len(done) == 1 else CEILING_BYTES
        assert max(most for _, most in peaks.values()) < ceiling, told
    assert max(seen for _, seen in times["flooded"]) < LATE_SECONDS_MAX, told
    return told


def main():
    build, seconds, which, *names = sys.argv[1:] + ["60", ""][len(sys.argv) - 2:]
    for name in ("ipc", "tcp"):
        if which in ("", name):
            print(f"{name}, {seconds} s", flush=True)
            told = flood(build, float(seconds), name == "tcp", names)
            print("".join(f"    {line}\n" for line in told), end="", flush=True)


if __name__ == "__main__":
    main()
