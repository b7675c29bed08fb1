"""Stores that are removed, while their process lives or after it was killed."""
import itertools
import os
import shutil
import signal

from system import WAIT_SECONDS, Door, Load, System, until
from test_faults import check_once, levels_equal, placed, quieten, received, settle

EX_UNAVAILABLE = 69
BURST = 40                              # commands of each caller while one store is removed


def charged(first):
    return ([number, 5] for number in itertools.count(first))


def submitted():
    return ([number, 100 + number % 5000, number % 6] for number in itertools.count(1))


TAKEN = (("stock", "stock.receive", received, "stock", "stock.received"),
         ("orders", "order.place", lambda: placed(1), "orders", "order.placed"),
         ("payments", "payments.charge", lambda: charged(1 << 20), "payments", "payment.charged"),
         ("reviews", "review.submit", submitted, "reviews.internal", "review.submitted"))


def remove(system, name, is_alive):
    """rm -rf of its data, and wait until it is there again."""
    daemon = system.daemons[name]
    if is_alive:
        system.wipe(name)
        daemon.says("event=store_gone")
        daemon.says("event=starts_again")
        daemon.log_from += daemon.log().index("event=starts_again")
    else:
        daemon.kill()
        system.wipe(name)
        system.start(name)
    system.live(name)


def ask_again(system, name, command, load):
    """A command of long ago: the same answer, and nothing is done."""
    command_id, reply = next(iter(load.taken.items()))
    door = Door(system.context, system.endpoint(name, "commands"), load.caller)
    again = door.ask(False, command, load.payload_of[command_id], command_id=command_id)
    door.close()
    assert (again.status, again.cursors, sorted(again.body)) == ("ok", reply.cursors, sorted(reply.body)), (again, reply)


def test_any_store_is_removed_at_any_moment(build):
    """rm -rf under load, process alive or dead: it comes back by itself from the log, all that was answered `recorded` and
    the ids of commands included."""
    with System(build) as system:
        system.start_all()
        payloads = {name: make() for name, _, make, _, _ in TAKEN}
        loads = {name: [] for name in payloads}
        for is_alive in (True, False):
            for name in system.services:
                for caller, command, _, _, _ in TAKEN:
                    loads[caller].append(Load(system, caller, command, itertools.islice(payloads[caller], BURST),
                                              window=4, recorded=True))
                remove(system, name, is_alive)
                for burst in loads.values():
                    burst[-1].finish()
        quieten(system)
        for name, command, _, stream, event in TAKEN:
            ask_again(system, name, command, loads[name][0])
            for holder in (name, "log-a"):
                for load in loads[name]:
                    check_recorded(system, load, stream, holder, event)
        levels_equal(system, sum(len(check_recorded(system, load, "stock", "stock", "stock.received"))
                                 for load in loads["stock"]))
        for is_alive in (True, False):
            for name in system.services:
                before = {stream: digest.digest for stream, digest in system.digests(name).items()}
                remove(system, name, is_alive)
                settle(system)
                assert {stream: digest.digest for stream, digest in system.digests(name).items()} == before, name
        for name, command, _, _, _ in TAKEN:
            ask_again(system, name, command, loads[name][0])


def test_a_commit_that_had_no_room_for_all_reactions(build):
    """An own batch names a place within a batch that it reacted to: taken back, it does not wait for that place for ever."""
    with System(build, services=("reviews", "moderation")) as system:
        system.start_all()
        system.daemons["moderation"].signal(signal.SIGSTOP)
        load = Load(system, "reviews", "review.submit", itertools.islice(submitted(), 600), window=600)
        load.finish()
        system.daemons["moderation"].signal(signal.SIGCONT)
        until("all to be judged",
              lambda: system.status("reviews").streams["reviews.internal"].number == 2 * len(load.taken))
        settle(system)
        before = {stream: digest.digest for stream, digest in system.digests("reviews").items()}
        remove(system, "reviews", is_alive=False)
        settle(system)
        assert {stream: digest.digest for stream, digest in system.digests("reviews").items()} == before
        assert system.status("reviews").streams["reviews.internal"].number == 2 * len(load.taken)


def check_recorded(system, load, stream, holder, event):
    """No command stands in the log twice, and each that was answered `recorded` stands there: the ids of all."""
    ids = [cause[2] for _, kind, _, cause, _ in system.events(holder, stream)
           if kind == event and cause[0] == 0 and cause[2] in load.payload_of]
    assert len(ids) == len(set(ids)), "doubled"
    lost = [reply for command_id, reply in load.taken.items() if reply.durability == 2 and command_id not in set(ids)]
    assert not lost, (len(lost), len(load.taken), lost[0])
    return ids


def test_what_nobody_else_has_is_written_once_more(build):
    """No event store is there: the living process writes its store once more, and nothing is lost."""
    with System(build, services=("stock", "query"), service_lines={"stock": ["limits", "    drain_ms = 300"]}) as system:
        system.start_all()
        system.command_taken("stock", "stock.receive", [1, 1], recorded=True)
        system.daemons["log-a"].kill()
        assert system.command_taken("stock", "stock.receive", [1, 10]).durability == 1
        stock = system.daemons["stock"]
        system.wipe("stock")
        stock.says("event=rescued", seconds=2 * WAIT_SECONDS)
        stock.log_from += stock.log().index("event=rescued")
        assert system.row("stock", 0, 1)[0] == 11, "it answers queries, and waits for the event store"
        system.start("log-a")
        system.live("stock")
        assert system.status("stock").epoch == 2
        settle(system)
        levels_equal_of_one(system, 11)


def levels_equal_of_one(system, count):
    for name, table in (("stock", 0), ("query", 1)):
        assert system.row(name, table, 1)[0] == count, name


def test_an_event_store_that_alone_has_the_past_is_written_once_more(build):
    """Origins have trimmed what it recorded; its store is removed while it lives: all of it is there again."""
    with System(build, services=("stock", "query"),
                system_lines=["limits", "    retention_ms = 1000", "    ids_window_ms = 1000"]) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", itertools.islice(received(), 500), window=4)
        load.finish()
        settle(system)
        system.more(lambda: system.status("stock").counters["trimmed"], 1)
        incarnation = system.status("log-a").incarnation
        log = system.daemons["log-a"]
        system.wipe("log-a")
        log.says("event=rescued")
        log.log_from += log.log().index("event=rescued")
        system.live("log-a")
        assert system.status("log-a").incarnation != incarnation
        check_once(system, load, "stock", "log-a", "stock.received")
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        system.daemons["query"].kill()
        system.wipe("query")
        system.start("query")
        settle(system)
        levels_equal(system, 501)


def test_a_store_that_was_replaced_is_left_alone(build):
    """Another store is put where a living process has its own: it says so and ends, the next start goes on with that one."""
    with System(build, services=("stock",)) as system:
        system.start_all()
        assert system.command_taken("stock", "stock.receive", [1, 7], recorded=True).durability == 2
        home = os.path.join(system.path, "d", "stock", "data", "store")
        stock = system.daemons["stock"]
        shutil.copytree(home, home + ".copy")
        os.rename(home, home + ".old")
        os.rename(home + ".copy", home)
        assert stock.process.wait(WAIT_SECONDS) == EX_UNAVAILABLE
        assert "event=store_replaced" in stock.log()
        system.start("stock")
        system.live("stock")
        assert system.row("stock", 0, 1)[0] == 7
        assert system.status("stock").epoch == 2
