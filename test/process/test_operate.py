"""What the operator has for a system that runs: events that could not be handled, who is behind, what is wrong."""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import msgpack
import zmq

from system import DESK, WAIT_SECONDS, Load, Status, System, until

HERE = os.path.dirname(os.path.abspath(__file__))


class Desk(System):
    """Letters, and a reader that a letter `bad` is too much for until it is started without that bug."""

    def __init__(self, build, **options):
        super().__init__(build, services=DESK,
                         system_lines=[f"messages = {HERE}/desk.messages.zpl", *options.pop("system_lines", ())],
                         **options)

    def write(self, name, text):
        reply = self.command_taken("letters", "letters.write", [name, text])
        assert reply.status == "ok", reply
        return reply

    def page(self, name):
        reply = self.query("reader", "reader.page", [name])
        assert reply.status == "ok", reply
        return msgpack.unpackb(reply.body[0][5])[0]

    def has_read(self, name, texts):
        until(f"the reader to have read `{texts}` of {name}", lambda: self.page(name) == texts)

    def fix(self):
        """The reader without the bug."""
        self.daemons["reader"].stop()
        self.start("reader")
        self.live("reader")

    def parked(self, *words):
        return self.souk_json("parked", *words)

    def poisoned(self):
        """Three letters about ada, of which the second is bad, and one about bob."""
        self.start("log-a")
        self.start("letters")
        self.start("reader", DESK_POISON="bad")
        self.live("letters")
        self.live("reader")
        for name, text in (("ada", "one"), ("ada", "bad"), ("ada", "two"), ("bob", "hello"), ("ada", "three")):
            self.write(name, text)
        self.has_read("bob", "hello ")
        until("all to be taken", lambda: self.status("reader").streams["letters"].number == 5)
        return self


def test_a_handler_that_always_fails_does_not_flood_the_log(build):
    """A few lines a second, with a count of those that were left out; the count is right, and said at last."""
    with Desk(build, system_lines=["limits", "    handler_tries_max = 10"]) as system:
        system.start("log-a")
        system.start("letters")
        reader = system.start("reader", DESK_POISON="bad")
        system.live("reader")
        system.live("letters")
        begun = time.monotonic()
        Load(system, "letters", "letters.write", ([f"n{number}", "bad"] for number in range(100))).finish()
        until("all to be parked", lambda: system.status("reader").parked == 100)
        failures = system.status("reader").counters["aborts"]
        assert failures >= 1000, failures

        def told():
            lines = [line for line in reader.log().splitlines() if "event=handler_failed" in line]
            left_out = sum(int(line.split("left_out=")[1].split()[0]) for line in lines if "left_out=" in line)
            own = sum("error=" in line for line in lines)
            return (len(lines),) if own + left_out == failures else None
        lines, = until("each of them to be said or counted", told)
        assert lines <= (time.monotonic() - begun + 1) * 6, lines


def ask_on_a_terminal(system, *arguments, answer="n"):
    """What souk says on a terminal of its own, where somebody types an answer."""
    parent, child = pty.openpty()
    try:
        os.write(parent, f"{answer}\n".encode())
        ended = subprocess.run([f"{system.build}/souk", *arguments], stdin=child, capture_output=True, encoding="utf-8",
                               env={**os.environ, "SOUK_TOPOLOGY": system.topology}, check=False, timeout=WAIT_SECONDS)
    finally:
        os.close(parent)
        os.close(child)
    assert "[y/N]" in ended.stderr, ended
    return ended.stdout + ended.stderr


def test_a_poison_event_waits_with_its_key_until_the_fixed_program_runs(build):
    with Desk(build) as desk:
        desk.poisoned()
        assert desk.page("ada") == "one "
        first, = desk.parked("list")
        assert (first["service"], first["id"], first["subject"]) == ("reader", "letters/1/2", "ada"), first
        assert first["why"] == "the letter `bad` makes no sense" and first["tries"] == 3, first
        assert first["waiting"] == 2 and first["behind"] == 0, first
        rows = desk.parked("list", "--all")
        assert [(row["number"], row["behind"]) for row in rows] == [(2, 0), (3, first["sequence"]),
                                                                    (5, first["sequence"])], rows
        shown, = desk.parked("show", "letters/2")
        assert shown["data"] == {"name": "ada", "text": "bad"}, shown
        assert "makes no sense" in desk.souk("parked"), "a table is what one sees first"
        assert "makes no sense" in desk.daemons["reader"].says("handler_failed"), "and the log"

        # The same program again: it stays, and what is behind it, too.
        still = desk.souk("parked", "retry", "letters/2", status=1)
        assert "is still parked: the letter `bad` makes no sense" in still, still
        assert desk.parked("list")[0]["tries"] == 4
        assert desk.page("ada") == "one "

        desk.fix()
        assert desk.page("ada") == "one ", "nothing is run again that nobody has asked for"
        assert desk.parked("retry", "letters/2") == [{"service": "reader", "id": "letters/1/2", "done": True,
                                                      "why": ""}]
        desk.has_read("ada", "one bad two three ")
        assert desk.parked("list") == []
        desk.write("ada", "four")
        desk.has_read("ada", "one bad two three four ")
        settled, = desk.parked("list", "--settled")
        assert (settled["id"], settled["was"], settled["why"]) == ("letters/1/2", "retried", ""), settled
        assert desk.parked("list", "--discarded") == []

        digest = desk.digest("reader", "letters")
        desk.daemons["reader"].stop()
        desk.wipe("reader")
        desk.start("reader")
        desk.caught_up("reader", "letters", "letters")
        assert desk.digest("reader", "letters") == digest, "a rebuild has nothing to add"


def test_a_discarded_event_is_passed_over_and_kept_in_mind(build):
    with Desk(build) as desk:
        desk.poisoned()
        desk.souk("parked", "discard", "letters/2", status=64)
        desk.souk("parked", "discard", "letters/2", "--why", "junk", status=64)     # nobody to ask
        assert len(desk.parked("list")) == 1
        assert "nothing was done" in ask_on_a_terminal(desk, "parked", "discard", "letters/2", "--why", "junk")
        assert len(desk.parked("list")) == 1
        desk.souk("parked", "discard", "letters/9", "--why", "junk", "--yes", status=65)
        said = ask_on_a_terminal(desk, "parked", "discard", "letters/2", "--why", "nobody can read it", answer="y")
        desk.has_read("ada", "one two three ")
        assert desk.parked("list") == []
        settled, = desk.parked("list", "--discarded")
        assert (settled["id"], settled["was"], settled["why"]) == ("letters/1/2", "discarded", "nobody can read it")
        assert "@" in settled["by"], settled
        desk.souk("parked", "discard", "letters/2", "--why", "again", "--yes", status=65)

        # The line that it has printed makes a rebuild pass over it, too.
        skip = [line.strip() for line in said.splitlines() if line.strip().startswith("skip = ")]
        desk.daemons["reader"].stop()
        desk.wipe("reader")
        desk.service_lines["reader"] = skip
        desk.write_topology()
        desk.start("reader", DESK_POISON="bad")
        desk.caught_up("reader", "letters", "letters")
        assert desk.page("ada") == "one two three "
        assert desk.status("reader").parked == 0


def test_all_that_is_parked_is_retried_and_each_failure_named(build):
    with Desk(build) as desk:
        desk.poisoned()
        desk.write("eve", "bad")
        until("two keys to be parked", lambda: len(desk.parked("list")) == 2)
        said = desk.souk_json("parked", "retry", "--all", status=1)
        assert [line["done"] for line in said] == [False, False], said
        desk.fix()
        assert [line["done"] for line in desk.parked("retry", "--all")] == [True, True]
        desk.has_read("ada", "one bad two three ")
        desk.has_read("eve", "bad ")
        assert desk.souk("parked", "retry", "--all") == "nothing is parked\n"
        assert desk.status("reader").parked == 0


def test_an_order_that_is_sent_again_is_carried_out_once(build):
    with Desk(build) as desk:
        desk.poisoned()
        sequence = desk.parked("list")[0]["sequence"]
        order = [sequence, "letters", 2, "ada@host", "junk"]
        command_id = b"0123456789abcdef"
        for _ in range(2):
            reply = desk.command("reader", "souk.parked.discard", order, command_id=command_id)
            assert reply.status == "ok" and reply.body == [], reply
        settled, = desk.parked("list", "--settled")
        assert settled["by"] == "test: ada@host", settled
        reply = desk.command("reader", "souk.parked.discard", order)
        assert (reply.status, reply.code) == ("refused", "souk.not_parked"), reply
        reply = desk.command("reader", "souk.parked.discard", [sequence])
        assert reply.status == "invalid", reply


def test_a_reader_that_is_killed_while_it_retries_keeps_the_order(build):
    with Desk(build) as desk:
        desk.poisoned()
        for number in range(200):
            desk.write("ada", f"n{number}")
        until("all to be taken", lambda: desk.status("reader").streams["letters"].number == 205)
        desk.fix()
        order = [desk.parked("list")[0]["sequence"], "letters", 2, "ada@host"]
        desk.door("reader", "commands").send(False, "souk.parked.retry", order)
        until("it to have begun, or to be done", lambda: desk.page("ada") != "one ")
        desk.daemons["reader"].kill()
        desk.start("reader")
        desk.live("reader")
        desk.parked("retry", "--all")
        desk.has_read("ada", "one bad two three " + "".join(f"n{number} " for number in range(200)))
        assert desk.status("reader").parked == 0


# ---- who is behind

def consumers(system, *words, status=0):
    """Rows by follower and stream, and their order."""
    answer = json.loads(system.souk("consumers", *words, "--json", "--deadline", "1000", status=status).splitlines()[0])
    rows = {(row["follower"], row["stream"]): row for row in answer["consumers"]}
    assert answer["good"] is (status == 0), answer
    return rows, [row["follower"] for row in answer["consumers"]]


def test_nobody_is_behind_and_then_somebody_is_away(build):
    with Desk(build) as desk:
        desk.start_all()
        desk.write("ada", "one")
        desk.has_read("ada", "one ")
        until("the event store to have it", lambda: desk.status("log-a").streams["letters"].number == 1)
        rows, _ = consumers(desk)
        assert {key: (row["behind_events"], row["behind_ms"], row["number"]) for key, row in rows.items()} == {
            ("reader", "letters"): (0, 0, 1), ("log-a", "letters"): (0, 0, 1)}, rows
        assert desk.souk("consumers", "--behind") == "nobody is behind\n"
        desk.daemons["reader"].stop()
        rows, order = consumers(desk, status=1)
        assert order[0] == "reader" and rows["reader", "letters"]["state"] == "unreachable", rows
        assert "does not answer" in desk.souk("consumers", "--behind", status=1)
        assert consumers(desk, "log-a")[1] == ["log-a"], "only those who are meant"
        assert "has no stream `lettres`" in desk.souk("consumers", "--stream", "lettres", status=65)


def test_parked_events_are_counted_where_they_come_from(build):
    with Desk(build) as desk:
        desk.poisoned()
        rows, _ = consumers(desk, status=1)
        assert rows["reader", "letters"]["parked"] == 3 and rows["log-a", "letters"]["parked"] == 0, rows


def test_who_hears_nothing_is_behind_all_the_same(build):
    """The reader looks for the writer and the event store where nobody is; it cannot know what it lacks."""
    with Desk(build) as desk:
        desk.start("log-a")
        desk.start("letters")
        desk.live("letters")
        for number in range(5):
            desk.write("ada", f"n{number}")
        nowhere = [f"{kind} = ipc://{desk.path}/nowhere.{kind}" for kind in ("commands", "queries", "publish")]
        desk.service_lines = {"letters": nowhere, "log-a": [line.replace("nowhere", "never") for line in nowhere]}
        desk.write_topology()
        desk.start("reader")
        desk.live("reader")
        desk.service_lines = {}
        desk.write_topology()
        row = consumers(desk, "reader")[0]["reader", "letters"]
        assert row["behind_events"] == 5 and row["number"] == 0 and row["behind_ms"] > 0, row
        assert row["waits_for"] is None, row


def test_who_waits_for_a_cause_says_for_which(build):
    """Stock has reacted to an order; the query service gets to know of the reaction, and of the order from nobody."""
    with System(build, services=("orders", "stock", "query")) as shop:
        shop.start_all()
        shop.command_taken("stock", "stock.receive", [7, 100])
        place = shop.command_taken("orders", "order.place", [1, 7, 2, 500, 1])
        assert place.status == "ok", place
        until("stock to have reacted", lambda: shop.status("stock").streams["stock"].number >= 2)
        shop.daemons["query"].stop()
        shop.wipe("query")
        shop.daemons["orders"].kill()
        shop.daemons["log-a"].kill()
        shop.start("query")
        shop.live("query")
        until("query to wait", lambda: shop.status("query").streams["stock"].waits_stream)

        def behind():
            row = consumers(shop, "query")[0]["query", "stock"]
            return row if row["behind_events"] > 0 and row["behind_ms"] > 0 else None
        row = until("query to be seen behind", behind)
        assert row["waits_for"]["stream"] == "orders" and row["waits_for"]["epoch"] == 1, row
        assert row["waits_for"]["since_ms"] > 0, row
        assert "for orders/1/" in shop.souk("consumers", "query", "--stream", "stock"), row


# ---- top

class Terminal:
    """souk on a terminal of its own."""

    def __init__(self, system, *arguments, lines=24, columns=80, **variables):
        self.process = None
        self.parent, self.child = pty.openpty()
        self.resize(lines, columns)
        self.text = self.painted = ""
        self.process = subprocess.Popen(
            [f"{system.build}/souk", *arguments], stdin=self.child, stdout=self.child, stderr=subprocess.PIPE,
            env={**os.environ, "SOUK_TOPOLOGY": system.topology, "TERM": "xterm", "LC_ALL": "C", **variables})

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
        self.process.stderr.close()
        self.process.wait()
        os.close(self.parent)
        os.close(self.child)

    def resize(self, lines, columns):
        fcntl.ioctl(self.child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if self.process is not None:                # it is not the terminal of a session, which would be told
            self.process.send_signal(signal.SIGWINCH)

    def look(self):
        while select.select([self.parent], [], [], 0)[0]:
            self.text += os.read(self.parent, 1 << 16).decode("utf-8", "replace")
        return self.text

    def says(self, words):
        """Wait until it has written that; what it has written up to there is forgotten."""
        until(f"the terminal to say `{words}`", lambda: words in self.look())
        self.painted, self.text = self.text.split(words, 1)

    def type(self, keys):
        os.write(self.parent, keys.encode())

    def ends(self):
        until("it to end", lambda: self.look() is not None and self.process.poll() is not None)
        return self.process.returncode


def test_top_counts_what_is_done_in_a_second(build):
    with Desk(build) as desk:
        desk.start_all()
        load = Load(desk, "letters", "letters.write", (["ada", "n"] for _ in iter(int, 1)), window=4)
        until("some to be taken", lambda: len(load.taken) > 10)
        answer = json.loads(desk.souk("top", "--once", "--json", "--interval", "500"))
        load.end()
        nodes = {node["name"]: node for node in answer["nodes"]}
        assert answer["live"] == answer["expected"] == 3, answer
        assert nodes["letters"]["commands_per_second"] > 0 and nodes["letters"]["events_out_per_second"] > 0, nodes
        assert nodes["reader"]["events_in_per_second"] > 0 and nodes["reader"]["commands_per_second"] == 0, nodes
        assert nodes["log-a"]["memory_bytes"] > 0 and nodes["log-a"]["last_event_age_ms"] < 60000, nodes
        table = desk.souk("top", "--once", "--interval", "100", "--sort", "mem").splitlines()
        assert "3 of 3 live" in table[0] and table[2].split() == [
            "NAME", "STATE", "CMD/S", "OUT/S", "IN/S", "LAG", "BEHIND", "MEM", "LAST", "UP"], table
        assert "this is no terminal" in desk.souk("top", status=64)


def test_top_goes_on_while_services_come_and_go(build):
    with Desk(build) as desk:
        desk.poisoned()
        with Terminal(desk, "top", "--interval", "100") as terminal:
            terminal.says("3 of 3 live")
            terminal.says("3 events are parked")
            desk.daemons["letters"].stop()
            terminal.says("letters: does not answer")
            terminal.resize(6, 30)
            terminal.says("too small")
            desk.start("letters")
            desk.live("letters")

            def repainted():                        # only what has changed is written, but for another size
                terminal.resize(24, 100)
                terminal.says("q quit")
                painted = terminal.painted
                terminal.resize(6, 30)
                terminal.says("too small")
                return "3 of 3 live" in painted
            until("it to see that it is back", repainted)
            terminal.resize(24, 100)
            terminal.says("q quit")
            terminal.type("lrzq")
            assert terminal.ends() == 0
            assert "\x1b[?1049l" in terminal.text, "the screen from before is back"


def test_top_on_terminals_of_all_sorts(build):
    with Desk(build) as desk:
        desk.start_all()
        with Terminal(desk, "top", TERM="vt100") as terminal:
            until("it to be drawn", lambda: "q quit" in terminal.look())
            assert "\x1b[3" not in terminal.text, "no colours where there are none"
            terminal.process.terminate()
            assert terminal.ends() == 0
        with Terminal(desk, "top", NO_COLOR="1") as terminal:
            until("it to be drawn", lambda: "q quit" in terminal.look())
            assert "\x1b[32m" not in terminal.text, "nor where nobody wants them"
            terminal.type("q")
            assert terminal.ends() == 0
        with Terminal(desk, "top", TERM="nonsense") as terminal:
            assert terminal.ends() == 69
            assert "set TERM, or use --once" in terminal.process.stderr.read().decode()


# ---- doctor

class Patient(Desk):
    """The desk, with programs that a doctor finds."""

    def __init__(self, build, **options):
        super().__init__(build, **options)
        os.mkdir(os.path.join(self.path, "bin"))
        for name in DESK:
            os.symlink(os.path.join(self.build, "test/process/desk"), os.path.join(self.path, "bin", name))

    def doctor(self, status=0, shell=""):
        """Findings by level, and all of them."""
        command = f"{shell} exec {self.build}/souk doctor --json --deadline 1000 --programs {self.path}/bin"
        ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, encoding="utf-8", check=False,
                               env={**os.environ, "LC_ALL": "C", "SOUK_TOPOLOGY": self.topology}, cwd=self.path,
                               timeout=4 * WAIT_SECONDS)
        assert ended.returncode == status, ended
        answer = json.loads(ended.stdout)
        findings = answer["findings"]
        assert answer["good"] is (status == 0) and answer["errors"] == sum(
            finding["level"] == "error" for finding in findings), answer
        assert all(finding["todo"] for finding in findings if finding["level"] != "ok"), "each says what to do"
        return findings

    def found(self, level, check, node, words, **options):
        """The one finding of that kind; there is no other that is amiss with the same check and node."""
        findings = [finding for finding in self.doctor(**options)
                    if (finding["level"], finding["check"], finding["node"]) == (level, check, node)]
        assert any(words in finding["text"] for finding in findings), (words, findings)
        return findings


def test_a_doctor_finds_nothing_wrong_before_and_while_it_runs(build):
    with Patient(build) as desk:
        findings = desk.doctor()
        assert [finding for finding in findings if finding["level"] == "error"] == [], findings
        assert sum("is free" in finding["text"] for finding in findings) == 9, findings
        desk.start_all()
        findings = desk.doctor()
        pids = [f"process {desk.daemons[name].process.pid} (" for name in ("letters", "reader", "log-a")]
        for pid in pids:
            assert sum(f"is held by {pid}" in finding["text"] for finding in findings) == 3, (pid, findings)
        for check in ("version", "sandbox", "topology", "clock", "running", "limits", "data", "witness"):
            assert {finding["node"] for finding in findings if finding["check"] == check and finding["node"]} == {
                "letters", "reader", "log-a"}, (check, findings)
        assert any("syncs in" in finding["text"] for finding in findings), findings
        text = desk.souk("doctor", "--programs", f"{desk.path}/bin", "--all")
        assert " 0 errors" in text.splitlines()[-1] and "ok       version: souk 0." in text, text
        desk.daemons["letters"].stop()
        desk.found("error", "running", "letters", "does not answer while others do", status=1)


def test_a_doctor_names_who_holds_an_endpoint(build):
    with Patient(build) as desk, socket.socket(socket.AF_UNIX) as holder:
        os.mkdir(os.path.join(desk.path, "r"))
        holder.bind(os.path.join(desk.path, "r", "letters.queries"))
        holder.listen()
        desk.found("error", "endpoint", "letters", f"is held by process {os.getpid()} (", status=1)
    with Patient(build) as desk:
        desk.listen_on_tcp()
        desk.doctor()
        port = int(desk.tcp["reader", "commands"].rsplit(":", 1)[1])
        with socket.create_server(("127.0.0.1", port)):
            found, = desk.found("error", "endpoint", "reader", f"is held by process {os.getpid()} (", status=1)
            assert f":{port} is held" in found["text"] and "reader does not answer" in found["text"], found
        desk.start_all()
        findings = desk.doctor()
        assert sum(f"is held by process {desk.daemons['reader'].process.pid} (" in finding["text"]
                   for finding in findings) == 3, findings


def test_a_doctor_sees_a_topology_that_drifts(build):
    with Patient(build) as desk:
        desk.start_all()
        desk.service_lines["reader"] = ["limits", "    hold_ms = 12345"]
        desk.write_topology()
        desk.found("error", "topology", "reader", "it runs by another topology", status=1)
        for daemon in desk.daemons.values():
            daemon.signal(signal.SIGHUP)
            daemon.says("event=reloaded")
        desk.service_lines["letters"] = ["stream = cards"]
        desk.write_topology()
        desk.daemons["letters"].signal(signal.SIGHUP)
        until("its status to say so", lambda: desk.status("letters").restart_needed)
        desk.found("warning", "topology", "letters", "restart needed", status=1)


def test_a_doctor_sees_directories_that_will_not_do(build):
    with Patient(build) as desk:
        desk.start_all()
        for daemon in desk.daemons.values():
            daemon.stop()
        os.chmod(os.path.join(desk.path, "d", "log-a", "data"), 0o755)
        desk.found("warning", "data", "log-a", "with every private stream in it, is open to other users (755)")
        in_memory, desk.witness = desk.witness, os.path.join(desk.path, "on-disk")
        desk.service_lines["reader"] = [f"data = {in_memory}/data"]
        desk.write_topology()
        desk.witness = in_memory
        desk.found("error", "witness", "letters", "not in memory-backed storage", status=1)
        desk.found("warning", "disk", None, "is in memory", status=1)


def test_a_doctor_sees_limits_that_are_too_low(build):
    with Patient(build) as desk:
        desk.found("error", "limits", None, "a file may have", status=1, shell="ulimit -f 100000;")
        if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:       # they want much of it
            desk.found("error", "limits", None, "address space", status=1, shell="ulimit -v 8000000;")
        wanted = 64 + 6 * 3 + 3 * 3 * 1024
        for limit, level in ((wanted - 1, "warning"), (wanted, "ok")):
            for name in ("letters", "reader", "log-a"):
                desk.found(level, "limits", name, f"{limit} descriptors", shell=f"ulimit -n {limit};")


class Impostor(threading.Thread):
    """Answers souk.status for somebody else, with whatever it is told to say otherwise."""

    def __init__(self, system, name, payload):
        super().__init__(daemon=True)
        self.socket = system.context.socket(zmq.ROUTER)
        self.socket.bind(system.endpoint(name, "queries"))
        self.payload = payload
        self.ends = threading.Event()
        self.start()

    def run(self):
        while not self.ends.is_set():
            if self.socket.poll(50):
                *route, frame = self.socket.recv_multipart()
                request_id = msgpack.unpackb(frame)[2]
                answer = msgpack.packb(self.payload(), use_bin_type=True)
                self.socket.send_multipart([*route, msgpack.packb([
                    1, 9, request_id, 0, 0, "", "", 0, [], [["souk.status_reply", 1, "", 0, b"", answer]]])])
        self.socket.close(linger=0)


def test_a_doctor_compares_clocks_and_versions(build):
    with Patient(build) as desk:
        desk.start_all()
        values = msgpack.unpackb(desk.query("reader", "souk.status", []).body[0][5], use_list=True)
        desk.daemons["reader"].stop()
        at = Status.FIELDS.index
        shift = {}

        def payload():
            said = list(values)
            said[at("now_ms")] = int(time.time() * 1000) + shift.get("ms", 0)
            said[at("counters")] = [[name, shift.get(name, value)] for name, value in values[at("counters")]]
            said[at("version")] = shift.get("version", said[at("version")])
            said[at("libraries")] = shift.get("libraries", said[at("libraries")])
            return said

        impostor = Impostor(desk, "reader", payload)
        try:
            shift["ms"] = 60000
            desk.found("error", "clock", "reader", "ms from this machine's", status=1)
            shift.update(ms=0, clock_steps=2)
            desk.found("warning", "clock", "reader", "was set 2 times", status=1)   # the other endpoints are not there
            shift.update(version="0.0.9")
            desk.found("warning", "version", "reader", "it runs souk 0.0.9, and this is ", status=1)
            del shift["version"]
            shift.update(libraries="lmdb 0.9.70")
            desk.found("warning", "version", "reader", "it runs with lmdb 0.9.70; here are lmdb ", status=1)
        finally:
            impostor.ends.set()
            impostor.join()
