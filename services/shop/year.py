#!/usr/bin/env python3
"""year.py days|months|year [--seed N] [--end MS] - write a script of what happened in a shop until now, for year.


    days     26 products, 40 customers, 120 orders, 40 reviews within 20 days: enough to see that it works
    months   60 products, 300 customers, 1,500 orders, 300 reviews within 120 days
    year     500 products, 5,000 customers, 50,000 orders, 10,000 reviews within 365 days

The same seed and end give the same script. It says what people wanted; what came of it the services decide."""
import argparse
import heapq
import itertools
import json
import math
import random
import sys
import time
import uuid

import year_goods
import year_people
import year_words

MINUTE = 60 * 1000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PASSWORD = "open sesame"
SIZES = {"days": (26, 40, 120, 40, 20), "months": (60, 300, 1500, 300, 120), "year": (500, 5000, 50000, 10000, 365)}
ADMIN, STAFF = "customer staff admin", "customer staff"
PAYS, DECLINED, STEP, LATE, TWICE = ("4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0027 6000 3184",
                                     "4000 0000 0000 0259", "4000 0000 0000 0341")
STOCK_LOW, STOCK_FULL = 12, 160
#   What is bought more of in which month, beside what everybody buys.
SEASONS = {"lanterns": (11, 12, 1), "glasses": (12, 3), "spices": (11, 12), "textiles": (6, 7, 8), "rugs": (10, 11),
           "baskets": (5, 6), "oils": (12,), "poufs": (11, 12), "soap": (12, 5), "tiles": (3, 4, 5)}


class Chance:
    """Everything that is drawn. Of random.Random only what stays the same from one Python to the next."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = self.random.random

    def below(self, count):
        return int(self.number() * count)

    def between(self, low, high):
        return low + self.number() * (high - low)

    def one_of(self, things):
        return things[self.below(len(things))]

    def weighted(self, things, weights):
        at = self.number() * math.fsum(weights)
        for thing, weight in zip(things, weights):
            at -= weight
            if at < 0:
                return thing
        return things[-1]

    def bell(self):
        """About a normal distribution's."""
        return (sum(self.number() for _ in range(6)) - 3) * math.sqrt(2)

    def new_id(self, at_ms=0):
        """A UUIDv7."""
        bits = (at_ms & (1 << 48) - 1) << 80 | self.random.getrandbits(80)
        return str(uuid.UUID(int=bits & ~(0xf << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62))


class Shop:
    """The script, in the order of time, and what it has to know of the shop to make sense."""

    def __init__(self, size, seed, end_ms):
        self.chance = Chance(seed)
        self.end_ms = end_ms
        counts = SIZES[size]
        self.begin_ms = end_ms - counts[4] * DAY
        self.days = counts[4]
        self.order_count, self.review_count = counts[2], counts[3]
        self.lines = []
        self.tie = itertools.count()
        new_id = lambda: self.chance.new_id(self.begin_ms + next(self.tie))
        self.products = year_goods.make_products(self.chance, counts[0], new_id)
        self.people = [year_people.Person(self.chance, number, list(year_goods.KINDS), new_id)
                       for number in range(1, counts[1] + 1)]
        self.of_sku = {article["sku"]: product for product in self.products for article in product.articles}
        self.stock, self.prices = {}, {}
        self.restocked = {}                     # sku -> when it comes
        self.reviews = []

    def say(self, at_ms, person, roles, command, **data):
        assert self.begin_ms <= at_ms <= self.end_ms, (command, at_ms)
        heapq.heappush(self.lines, (int(at_ms), next(self.tie), person or "-", roles or "-", command,
                                    json.dumps(data, ensure_ascii=False, separators=(",", ":"))))

    def write(self, out):
        while self.lines:
            at_ms, _, *rest = heapq.heappop(self.lines)
            print(at_ms, *rest, sep="\t", file=out)
        print(self.end_ms, "-", "-", "-", "-", sep="\t", file=out)

    # ---- who works here, and what is sold

    def open(self):
        self.admin, self.staff = self.chance.new_id(self.begin_ms), self.chance.new_id(self.begin_ms + 1)
        at = self.begin_ms
        for person, email, name in ((self.admin, "admin@souk.example", "Samira"),
                                    (self.staff, "staff@souk.example", "Idris")):
            self.say(at, None, None, "accounts.register", person_id=person, email=email, name=name, password=PASSWORD)
        self.say(at + 1000, None, None, "accounts.appoint_first", email="admin@souk.example")
        self.say(at + 2000, self.admin, ADMIN, "accounts.appoint", person_id=self.staff, is_staff=True, is_admin=False)
        for place, (name, kind) in enumerate(year_goods.KINDS.items()):
            self.say(at + 3000, self.admin, ADMIN, "catalog.put_category", category=name, title=kind.title,
                     text=kind.text, place=place + 1)
        for word, is_refused in year_words.WORDS:
            self.say(at + 3500, self.staff, STAFF, "moderation.forbid", word=word, is_refused=is_refused)
        first = max(20, int(len(self.products) * 0.75))
        for place, product in enumerate(self.products):
            later = 0 if place < first else self.chance.between(2, self.days * 0.95)
            product.since_ms = int(at + 4000 + place + later * DAY)
            self.say(product.since_ms, self.staff, STAFF, "catalog.write", **product.write())
            self.say(product.since_ms + 1, self.staff, STAFF, "catalog.publish", product_id=product.product_id)
            for article in product.articles:
                self.prices[article["sku"]] = article["price"]
                self.receive(product.since_ms + 2, article["sku"], 40 + self.chance.below(120), "first delivery")

    def receive(self, at_ms, sku, units, note):
        self.stock[sku] = self.stock.get(sku, 0) + units
        self.say(at_ms, self.staff, STAFF, "inventory.receive", sku=sku, units=units, note=note)

    # ---- who buys

    def come(self, person, at_ms):
        """Register, with a card and mostly an address."""
        person.since_ms = at_ms
        self.say(at_ms, None, None, "accounts.register", person_id=person.person_id, email=person.email,
                 name=person.name, password=PASSWORD)
        self.say(at_ms + 1, None, None, "cards.keep", card=person.card, number=PAYS, code="123",
                 month=1 + self.chance.below(12), year=2031)
        if self.chance.number() < 0.6:
            self.say(at_ms + 2, person.person_id, "customer", "accounts.keep_address", address_id=person.address_id,
                     address=person.address)

    def gather(self):
        """Half of them are there when it opens, or soon; the first of them is known by name."""
        amina = self.people[0]
        amina.name, amina.email, amina.zest, amina.language = "Amina Haddad", "amina@souk.example", 8, "en"
        amina.address |= {"name": "Amina Haddad", "street": "12 rue des Lilas", "city": "Lyon", "postcode": "69003",
                          "country": "FR"}
        for number, person in enumerate(self.people):
            share = 0 if number == 0 else self.chance.number() ** 1.6
            self.come(person, int(self.begin_ms + HOUR + share * (self.end_ms - self.begin_ms - 2 * DAY)))
        self.people.sort(key=lambda person: person.since_ms)

    # ---- what happens, day by day

    def live(self):
        days = [self.begin_ms + day * DAY for day in range(self.days)]
        weights = [self.busy(at, number) for number, at in enumerate(days)]
        per_day = [self.order_count * weight / math.fsum(weights) for weight in weights]
        self.plan_stories()
        owed = 0.0
        for at_ms, orders in zip(days, per_day):
            self.restock(at_ms + 6 * HOUR)
            self.tell_stories(at_ms)
            owed += orders
            moments = sorted(at_ms + self.hour() for _ in range(int(owed)))
            owed -= int(owed)
            for moment in moments:
                if self.begin_ms + 2 * DAY < moment < self.end_ms - 2 * MINUTE:
                    self.order(moment)
        for moment in (31, 17, 9, 4):           # it is never quiet here
            self.order(self.end_ms - moment * MINUTE)

    def busy(self, at_ms, number):
        """More at weekends, much more before the end of the year, less in August, and more as the shop gets known."""
        when = time.gmtime(at_ms / 1000)
        factor = 1.35 if when.tm_wday >= 5 else 1.0
        factor *= {12: 2.1 if when.tm_mday < 22 else 0.8, 11: 1.5, 8: 0.7, 1: 0.85}.get(when.tm_mon, 1.0)
        return factor * (0.6 + 0.8 * number / self.days) * self.chance.between(0.85, 1.15)

    def hour(self):
        """Mostly in the evening."""
        is_evening = self.chance.number() < 0.7
        hour = 18.5 + 3.6 * self.chance.bell() if is_evening else 11 + 3 * self.chance.bell()
        return int(min(23.9, max(0.2, hour)) * HOUR)

    def plan_stories(self):
        """Things that are talked about: they show in prices, stocks, stars and refunds."""
        older = [product for product in self.products if product.since_ms < self.begin_ms + DAY]
        kinds = lambda name: [product for product in older if product.kind == name]
        self.viral, self.weak = kinds("tiles")[0], kinds("soap")[0]
        self.gone = kinds("oils")[-1]
        rugs = kinds("rugs")
        at = lambda share: self.begin_ms + int(share * self.days) * DAY
        self.stories = {
            at(0.30): lambda day: self.price(day, rugs, 0.8),                   # a sale, and its end
            at(0.42): lambda day: self.price(day, rugs, 1.0),
            at(0.50): lambda day: setattr(self.viral, "fame", 9.0),             # a film shows a tile
            at(0.62): lambda day: (setattr(self.viral, "fame", 2.0), self.price(day, [self.viral], 1.15)),
            at(0.40): lambda day: setattr(self.weak, "quality", 1.8),           # a batch of soap that was cut too early
            at(0.60): lambda day: (setattr(self.weak, "quality", 4.4), self.count(day, self.weak)),
            at(0.80): self.withdraw,
        }

    def tell_stories(self, day_ms):
        if day_ms in self.stories:
            self.stories[day_ms](day_ms + 5 * HOUR)

    def price(self, at_ms, products, factor):
        for product in products:
            self.say(at_ms, self.staff, STAFF, "catalog.write", **product.write(factor))
            for article in product.write(factor)["articles"]:
                self.prices[article["sku"]] = article["price"]["minor"]

    def count(self, at_ms, product):
        """What is left of a bad batch is thrown away, and a good one comes. Nothing is held at five in the morning."""
        for article in product.articles:
            self.say(at_ms, self.staff, STAFF, "inventory.count", sku=article["sku"], on_hand=0, damaged=True,
                     note="bad batch")
            self.stock[article["sku"]] = 0
            self.receive(at_ms + 1, article["sku"], 90, "new batch")

    def withdraw(self, at_ms):
        self.gone.is_sold = False
        self.say(at_ms, self.staff, STAFF, "catalog.withdraw", product_id=self.gone.product_id)

    def restock(self, at_ms):
        """In the morning, what is low comes; what a film has made famous takes twelve days."""
        if at_ms > self.end_ms:
            return
        for product in self.products:
            for article in product.articles if product.is_sold and product.since_ms < at_ms - DAY else ():
                sku = article["sku"]
                if self.stock[sku] <= STOCK_LOW and sku not in self.restocked:
                    self.restocked[sku] = at_ms + (12 * DAY if product is self.viral else self.chance.below(3) * DAY)
                if self.restocked.get(sku, at_ms + 1) <= at_ms:
                    del self.restocked[sku]
                    self.receive(at_ms, sku, STOCK_FULL - self.stock[sku], "")

    def browse(self):
        """Some have things in their carts, and have not made up their minds."""
        for person in self.known(self.end_ms)[::9]:
            at_ms = self.end_ms - MINUTE - self.chance.below(20 * HOUR)
            for line in self.basket(person, at_ms) if person.since_ms < at_ms else ():
                self.say(at_ms, person.person_id, "customer", "carts.add", sku=line["sku"], units=line["units"])

    # ---- an order

    def order(self, at_ms):
        chance = self.chance
        known = self.known(at_ms)
        person = known[chance.below(len(known))]
        for _ in range(3):                      # the zealous come more often
            other = known[chance.below(len(known))]
            person = other if other.zest > person.zest else person
        lines = self.basket(person, at_ms)
        if not lines:
            return
        order = {"order_id": chance.new_id(at_ms), "lines": lines, "card": person.card, "email": person.email,
                 "address": person.address}
        luck = chance.number()
        if luck < 0.02:                         # declined; most try again with another card
            self.pay_with(at_ms - 1000, order, DECLINED)
            self.place(at_ms, person, order)
            if luck < 0.015 and at_ms + 90 * 1000 < self.end_ms:
                order = {**order, "order_id": chance.new_id(at_ms + 90 * 1000), "card": person.card}
                self.place(at_ms + 90 * 1000, person, order)
                self.sold(at_ms + 90 * 1000, person, order)
        elif luck < 0.05:                       # one more step; some never take it, some think better of it
            self.pay_with(at_ms - 1000, order, STEP)
            self.place(at_ms, person, order)
            if luck < 0.042 and at_ms + 50 * 1000 < self.end_ms:
                self.say(at_ms + 40 * 1000, None, None, "cards.take_step", charge_id=order["order_id"], code="1234")
                self.sold(at_ms + 40 * 1000, person, order)
            elif luck < 0.046 and at_ms + 5 * MINUTE < self.end_ms:
                self.say(at_ms + 4 * MINUTE, person.person_id, "customer", "orders.cancel", order_id=order["order_id"])
        else:
            if luck < 0.06:
                self.pay_with(at_ms - 1000, order, LATE if luck < 0.055 else TWICE)
            self.place(at_ms, person, order)
            self.sold(at_ms, person, order)

    def known(self, at_ms):
        low, high = 0, len(self.people)
        while low < high:
            middle = (low + high) // 2
            if self.people[middle].since_ms < at_ms - MINUTE:
                low = middle + 1
            else:
                high = middle
        return self.people[:max(1, low)]

    def basket(self, person, at_ms):
        chance, month = self.chance, time.gmtime(at_ms / 1000).tm_mon
        there = [product for product in self.products if product.is_sold and product.since_ms < at_ms - HOUR]
        weights = [product.fame * person.taste[product.kind] * (2.0 if month in SEASONS.get(product.kind, ()) else 1.0)
                   for product in there]
        lines = {}
        for _ in range(chance.weighted((1, 2, 3, 5), (55, 27, 13, 5))):
            article = chance.one_of(chance.weighted(there, weights).articles)
            units = chance.weighted((1, 2, 4), (82, 14, 4))
            if article["sku"] not in lines and self.stock[article["sku"]] >= units:
                lines[article["sku"]] = {"sku": article["sku"], "units": units,
                                         "price": year_goods.money(self.prices[article["sku"]])}
        return list(lines.values())

    def pay_with(self, at_ms, order, number):
        order["card"] = self.chance.new_id(at_ms)
        self.say(at_ms, None, None, "cards.keep", card=order["card"], number=number, code="123", month=5, year=2030)

    def place(self, at_ms, person, order):
        self.say(at_ms, person.person_id, "customer", "orders.place", **order)

    def sold(self, at_ms, person, order):
        """What follows when it has been paid for: the shelf, a review, now and then a return."""
        for line in order["lines"]:
            self.stock[line["sku"]] -= line["units"]
        product = self.of_sku[self.chance.one_of(order["lines"])["sku"]]
        quality = product.quality
        if self.chance.number() < self.review_count / self.order_count * 1.12:
            self.review(int(at_ms + self.chance.between(4, 24) * DAY), person, product, quality)
        if self.chance.number() < (0.12 if quality < 2.5 else 0.012):
            later = int(at_ms + self.chance.between(5, 12) * DAY)
            line = self.chance.one_of(order["lines"])
            if later < self.end_ms - HOUR:
                self.say(later, self.staff, STAFF, "orders.refund", order_id=order["order_id"],
                         refund_id=self.chance.new_id(later), minor=line["price"]["minor"] * line["units"],
                         goods_return=False, note=self.chance.one_of(("broken on the way", "not as described", "goodwill", "bad batch")))

    # ---- reviews

    def review(self, at_ms, person, product, quality):
        chance = self.chance
        if at_ms > self.end_ms - HOUR or product.product_id in person.reviewed:
            return
        person.reviewed.add(product.product_id)
        stars = year_words.stars_for(chance, quality, person.mood)
        title, text = year_words.say(chance, product, stars, person.language)
        word = None
        if chance.number() < 0.012:
            title, text, word = chance.one_of(year_words.UNWANTED)
        self.reviews.append((at_ms, chance.new_id(at_ms), person.person_id, product.product_id, stars, title, text,
                             word))

    def publish(self):
        """Moderation looks at forbidden words and at what is said again; those of the last days wait for somebody."""
        said = set()
        for at_ms, review_id, author, product_id, stars, title, text, word in sorted(self.reviews):
            self.say(at_ms, author, "customer", "reviews.write", review_id=review_id, product_id=product_id,
                     stars=stars, title=title, text=text)
            if word is None and text not in said:
                said.add(text)
                self.mark(at_ms, review_id, author)
            elif word is None and at_ms < self.end_ms - 2 * DAY:
                self.say(at_ms + 20 * MINUTE, self.staff, STAFF, "moderation.approve", review_id=review_id, revision=1)
            elif word is not None and not dict(year_words.WORDS)[word] and at_ms < self.end_ms - 3 * DAY:
                self.say(at_ms + (1 + self.chance.below(20)) * HOUR, self.staff, STAFF, "moderation.refuse",
                         review_id=review_id, revision=1, reason="not about the goods")

    def mark(self, at_ms, review_id, author):
        """Some are found helpful."""
        for _ in range(self.chance.weighted((0, 1, 3, 7), (60, 25, 11, 4))):
            person = self.chance.one_of(self.known(at_ms))
            later = int(at_ms + HOUR + self.chance.number() ** 2 * 30 * DAY)
            if person.person_id != author and later < self.end_ms:
                self.say(later, person.person_id, "customer", "reviews.mark", review_id=review_id, is_helpful=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--end", type=int, default=int(time.time() * 1000), help="ms since 1970; default: now")
    arguments = parser.parse_args()
    shop = Shop(arguments.size, arguments.seed, arguments.end)
    shop.open()
    shop.gather()
    shop.live()
    shop.browse()
    shop.publish()
    shop.write(sys.stdout)


if __name__ == "__main__":
    main()
