#!/usr/bin/python3
"""bench_growth.py BUILD - what grows with the number of events in a stream, and what does not.

A writer and an event store, synced, as souk-bench(1) has them; 64 events a command. At each size the writer
has written so many events in all. Then, in the order of the columns:

    append       events a second since the size before, until the event store had acknowledged them
    replay       events a second of a pull of everything from the first event on; the client only looks where to go on
    find, id     a query at the finder for the events of one key, and a command under an id that was used long ago: the
                 median of 200
    pull         one batch from somewhere in the middle, the median of 200
    writer, log  memory without the pages of files, and bytes on disk for an event; the finder's store is named by itself
    start        from kill -9 until it is live again, of the writer and of the event store

In the end the writer is told to keep events for a second only, and trims.
"""
import argparse
import os
import random
import re
import signal
import statistics
import sys
import time

import msgpack

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../test/process"))
from system import Daemon, Door, System, until  # noqa: E402 pylint: disable=wrong-import-position

STREAM, WRITER, STORE = "load", "writer", "store"
BATCH = 64
PAYLOAD_BYTES_MIN = 16
WINDOW = 64                             # commands under way
ROW_FIRST, ROWS = 65536, 10_000         # keys; each has its share of the events
CREDIT_BYTES = 1 << 20
ASKED = 200
STORE_BYTES_PER_EVENT = 1024            # room is made for so much
LONG_SECONDS = 3600
BEGINNING = [0, bytes(8), 0, bytes(32)]


class Growth(System):
    """What souk bench starts, with room for many events."""

    def __init__(self, build, events, payload_bytes):
        self.note = bytes(payload_bytes - 9)    # beside numbers, which have the rest
        self.retention = ()
        self.store_bytes_max = max(16 << 30, events * STORE_BYTES_PER_EVENT)
        super().__init__(build, services=(WRITER,), stores=(STORE,))

    def write_topology(self):
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write("\n".join([
                "system = bench", "    run = r", "    data = d", f"    witness = {self.witness}", "    trim_after = recorded",
                "    limits", f"        store_bytes_max = {self.store_bytes_max}", *self.retention, f"event_store = {STORE}",
                f"service = {WRITER}", "    program = souk-bench-service", f"    stream = {STREAM}", ""]))

    def start(self, name, *options, **variables):
        program = [f"{self.build}/souk-eventstore"] if name == STORE else [f"{self.build}/souk-bench-service"]
        self.daemons[name] = Daemon(self, name, [*program, name, "--topology", self.topology, *options],
                                    os.path.join(self.path, f"{name}.log"), variables)
        return self.daemons[name]

    def anonymous_mb(self, name):
        with open(f"/proc/{self.daemons[name].process.pid}/smaps_rollup", encoding="utf-8") as file:
            return int(re.search(r"^Anonymous: +(\d+) kB", file.read(), re.MULTILINE)[1]) / 1e3

    def stored(self, name, *where):
        """Bytes that a data file has on the disk."""
        return os.stat(os.path.join(self.path, "d", name, *where, "data.mdb")).st_blocks * 512


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="a build directory")
    parser.add_argument("--events", default="100000,1000000,10000000", help="the sizes, growing")
    parser.add_argument("--bytes", type=int, default=256, help="of an event's payload")
    options = parser.parse_args()
    if options.bytes < PAYLOAD_BYTES_MIN:
        parser.error(f"--bytes is {PAYLOAD_BYTES_MIN} at least")
    sizes = [int(size) for size in options.events.split(",")]
    with Growth(options.build, sizes[-1], options.bytes) as bench:
        bench.start_all()
        print(f"{options.bytes} bytes an event, {BATCH} a command; load {os.getloadavg()[0]:.1f} on "
              f"{len(os.sched_getaffinity(0))} processors")
        print("    events  append/s  replay/s  find us  id us  pull us  writer MB, B/ev  log MB, B/ev  finder B/ev"
              "  start s: writer, log    load", flush=True)
        first = None
        for size in sizes:
            first = line(bench, size, first) or first
        trim(bench)


def line(bench, size, first):
    written = bench.status(WRITER).streams[STREAM].number
    begun = time.monotonic()
    command_id = append(bench, (size - written) // BATCH)
    bench.caught_up(STORE, WRITER, STREAM)
    append_rate = (size - written) / (time.monotonic() - begun)
    until("the finder to be there", lambda: bench.status(STORE).counters["finder_behind"] == 0, LONG_SECONDS)
    places, replay_rate = replay(bench)
    first = first or command_id
    looked = find(bench), again(bench, first), pull_somewhere(bench, places)
    cost = [(bench.anonymous_mb(name), bench.stored(name, "store") / size) for name in (WRITER, STORE)]
    starts = start_again(bench, WRITER), start_again(bench, STORE)
    print(f"{size:10} {append_rate:9.0f} {replay_rate:9.0f} {looked[0]:8.0f} {looked[1]:6.0f} {looked[2]:8.0f}"
          f"  {cost[0][0]:9.1f}, {cost[0][1]:4.0f}  {cost[1][0]:6.1f}, {cost[1][1]:4.0f}"
          f"  {bench.stored(STORE, 'finder') / size:11.0f}  {starts[0]:15.2f}, {starts[1]:.2f}"
          f"  {os.getloadavg()[0]:6.1f}", flush=True)
    return first


def append(bench, commands):
    """So many commands, until each is recorded; gives the id of the first one."""
    door = Door(bench.context, bench.endpoint(WRITER, "commands"), "bench")
    waiting, first, sent, due = {}, None, 0, time.monotonic()
    while waiting or sent < commands:
        while sent < commands and len(waiting) < WINDOW:
            command_id = os.urandom(16)
            first = first or command_id
            waiting[command_id] = written(sent, bench.note)
            door.send(False, "writer.write", waiting[command_id], recorded=True, command_id=command_id)
            sent += 1
        if door.socket.poll(1000):
            frame = door.socket.recv_multipart()[-1]
            command_id, is_ok = frame[5:21], frame[21] == 0      # [1, 9, id, ok, ...: the rest holds all the events
            if is_ok:
                waiting.pop(command_id, None)
            elif command_id in waiting:
                door.send(False, "writer.write", waiting[command_id], recorded=True, command_id=command_id)
        elif time.monotonic() > due + 5:
            due = time.monotonic()
            for command_id, payload in waiting.items():
                door.send(False, "writer.write", payload, recorded=True, command_id=command_id)
    door.close()
    return first


def written(number, note):
    return msgpack.packb([number * BATCH % ROWS, ROWS, BATCH, False, note])


def pull(door, cursor, credit, request):
    door.socket.send(msgpack.packb([1, 2, request, "bench", credit, [[STREAM, *cursor]], []]))
    return door.socket.recv_multipart()


def replay(bench):
    """Everything from the event store: places on the way, and events a second."""
    door, cursor, request = bench.door(STORE, "queries"), BEGINNING, 0
    places, begun, more = [], time.monotonic(), True
    while more:
        request += 1
        answer, *frames = pull(door, cursor, CREDIT_BYTES, request)
        unpacker = msgpack.Unpacker(use_list=True)
        unpacker.feed(frames[-1] if frames else b"")
        if frames:
            header = unpacker.unpack()
            cursor = [header[5], header[6], header[7] + header[8] - 1, header[2]]
            places.append(cursor)
        more = msgpack.unpackb(answer)[5]
    return places, cursor[2] / (time.monotonic() - begun)


def median_us(ask):
    took = []
    for number in range(ASKED):
        begun = time.monotonic()
        ask(number)
        took.append(time.monotonic() - begun)
    return 1e6 * statistics.median(took)


def find(bench):
    """The first ten events of one key."""
    def ask(number):
        key = str(ROW_FIRST + number * BATCH % ROWS).encode()
        reply = bench.query(STORE, "eventstore.find", [STREAM, key, None, None, None, None, False, 10, None])
        assert reply.status == "ok" and msgpack.unpackb(reply.body[0][5])[0], (key, reply)
    return median_us(ask)


def again(bench, command_id):
    """A command of long ago, again: it is answered and not done."""
    door = Door(bench.context, bench.endpoint(WRITER, "commands"), "bench")
    payload = written(0, bench.note)
    took = median_us(lambda _: until_ok(door, payload, command_id))
    door.close()
    return took


def until_ok(door, payload, command_id):
    reply = door.ask(False, "writer.write", payload, command_id=command_id)
    assert reply.status == "ok", reply


def pull_somewhere(bench, places):
    chance, door = random.Random(4711), bench.door(STORE, "queries")
    return median_us(lambda number: pull(door, chance.choice(places[:-1]), 1, number))


def start_again(bench, name):
    bench.daemons[name].kill()
    begun = time.monotonic()
    bench.start(name)
    bench.live(name)
    return time.monotonic() - begun


def trim(bench):
    """Only the last second is kept from now on."""
    before = bench.stored(WRITER, "store"), bench.status(WRITER).store_bytes_used
    bench.retention = ("        retention_ms = 1000", "        ids_window_ms = 1000")
    bench.write_topology()
    begun = time.monotonic()
    bench.daemons[WRITER].signal(signal.SIGHUP)
    append(bench, 1)                            # an event from which on the time is counted
    last = [-1, begun]

    def is_done():
        trimmed = bench.status(WRITER).counters["trimmed"]
        if trimmed != last[0]:
            last[:] = [trimmed, time.monotonic()]
        return trimmed > 0 and time.monotonic() > last[1] + 3
    until("it to be trimmed", is_done, LONG_SECONDS)
    after = bench.stored(WRITER, "store"), bench.status(WRITER).store_bytes_used
    append(bench, 100_000 // BATCH)
    grown = bench.stored(WRITER, "store")
    print(f"trimmed in {last[1] - begun:.1f} s: the writer's file has {before[0] / 1e6:.1f} MB before, {after[0] / 1e6:.1f} MB "
          f"after, {grown / 1e6:.1f} MB after 100,000 events more; in use {before[1] / 1e6:.1f} MB before, "
          f"{after[1] / 1e6:.1f} MB after")


if __name__ == "__main__":
    main()
