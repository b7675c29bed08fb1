"""A customer of the real shop leaves: what was personal is in no file of the system, in no answer, and in nothing that is put
back or filled again. Not even before: it is sealed from the start, so no file has ever had it in clear."""
import contextlib
import json
import os
import re
import subprocess
import urllib.parse
import uuid

from blog import new_id
from system import WAIT_SECONDS, skip_if_sanitized, until
from test_stopped import PRICE, Shop, Shopper, keep_card, sell, state_of

WAIT_MS = 5000
EMAIL = "Zora.Quillfeather@lantern-keepers.example"
GUEST_EMAIL = "zora.the.visitor@harbour-pilots.example"
NAME, FIRST_NAME = "Zora the Lamplighter", "Zora Greenhorn"
PASSWORD, FIRST_PASSWORD = "opal under the drawbridge", "amber behind the mill"
CARD = "4000 0000 0000 0341"
WRONG = "neither opal nor amber"
PLACES = {
    "home": {"name": "Z. Marchbanks", "street": "17 Nightingale Crescent", "city": "Wuthering", "postcode": "QX7-31PZ", "country": "GB",
             "phone": "+44 1632 960847"},
    "guest": {"name": "Z. Fotheringay", "street": "4 Cormorant Wharf", "city": "Saltmarsh", "postcode": "HB9-77LK", "country": "GB",
              "phone": "+44 1632 960218"},
}
# What is marked personal, a part of it that is long enough to be in no file by chance, in small letters.
ADDRESSES = ["quillfeather", "lantern-keepers", "zora.the.visitor", "harbour-pilots", "marchbanks", "nightingale", "wuthering",
             "qx7-31pz", "1632 960847", "fotheringay", "cormorant", "saltmarsh", "hb9-77lk", "1632 960218"]
SECRETS = ["opal under", "amber behind", "neither opal", "4000 0000 0000 0341", "4000000000000341", "$argon2id$"]
NAMES = ["lamplighter", "greenhorn"]
NAMES_LIE_IN = re.compile(r"d/\w+/data/(store|store\.before|store\.aside-\d|backups/\w+)/data\.mdb")
KEY_BYTES, ID_BYTES = 32, 16
KEEPERS = ("accounts", "orders")        # who seals something


class Kept(Shop):
    """A shop whose data can be looked at, put back and filled again; its daemons can be ended and started."""

    def __init__(self, build):
        super().__init__(build, WAIT_MS)
        with open(self.topology, encoding="utf-8") as file:
            text = file.read()
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write(text.replace("system = shop\n", "system = shop\n    data = d\n", 1))

    def souk(self, *arguments):
        return subprocess.run([f"{self.build}/souk", *arguments, "--topology", self.topology], check=True, cwd=self.path,
                              stdout=subprocess.PIPE, encoding="utf-8", timeout=4 * WAIT_SECONDS).stdout

    def log(self, *arguments):
        return [json.loads(line) for line in self.souk("log", "--json", "--limit", "0", *arguments).splitlines()]

    @contextlib.contextmanager
    def stopped(self):
        assert self.up.stop(2 * WAIT_SECONDS) == 0
        yield
        self.__enter__()                # pylint: disable=unnecessary-dunder-call

    def keys_of(self, person):
        """By service, from its file: whose key it is, then the key."""
        found = {}
        for name in KEEPERS:
            with open(os.path.join(self.path, "d", name, "data.keys"), "rb") as file:
                slots = file.read()
            at = slots.find(person)
            if at >= 0:
                found[name] = slots[at + ID_BYTES:at + ID_BYTES + KEY_BYTES]
        return found

    def files_with(self, *words):
        """By word, in small letters: in which files of the system it stands, in whatever letters."""
        found = {word: set() for word in words}
        for top in (self.path, self.witness):
            for home, _, names in os.walk(top):
                for path in (os.path.join(home, name) for name in names):
                    if not os.path.isfile(path):
                        continue
                    with open(path, "rb") as file:
                        data = file.read()
                    small = data.lower()
                    for word in words:
                        if word in data if isinstance(word, bytes) else word.encode() in small:
                            found[word].add(os.path.relpath(path, top))
        return {word: files for word, files in found.items() if files}


class Customer:
    """Somebody who does all that a customer can do, with words that nobody else uses."""

    def __init__(self, shop, product, seen):
        self.browser, self.product = Shopper(shop), product
        self.browser.seen = seen
        self.orders = []
        self.order("guest", GUEST_EMAIL)
        self.person = self.browser.register(EMAIL, FIRST_PASSWORD, FIRST_NAME)
        assert self.browser.sign_in(EMAIL, WRONG).status == 403
        assert self.browser.sign_in(EMAIL, FIRST_PASSWORD).status == 200
        self.browser.good("PUT", "/api/account/password", {"person_id": self.person, "old_password": FIRST_PASSWORD,
                                                           "new_password": PASSWORD})
        self.browser.good("PUT", "/api/account/name", {"name": NAME})
        self.browser.good("PUT", f"/api/account/addresses/{new_id()}", {"address": PLACES["home"]})
        self.order("home", EMAIL)
        self.review = new_id()
        self.browser.good("POST", f"/api/products/{product}/reviews", {"review_id": self.review, "stars": 4, "title": "Good",
                                                                       "text": "It holds tea."})

    def order(self, place, email):
        browser, order_id = self.browser, new_id()
        card = keep_card(browser, CARD)
        browser.good("POST", "/api/cart/lines", {"sku": "glass", "units": 1})
        cart = browser.good("GET", "/api/cart").body
        order = {"order_id": order_id, "cart_version": cart["cart_version"], "total": cart["total"], "card": card, "email": email,
                 "address": PLACES[place]}
        wrong = browser.ask("POST", "/api/orders", {**order, "total": PRICE | {"minor": 1}}, Idempotency_Key=new_id())
        assert wrong.status == 409, wrong
        browser.good("POST", "/api/orders", order, Idempotency_Key=order_id)
        until("the order to be confirmed", lambda: state_of(browser, order_id) == "confirmed")
        self.orders.append(order_id)

    def leave(self):
        assert self.browser.ask("POST", "/api/account/leave", {"person_id": self.person, "password": WRONG}).status >= 400
        self.browser.good("POST", "/api/account/leave", {"person_id": self.person, "password": PASSWORD})


def all_that_is_shown(staff, customer):
    """Whatever staff, an admin among them, is shown in which somebody could stand; as one text in small letters."""
    person, product = customer.person, customer.product
    words = [EMAIL, GUEST_EMAIL, NAME, *(value for place in PLACES.values() for value in place.values())]
    paths = ["/api/home", "/api/products", "/api/products/tea-glass", f"/api/products/{product}/reviews", "/api/admin/today",
             "/api/admin/people", f"/api/admin/people?person_id={person}", "/api/admin/customers", "/api/admin/deeds",
             f"/api/admin/customers/{person}", f"/api/admin/customers/{person}/reviews", "/api/admin/orders",
             "/api/admin/moderation", f"/api/admin/moderation/{customer.review}/log", "/api/admin/stock",
             f"/api/admin/products/{product}", *(f"/api/admin/{where}?text={urllib.parse.quote(word)}"
                                                 for where in ("people", "destinations") for word in words)]
    for order in customer.orders:
        paths += [f"/api/orders/{order}", f"/api/orders/{order}/destination", f"/api/admin/orders/{order}/log"]

    def said(path):
        answer = until(f"an answer to {path}", lambda: nothing_at_503(staff.ask("GET", path)))
        assert answer.status == 200, (path, answer)
        return json.dumps(answer.body).lower()
    return "\n".join(said(path) for path in paths)


def nothing_at_503(answer):
    """A service that has just been started, or exchanged, may be behind."""
    return None if answer.status in (202, 503) else answer


def shown(staff, customer):
    """Which of the customer's words are shown."""
    said = all_that_is_shown(staff, customer)
    return [word for word in ADDRESSES + NAMES if word in said]


def lies_in_clear(shop, keys, what):
    """What is personal, or the key of a person, by the files that it stands in. A name is for others to see: it stands in a
    stream that is not private, and stays there; but in stores and backups only."""
    found = shop.files_with(*ADDRESSES, *SECRETS, *NAMES, *(key for each in keys for key in each.values()))
    assert all("d/es1/data/store/data.mdb" in found[name] for name in NAMES), "doc/security.md says that it stays"
    for name in NAMES:
        others = [path for path in found.pop(name) if not NAMES_LIE_IN.fullmatch(path)]
        assert not others, (what, others)
    return found


def lies_nowhere(shop, staff, customer, keys, what):
    found = lies_in_clear(shop, keys, what)
    assert not found, (what, found)
    until(f"nothing to be shown: {what}", lambda: not shown(staff, customer))


def test_a_customer_who_leaves_is_forgotten(build):
    """Looked for while the customer is there, once they have left, after services are filled again from what is recorded, and
    after backups from before are put back: of the services, and of the event store."""
    skip_if_sanitized("what lies in files is looked for, not how it got there")
    with Kept(build) as shop:
        staff, product = Shopper(shop), new_id()
        staff.register("eve@example.org", name="Eve")
        shop.call("accounts", "accounts.appoint_first", {"email": "eve@example.org"})
        assert staff.sign_in("eve@example.org").status == 200
        staff.good("PUT", "/api/admin/categories/tea", {"title": "Tea", "text": "", "place": 1})
        sell(staff, product, "tea-glass", 1000)
        customer = Customer(shop, product, staff.seen)
        until("all of it to be shown", lambda: shown(staff, customer) == ADDRESSES + NAMES[:1])
        who = {uuid.UUID(event["data"]["owner"]) for event in shop.log("--data", "--type", "orders.placed")}
        keys = [shop.keys_of(one.bytes) for one in who]
        assert uuid.UUID(customer.person) in who and len(who) == 2, who
        assert sorted(map(sorted, keys)) == [["accounts", "orders"], ["orders"]], "of a customer, and of the guest before"
        found = lies_in_clear(shop, keys, "a customer")
        assert found == {key: {f"d/{name}/data.keys"} for each in keys for name, key in each.items()}, found
        nodes = sorted(set(shop.children()) - {"bridge"})
        shop.souk("backup", "--name", "before", *nodes)

        customer.leave()
        until("both to be forgotten", lambda: len(shop.log("--type", "orders.erased")) == 2)
        lies_nowhere(shop, staff, customer, keys, "they have left")
        shop.souk("backup", "--name", "after", *nodes)
        for name in ("query", *KEEPERS):
            shop.souk("rebuild", "--json", "--programs", shop.build, name)
        lies_nowhere(shop, staff, customer, keys, "filled again")

        for names in (("query", *KEEPERS), ("es1",)):
            with shop.stopped():
                for name in names:
                    shop.souk("restore", "--even-so", name, "before")
            until("it to be recorded", lambda: len(shop.log("--type", "orders.erased")) == 2)
            lies_nowhere(shop, staff, customer, keys, f"from a backup: {names}")
        assert FIRST_NAME in [event["data"]["name"] for event in shop.log("--data", "--type", "accounts.registered")]
        reviews = staff.good("GET", f"/api/products/{product}/reviews").body["reviews"]
        assert [one["author_name"] for one in reviews] == [""] and "It holds tea." in json.dumps(reviews), "it stays"
