#!/usr/bin/python3
"""Inputs at the limits of batches and of messages between nodes, too big to be kept: big.py batch|wire DIRECTORY"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
sys.dont_write_bytecode = True
import make

EVENTS_MAX = 4096
STREAMS_MAX = 256                   # of a system
OWN_STREAMS_MAX = 16                # of a service
PAYLOAD_BYTES = 60000


def batches():
    header = dict(make.one_header, names=["order.placed", "page"])
    events = [make.event(0, b"7", [0, 1, make.COMMAND, bytes(8)], None, 0, 0, [7])] * EVENTS_MAX
    yield "events", make.batch(header, events)
    # One event of each of the greatest payloads that still fit.
    events = [make.event(0, b"7", [0, 1, make.COMMAND, bytes(8)], None, 0, 0, [bytes(PAYLOAD_BYTES)])] * 4
    yield "payloads", make.batch(header, events)


def messages():
    places = [[f"stream.{number:03}", 1, make.EPOCH_ORDERS, 1, make.ZERO32] for number in range(OWN_STREAMS_MAX)]
    yield "heads", make.pack([1, 1, "orders", "orders", make.ZERO8, make.FINGERPRINT, make.TIME, places])
    answers = [place + [0, 1, make.EPOCH_ORDERS, 6, make.ZERO32, 0, make.ZERO8, 0] for place in places]
    yield "pulled", make.pack([1, 3, 1, "orders", make.ZERO8, False, answers])
    cursors = [[f"stream.{number:03}", 1, make.EPOCH_ORDERS, 1] for number in range(STREAMS_MAX)]
    entry = ["order.placed", 1, "orders", 1, b"7", bytes(PAYLOAD_BYTES)]
    yield "reply", make.pack([1, 9, make.COMMAND, 0, 2, "", "", 0, cursors, [entry] * 4])


def main():
    kind, directory = sys.argv[1:]
    for name, data in batches() if kind == "batch" else messages():
        with open(os.path.join(directory, "big-" + name), "wb") as file:
            file.write(data)


main()
