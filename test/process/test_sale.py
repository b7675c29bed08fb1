"""The shop of topology/shop.zpl, sold in: by souk call, with people who sign in, under kill -9."""
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import uuid

from system import until
from test_souk import Guestbook

ADMIN = "01932c07-0000-7000-8000-0000000000a1"
ANN = "01932c07-0000-7000-8000-0000000000a2"
PRODUCT = "01932c07-0000-7000-8000-0000000000b1"
PRICE = {"minor": 1250, "currency": "EUR"}
ADDRESS = {"name": "Ann", "street": "1 High Street", "city": "Bonn", "postcode": "53111", "country": "DE", "phone": ""}
UNITS = int(os.environ.get("SOUK_SALE_UNITS", "40"))
BUYERS = 20 * UNITS
KILLS_MIN = 4


def text64(data):
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


class Shop(Guestbook):
    """The shop of the tree, in a directory of its own, with an admin, a customer, a product and a card."""

    topology = "topology/shop.zpl"

    def make(self, build):
        for path in ("topology/shop.zpl", "services/shop/shop.messages.zpl", "services/shop/shop.routes.zpl"):
            os.makedirs(os.path.dirname(os.path.join(self.path, path)), exist_ok=True)
            shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", path),
                        os.path.join(self.path, path))
        self.edit("listen = 127.0.0.1:8080", "listen = 127.0.0.1:0")
        with open(self.environment["SOUK_TOPOLOGY"], encoding="utf-8") as file:
            self.nodes = len(re.findall("^    program = |^event_store = ", file.read(), flags=re.MULTILINE))
        self.whole = f" is up: {self.nodes} of {self.nodes} are live"
        self.build = build

    def ask(self, message, *arguments, status=0, **data):
        return self.json("call", message.split(".", maxsplit=1)[0], message, json.dumps(data), *arguments,
                         status=status)[0]

    def refusal(self, message, *arguments, **data):
        answer = self.ask(message, *arguments, status=1, **data)
        assert answer["status"] == "refused", answer
        return answer["code"]

    def call(self, message, *arguments, **data):
        answer = self.ask(message, *arguments, **data)
        assert answer["status"] == "ok", answer
        return answer

    def register(self, person, email, name):
        return self.call("accounts.register", person_id=person, email=email, name=name, password="correct horse")

    def sign_in(self, email):
        """The option with which one speaks for them."""
        token = os.urandom(32)
        answer = self.call("accounts.sign_in", email=email, password="correct horse", client="test",
                           token_hash=text64(hashlib.blake2b(token, digest_size=32).digest()))
        assert [event["type"] for event in answer["body"]] == ["accounts.signed_in"], answer
        answer = self.call("accounts.pass", "--seen", ",".join(answer["seen"]), token=text64(token))
        path = os.path.join(self.path, f"{email}.pass")
        with open(path, "w", encoding="ascii") as file:
            file.write(answer["body"][0]["pass"] + "\n")
        return "--pass", path

    def open(self):
        """Everything that a sale needs; the admin's and the customer's options."""
        self.up("--programs", self.build)
        self.register(ADMIN, "admin@example.org", "Ada")
        self.register(ANN, "ann@example.org", "Ann")
        seen = self.call("accounts.appoint_first", email="admin@example.org")["seen"]
        admin, ann = self.sign_in("admin@example.org"), self.sign_in("ann@example.org")
        self.call("catalog.put_category", *admin, category="tea", title="Tea", text="", place=1)
        seen = self.call("catalog.write", *admin, product_id=PRODUCT, slug="tea-glass", title="Tea glass", summary="",
                         text="", category="tea", articles=[{"sku": "glass", "name": "red", "price": PRICE}],
                         pictures=[])["seen"]
        seen = self.call("catalog.publish", *admin, product_id=PRODUCT)["seen"]
        self.call("inventory.receive", *admin, "--seen", ",".join(seen), sku="glass", units=UNITS, note="")
        return admin, ann, ",".join(seen)

    def card(self, number):
        card = str(uuid.uuid4())
        self.call("cards.keep", card=card, number=number, code="123", month=12, year=2030)
        return card

    def events(self, stream):
        return self.json("log", "--stream", stream, "--data", "--limit", "0")

    def stock(self):
        """On hand, and held."""
        last = max((event for event in self.events("inventory") if event["type"] == "inventory.changed"),
                   key=lambda event: event["number"])["data"]
        return last["on_hand"], last["held"]

    def settled(self, orders):
        """What became of each order, once something has."""
        def look():
            ends = {event["subject"]: event["type"] for event in self.events("orders")
                    if event["type"] in ("orders.confirmed", "orders.cancelled")}
            return ends if len(ends) == orders else None
        return until(f"{orders} orders to end", look, 120)


def order(card, units=1):
    return {"order_id": str(uuid.uuid4()), "lines": [{"sku": "glass", "units": units, "price": PRICE}], "card": card,
            "email": "ann@example.org", "address": ADDRESS}


def test_a_sale(build):
    with Shop(build) as shop:
        admin, ann, seen = shop.open()
        wanted = order(shop.card("4242 4242 4242 4242"), 2)
        assert shop.refusal("orders.place", "--seen", seen, **wanted) == "shop.not_signed_in"
        assert shop.refusal("catalog.publish", *ann, product_id=PRODUCT) == "shop.staff_only"
        first = shop.call("orders.place", *ann, "--seen", seen, "--id", wanted["order_id"], **wanted)
        again = shop.call("orders.place", *ann, "--seen", seen, "--id", wanted["order_id"], **wanted)
        assert first["seen"] == again["seen"], (first, again)
        assert shop.settled(1) == {wanted["order_id"]: "orders.confirmed"}
        declined = order(shop.card("4000 0000 0000 0002"))
        shop.call("orders.place", *ann, **declined)
        assert shop.settled(2)[declined["order_id"]] == "orders.cancelled"
        until("the goods to be released", lambda: shop.stock() == (UNITS - 2, 0))
        refund = {"order_id": wanted["order_id"], "refund_id": str(uuid.uuid4()), "minor": 2500, "goods_return": True,
                  "note": ""}
        assert shop.refusal("orders.refund", *ann, **refund) == "shop.staff_only"
        shop.call("orders.refund", *admin, **refund)
        until("the money to go back", lambda: any(event["type"] == "cards.refunded" for event in shop.events("cards")))
        assert "correct horse" not in shop.log() and "ann@example.org" not in shop.log()


def test_everything_is_sold_once_though_daemons_are_killed(build):
    """Twenty times as many buyers as glasses, and a kill after the other: what is there is sold and charged once."""
    with Shop(build) as shop:
        _, ann, seen = shop.open()
        card = shop.card("4242 4242 4242 4242")
        wanted = [order(card) for _ in range(BUYERS)]
        lines = os.path.join(shop.path, "orders.jsonl")
        with open(lines, "w", encoding="utf-8") as file:
            for one in wanted:
                file.write(json.dumps({"service": "orders", "message": "orders.place", "id": one["order_id"],
                                       "data": one}) + "\n")
        shop.call("orders.place", *ann, "--seen", seen, "--id", wanted[0]["order_id"], **wanted[0])
        said = os.path.join(shop.path, "answers.jsonl")
        with open(said, "wb") as file:
            buying = subprocess.Popen([shop.souk, "call", "--from", lines, *ann, "--deadline", "120000", "--json"],
                                      stdin=subprocess.DEVNULL, stdout=file, env=shop.environment, cwd=shop.path)
        kills = 0
        while buying.poll() is None or kills < KILLS_MIN:
            name = ("orders", "inventory", "payments", "cards")[kills % 4]
            os.kill(until(f"{name} to run", lambda name=name: shop.pid(f"souk-{name}")), signal.SIGKILL)
            kills += 1
            ready = shop.log().count(shop.whole)
            if kills % 3 == 0:          # else the next one dies while this one starts
                until("the shop to be whole", lambda ready=ready: shop.log().count(shop.whole) > ready)
        with open(said, encoding="utf-8") as file:
            answers = [json.loads(line) for line in file]
        assert len(answers) == BUYERS and all(answer["status"] == "ok" for answer in answers), answers[:3]
        ends = shop.settled(BUYERS)
        confirmed = {number for number, end in ends.items() if end == "orders.confirmed"}
        assert len(confirmed) == UNITS, len(confirmed)
        until("nothing to be held any more", lambda: shop.stock() == (0, 0))
        charges = [event["subject"] for event in shop.events("cards") if event["type"] == "cards.captured"]
        assert sorted(charges) == sorted(confirmed), (charges, confirmed)
        placed = [event["subject"] for event in shop.events("orders") if event["type"] == "orders.placed"]
        assert sorted(placed) == sorted(one["order_id"] for one in wanted)
        taken = [event["subject"] for event in shop.events("inventory") if event["type"] == "inventory.taken"]
        assert sorted(taken) == sorted(confirmed)
        moved = {"received": 0, "held": 0, "released": 0, "taken": 0}
        for event in shop.events("inventory"):
            if event["type"] == "inventory.changed":
                moved[event["data"]["reason"]] += event["data"]["units"]
        assert moved["received"] == moved["taken"] == UNITS, moved
        assert moved["held"] == moved["released"] + moved["taken"], moved
