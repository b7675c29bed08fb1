"""One call of a daemon fails, each in turn: for memory, of files, of sockets. It goes on, or it ends and says why; it is
started again, and everything that was taken is there once."""
import os
import re
import struct
import time

from system import WAIT_SECONDS, Door, System, skip_if_sanitized, until
from test_faults import levels_equal, settle

TRIES = int(os.environ.get("SOUK_PROCESS_CALLS", "6"))          # of each kind and daemon; 0: all calls
COMMANDS = 4                            # while a call may fail
AGAIN_SECONDS = 0.2                     # without a reply a command is sent again
FIRST_EXIT, LAST_EXIT = 64, 78          # of sysexits.h
# libzmq and czmq end their process when there is no memory, or a descriptor does not do what it has to: a crash like any
# other. What they use does so, too. Nothing else may.
CRASHED = re.compile(r"^calls: it died in \S*/lib(zmq|czmq|pgm)\b", re.MULTILINE)


class Scene:
    """A writer, a follower and an event store; commands that are sent until they are taken, each under one id."""

    def __init__(self, system):
        self.system = system
        self.shim = os.path.join(system.build, "test/process/.libs/calls.so")
        self.count = os.path.join(system.path, "count")
        self.door = Door(system.context, system.endpoint("stock", "commands"))
        self.pending = None
        self.taken = 0
        self.wrong = []                 # what no failing call may lead to

    def take(self, daemon):
        """One command more is recorded; False: the daemon has ended first."""
        payload = [1 + self.taken % 5, 1]
        self.pending = self.pending or os.urandom(16)
        end = time.monotonic() + WAIT_SECONDS
        while daemon.process.poll() is None:
            self.door.send(False, "stock.receive", payload, recorded=True, command_id=self.pending)
            got = self.door.receive(AGAIN_SECONDS)
            while got is not None and got[0] != self.pending:
                got = self.door.receive(AGAIN_SECONDS)
            if got is not None and got[1].status == "ok":
                self.taken += 1
                self.pending = None
                return True
            if got is not None:
                assert got[1].status in ("pending", "busy", "expired", "full"), got
                self.door.receive(AGAIN_SECONDS)        # it is not asked again at once
            if time.monotonic() > end:
                self.wrong.append(f"{daemon.name} runs and does nothing:\n{daemon.log()}")
                daemon.kill()
        return False

    def run(self, name, kind, fail=0):
        """From start to stop with that call failing: how many there were, and whether it ended by itself."""
        with open(self.count, "wb") as file:
            file.write(bytes(8))
        daemon = self.system.start(name, LD_PRELOAD=self.shim, CALLS_KIND=kind, CALLS_FAIL=str(fail), CALLS_COUNT=self.count)
        went_on = all(self.take(daemon) for _ in range(COMMANDS))
        if went_on:
            daemon.process.terminate()
        code, said = daemon.process.wait(WAIT_SECONDS), daemon.log()
        if not (code == 0 and went_on or said.strip() and FIRST_EXIT <= code <= LAST_EXIT
                or code < 0 and CRASHED.search(said)):
            self.wrong.append(f"call {fail} for {kind} of {name}: it ended with {code}:\n{said}")
        with open(self.count, "rb") as file:
            return struct.unpack("=Q", file.read())[0], code


def fail_calls(build, kind):
    skip_if_sanitized("sanitizers have malloc to themselves, and want to be loaded first")
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        scene = Scene(system)
        for name in ("stock", "log-a"):
            assert system.daemons[name].stop() == 0
            calls, _ = scene.run(name, kind)
            step = max(1, calls // TRIES if TRIES else 1)
            ends = [scene.run(name, kind, fail)[1] for fail in range(1 + step // 2 if TRIES else 1, calls + 1, step)]
            print(f"# {name}: {calls} calls for {kind}, {len(ends)} failed: it ended {sum(end != 0 for end in ends)} times")
            system.start(name)
            system.live(name)
            until("the last one", lambda: scene.take(system.daemons["stock"]))
        settle(system)
        levels_equal(system, scene.taken)
        events = system.events("log-a", "stock")
        assert len(events) == scene.taken == len({event[3][2] for event in events}), (len(events), scene.taken)
        scene.door.close()
        assert not scene.wrong, "\n".join([f"{len(scene.wrong)} calls", *scene.wrong])


def test_a_call_for_memory_fails(build):
    fail_calls(build, "memory")


def test_a_call_for_a_file_fails(build):
    fail_calls(build, "files")


def test_a_call_for_a_socket_fails(build):
    fail_calls(build, "sockets")
