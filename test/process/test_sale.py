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

from ledger import STREAMS, Ledger
from system import until
from test_souk import Guestbook

ADMIN = "01932c07-0000-7000-8000-0000000000a1"
ANN = "01932c07-0000-7000-8000-0000000000a2"
PRODUCT = "01932c07-0000-7000-8000-0000000000b1"
PRICE = {"minor": 1250, "currency": "EUR"}
ADDRESS = {"name": "Ann", "street": "1 High Street", "city": "Bonn", "postcode": "53111", "country": "DE", "phone": ""}
UNITS = int(os.environ.get("SOUK_SALE_UNITS", "40"))
BUYERS = 20 * UNITS
DOUBLE_CLICKS = 40                      # orders that are sent once more under the same key
KILLED = ("souk-orders", "souk-inventory", "souk-payments", "souk-cards", "souk-eventstore", "souk-catalog", "souk-carts",
          "souk-accounts", "souk-query", "souk-bridge")


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

    def books(self):
        """What was recorded, once nothing is under way."""
        ledger = Ledger([event for stream in STREAMS for event in self.events(stream)])
        return ledger if ledger.is_settled() else None

    def stock(self):
        """On hand, and held."""
        last = max((event for event in self.events("inventory") if event["type"] == "inventory.changed"),
                   key=lambda event: event["number"])["data"]
        return last["on_hand"], last["held"]

    def buy(self, wanted, who):
        """The process that places these orders, each under its own key."""
        lines = os.path.join(self.path, f"{uuid.uuid4()}.jsonl")
        with open(lines, "w", encoding="utf-8") as file:
            for one in wanted:
                file.write(json.dumps({"service": "orders", "message": "orders.place", "id": one["order_id"],
                                       "data": one}) + "\n")
        with open(lines + ".answers", "wb") as file:
            buying = subprocess.Popen([self.souk, "call", "--from", lines, *who, "--deadline", "120000", "--json"],
                                      stdin=subprocess.DEVNULL, stdout=file, env=self.environment, cwd=self.path)
        buying.answers = lines + ".answers"
        return buying

    def said(self, buying):
        """How each was answered, in the end."""
        buying.wait(120)
        with open(buying.answers, encoding="utf-8") as file:
            return [json.loads(line)["status"] for line in file]

    def all_orders(self, staff):
        """What the shopkeeper's pages say of every order."""
        orders, more = [], {}
        while more is not None:
            page = self.call("query.orders", *staff, **more)["body"][0]
            orders += page["orders"]
            more = {"from": page["next"]} if "next" in page else None
        return orders

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
        review = str(uuid.uuid4())
        shop.call("reviews.write", *ann, review_id=review, product_id=PRODUCT, stars=4, title="", text="It holds tea.")
        shown = until("the review to be shown", lambda: shop.call("query.reviews", product_id=PRODUCT)["body"][0]["reviews"])
        assert [(one["review_id"], one["author_name"], one["is_verified"]) for one in shown] == [(review, "Ann", True)]
        assert shop.refusal("moderation.refuse", *ann, review_id=review, revision=1, reason="No.") == "shop.staff_only"
        shop.call("moderation.refuse", *admin, review_id=review, revision=1, reason="No.")
        until("the stars to change", lambda: shop.call("query.products", sort="newest")["body"][0]["products"][0]["reviews"]
              == 0)
        assert "correct horse" not in shop.log() and "ann@example.org" not in shop.log()


def test_everything_is_sold_once_though_daemons_are_killed(build):
    """Twenty times as many buyers as glasses, and a kill after the other: what is there is sold and charged once."""
    with Shop(build) as shop:
        admin, ann, seen = shop.open()
        cards = [shop.card("4242 4242 4242 4242"), shop.card("4000 0000 0000 0341")]    # the latter answers twice
        wanted = [order(cards[number % 2]) for number in range(BUYERS)]
        shop.call("orders.place", *ann, "--seen", seen, "--id", wanted[0]["order_id"], **wanted[0])
        buying = shop.buy(wanted, ann)
        again = shop.buy(wanted[:DOUBLE_CLICKS], ann)
        kills = 0
        while buying.poll() is None or kills < len(KILLED):
            name = KILLED[kills % len(KILLED)]
            os.kill(until(f"{name} to run", lambda name=name: shop.pid(name)), signal.SIGKILL)
            kills += 1
            ready = shop.log().count(shop.whole)
            if kills % 3 == 0:          # else the next one dies while this one starts
                until("the shop to be whole", lambda ready=ready: shop.log().count(shop.whole) > ready)
        assert shop.said(buying) == ["ok"] * BUYERS and shop.said(again) == ["ok"] * DOUBLE_CLICKS
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
        ledger = until("the books to be closed", shop.books)
        ledger.check()
        assert ledger.sold() == (UNITS, UNITS * PRICE["minor"])
        asked = {event["subject"]: event["data"]["amount"]["minor"] for event in shop.events("cards")
                 if event["type"] == "cards.asked"}
        assert {asked[charge] for charge in charges} == {PRICE["minor"]}
        assert not [event for event in shop.events("cards") if event["type"] == "cards.refunded"]
        until("the pages to show it", lambda: sum(one["state"] in ("confirmed", "cancelled")
                                                  for one in shop.all_orders(admin)) == BUYERS)
        shown = shop.all_orders(admin)
        assert sorted(one["order_id"] for one in shown) == sorted(placed)
        assert {one["order_id"] for one in shown if one["state"] == "confirmed"} == confirmed
        assert sum(one["total"]["minor"] for one in shown if one["state"] == "confirmed") \
            == sum(asked[charge] for charge in charges) == UNITS * PRICE["minor"]
        page = shop.call("query.product", slug="tea-glass")["body"][0]
        assert [article["available"] for article in page["articles"]] == [0]
