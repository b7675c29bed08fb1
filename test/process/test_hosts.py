"""Hosts that are parted in every way and joined again, and a host that there is twice."""
import itertools
import os
import shutil
import signal

from net import Hosts, Net
from system import WAIT_SECONDS, Load, System, skip_if_sanitized, until
from test_faults import check_once, levels_equal, placed, quieten, received, settle

EX_OK, EX_NOPERM = 0, 77
FLAPS = 5
BOTH_WAYS = ("a", "b"), ("b", "a")


class Trade:
    """Both sides are worked on while links fail; who sees what is asked for, and in the end everything of everybody."""

    def __init__(self, system):
        self.system = system
        self.receives = Load(system, "stock", "stock.receive", received())
        self.places = Load(system, "orders", "order.place", placed(1))
        self.go_on()

    def go_on(self, count=100):
        """So many more are taken on both sides."""
        for load in (self.receives, self.places):
            self.system.more(lambda load=load: len(load.taken), len(load.taken) + count)

    def arrives(self, *ways, count=100):
        """So much of each stream as its service writes from now on reaches each of those nodes."""
        heads = {stream: self.at(stream, stream) + count for _, stream in ways}
        until(f"{ways} to see more", lambda: all(self.at(*way) >= heads[way[1]] for way in ways))

    def at(self, name, stream):
        return self.system.status(name).streams[stream].number

    def end(self):
        """Everything came everywhere, once, in the first epoch; tables filled again from the event stores are the same."""
        system = self.system
        self.go_on(50)
        self.receives.end()
        self.places.end()
        quieten(system)
        levels_equal(system, len(self.receives.taken))
        for holder in system.stores:
            check_once(system, self.receives, "stock", holder, "stock.received")
            check_once(system, self.places, "orders", holder, "order.placed")
        assert {system.status(name).epoch for name in system.services} <= {0, 1}, "a partition is no reason for an epoch"
        before = system.digests("query")
        assert system.daemons["query"].stop() == EX_OK
        system.wipe("query")
        system.start("query")
        settle(system)
        assert system.digests("query") == before


def test_two_hosts_are_parted_and_nothing_is_lost(build):
    """Each has an event store. Both sides go on without each other; when they meet again all have everything, once."""
    places = {"log-a": "a", "stock": "a", "log-b": "b", "orders": "b", "payments": "b", "query": "b"}
    far = (("query", "stock"), ("log-b", "stock"), ("stock", "orders"), ("log-a", "orders"))
    near = (("log-a", "stock"), ("log-b", "orders"))
    with Net("ab") as net, Hosts(build, net, places) as system:
        system.start_all()
        trade = Trade(system)
        trade.arrives(*far, *near)
        net.cut(*BOTH_WAYS)
        stands = []
        for _ in range(2):
            trade.go_on(300)
            trade.arrives(*near)
            stands.append({way: trade.at(*way) for way in far})
        assert stands[0] == stands[1], f"they are not parted: {stands}"
        net.mend(*BOTH_WAYS)
        trade.end()


def test_links_fail_while_event_stores_are_reached(build):
    """Two hosts that do not hear each other hear what the other wrote from an event store; so with one direction alone, with
    links that come and go, and with event stores that do not hear each other."""
    skip_if_sanitized("two hosts that are parted are tried, too")
    places = {"log-a": "c", "log-b": "d", "stock": "a", "orders": "b", "payments": "b", "query": "b"}
    far = (("query", "stock"), ("stock", "orders"))
    with Net("abcd") as net, Hosts(build, net, places) as system:
        system.start_all()
        trade = Trade(system)
        trade.arrives(*far)
        for cut in (BOTH_WAYS, BOTH_WAYS[:1], BOTH_WAYS[1:], (("c", "d"), ("d", "c"))):
            net.cut(*cut)
            trade.arrives(*far, *((store, stream) for store in system.stores for stream in ("stock", "orders")))
            net.mend(*cut)
        for number in range(FLAPS):
            net.cut(*BOTH_WAYS, ("a", "c"))
            trade.go_on(20 + 10 * number)
            net.mend(*BOTH_WAYS, ("a", "c"))
            trade.go_on(20)
        trade.end()


def clone(system, name, to):
    """A copy of its disk at one moment, while it runs; the moment may be in the middle of a commit."""
    daemon = system.daemons[name]
    daemon.signal(signal.SIGSTOP)
    shutil.copytree(os.path.join(system.path, "d", name), os.path.join(system.path, to, name))
    daemon.signal(signal.SIGCONT)


def test_a_cloned_host_with_the_same_address(build):
    """A disk is copied and started elsewhere under the same address. Nobody answers the copy, so it takes nothing; once the
    address leads to it, it takes over with all that was recorded, and the first one is fenced when it is heard again."""
    with Net("ab") as net, Hosts(build, net, {"log-a": "b", "stock": "a", "query": "b"}) as system:
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), recorded=True)
        system.more(lambda: len(load.taken), 300)
        first = system.daemons["stock"]
        clone(system, "stock", "twin")
        net.hosts += "t"
        net.add("t", net.addresses["a"])
        net.reach(net.addresses["a"], "a")
        twin = system.start_at("t", "stock", "--data", os.path.join(system.path, "twin"))
        twin.says("not every event store answers")
        system.more(lambda: len(load.taken), len(load.taken) + 300)
        assert "state=live" not in twin.log(), twin.log()

        net.reach(net.addresses["a"], "t")
        system.live("stock")
        system.more(lambda: len(load.taken), len(load.taken) + 300)
        net.reach(net.addresses["a"], "a")
        assert first.process.wait(WAIT_SECONDS) == EX_NOPERM
        assert "event=fenced" in first.log(), first.log()
        net.reach(net.addresses["a"], "t")
        system.more(lambda: len(load.taken), len(load.taken) + 300)
        load.end()
        settle(system)
        levels_equal(system, len(load.taken))
        check_once(system, load, "stock", "log-a", "stock.received")
        assert system.status("stock").epoch == 2


def test_a_cloned_directory_is_started_twice(build):
    """Its process is killed; the directory and a copy of it are started at once on endpoints of their own: one is fenced."""
    with System(build, services=("stock", "query")) as system:
        system.start_all()
        Load(system, "stock", "stock.receive", itertools.islice(received(), 300), recorded=True).finish()
        clone(system, "stock", "twin")
        system.daemons["stock"].kill()
        plain, daemons = system.topology, {}
        for place in ("d", "twin"):
            system.service_lines["stock"] = [f"{kind} = ipc://{system.path}/{place}.{kind}"
                                             for kind in ("commands", "queries", "publish")]
            system.topology = f"{plain}.{place}"
            system.write_topology()
            daemons[place] = system.start("stock", "--data", os.path.join(system.path, place))
        system.topology = plain
        until("one of them to end", lambda: any(daemon.process.poll() is not None for daemon in daemons.values()))
        (fenced,) = (place for place, daemon in daemons.items() if daemon.process.poll() is not None)
        (goes_on,) = daemons.keys() - {fenced}
        assert daemons[fenced].process.returncode == EX_NOPERM, daemons[fenced].log()
        daemons[goes_on].says("event=state state=live")
        assert daemons[goes_on].stop() == EX_OK
        system.service_lines["stock"] = []
        system.write_topology()
        system.start("stock", "--data", os.path.join(system.path, goes_on))
        system.live("stock")
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        settle(system)
        levels_equal(system, 301)
        assert len(system.events("log-a", "stock")) == 301
