"""The shop of topology/shop-two-hosts.zpl in two network namespaces, with keys, parted in the middle of a sale."""
import os
import re
import shutil
import signal
import subprocess
import uuid

from net import Net
from system import WAIT_SECONDS, skip_if_sanitized, until
from test_sale import PRICE, Shop, order

HOSTS = {"counter": "192.0.2.1", "storehouse": "192.0.2.2"}     # with the addresses that stand in the file
BOTH_WAYS = ("counter", "storehouse"), ("storehouse", "counter")
APART = 10                              # orders while nobody hears the other side


def sections(path):
    """What a topology file says, by section: without comments, and without where its nodes are."""
    found = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", path), encoding="utf-8") as file:
        for line in file:
            said = line.split("#", 1)[0].rstrip()
            if said and not said.startswith(" "):
                lines = found.setdefault(said, [])
            elif said and said.split()[0] not in ("host", "port"):
                lines.append(said)
    return found


def test_it_is_the_shop_of_one_host(build):         # pylint: disable=unused-argument
    """The two files are kept by hand: they say the same shop, but for where it is, and who may ask from outside."""
    one, two = sections("topology/shop.zpl"), sections(Parted.topology)
    for name in ("host = counter", "host = storehouse", "event_store = es2", "client = shopkeeper"):
        del two[name]
    assert two["system = shop"].pop(0) != one["system = shop"].pop(0), "each says what it is about"
    assert two == one


class Parted(Shop):
    """Each host's part is started by a souk up of its own; whoever looks after it calls from outside."""

    topology = "topology/shop-two-hosts.zpl"

    def __init__(self, build, net):
        self.net = net
        self.ups = {}
        super().__init__(build)

    def make(self, build):
        self.build = build
        for path in (self.topology, "services/shop/shop.messages.zpl", "services/shop/shop.routes.zpl"):
            os.makedirs(os.path.dirname(os.path.join(self.path, path)), exist_ok=True)
            shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", path),
                        os.path.join(self.path, path))
        self.edit("listen = 127.0.0.1:8080", "listen = 127.0.0.1:0")
        for host, address in HOSTS.items():
            self.edit(address, self.net.addresses[host])
        self.environment["SOUK_CLIENT"] = "shopkeeper"
        (key,) = re.findall(r"pass_key = \S+", self.run("keys", "pass"))
        self.edit("    pass_issuer = accounts\n", f"    pass_issuer = accounts\n    {key}\n")
        made = [entry for host in HOSTS for entry in self.json("keys", "make", "--host", host)[0]]
        self.put_in(made + self.json("keys", "make", "bridge", "shopkeeper")[0])

    def put_in(self, made):
        for entry in made:
            with open(self.environment["SOUK_TOPOLOGY"], encoding="utf-8") as file:
                (head,) = re.findall(rf"^(?:service|event_store|client) = {entry['name']}\n", file.read(), re.MULTILINE)
            self.edit(head, f"{head}    key = \"{entry['key']}\"\n")

    def up(self, *arguments):
        for host in HOSTS:
            with open(f"{self.log_path}.{host}", "ab") as log:
                self.ups[host] = subprocess.Popen(
                    ["ip", "netns", "exec", self.net.space(host), self.souk, "up", "--host", host, "--data",
                     os.path.join(self.path, host), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=self.environment, cwd=self.path)
        for host in HOSTS:
            until(f"{host} to be up", lambda host=host: " are live after " in self.log(host))

    def log(self, host=None):
        text = ""
        for one in HOSTS if host is None else (host,):
            with open(f"{self.log_path}.{one}", encoding="utf-8") as log:
                text += log.read()
        return text

    def __exit__(self, kind, value, trace):
        for process in self.ups.values():
            process.send_signal(signal.SIGTERM)
        codes = {host: process.wait(WAIT_SECONDS) for host, process in self.ups.items()}
        if kind is not None and self.ups:
            print("".join(f"#   {line}\n" for host in HOSTS for line in self.log(host).splitlines()[-20:]), end="")
        super().__exit__(kind, value, trace)
        if kind is None:
            assert codes == dict.fromkeys(HOSTS, 0), codes

    def events(self, stream):
        """As the storehouse has them."""
        return self.json("log", "--store", "es2", "--stream", stream, "--data", "--limit", "0")

    def shown(self, admin):
        """What pages say of each order."""
        orders, start = {}, {}
        while start is not None:
            page = self.call("query.orders", *admin, **start)["body"][0]
            orders |= {one["order_id"]: one["state"] for one in page["orders"]}
            start = {"from": page["next"]} if page.get("next") else None
        return orders


def test_a_sale_goes_on_while_the_hosts_are_parted(build):
    """Where goods and money are, orders are taken and paid for; where people look, everything is as it was. When the hosts
    meet again the pages show what was sold, and goods and money add up."""
    skip_if_sanitized("two hosts that are parted are tried, too")
    with Net(list(HOSTS)) as net, Parted(build, net) as shop:
        admin, ann, seen = shop.open()
        card = shop.card("4242 4242 4242 4242")
        wanted = [order(card) for _ in range(2 * APART)]

        def place(orders):
            for one in orders:
                shop.call("orders.place", *ann, "--seen", seen, "--id", one["order_id"], **one)

        def shown():
            return {number for number, state in shop.shown(admin).items() if state == "confirmed"}

        place(wanted[:APART])
        net.cut(*BOTH_WAYS)
        place(wanted[APART:])
        ends = shop.settled(len(wanted))
        assert set(ends.values()) == {"orders.confirmed"}, ends
        assert len(shown()) <= APART < len(ends), "they are not parted"
        tray = shop.call("catalog.write", *admin, product_id=str(uuid.uuid4()), slug="tray", title="Tray", summary="",
                         text="", category="tea", articles=[{"sku": "tray", "name": "", "price": PRICE}],
                         pictures=[])["seen"]
        assert shop.refusal("inventory.receive", *admin, sku="tray", units=1, note="") == "inventory.unknown_article"
        net.mend(*BOTH_WAYS)
        until("the pages to show all", lambda: shown() == set(ends) or None)
        shop.call("inventory.receive", *admin, "--seen", ",".join(tray), sku="tray", units=1, note="")
        charges = [event["subject"] for event in shop.events("cards") if event["type"] == "cards.captured"]
        assert sorted(charges) == sorted(ends)
        assert "epoch=2" not in shop.log(), "a partition is no reason for an epoch"
