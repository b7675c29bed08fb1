"""Hosts in one topology: each a network namespace, with a hub between them that drops what it is told to."""
import os
import shutil
import subprocess

from system import Daemon, Skipped, System, whole_rights

PORT = 4000                             # nobody else is in these namespaces
KINDS = ("commands", "queries", "publish")


class Net:
    """Namespaces that see each other and this one through a hub, which is a namespace, too."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.net = f"198.{18 + os.getpid() // 256 % 2}.{os.getpid() % 256}."
        self.addresses = {host: f"{self.net}{number}" for number, host in enumerate(hosts, 10)}
        self.hub = self.space("hub")

    def space(self, host):
        return f"souk-{os.getpid()}-{host}"

    def __enter__(self):
        if shutil.which("ip") is None:
            raise Skipped("there is no ip(8)")
        try:
            self.ip("netns", "add", self.hub)
            self.ip("-n", self.hub, "address", "add", f"{self.net}1/32", "dev", "lo")
            self.ip("-n", self.hub, "link", "set", "lo", "up")
            self.ip("netns", "exec", self.hub, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward;"
                    " echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter")
            self.ip("link", "add", self.here(), "type", "veth", "peer", "name", "here", "netns", self.hub)
            self.plug(["ip"], self.here(), f"{self.net}2", f"{self.net}0/24")
            self.reach(f"{self.net}2", "here")
            for host, address in self.addresses.items():
                self.add(host, address)
        except subprocess.CalledProcessError as error:
            self.__exit__(None, None, None)
            raise Skipped(f"network namespaces cannot be made here: {error.stderr.strip()}") from error
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        for words in (("link", "delete", self.here()), *(("netns", "delete", self.space(host)) for host in (*self.hosts, "hub"))):
            subprocess.run(["ip", *words], capture_output=True, check=False)

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], capture_output=True, check=True, encoding="utf-8")

    @staticmethod
    def here():
        return f"souk{os.getpid() % 10**7}"

    def add(self, host, address):
        """A namespace with that address, which another may have: reach() says which one is meant."""
        self.ip("netns", "add", self.space(host))
        self.ip("-n", self.space(host), "link", "set", "lo", "up")
        self.ip("link", "add", "out", "netns", self.space(host), "type", "veth", "peer", "name", host, "netns", self.hub)
        self.plug(["ip", "-n", self.space(host)], "out", address, "default")
        self.reach(address, host)

    def plug(self, ip, link, address, far):
        """Give a link of a namespace its address, and the way to the others."""
        self.ip(*ip[1:], "address", "add", f"{address}/32", "dev", link)
        self.ip(*ip[1:], "link", "set", link, "up")
        self.ip(*ip[1:], "route", "add", f"{self.net}1/32", "dev", link)
        self.ip(*ip[1:], "route", "add", far, "via", f"{self.net}1", "src", address)

    def reach(self, address, host):
        """What is sent to that address goes to that host from now on."""
        self.ip("-n", self.hub, "link", "set", "dev", host, "up")
        self.ip("-n", self.hub, "route", "replace", f"{address}/32", "dev", host)

    def rule(self, verb, pairs):
        for one, other in pairs:
            self.ip("-n", self.hub, "rule", verb, "from", self.addresses[one], "to", self.addresses[other], "blackhole")

    def cut(self, *pairs):
        """Nothing goes from the one to the other any more; established connections are not told."""
        self.rule("add", pairs)

    def mend(self, *pairs):
        self.rule("delete", pairs)


class Hosts(System):
    """A system whose nodes are on hosts of a net; `places` says who is where."""

    def __init__(self, build, net, places):
        self.net = net
        self.places = places
        self.ports = {name: PORT + len(KINDS) * number for number, name in enumerate(places)}
        services = [name for name in places if not name.startswith("log-")]
        super().__init__(build, services=services, stores=[name for name in places if name.startswith("log-")],
                         clients={"test": whole_rights(services)}, service_lines={
                             name: [f"host = {host}", f"port = {self.ports[name]}"] for name, host in places.items()})

    def write_topology(self):
        super().write_topology()
        with open(self.topology, "a", encoding="utf-8") as file:
            file.writelines(f"host = {host}\n    address = {address}\n" for host, address in self.net.addresses.items())

    def endpoint(self, name, kind):
        return f"tcp://{self.net.addresses[self.places[name]]}:{self.ports[name] + KINDS.index(kind)}"

    def start(self, name, *options, **variables):
        return self.start_at(self.places[name], name, *options, **variables)

    def start_at(self, host, name, *options, **variables):
        self.wrap = ["ip", "netns", "exec", self.net.space(host)]
        daemon = super().start(name, *options, **variables)
        assert isinstance(daemon, Daemon)
        return daemon
