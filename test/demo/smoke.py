#!/usr/bin/python3
"""smoke.py PORT - buy something in the shop that runs there, as a browser would, and see it everywhere."""
import http.client
import json
import sys
import time
import uuid

WAIT_SECONDS = 30
PASSWORD = "open sesame"


def fail(what):
    print(f"smoke: {what}", file=sys.stderr)
    sys.exit(1)


class Browser:
    """One person's: it keeps the cookie, and says what it has seen."""

    def __init__(self, port):
        self.port = port
        self.cookie = None
        self.cursors = None

    def ask(self, method, path, body=None, status=None, key=None):
        """What is answered, once it is not pending any more. A status that is not meant ends all."""
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        until = time.monotonic() + WAIT_SECONDS
        while True:
            if self.cookie is not None:
                headers["Cookie"] = self.cookie
            if self.cursors is not None:
                headers["Souk-Cursors"] = self.cursors
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            if answer.status not in (202, 503) or time.monotonic() > until:
                break
        self.cursors = answer.headers.get("Souk-Cursors", self.cursors)
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        if answer.status not in ((200, 201) if status is None else (status,)):
            fail(f"{method} {path} is answered {answer.status}: {text.decode('utf-8', 'replace')}")
        return json.loads(text) if text else None

    def listen(self):
        """A stream of server-sent events, once it has begun."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        connection.request("GET", "/api/events", None, {"Accept": "text/event-stream", "Cookie": self.cookie})
        answer = connection.getresponse()
        if answer.status != 200:
            fail(f"GET /api/events is answered {answer.status}")
        while answer.readline().strip() != b"event: begin":
            pass
        return connection, answer

    def until(self, what, look):
        """Wait until `look` gives something."""
        end = time.monotonic() + WAIT_SECONDS
        while (found := look()) is None:
            if time.monotonic() > end:
                fail(f"waited {WAIT_SECONDS} s for {what}")
        return found


def sign_in(browser, email):
    browser.ask("POST", "/api/session", {"email": email, "password": PASSWORD})


def new_id():
    return str(uuid.uuid4())


def browse(browser):
    """A product that can be had, found as people find one, and its page."""
    categories = browser.ask("GET", "/api/categories")["categories"]
    assert len(categories) >= 10, categories
    listed = browser.ask("GET", f"/api/products?sort=cheapest&category={categories[0]['category']}")["products"]
    card = next(card for card in listed if card["available"])
    return card, browser.ask("GET", f"/api/products/{card['slug']}")


def order(browser, product, number):
    """What is in the cart, with this card; the order's id."""
    article = next(article for article in product["articles"] if article["available"] > 0)
    browser.ask("POST", "/api/cart/lines", {"sku": article["sku"], "units": 1})
    cart = browser.ask("GET", "/api/cart")
    assert cart["can_order"] and cart["total"] == article["price"], cart
    card, order_id = new_id(), new_id()
    browser.ask("POST", "/api/cards", {"card": card, "number": number, "code": "123", "month": 12, "year": 2030})
    wanted = {"order_id": order_id, "cart_version": cart["cart_version"], "total": cart["total"], "card": card,
              "email": "smoke@example.org", "address": {
                  "name": "Smoke", "street": "1 High Street", "city": "Bonn", "postcode": "53111", "country": "DE",
                  "phone": ""}}
    first = browser.ask("POST", "/api/orders", wanted, 201, key=order_id)
    again = browser.ask("POST", "/api/orders", wanted, 201, key=order_id)
    assert (first["id"], first["events"]) == (again["id"], again["events"]), (first, again)     # a double click
    return order_id


def hear(stream, order_id, last):
    """What is told of the order, up to the event `last`."""
    connection, answer = stream
    told = []
    while last not in told:
        line = answer.readline()
        if not line:
            fail(f"the stream of events ended; it told {told} of order {order_id}")
        if line.startswith(b"data: ") and order_id.encode() in line:
            event = json.loads(line[6:])
            if event.get("subject") == order_id:
                told.append(event["type"])
    connection.close()
    return told


def follow(browser, order_id, end):
    """Until it has come to its end."""
    def look():
        state = browser.ask("GET", f"/api/orders/{order_id}")
        return state if state["state"] in ("confirmed", "cancelled") else None
    found = browser.until(f"order {order_id} to be {end}", look)
    assert found["state"] == end, found
    return found


def stars(browser, product):
    return browser.ask("GET", f"/api/products/{product['product_id']}/reviews")["stars"]


def main():
    port = int(sys.argv[1])
    began = time.monotonic()
    shopper, staff = Browser(port), Browser(port)
    card, product = browse(shopper)
    email, person = f"{new_id()}@example.org", new_id()
    shopper.ask("POST", "/api/people", {"person_id": person, "email": email, "name": "Smoke", "password": PASSWORD})
    sign_in(shopper, email)

    stream = shopper.listen()
    bought = order(shopper, product, "4242 4242 4242 4242")
    told = [name for name in hear(stream, bought, "orders.confirmed") if name.startswith("orders.")]
    assert told[0] == "orders.placed" and "orders.paid" in told, told
    history = [step["state"] for step in follow(shopper, bought, "confirmed")["history"]]
    assert history == ["placed", "reserved", "paid", "confirmed"], history
    assert [one["order_id"] for one in shopper.ask("GET", "/api/orders")["orders"]] == [bought]
    declined = order(shopper, product, "4000 0000 0000 0002")
    follow(shopper, declined, "cancelled")

    before = stars(shopper, product)
    review_id = new_id()
    shopper.ask("POST", f"/api/products/{product['product_id']}/reviews", {
        "review_id": review_id, "stars": 5, "title": "Lovely", "text": f"No discount needed, {review_id} says."})
    sign_in(staff, "staff@souk.example")
    staff.cursors = shopper.cursors
    waits = staff.until("the review to wait for staff", lambda: next(
        (one for one in all_waiting(staff) if one["review_id"] == review_id), None))
    assert stars(shopper, product) == before
    staff.ask("POST", f"/api/admin/moderation/{review_id}/approve", {"revision": waits["revision"]})
    after = staff.until("the stars to change", lambda: changed(stars(staff, product), before))
    assert after["reviews"] == before["reviews"] + 1 and after["counts"][4] == before["counts"][4] + 1, (before, after)
    assert stars(shopper, product)["reviews"] == after["reviews"]
    assert bought in [one["order_id"] for one in staff.ask("GET", "/api/admin/orders")["orders"]]
    shopper.ask("GET", "/api/admin/orders", status=403)
    shopper.ask("DELETE", "/api/session")
    shopper.ask("GET", "/api/account", status=401)
    leave(shopper, person, email)
    print(f"bought {card['title']}, reviewed it, and saw it moderated, in {time.monotonic() - began:.1f} s")


def leave(browser, person, email):
    """Another password goes on where one is; who leaves is nobody."""
    sign_in(browser, email)
    change = {"person_id": person, "old_password": PASSWORD, "new_password": PASSWORD[::-1]}
    browser.ask("PUT", "/api/account/password", {**change, "old_password": "something else"}, status=403)
    browser.ask("PUT", "/api/account/password", change)
    assert browser.ask("GET", "/api/account")["email"] == email
    browser.ask("POST", "/api/account/leave", {"person_id": person, "password": PASSWORD}, status=403)
    browser.ask("POST", "/api/account/leave", {"person_id": person, "password": PASSWORD[::-1]})
    browser.ask("GET", "/api/account", status=401)
    browser.ask("POST", "/api/session", {"email": email, "password": PASSWORD[::-1]}, status=403)


def all_waiting(browser):
    path = "/api/admin/moderation"
    page = browser.ask("GET", path)
    found = page["reviews"]
    while page.get("next") is not None:
        page = browser.ask("GET", f"{path}?from={page['next']}")
        found += page["reviews"]
    return found


def changed(now, before):
    return now if now != before else None


if __name__ == "__main__":
    main()
