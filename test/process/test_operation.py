"""What operators do to daemons, and what daemons do then."""
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time

import msgpack
import zmq

from system import WAIT_SECONDS, Door, Late, Load, System, skip_if_sanitized, until
from test_faults import check_once, levels_equal, received, settle

EX_OK, EX_USAGE, EX_NOINPUT, EX_UNAVAILABLE, EX_NOPERM, EX_CONFIG = 0, 64, 66, 69, 77, 78
BURST = 900                             # queries of one client at once; less than may wait
WAITERS, UNREACHED_MAX = 600, 512       # requests that wait; how many may
HEADS_APART_MS = 50
SUBSCRIPTIONS_MAX = 512                 # and the contrary, of one connection within a second
TRIES = int(os.environ.get("SOUK_PROCESS_TRIES", "1000"))
FOLLOWERS = int(os.environ.get("SOUK_PROCESS_FOLLOWERS", "100"))


def test_a_stop_answers_who_waits_for_event_stores(build):
    """A command is on the service's disk and waits for an event store that is silent: told to stop, the service says so."""
    with System(build, services=("stock",), service_lines={"stock": ["limits", "    drain_ms = 300"]}) as system:
        system.start_all()
        system.command_taken("stock", "stock.receive", [1, 1], recorded=True)
        system.daemons["log-a"].signal(signal.SIGSTOP)
        door = system.door("stock", "commands")
        waits = door.send(False, "stock.receive", [1, 2], recorded=True, deadline_ms=60000)
        until("the command to be on disk", lambda: system.row("stock", 0, 1)[0] == 3 or None)
        assert system.daemons["stock"].stop() == EX_OK
        reply = door.answer(waits)
        assert (reply.status, reply.durability) == ("ok", 1), reply
        assert "event=stopped_late" in system.daemons["stock"].log()


def test_term_finishes_what_is_under_way(build):
    """SIGTERM under load: exit 0 within its bound, every reply that was given stands, the others come after the start."""
    with System(build) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=128)
        for _ in range(3):
            system.more(lambda: len(load.taken), len(load.taken) + 500)
            begun = time.monotonic()
            assert system.daemons["stock"].stop() == EX_OK
            assert time.monotonic() - begun < 10
            assert "event=stopped" in system.daemons["stock"].log()
            system.start("stock")
            system.live("stock")
        load.end()
        settle(system)
        levels_equal(system, len(load.taken))
        check_once(system, load, "stock", "log-a", "stock.received")
        for name in system.services + system.stores:
            assert system.daemons[name].stop() == EX_OK, name


def test_hup_reads_the_topology_again(build):
    """Limits and the level of the log at once; for streams it says that a restart is needed, and why."""
    with System(build, services=("orders", "stock")) as system:
        system.start_all()
        stock = system.daemons["stock"]
        system.service_lines["stock"] = ["log_level = debug", "limits", "    head_ms = 100"]
        system.write_topology()
        stock.signal(signal.SIGHUP)
        assert "level=debug" in stock.says("event=reloaded")
        stock.says(" debug service=stock event=round")
        assert system.status("stock").restart_needed == ""
        system.service_lines["stock"].append("stock_extra")
        system.write_topology()
        stock.signal(signal.SIGHUP)
        assert "stock_extra" in stock.says("event=reload_failed")
        system.service_lines["stock"][-1] = "stream = stock.extra"
        system.write_topology()
        stock.signal(signal.SIGHUP)
        stock.says("event=restart_needed")
        until("status to say so", lambda: "stream" in system.status("stock").restart_needed)
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"


def test_two_event_stores(build):
    """Both are complete; one can be away, and one that starts empty is complete again."""
    with System(build, services=("orders", "stock", "query"), stores=("log-a", "log-b")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 500))
        load.finish()
        settle(system)
        system.daemons["log-a"].kill()
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        system.wipe("log-a")
        system.start("log-a")
        system.live("log-a")
        settle(system)
        for store in system.stores:
            assert len(system.events(store, "stock")) == 501


def test_one_directory_has_one_process(build):
    """The second one is told who has it, and the first one goes on; also when that one stands still meanwhile."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        first = system.daemons["stock"]
        for number in (signal.SIGCONT, signal.SIGSTOP):
            first.signal(number)
            second = system.start("stock")
            assert second.process.wait(WAIT_SECONDS) == EX_UNAVAILABLE
            assert str(first.process.pid) in second.log(), second.log()
        first.signal(signal.SIGCONT)
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        first.kill()


def test_an_endpoint_has_one_process(build):
    """Another system with the same run directory: it is told who has the endpoint, and the first one is still heard."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        first = system.daemons["stock"]
        second = system.start("stock", "--data", os.path.join(system.path, "elsewhere"))
        assert second.process.wait(WAIT_SECONDS) == EX_UNAVAILABLE
        said = second.log()
        assert f"process {first.process.pid}" in said and "stock.commands" in said and "system process" in said, said
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        first.kill()
        system.start("stock")
        system.live("stock")
        assert system.row("stock", 0, 1)[0] == 1


def test_a_second_instance_fences_the_first(build):
    """Started elsewhere with an empty directory: it takes the history from the event store, and the first one stops."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 200))
        load.finish()
        settle(system)
        first = system.daemons["stock"]
        elsewhere = os.path.join(system.path, "elsewhere")
        system.service_lines["stock"] = [f"{kind} = ipc://{elsewhere}.{kind}" for kind in ("commands", "queries", "publish")]
        system.write_topology()
        second = system.start("stock", "--data", elsewhere)
        system.live("stock")
        assert first.process.wait(WAIT_SECONDS) == EX_NOPERM
        assert "event=fenced" in first.log()
        assert second.stop() == EX_OK
        system.service_lines["stock"] = []      # now it may have the other one's place
        system.write_topology()
        system.start("stock", "--data", elsewhere)
        system.live("stock")
        assert system.status("stock").epoch == 2
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        settle(system)
        levels_equal(system, 201)


def test_a_wiped_service_takes_its_past_back(build):
    """Its store is gone: the same tables from the event store, in a new epoch, and the ids of its commands are known."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 500))
        load.finish()
        settle(system)
        before = system.digest("stock", "stock")
        assert system.daemons["stock"].stop() == EX_OK
        system.wipe("stock")
        system.start("stock")
        system.live("stock")
        assert system.digest("stock", "stock").digest == before.digest
        assert system.status("stock").epoch == 2
        command_id, reply = next(iter(load.taken.items()))
        again = Door(system.context, system.endpoint("stock", "commands"), load.caller)
        payload = reply.body[0][5]
        answer = again.ask(False, "stock.receive", payload, command_id=command_id)
        again.close()
        assert answer.status == "ok" and answer.cursors == reply.cursors, answer
        levels_equal(system, 500)


def test_an_old_store_with_a_forked_tail_is_set_aside(build):
    """What nobody recorded was lost with a disk that comes back later: it is moved aside, and the history goes on."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        assert system.daemons["stock"].stop() == EX_OK
        home, backup = (os.path.join(system.path, "d", name, "data") for name in ("stock", "backup"))
        shutil.copytree(home, backup)
        system.daemons["log-a"].kill()
        system.start("stock")
        assert system.command_taken("stock", "stock.receive", [1, 10]).durability == 1
        assert system.daemons["stock"].stop() == EX_OK
        lost = home + ".lost"
        os.rename(home, lost)
        os.rename(backup, home)
        system.start("log-a")
        system.start("stock")
        system.live("stock")
        assert system.command_taken("stock", "stock.receive", [1, 100], recorded=True).durability == 2
        assert system.daemons["stock"].stop() == EX_OK
        shutil.rmtree(home)
        os.rename(lost, home)
        stock = system.start("stock")
        stock.says("event=moved_aside")
        system.live("stock")
        assert os.path.isdir(os.path.join(home, "store.aside-1"))
        assert system.row("stock", 0, 1)[0] == 101


def test_a_first_start_without_an_event_store(build):
    """It says what it waits for; with --new it begins."""
    with System(build, services=("stock",)) as system:
        stock = system.start("stock")
        stock.says("state=sealing")
        reply = system.command("stock", "stock.receive", [1, 1])
        assert (reply.status, reply.code) == ("busy", "recovering"), reply
        assert system.status("stock").waiting_for != ""
        stock.kill()
        system.start("stock", "--new")
        system.live("stock")
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        system.start("log-a")
        system.caught_up("log-a", "stock", "stock")


def test_a_full_store_refuses_and_answers(build):
    """No room: commands are refused as full, queries are answered; with a higher limit it goes on, and nothing is lost."""
    limits = {"stock": ["limits", "    store_bytes_max = 1048576"]}
    with System(build, services=("stock", "query"), service_lines=limits) as system:
        system.start_all()
        taken = 0
        for number in itertools.count():
            reply = system.command("stock", "stock.receive", [number % 5 + 1, 1])
            if reply.status == "full":
                break
            assert reply.status == "ok", reply
            taken += 1
        system.daemons["stock"].says("event=refusing")
        system.daemons["stock"].says("event=nearly_full")
        assert system.row("stock", 0, 1) is not None
        settle(system)
        levels_equal(system, taken)
        assert system.daemons["stock"].stop() == EX_OK
        system.service_lines["stock"][1] = "    store_bytes_max = 1073741824"
        system.write_topology()
        system.start("stock")
        system.live("stock")
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        settle(system)
        levels_equal(system, taken + 1)


def test_who_waits_in_vain_is_told_the_same_everywhere(build):
    """What was seen does not come in time: one status, one code, one sentence, for commands and for queries."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        reply = system.command("stock", "stock.receive", [1, 1])
        never = [[stream, counter, bits, number + 1000] for stream, counter, bits, number in reply.cursors]
        told = {(answer.status, answer.code, answer.text) for answer in (
            system.command("stock", "stock.receive", [1, 1], seen=never, deadline_ms=50),
            system.query("stock", "rows.get", [0, 1], seen=never, deadline_ms=50),
            system.query("query", "rows.get", [1, 1], seen=never, deadline_ms=50))}
        assert told == {("pending", "pending", "this service has not caught up with what was seen")}, told


def test_who_waits_leaves_room_for_the_others(build):
    """One client waits for what never comes, more often than may wait: it is told so, and the others are served."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        reply = system.command("stock", "stock.receive", [1, 1])
        never = [[stream, counter, bits, number + 1000] for stream, counter, bits, number in reply.cursors]
        for name, kind, ask in (("stock", "commands", (False, "stock.receive", [1, 1])),
                                ("query", "queries", (True, "rows.get", [1, 1]))):
            door = Door(system.context, system.endpoint(name, kind), "waits")
            for _ in range(WAITERS):
                door.send(*ask, seen=never, deadline_ms=(1 << 31) - 1)
            for _ in range(WAITERS - UNREACHED_MAX):
                assert door.receive()[1].status == "pending"
            assert door.receive(0) is None
            door.close()
            assert system.door(name, kind).ask(*ask).status == "ok"


def test_who_subscribes_without_end_costs_the_others_little(build):
    """Heads for new subscribers are kept apart, however many there are and however often they come: as often as nobody is cut
    for."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        subscriber = system.context.socket(zmq.XSUB)
        subscriber.linger = 0
        subscriber.connect(system.endpoint("stock", "publish"))
        before = after = system.status("stock")
        for _ in range(SUBSCRIPTIONS_MAX // 2 - 1):
            subscriber.send(b"\x01\x01")
            subscriber.send(b"\x00\x01")
        while after.now_ms < before.now_ms + 1000:
            after = system.status("stock")
        assert after.counters["connections_cut"] == 0
        subscriber.close()
        published = after.counters["published"] - before.counters["published"]
        assert 0 < published <= (after.now_ms - before.now_ms) / HEADS_APART_MS + 10, published


def test_memory_of_a_burst_is_given_back(build):
    """A message of many large frames costs memory while it comes; then it is refused, and the memory is free again."""
    skip_if_sanitized("a sanitizer keeps what is freed")
    with System(build, services=("stock",)) as system:
        system.start_all()
        for kind in ("commands", "queries"):
            client = system.context.socket(zmq.DEALER)
            client.linger = 0
            client.connect(system.endpoint("stock", kind))
            malformed = system.status("stock").counters["frames_malformed"]
            client.send_multipart([bytes(100000)] * 2000)
            until("it to be refused", lambda: system.status("stock").counters["frames_malformed"] > malformed)
            until("its memory to be free", lambda: system.status("stock").memory_bytes < 32 << 20)
            client.close()


def test_connections_are_not_bounded_by_the_soft_limit(build):
    """A hundred descriptors are allowed at first: three hundred idle connections leave the daemon alive and answering."""
    few = ["sh", "-c", 'ulimit -S -n 100; exec "$@"', "sh"]
    with System(build, services=("stock",), wrap=few) as system:
        system.start_all()
        idle = []
        for _ in range(300):
            idle.append(socket.socket(socket.AF_UNIX))
            idle[-1].connect(system.endpoint("stock", "queries")[len("ipc://"):])
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        assert system.row("stock", 0, 1)[0] == 1
        for connection in idle:
            connection.close()


def test_replies_to_a_burst_all_come(build):
    """More queries at once than a peer's queue has room for replies: each is answered, none is lost."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        door = system.door("stock", "queries")
        ids = {door.send(True, "rows.get", [0, 1]) for _ in range(BURST)}
        while ids:
            got = door.receive()
            assert got is not None, f"{len(ids)} of {BURST} got no reply"
            ids.remove(got[0])
            assert got[1].status in ("ok", "busy"), got[1]
        assert system.status("stock").counters["replies_dropped"] == 0


def test_what_cannot_be_started_says_why(build):
    """Exit statuses of sysexits(3) and a sentence."""
    with System(build, services=("stock",)) as system:
        program = f"{build}/test/process/service"
        for arguments, status, words in (
                (["--topology", "/nowhere/at-all.zpl"], EX_NOINPUT, "nowhere"),
                ([], EX_USAGE, "no topology"),
                (["--topology", system.topology, "--no-such-option"], EX_USAGE, "no-such-option"),
                (["--topology", system.topology, "--log-level=loud"], EX_USAGE, "loud"),
                (["--topology", system.topology, "stock", "superfluous"], EX_USAGE, "superfluous")):
            ended = subprocess.run([program, "stock", *arguments], capture_output=True, text=True, check=False,
                                   timeout=WAIT_SECONDS, env={**os.environ, "SOUK_TOPOLOGY": ""})
            assert ended.returncode == status, (arguments, ended)
            assert words in ended.stderr, (arguments, ended)
        ended = subprocess.run([program, "orders", "--topology", system.topology], capture_output=True, text=True,
                               check=False, timeout=WAIT_SECONDS)
        assert ended.returncode == EX_CONFIG and "no service `orders`" in ended.stderr, ended


def test_the_service_manager_is_told_how_it_stands(build):
    """Ready, its state, that it is alive, and that it stops."""
    with System(build, services=("stock",)) as system:
        path = os.path.join(system.path, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(WAIT_SECONDS)
            system.start("log-a")
            system.start("stock", NOTIFY_SOCKET=path, WATCHDOG_USEC="400000")
            told = []
            while not {"READY=1", "STATUS=live"} <= set(told) or told.count("WATCHDOG=1") < 3:
                told.append(manager.recv(4096).decode())
            assert any(line.startswith("STATUS=sealing") for line in told), told
            system.daemons["stock"].signal(signal.SIGTERM)
            while told[-1] != "STOPPING=1":
                told.append(manager.recv(4096).decode())
            assert system.daemons["stock"].process.wait(WAIT_SECONDS) == EX_OK


def test_the_host_restarts(build):
    """Witnesses are gone: every service asks for its past, loses nothing and goes on in its next epoch."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 500))
        load.finish()
        settle(system)
        incarnation = system.status("log-a").incarnation
        for daemon in system.daemons.values():
            daemon.kill()
        for name in os.listdir(system.witness):
            os.unlink(os.path.join(system.witness, name))
        system.start_all()
        assert system.status("log-a").incarnation != incarnation
        assert system.status("stock").epoch == 2
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        settle(system)
        levels_equal(system, 501)
        assert len(system.events("log-a", "stock")) == 501


def test_an_event_store_is_lost_for_good(build):
    """A service that needs its past waits for all of them, until the operator says that one will not come back."""
    with System(build, services=("stock",), stores=("log-a", "log-b")) as system:
        system.start_all()
        assert system.command_taken("stock", "stock.receive", [1, 7], recorded=True).durability == 2
        settle(system)
        assert system.daemons["stock"].stop() == EX_OK
        system.wipe("stock")
        system.daemons["log-b"].kill()
        stock = system.start("stock")
        stock.says("state=sealing")
        assert system.command("stock", "stock.receive", [1, 1]).code == "recovering"
        stock.kill()
        system.start("stock", "--accept-loss")
        system.live("stock")
        assert system.row("stock", 0, 1)[0] == 7


def test_who_cannot_be_understood_is_told(build):
    """Malformed requests, other versions of the protocol, the wrong door: an answer each, and the others go on."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        good = [1, 8, b"i" * 16, False, "stock.receive", 1, 0, None, "test", False, [], b"", msgpack.packb([1, 1])]
        for node, kind, frame, status in (
                ("stock", "commands", [2, 8, b"i" * 16, "whatever", "comes"], "unsupported"),
                ("stock", "queries", [2, 8, b"i" * 16], "unsupported"),
                ("stock", "commands", good[:-1], "invalid"),
                ("stock", "commands", good[:6] + [-1] + good[7:], "invalid"),
                ("stock", "queries", good[:3] + [True, ""] + good[5:], "invalid"),
                ("stock", "queries", good, "unknown"),
                ("stock", "commands", good[:3] + [True] + good[4:], "unknown"),
                ("log-a", "commands", good, "unknown"),
                ("log-a", "queries", good, "unknown"),
                ("stock", "commands", good[:4] + ["stock.nothing"] + good[5:], "unknown")):
            door = system.door(node, kind)
            door.socket.send(msgpack.packb(frame))
            assert door.answer(b"i" * 16).status == status, (kind, frame)
        door = system.door("stock", "commands")
        for frame in (b"", b"\xc1", msgpack.packb([1, 8]), msgpack.packb([1, 8, None]), msgpack.packb([1, 2, 3]),
                      b"\x93\x01\x08\xc6\xff\xff\xff\xff", bytes(200 * 1024)):
            door.socket.send(frame)
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        until("them to be counted", lambda: system.status("stock").counters["malformed"] >= 10)


def test_a_caller_reads_its_own_writes(build):
    """Under load, with the cursors of its reply: always, from a service that follows."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=32)
        for number in range(TRIES):
            sku = 1000 + number
            reply = system.command("stock", "stock.receive", [sku, 1])
            assert reply.status == "ok", reply
            row = system.row("query", 1, sku, seen=reply.cursors)
            assert row is not None and row[0] == 1, (number, row)
        load.end()


def test_cold_followers_do_not_delay_the_living(build):
    """Many that pull everything from the event store and the origin at once: commands and queries go on."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        Load(system, "stock", "stock.receive", itertools.islice(received(), 20000), window=256).finish()
        settle(system)
        load = Load(system, "stock", "stock.receive", received(), window=4)
        followers = [ColdFollower(system, holder) for holder in ("log-a", "stock") for _ in range(FOLLOWERS // 2)]
        late = 0.0
        end = time.monotonic() + 4 * WAIT_SECONDS
        while any(follower.behind for follower in followers):
            for follower in followers:
                follower.look()
            begun = time.monotonic()
            reply = system.command("stock", "stock.receive", [1, 1])
            assert reply.status == "ok"
            assert system.row("query", 1, 1, seen=reply.cursors) is not None
            late = max(late, time.monotonic() - begun)
            if time.monotonic() > end:
                raise Late(f"{sum(follower.behind for follower in followers)} have not caught up")
        load.end()
        assert late < 2, late
        assert all(follower.number >= 20000 for follower in followers)
        for follower in followers:
            follower.socket.close()


def test_pulls_past_the_bound_are_answered_busy_and_nobody_is_shut_out(build):
    """One peer asks sixty times at once where three may wait; others come one pull after the other, and get everything."""
    limits = {"log-a": ["limits", "    pulls_max = 3"]}
    with System(build, services=("stock",), service_lines=limits) as system:
        system.start_all()
        Load(system, "stock", "stock.receive", itertools.islice(received(), 5000), window=256).finish()
        settle(system)
        store = system.daemons["log-a"]
        store.signal(signal.SIGSTOP)
        greedy = ColdFollower(system, "log-a")
        for _ in range(59):
            greedy.pull()
        followers = [ColdFollower(system, "log-a") for _ in range(8)]
        store.signal(signal.SIGCONT)
        end = time.monotonic() + 4 * WAIT_SECONDS
        while any(follower.behind for follower in followers):
            assert time.monotonic() < end, f"{sum(follower.behind for follower in followers)} are shut out"
            for follower in followers:
                follower.look()
            zmq.select([follower.socket for follower in followers], [], [], 0.02)
        assert all(follower.number >= 5000 for follower in followers)
        answers = []
        until("an answer to each", lambda: len(greedy.answers(answers)) == 60)
        busy = [answer for answer in answers if answer[1] == 10]
        assert {answer[1] for answer in answers} == {3, 10} and {answer[2] for answer in answers} == set(range(1, 61))
        assert all(answer[3] == "log-a" and 200 <= answer[4] <= 1000 for answer in busy)
        assert len({answer[4] for answer in busy}) > 10, "they are told to come back together"
        refused = len(busy) + sum(follower.busy for follower in followers)
        until("the status to say so", lambda: system.status("log-a").counters["pulls_refused"] == refused)
        for follower in (greedy, *followers):
            follower.socket.close()


class ColdFollower:
    """Pulls the stream of stock from its beginning until there is no more."""

    def __init__(self, system, holder):
        self.socket = system.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(system.endpoint(holder, "queries"))
        self.cursor = [0, bytes(8), 0, bytes(32)]
        self.number = 0
        self.behind = True
        self.request = 0
        self.busy = 0
        self.due = None                 # when to ask again, after `busy`
        self.pull()

    def pull(self):
        self.request += 1
        self.socket.send(msgpack.packb([1, 2, self.request, "cold", 1 << 20, [["stock", *self.cursor]], []]))

    def look(self):
        if self.due is not None and time.monotonic() >= self.due:
            self.due = None
            self.pull()
        while self.behind and self.socket.poll(0):
            frames = self.socket.recv_multipart()
            answer = msgpack.unpackb(frames[0])
            if answer[1] == 10:
                self.busy += 1
                self.due = time.monotonic() + answer[4] / 1000
                continue
            for frame in frames[1:]:
                unpacker = msgpack.Unpacker(use_list=True)
                unpacker.feed(frame)
                header = unpacker.unpack()
                assert header[3] == self.cursor[3], "the chain is broken"
                self.cursor = [header[5], header[6], header[7] + header[8] - 1, header[2]]
            self.number = self.cursor[2]
            self.behind = bool(answer[5])
            if self.behind:
                self.pull()

    def answers(self, answers):
        """What has come, added to `answers`; nothing of it is taken."""
        while self.socket.poll(0):
            answers.append(msgpack.unpackb(self.socket.recv_multipart()[0]))
        return answers
