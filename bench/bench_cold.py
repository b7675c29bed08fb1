#!/usr/bin/python3
"""bench_cold.py BUILD - how long news takes to a reader while N cold followers pull the whole past.

A command every few milliseconds at a service that writes, and for each a query at one that follows it, which waits until
it has seen what the command led to: the time from when the command was due to that answer. Meanwhile N followers pull
everything from the first event on, half of them from the writer and half from the event store, and begin again when they
have it. They run in a process of their own, which does nothing with what it gets but find where to go on.
"""
import argparse
import collections
import itertools
import os
import subprocess
import sys
import time

import msgpack
import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../test/process"))
import system                                   # noqa: E402 pylint: disable=wrong-import-position

CREDIT_BYTES = 1 << 20
BEGINNING = [0, bytes(8), 0, bytes(32)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="a build directory in which `make check TESTS=` was called")
    parser.add_argument("--events", type=int, default=100_000, help="of the past that is pulled")
    parser.add_argument("--rate", type=int, default=100, help="commands a second")
    parser.add_argument("--seconds", type=float, default=10, help="for each line")
    parser.add_argument("--followers", default="0,1,10,100", help="how many are cold, a line for each")
    parser.add_argument("--pull", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pull is not None:
        pull_for_ever(options.pull)
        return
    with system.System(options.build, services=("stock", "query")) as bench:
        bench.start_all()
        system.Load(bench, "stock", "stock.receive", ([1 + number % 100, 1] for number in range(options.events)),
                    window=512).finish(600)
        for name in ("query", "log-a"):
            bench.caught_up(name, "stock", "stock")
        print(f"{options.events} events of the past, {options.rate} commands a second for {options.seconds:g} s, "
              f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}")
        print("cold  p50 ms  p99 ms  max ms  pulled MB/s  told busy", flush=True)
        measure(bench, options, 1, options.rate)                    # what is done the first time is done now
        for followers in map(int, options.followers.split(",")):
            line(bench, options, followers)


def line(bench, options, followers):
    refused = sum(bench.status(name).counters["pulls_refused"] for name in ("stock", "log-a"))
    holders = itertools.islice(itertools.cycle([bench.endpoint(name, "queries") for name in ("log-a", "stock")]), followers)
    with subprocess.Popen([sys.executable, os.path.abspath(__file__), options.build, "--pull", *holders],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as puller:
        puller.stdout.readline()                # all of them are at it
        begun = time.monotonic()
        took = sorted(measure(bench, options, options.seconds, options.rate))
        pulled, _ = puller.communicate()
        rate = int(pulled) / (time.monotonic() - begun) / 1e6
    refused = sum(bench.status(name).counters["pulls_refused"] for name in ("stock", "log-a")) - refused
    print(f"{followers:4}  {1e3 * at(took, 50):6.2f}  {1e3 * at(took, 99):6.2f}  {1e3 * took[-1]:6.2f}  {rate:11.0f}"
          f"  {refused:9}", flush=True)


def at(took, percent):
    return took[min(len(took) - 1, len(took) * percent // 100)]


def measure(bench, options, seconds, rate):
    """Seconds from when each command was due to the answer of the query that waits for it."""
    commands, queries = bench.door("stock", "commands"), bench.door("query", "queries")
    sent, asked, took = {}, {}, []
    begun = time.monotonic()
    dues = collections.deque(begun + number / rate for number in range(int(rate * seconds)))
    while dues or sent or asked:
        wait = max(0.0, dues[0] - time.monotonic()) if dues else system.WAIT_SECONDS
        ready = zmq.select([commands.socket, queries.socket], [], [], wait)[0]
        if not ready and not dues:
            raise system.Late("a command or a query was not answered")
        for door, waiting in ((commands, sent), (queries, asked)):
            while waiting and (got := door.receive(0)) is not None:
                command_id, reply = got
                due = waiting.pop(command_id)
                assert reply.status == "ok", reply
                if door is commands:
                    asked[queries.send(True, "rows.get", [1, 1], seen=reply.cursors)] = due
                else:
                    took.append(time.monotonic() - due)
        while dues and dues[0] <= time.monotonic():
            sent[commands.send(False, "stock.receive", [1, 1])] = dues.popleft()
    return took


# ---- cold followers ------------------------------------------------------------


class Cold:
    """Pulls a stream from its first event on, again and again."""

    def __init__(self, context, endpoint):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.request = 0
        self.due = None
        self.pull(BEGINNING)

    def pull(self, cursor):
        self.request += 1
        self.cursor = cursor
        self.socket.send(msgpack.packb([1, 2, self.request, "cold", CREDIT_BYTES, [["stock", *cursor]], []]))

    def hear(self):
        frames = self.socket.recv_multipart()
        answer = msgpack.unpackb(frames[0])
        if answer[1] == 10:                     # busy: not before that
            self.due = time.monotonic() + answer[4] / 1000
            return 0
        if len(frames) > 1:
            unpacker = msgpack.Unpacker(use_list=True)
            unpacker.feed(frames[-1])
            header = unpacker.unpack()
            self.cursor = [header[5], header[6], header[7] + header[8] - 1, header[2]]
        self.pull(self.cursor if answer[5] else BEGINNING)
        return sum(map(len, frames))


def pull_for_ever(endpoints):
    """Until the standard input is closed; then how many bytes came."""
    context = zmq.Context()
    followers = {cold.socket: cold for cold in (Cold(context, endpoint) for endpoint in endpoints)}
    print(flush=True)
    poller, pulled, ends = zmq.Poller(), 0, False
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    for socket in followers:
        poller.register(socket, zmq.POLLIN)
    while not ends:
        for socket, _ in poller.poll(20):
            if socket in followers:
                pulled += followers[socket].hear()
            else:
                ends = True
        for cold in followers.values():
            if cold.due is not None and cold.due <= time.monotonic():
                cold.due = None
                cold.pull(cold.cursor)
    print(pulled)
    context.destroy(linger=0)


if __name__ == "__main__":
    main()
