"""The shop while every one of its daemons is killed, the bridge, too: guests who click twice, load the page anew, pay, do
not pay, and cancel, and a crowd that wants the last few of something. Then each of them and the staff look at the pages, and
the books are checked apart from that."""
import concurrent.futures
import http.client
import itertools
import json
import os
import random
import signal
import threading

from blog import new_id
from ledger import STREAMS, Ledger
from system import skip_if_sanitized, until
from test_settings import STEP_CARD, SettingShop
from test_stopped import GOOD_CARD, PRICE, Shopper, fill_cart, keep_card, open_shop, sell

SEED = int(os.environ.get("SOUK_FIRE_SEED", "6"))
ROUNDS = int(os.environ.get("SOUK_FIRE_ROUNDS", "1"))   # in which each daemon is killed once
GUESTS = 12                             # at once
LAST = 3                                # of an article that so many want:
CROWD = 20 * LAST
PAY_MS = 5000                           # whoever has not paid then never will
PATIENCE_SECONDS = 90
ENDS = ("confirmed", "cancelled")
TWICE_CARD = "4000 0000 0000 0341"      # the processor says everything twice


class Guest(Shopper):
    """Goes on asking while nobody is there, under the same key."""

    def ask(self, method, path, body=None, **headers):
        def attempt():
            try:
                answer = super(Guest, self).ask(method, path, body, **headers)
            except (OSError, http.client.HTTPException):
                return None
            return answer if answer.status not in (202, 503) else None
        return until(f"{method} {path} to be answered", attempt, PATIENCE_SECONDS)

    def abandon(self, method, path, body, key):
        """What a page does that is closed, or loaded anew, before the answer is there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.system.port)
        try:
            connection.request(method, path, json.dumps(body), {
                "Content-Type": "application/json", "Cookie": self.cookie, "Sec-Fetch-Site": "same-origin",
                "Idempotency-Key": key})
        except OSError:
            pass                                # it may arrive, or not
        finally:
            connection.close()

    def order(self, order):
        return self.ask("POST", "/api/orders", order, Idempotency_Key=order["order_id"])

    def orders(self):
        return {one["order_id"]: one["state"] for one in self.ask("GET", "/api/orders").body["orders"]}


def click(shop, number):
    """A guest buys something with one click that arrives four times, under two ids: who, which id it was, and how."""
    guest = Guest(shop)
    habit = ("pays", "pays twice", "never pays", "pays in two steps", "cancels")[number % 5]
    card = {"never pays": STEP_CARD, "pays in two steps": STEP_CARD, "pays twice": TWICE_CARD}.get(habit, GOOD_CARD)
    first = fill_cart(guest, keep_card(guest, card))
    second = {**first, "order_id": new_id()}
    guest.abandon("POST", "/api/orders", first, first["order_id"])
    with concurrent.futures.ThreadPoolExecutor(3) as fingers:
        twin = Guest(shop)
        twin.cookie, twin.seen = guest.cookie, guest.seen
        answers = list(fingers.map(lambda finger, order: finger.order(order), (guest, twin, guest),
                                   (first, first, second)))
    taken = [answer.status < 300 for answer in answers]
    assert taken[0] == taken[1] != taken[2], answers
    assert all(answer.body["code"] == "orders.cart_ordered" for answer in answers if answer.status >= 300), answers
    order_id = (first if taken[0] else second)["order_id"]
    if habit == "cancels":
        guest.ask("POST", f"/api/orders/{order_id}/cancel", {})        # too late, it may be said
    if habit == "pays in two steps" and until("a step to be asked for", lambda: guest.orders().get(order_id) in (
            "awaiting_step", *ENDS), PATIENCE_SECONDS) and guest.orders()[order_id] not in ENDS:
        guest.ask("POST", f"/api/charges/{order_id}/step", {"code": "1234"})
    return guest, order_id, habit


def end(guest, order_id, habit):
    """What the guest sees in the end: one order."""
    until("the order to end", lambda: guest.orders().get(order_id) in ENDS, PATIENCE_SECONDS)
    shown = guest.orders()
    assert set(shown) == {order_id}, (shown, order_id)
    assert habit != "never pays" or shown[order_id] == "cancelled", shown
    return order_id, shown[order_id]


def gather(shop, staff, pool):
    """Each of a crowd has the same article in the cart, of which there are few: who, and the order that is to be placed."""
    sell(staff, new_id(), "last-lamp", LAST)

    def fill(guest):
        guest.seen = staff.seen
        return guest, fill_cart(guest, keep_card(guest), "last-lamp")
    return list(pool.map(fill, [Guest(shop) for _ in range(CROWD)]))


def rush(guest, order):
    answer = guest.order(order)
    assert answer.status < 300, answer
    return guest, order["order_id"], "pays"


def all_orders(staff):
    """By the pages of the staff: {id: state, total}."""
    orders, path = {}, "/api/admin/orders"
    while path:
        page = staff.good("GET", path).body
        orders.update({one["order_id"]: (one["state"], one["total"]["minor"]) for one in page["orders"]})
        path = f"/api/admin/orders?from={page['next']}" if "next" in page else None
    return orders


def test_the_rules_of_the_shop_under_fire(build):
    skip_if_sanitized("what daemons do is tried elsewhere; this is about the shop's rules, and machines have work to do")
    with SettingShop(build) as shop, concurrent.futures.ThreadPoolExecutor(GUESTS) as pool:
        staff, ann, _, first = open_shop(shop)
        shop.set("reloaded", pay_ms=PAY_MS)
        crowd = gather(shop, staff, pool)
        names, over, numbers, dice = sorted(shop.children()), threading.Event(), itertools.count(), random.Random(SEED)
        victims = [name for _ in range(ROUNDS) for name in dice.sample(names, len(names))]
        whole = f" is up: {len(names)} of {len(names)} are live"

        def buy():
            bought = []
            while not bought or not over.is_set():
                bought.append(click(shop, next(numbers)))
            return bought

        buying = [pool.submit(buy) for _ in range(GUESTS // 2)]
        rushing = [pool.submit(rush, *one) for one in crowd]
        for number, name in enumerate(victims, 1):
            before = shop.up.log().count(whole)
            os.kill(until(f"{name} to run", lambda name=name: shop.children().get(name)), signal.SIGKILL)
            if number % 3 == 0:                 # else the next one dies while this one starts
                until("the shop to be whole", lambda before=before: shop.up.log().count(whole) > before,
                      PATIENCE_SECONDS)
        over.set()
        clicks = [one for guest in buying for one in guest.result()]
        rushed = dict(pool.map(lambda one: end(*one.result()), rushing))
        assert sorted(rushed.values()) == ["cancelled"] * (CROWD - LAST) + ["confirmed"] * LAST, rushed
        bought = {first: "confirmed", **rushed, **dict(pool.map(lambda click: end(*click), clicks))}
        shop.set("reloaded", pay_ms=15 * 60 * 1000)
        last_id, state = end(*click(shop, 0))   # nobody kills anybody any more
        assert state == "confirmed"
        bought[last_id] = state

        # What the pages say.
        until("the staff's pages to show all of it", lambda: {order_id: state for order_id, (state, _) in all_orders(
            staff).items()} == bought)
        confirmed = [order_id for order_id, state in bought.items() if state == "confirmed"]
        until("nothing to be held", lambda: not any(
            article["held"] for article in staff.good("GET", "/api/admin/stock").body["articles"]))
        left = {article["sku"]: article["on_hand"] for article in staff.good("GET", "/api/admin/stock").body["articles"]}
        today = staff.good("GET", "/api/admin/today").body
        assert (sum(day["orders"] for day in today["days"]), today["orders_waiting"]) == (len(confirmed), 0), today
        units, sold = sum(day["units"] for day in today["days"]), sum(day["sold"]["minor"] for day in today["days"])
        assert left == {"glass": 1000 + LAST - units, "last-lamp": 0} and sold == PRICE["minor"] * units, (left, today)
        assert sold == sum(total for state, total in all_orders(staff).values() if state == "confirmed")
        assert ann.good("GET", f"/api/orders/{first}").body["state"] == "confirmed"

        # What the books say.
        def books():
            lines = [line for stream in STREAMS for line in shop.souk(
                "log", "--json", "--data", "--limit", "0", "--stream", stream).splitlines()]
            ledger = Ledger([json.loads(line) for line in lines])
            return ledger if ledger.is_settled() else None
        ledger = until("the books to be closed", books)
        ledger.check()
        assert set(ledger.placed) == set(bought) and ledger.confirmed == set(confirmed)
        assert ledger.sold() == (units, sold)
        print(f"# {len(bought)} orders, {len(confirmed)} of them confirmed, while {len(victims)} daemons were killed")
