"""A service that nobody planned for is added to the shop of topology/shop.zpl, which sells meanwhile."""
import itertools
import json
import os
import shutil
import signal
import uuid

from system import until
from test_sale import ADDRESS, PRICE, Shop

MESSAGES = "    messages = ../services/recommendations/suggestions.messages.zpl\n"
SERVICE = """
service = {name}
    about = What is bought together.
    program = souk-recommendations
    follow = catalog
    follow = orders
"""
TEAS = [f"01932c07-0000-7000-8000-0000000000c{number}" for number in range(4)]
BEFORE, MEANWHILE = 24, 48              # orders
UNITS = 1000


class GrowingShop(Shop):
    """With a copy of the service that was there from the start; nobody can ask it before its messages are known."""

    def make(self, build):
        super().make(build)
        path = "services/recommendations/suggestions.messages.zpl"
        os.makedirs(os.path.dirname(os.path.join(self.path, path)))
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", path),
                    os.path.join(self.path, path))
        self.add("companion")

    def add(self, name, messages=""):
        self.nodes += 1
        self.exchange(self.read().replace("    messages", messages + "    messages", 1) + SERVICE.format(name=name))

    def read(self):
        with open(self.environment["SOUK_TOPOLOGY"], encoding="utf-8") as file:
            return file.read()

    def exchange(self, text):
        """At once, as somebody may be reading it."""
        path = self.environment["SOUK_TOPOLOGY"]
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def furnish(self, admin):
        """Four teas, published and in stock."""
        for number, product in enumerate(TEAS):
            self.call("catalog.write", *admin, product_id=product, slug=f"tea-{number}", title=f"Tea {number}", summary="",
                      text="", category="tea", pictures=[],
                      articles=[{"sku": f"tea-{number}", "name": "", "price": PRICE}])
            seen = self.call("catalog.publish", *admin, product_id=product)["seen"]
            seen = self.call("inventory.receive", *admin, "--seen", ",".join(seen), sku=f"tea-{number}", units=UNITS,
                             note="")["seen"]
        return seen

    def buy(self, baskets, ann, card, seen):
        """Order each of them; the process that does."""
        path = os.path.join(self.path, f"{uuid.uuid4()}.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for basket in baskets:
                order_id = str(uuid.uuid4())
                lines = [{"sku": f"tea-{number}", "units": 1, "price": PRICE} for number in basket]
                file.write(json.dumps({"service": "orders", "message": "orders.place", "id": order_id, "data": {
                    "order_id": order_id, "lines": lines, "card": card, "email": "ann@example.org",
                    "address": ADDRESS}}) + "\n")
        return self.start("call", "--from", path, *ann, "--seen", seen, "--deadline", "60000", "--json")

    def digest(self, name, stream):
        answer = self.json("call", name, "souk.digest", json.dumps({"stream": stream}))[0]
        assert answer["status"] == "ok", answer
        return answer["body"][0]

    def is_equal(self, stream):
        last = max(event["number"] for event in self.events(stream))
        digest = self.digest("recommendations", stream)
        return digest["number"] == last and digest == self.digest("companion", stream)

    def is_good(self):
        with self.start("status") as status:
            status.communicate()
            return status.returncode == 0

    def together(self, name, product):
        answer = self.json("call", name, "recommendations.together", json.dumps({"product_id": product}))[0]
        assert answer["status"] == "ok", answer
        return [(one["slug"], one["orders"]) for one in answer["body"][0]["products"]]

    def pids(self):
        path = f"/proc/{self.up_process.pid}/task/{self.up_process.pid}/children"
        with open(path, encoding="utf-8") as children:
            return {int(child) for child in children.read().split()}


def some_baskets(count):
    """Some are bought together more often than others: no two products of one have the same number of orders."""
    kinds = [(0, 1), (0, 1), (0, 1), (0, 1), (0, 2), (0, 2, 1), (3, 0), (2,)]
    return list(itertools.islice(itertools.cycle(kinds), count))


def pairs(baskets, number):
    """What was bought with a tea, counted here."""
    counts = {}
    for basket in baskets:
        for other in basket if number in basket else ():
            if other != number:
                counts[f"tea-{other}"] = counts.get(f"tea-{other}", 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


def finished(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return [json.loads(line)["status"] for line in out.splitlines()]


def test_a_service_is_added_while_the_shop_sells(build):
    """Six lines and HUP: nobody else is started again, and it has all that was before it."""
    assert (MESSAGES + SERVICE.strip()).count("\n") + 1 == 6
    with GrowingShop(build) as shop:
        admin, ann, _ = shop.open()
        seen = ",".join(shop.furnish(admin))
        card = shop.card("4242 4242 4242 4242")
        bought = some_baskets(BEFORE)
        assert finished(shop.buy(bought, ann, card, seen)) == ["ok"] * BEFORE
        shop.settled(BEFORE)
        before, text = shop.pids(), shop.read()
        shop.exchange(text + "servise = odd\n")         # with an error, it changes nothing
        shop.up_process.send_signal(signal.SIGHUP)
        shop.says("did you mean `service`?", 2)         # souk up and the daemons
        shop.exchange(text)
        buying = shop.buy(some_baskets(MEANWHILE), ann, card, seen)
        shop.add("recommendations", MESSAGES)
        shop.up_process.send_signal(signal.SIGHUP)
        shop.says(f" is up: {shop.nodes} of {shop.nodes} are live")
        until("all to run by the new file", shop.is_good)
        assert finished(buying) == ["ok"] * MEANWHILE
        bought += some_baskets(MEANWHILE)
        assert set(shop.settled(len(bought)).values()) == {"orders.confirmed"}
        assert before < shop.pids() and len(shop.pids()) == len(before) + 1
        for stream in ("catalog", "orders"):
            until(f"both to have all of {stream}, and the same tables", lambda stream=stream: shop.is_equal(stream))
        for number, product in enumerate(TEAS):
            assert shop.together("recommendations", product) == shop.together("companion", product) \
                == pairs(bought, number), number
        shop.up_process.send_signal(signal.SIGHUP)      # nothing is new
        shop.says("are read at the start", 2)
        assert shop.down() == 0
        assert shop.log().count(" is new; it is started") == 1 and " is started again " not in shop.log()
