"""Peers that send without an end, connect without an end, or are no peers at all."""
import os
import resource
import select
import socket
import struct
import time

import msgpack
import zmq

from system import WAIT_SECONDS, Door, Load, Skipped, System, skip_if_sanitized, until
from test_faults import received

DESCRIPTORS = 4000                      # of the daemon; a third of what is not its own is for connections
FLOOD = 5000                            # connections, more than it could have
LEAVERS, FLOOD_REQUESTS = 200, 3000     # who come one after the other, and what each asks
SENT_MAX = 8 << 30                      # far beyond memory_bytes_max
MEMORY_BYTES_MAX = 1 << 30

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + b"\x00" + bytes(31)


def raw_connection(endpoint):
    """Without ZeroMQ."""
    if endpoint.startswith("ipc://"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(endpoint[len("ipc://"):])
    else:
        host, port = endpoint[len("tcp://"):].rsplit(":", 1)
        connection = socket.create_connection((host, int(port)))
    return connection


def shake_hands(connection, kind):
    """As ZMTP 3.0 has it, without a mechanism."""
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    connection.sendall(GREETING + b"\x04" + bytes([len(ready)]) + ready)
    heard = b""
    while b"READY" not in heard:
        heard += connection.recv(1000)
    return connection


def send_without_end(connection, frames):
    """Frames of one message that does not end, until the connection does: did it?"""
    end = time.monotonic() + WAIT_SECONDS
    sent = 0
    connection.setblocking(False)
    try:
        while sent < SENT_MAX and time.monotonic() < end:
            readable, writable, _ = select.select([connection], [connection], [], 1)
            if readable and connection.recv(1000) == b"":
                return True             # over tcp a window may stay shut for a minute, but the end has come
            if writable:
                sent += connection.send(frames[sent % len(frames):])
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def test_a_message_without_end_is_cut(build):
    """ZeroMQ keeps a message until it is whole: who sends that much loses the connection, and nobody else does."""
    skip_if_sanitized("a sanitizer keeps what is freed")
    large = (b"\x03" + struct.pack(">Q", 100000) + bytes(100000)) * 10
    small = b"\x01\x01x" * 100000
    lines = ["limits", f"    memory_bytes_max = {MEMORY_BYTES_MAX}"]
    for tcp, kind, frames in ((False, "commands", large), (True, "queries", small)):
        with System(build, services=("stock",)) as system:
            if tcp:
                system.listen_on_tcp()
            system.service_lines.setdefault("stock", []).extend(lines)
            system.write_topology()
            system.start_all()
            load = Load(system, "stock", "stock.receive", received(), window=4)
            raw = shake_hands(raw_connection(system.endpoint("stock", kind)), b"DEALER")
            assert send_without_end(raw, frames)
            raw.close()
            system.daemons["stock"].says("event=memory")
            until("it to be counted", lambda: system.status("stock").counters["connections_cut"] > 0)
            until("its memory to be free", lambda: system.status("stock").memory_bytes < MEMORY_BYTES_MAX // 8)
            system.more(lambda: len(load.taken), len(load.taken) + 10)
            load.end()
            assert system.status("stock").counters["connections_cut"] == 1


def test_who_floods_and_leaves_harms_nobody(build):
    """More than anybody takes at once, heartbeats in between, and gone with the first answer: libzmq ends a process whose
    queue is full then."""
    skip_if_sanitized("it is libzmq that is tried")
    with System(build, services=("stock",)) as system:
        system.start_all()
        stock = system.daemons["stock"]
        for _ in range(LEAVERS):
            with system.context.socket(zmq.DEALER) as leaver:
                leaver.linger, leaver.sndhwm, leaver.heartbeat_ivl = 0, 0, 1
                leaver.connect(system.endpoint("stock", "queries"))
                for _ in range(FLOOD_REQUESTS):
                    leaver.send(msgpack.packb([1, 8, os.urandom(16), True, "souk.status", 1, 0, None, "leaver", False, [], b"",
                                               b"\x90"]))
                leaver.poll(1000)
            assert stock.process.poll() is None, stock.log()
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"


def test_a_flood_of_connections_is_cut(build):
    """More connections than there are descriptors: the newest go, and who was there before notices nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < FLOOD + 1000:
        raise Skipped(f"{hard} descriptors are too few for it")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    few = ["sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh"]
    try:
        for tcp in (False, True):
            with System(build, services=("stock", "query"), wrap=few) as system:
                if tcp:
                    system.listen_on_tcp()
                system.start_all()
                stock = system.daemons["stock"]
                assert "connections_max=" in stock.says("event=few_descriptors")
                before = system.status("stock").counters["connections"]
                load = Load(system, "stock", "stock.receive", received(), window=4)
                flood = [raw_connection(system.endpoint("stock", kind))
                         for _ in range(FLOOD // 2) for kind in ("queries", "publish")]
                stock.says("event=connections")
                system.more(lambda: len(load.taken), len(load.taken) + 10)
                status = system.status("stock")
                assert status.counters["connections_refused"] > 0
                for connection in flood:
                    connection.close()
                load.end()
                system.caught_up("query", "stock", "stock")
                until("them to be gone", lambda: system.status("stock").counters["connections"] < before + 10)
                again = Door(system.context, system.endpoint("stock", "queries"))
                assert again.ask(True, "souk.status", []).status == "ok"
                again.close()
                assert stock.process.poll() is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
