"""What each page of the shop shows, and each action does, while a service stands still: the table, row by row."""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess

from blog import ROOT, Blog, new_id, problem_of
from people import Browser
from system import until

WAIT_MS = 700                           # how long the bridge waits for a service here; the shop's routes say 5000
ADDRESS = {"name": "Ann", "street": "1 High Street", "city": "Bonn", "postcode": "53111", "country": "DE", "phone": ""}
REVIEW = {"stars": 5, "title": "Good", "text": "It holds tea."}
PRICE = {"minor": 1250, "currency": "EUR"}
GOOD_CARD = "4242 4242 4242 4242"

DOC = ROOT / "doc/decisions/shop.md"


def table():
    """The rows of the page that says it: who stands still, what is not answered then, how far an order comes."""
    text = DOC.read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", text[text.index("## What works while"):], flags=re.MULTILINE)
    return [(name, set(re.split(", ", failing)) - {"nothing"}, None if end == "not taken" else end)
            for name, failing, end in rows]


class Shop(Blog):
    """The shop of the tree behind its bridge, which waits so long for a service."""

    def __init__(self, build, wait_ms=WAIT_MS):     # pylint: disable=super-init-not-called
        self.begin(build)
        shop = ROOT / "services/shop"
        routes = (shop / "shop.routes.zpl").read_text("utf-8")
        routes = re.sub(r"^    rate = .*\n", "", routes, flags=re.MULTILINE)
        routes = re.sub(r"^(    (?:query|command) = .*\n)(?!    deadline_ms)", rf"\1    deadline_ms = {wait_ms}\n", routes, flags=re.MULTILINE)
        routes = routes.replace("    session\n", "    limits\n        connections_per_address = 100\n    session\n", 1)
        pathlib.Path(self.path, "shop.routes.zpl").write_text(routes, "utf-8")
        topology = (ROOT / "topology/shop.zpl").read_text("utf-8")
        topology = topology.replace("../services/shop/shop.routes.zpl", "shop.routes.zpl").replace("../", f"{ROOT}/")
        topology = topology.replace("system = shop\n", f"system = shop\n    run = r\n    witness = {self.witness}\n")
        topology = topology.replace("127.0.0.1:8080", "127.0.0.1:0")
        self.topology = os.path.join(self.path, "shop.zpl")
        pathlib.Path(self.topology).write_text(topology, "utf-8")

    def call(self, service, command, message):
        subprocess.run([f"{self.build}/souk", "call", "--topology", self.topology, service, command, json.dumps(message)],
                       check=True, stdout=subprocess.PIPE)


class Shopper(Browser):
    """A browser that reads what it wrote."""

    seen = None

    def ask(self, method, path, body=None, **headers):
        answer = super().ask(method, path, body, **({"Souk_Cursors": self.seen} if self.seen else {}), **headers)
        self.seen = answer.headers["Souk-Cursors"] or self.seen
        return answer

    def good(self, method, path, body=None, **headers):
        """Once it can be had: who writes and reads at once may be asked to come again."""
        def look():
            answer = self.ask(method, path, body, **headers)
            assert answer.status in (200, 201, 202, 204), (method, path, answer)
            return answer if answer.status != 202 else None
        return until(f"{method} {path}", look)


def keep_card(browser, number=GOOD_CARD):
    """A card, which pays."""
    card = new_id()
    browser.good("POST", "/api/cards", {"card": card, "number": number, "code": "123", "month": 12, "year": 2030})
    return card


def fill_cart(browser, card, sku="glass"):
    """Something is put into somebody's cart: the order that is to be placed."""
    browser.good("POST", "/api/cart/lines", {"sku": sku, "units": 1})
    cart = browser.good("GET", "/api/cart").body
    return {"order_id": new_id(), "cart_version": cart["cart_version"], "total": cart["total"], "card": card,
            "email": "guest@example.org", "address": ADDRESS}


def open_shop(shop):
    """Somebody who works there, somebody who buys there and has an order, and something to sell."""
    staff, ann, product = Shopper(shop), Shopper(shop), new_id()
    staff.register("eve@example.org", name="Eve")
    shop.call("accounts", "accounts.appoint_first", {"email": "eve@example.org"})
    ann.register()
    for browser, email in ((staff, "eve@example.org"), (ann, "ann@example.org")):
        assert browser.sign_in(email).status == 200
    staff.good("PUT", "/api/admin/categories/tea", {"title": "Tea", "text": "", "place": 1})
    sell(staff, product, "tea-glass", 1000)
    ann.seen = staff.seen
    order = fill_cart(ann, keep_card(ann))
    order_id = order["order_id"]
    ann.good("POST", "/api/orders", order, Idempotency_Key=order_id)
    until("Ann's order to be confirmed", lambda: state_of(ann, order_id) == "confirmed")
    ann.good("POST", f"/api/products/{product}/reviews", {"review_id": order_id, **REVIEW})
    return staff, ann, product, order_id


def sell(staff, product, slug, units):
    """So many of a new product are for sale."""
    said = written(slug)
    staff.good("PUT", f"/api/admin/products/{product}", said, If_None_Match="*")
    staff.good("POST", f"/api/admin/products/{product}/publish", {})
    staff.good("POST", f"/api/admin/stock/{said['articles'][0]['sku']}/receive", {"units": units, "note": ""})


def written(slug):
    return {"slug": slug, "title": "Tea glass", "summary": "", "text": "", "category": "tea", "pictures": [],
            "articles": [{"sku": "glass" if slug == "tea-glass" else slug[-12:], "name": "", "price": PRICE}]}


def state_of(browser, order_id):
    answer = browser.ask("GET", f"/api/orders/{order_id}")
    return answer.body["state"] if answer.status == 200 else None


def asks(staff, ann, product, order_id):
    """By name: what a page asks for, and what can be done there. Each asks anew."""
    product_path = f"/api/products/{product}"
    return {
        "home": lambda: ann.ask("GET", "/api/home"),
        "categories": lambda: ann.ask("GET", "/api/categories"),
        "catalogue": lambda: ann.ask("GET", "/api/products?sort=newest&category=tea"),
        "product": lambda: ann.ask("GET", "/api/products/tea-glass"),
        "its reviews": lambda: ann.ask("GET", f"{product_path}/reviews"),
        "cart": lambda: ann.ask("GET", "/api/cart"),
        "put into the cart": lambda: ann.ask("POST", "/api/cart/lines", {"sku": "glass", "units": 1}),
        "keep a card": lambda: ann.ask("POST", "/api/cards", {
            "card": new_id(), "number": GOOD_CARD, "code": "123", "month": 12, "year": 2030}),
        "orders": lambda: ann.ask("GET", "/api/orders"),
        "order": lambda: ann.ask("GET", f"/api/orders/{order_id}"),
        "destination": lambda: ann.ask("GET", f"/api/orders/{order_id}/destination"),
        "my reviews": lambda: ann.ask("GET", "/api/reviews"),
        "edit a review": lambda: ann.ask("PUT", f"/api/reviews/{order_id}", REVIEW),
        "sign in": lambda: Browser(ann.system).sign_in(),
        "account": lambda: ann.ask("GET", "/api/account"),
        "addresses": lambda: ann.ask("PUT", f"/api/account/addresses/{new_id()}", {"address": ADDRESS}),
        "write a product": lambda: staff.ask("PUT", f"/api/admin/products/{new_id()}", written(new_id()), If_None_Match="*"),
        "receive stock": lambda: staff.ask("POST", "/api/admin/stock/glass/receive", {"units": 1, "note": ""}),
        "today": lambda: staff.ask("GET", "/api/admin/today"),
        "stock": lambda: staff.ask("GET", "/api/admin/stock"),
        "all orders": lambda: staff.ask("GET", "/api/admin/orders"),
        "review queue": lambda: staff.ask("GET", "/api/admin/moderation"),
        "forbidden words": lambda: staff.ask("GET", "/api/admin/words"),
        "forbid a word": lambda: staff.ask("PUT", "/api/admin/words/kitsch", {"is_refused": False}),
    }


def test_what_works_while_a_service_stands_still(build):
    with Shop(build) as shop, concurrent.futures.ThreadPoolExecutor(12) as pool:
        actions, rows = asks(*open_shop(shop)), table()
        assert {name for name, _, _ in rows} == set(shop.children()) - {"bridge"}, "a row for each service"
        assert set().union(*(failing for _, failing, _ in rows)) == set(actions) | {"check out"}, "each page in one"
        for name, failing, end in rows:
            guest = Shopper(shop)
            order = fill_cart(guest, keep_card(guest))
            both = {**actions, "check out": lambda guest=guest, order=order: guest.ask(
                "POST", "/api/orders", order, Idempotency_Key=order["order_id"])}
            pid = shop.stop_process(name)
            try:
                for asked in [pool.submit(fails if what in failing else works, what, ask) for what, ask in both.items()]:
                    asked.result()
                if end is not None and name != "query":
                    until(f"the order to be {end} without {name}", lambda: state_of(guest, order["order_id"]) == end)
            finally:
                os.kill(pid, signal.SIGCONT)
            for what in failing:
                works(what, both[what])
            until(f"the order to be confirmed with {name} back", lambda: state_of(guest, order["order_id"]) == "confirmed")


def fails(what, ask):
    """It is said that there is no answer, and when to come again."""
    answer = ask()
    assert answer.status == 503 and problem_of(answer) == "unanswered" and answer.headers["Retry-After"], (what, answer)


def works(what, ask):
    """A machine that has other work to do may answer late, and is asked again."""
    def look():
        answer = ask()
        assert answer.status < 400 or answer.status == 503, (what, answer)
        return answer.status < 400
    until(f"`{what}` to be answered", look)
