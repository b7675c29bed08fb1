"""Two hosts in one topology: each a network namespace with its own services and event store, tcp:// and keys between them."""
import os
import shutil
import subprocess

from system import Daemon, Load, Skipped, System, until, whole_rights
from test_faults import check_once, levels_equal, placed, quieten, received, settle

PORT = 4000                             # nobody else is in these namespaces
KINDS = ("commands", "queries", "publish")
PLACES = {"log-a": "a", "stock": "a", "log-b": "b", "orders": "b", "payments": "b", "query": "b"}


class Wires:
    """Two namespaces that see each other and this one. What this one sees stays when the two are parted."""

    def __init__(self):
        self.spaces = {host: f"souk-{os.getpid()}-{host}" for host in "ab"}
        self.net = f"198.18.{os.getpid() % 256}."
        self.addresses = {"a": self.net + "101", "b": self.net + "102"}
        self.ends = {host: f"sk{os.getpid() % 10**6}{host}" for host in "ab"}       # of the wire between them
        self.ours = {host: f"sk{os.getpid() % 10**6}o{host}" for host in "ab"}      # of those to here

    def __enter__(self):
        if shutil.which("ip") is None:
            raise Skipped("there is no ip(8)")
        try:
            for space in self.spaces.values():
                self.ip("netns", "add", space)
            self.ip("link", "add", self.ends["a"], "netns", self.spaces["a"], "type", "veth",
                    "peer", "name", self.ends["b"], "netns", self.spaces["b"])
            for number, host in enumerate("ab", 1):
                here, there = 4 * number + 1, 4 * number + 2
                self.ip("link", "add", self.ours[host], "type", "veth", "peer", "name", "outside", "netns",
                        self.spaces[host])
                self.ip("address", "add", f"{self.net}{here}/30", "dev", self.ours[host])
                self.ip("link", "set", self.ours[host], "up")
                self.within(host, "link", "set", "lo", "up")
                self.within(host, "address", "add", f"{self.addresses[host]}/32", "dev", "lo")
                self.within(host, "address", "add", f"{self.net}{there}/30", "dev", "outside")
                self.within(host, "link", "set", "outside", "up")
                self.within(host, "address", "add", f"{self.net}{number}/30", "dev", self.ends[host])
                self.ip("route", "add", f"{self.addresses[host]}/32", "via", f"{self.net}{there}")
            self.join()
        except subprocess.CalledProcessError as error:
            self.__exit__(None, None, None)
            raise Skipped(f"network namespaces cannot be made here: {error.stderr.strip()}") from error
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        for host, space in self.spaces.items():
            for words in (("link", "delete", self.ours[host]), ("netns", "delete", space)):
                subprocess.run(["ip", *words], capture_output=True, check=False)

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], capture_output=True, check=True, encoding="utf-8")

    def within(self, host, *words):
        self.ip("-n", self.spaces[host], *words)

    def part(self):
        """Nothing goes from one to the other any more; established connections do not notice."""
        self.within("a", "link", "set", self.ends["a"], "down")

    def join(self):
        for host in "ab":
            self.within(host, "link", "set", self.ends[host], "up")
        for number, (host, other) in enumerate(("ab", "ba"), 1):
            self.within(host, "route", "replace", f"{self.addresses[other]}/32", "via", f"{self.net}{3 - number}")


class Hosts(System):
    """The shop without reviews, on two hosts."""

    def __init__(self, build, wires):
        self.wires = wires
        self.ports = {name: PORT + len(KINDS) * number for number, name in enumerate(PLACES)}
        services = [name for name in PLACES if not name.startswith("log-")]
        super().__init__(build, services=services, stores=("log-a", "log-b"),
                         clients={"test": whole_rights(services)}, service_lines={
                             name: [f"host = {host}", f"port = {self.ports[name]}"] for name, host in PLACES.items()})

    def write_topology(self):
        super().write_topology()
        with open(self.topology, "a", encoding="utf-8") as file:
            file.writelines(f"host = {host}\n    address = {address}\n" for host, address in self.wires.addresses.items())

    def endpoint(self, name, kind):
        return f"tcp://{self.wires.addresses[PLACES[name]]}:{self.ports[name] + KINDS.index(kind)}"

    def start(self, name, *options, **variables):
        self.wrap = ["ip", "netns", "exec", self.wires.spaces[PLACES[name]]]
        daemon = super().start(name, *options, **variables)
        assert isinstance(daemon, Daemon)
        return daemon


def test_two_hosts_are_parted_and_nothing_is_lost(build):
    """Both sides go on without each other; when they meet again all have everything, once."""
    with Wires() as wires, Hosts(build, wires) as system:
        system.start_all()
        receives = Load(system, "stock", "stock.receive", received())
        places = Load(system, "orders", "order.place", placed(1))
        system.more(lambda: len(places.taken), 50)
        until("query to see what happens on the other host", lambda: system.status("query").streams["stock"].number > 50)

        wires.part()
        far = (("query", "stock"), ("log-b", "stock"), ("stock", "orders"), ("log-a", "orders"))
        near = (("log-a", "stock"), ("log-b", "orders"))
        stands = []
        for _ in range(2):
            before = len(receives.taken), len(places.taken)
            system.more(lambda: len(receives.taken), before[0] + 300)
            system.more(lambda: len(places.taken), before[1] + 300)
            until("this side to record it", lambda: all(
                system.status(name).streams[stream].number > 300 + (stands[-1][name, stream] if stands else 0)
                for name, stream in near))
            stands.append({(name, stream): system.status(name).streams[stream].number for name, stream in (*far, *near)})
        assert all(stands[0][place] == stands[1][place] for place in far), f"they are not parted: {stands}"

        wires.join()
        system.more(lambda: len(places.taken), len(places.taken) + 50)
        receives.end()
        places.end()
        quieten(system)
        levels_equal(system, len(receives.taken))
        for holder in ("log-a", "log-b"):
            check_once(system, receives, "stock", holder, "stock.received")
            check_once(system, places, "orders", holder, "order.placed")
        settle(system)
        assert {system.status(name).epoch for name in system.services} <= {0, 1}, "a partition is no reason for an epoch"
