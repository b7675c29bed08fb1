"""The books of the shop, kept from what an event store has recorded, and from nothing else: no service's table, no page.
What a shop owes to whoever buys there has to hold in them, whatever was killed on the way."""
import collections

STREAMS = ("orders", "inventory", "payments", "cards")


class Ledger:
    """Of events as `souk log --data --json` prints them, in any order; only of what has come to its end."""

    def __init__(self, events):
        self.by_type = collections.defaultdict(lambda: collections.defaultdict(list))
        self.changes = collections.defaultdict(list)
        for event in sorted(events, key=lambda event: (event["stream"], event["epoch"], event["number"])):
            assert event["stream"] in STREAMS, event
            self.by_type[event["type"]][event["subject"]].append(event["data"])
            if event["type"] == "inventory.changed":
                self.changes[event["subject"]].append(event["data"])
        self.placed = self.only("orders.placed")
        self.confirmed = set(self.only("orders.confirmed"))
        self.cancelled = self.only("orders.cancelled")

    def only(self, kind):
        """{subject: data} of a type that comes once for each."""
        for subject, said in self.by_type[kind].items():
            assert len(said) == 1, (kind, subject, said)
        return {subject: said[0] for subject, said in self.by_type[kind].items()}

    def is_settled(self):
        """Has each order its end, and is all done that it asked for? What is under way is neither right nor wrong."""
        done = {order_id: {step["step"] for step in steps}
                for order_id, steps in self.by_type["orders.stepped"].items()}
        return (self.confirmed | set(self.cancelled) == set(self.placed)
                and all("money_released" in done.get(order_id, ()) and done[order_id] & {"goods_released", "goods_back"}
                        for order_id in self.cancelled)
                and set(self.by_type["payments.voided"]) & set(self.by_type["payments.asked"])
                == set(self.by_type["payments.void_done"])
                and set(self.by_type["payments.refund_asked"]) == set(self.by_type["payments.refunded"]))

    def check(self):
        self.check_clicks()
        self.check_money()
        self.check_goods()

    def check_clicks(self):
        """One cart is one order, and each order has one end."""
        clicks = collections.Counter((order["owner"], order["cart_version"]) for order in self.placed.values()
                                     if "cart_version" in order)
        assert set(clicks.values()) <= {1}, clicks
        numbers = sorted(order["number"] for order in self.placed.values())
        assert numbers == list(range(10001, 10001 + len(numbers))), numbers
        assert self.confirmed | set(self.cancelled) == set(self.placed), "each has an end"
        assert not self.confirmed & set(self.cancelled), "and one only"

    def check_money(self):
        """No charge without an order, no order without its charge; what was held for nothing is let go."""
        asked, captured = self.only("cards.asked"), self.only("cards.captured")
        voided, refunds = self.only("cards.voided"), self.by_type["cards.refunded"]
        assert set(asked) <= set(self.placed), set(asked) - set(self.placed)
        for order_id, order in self.placed.items():
            total = order["total"]["minor"]
            assert sum(line["units"] * line["price"]["minor"] for line in order["lines"]) == total, order
            taken = asked[order_id]["amount"]["minor"] if order_id in captured else 0
            back = sum(refund["amount"]["minor"] for refund in refunds[order_id]) if order_id in refunds else 0
            if order_id in self.confirmed:
                assert taken == total and order_id not in voided and back <= taken, (order_id, taken, back)
                continue
            assert taken == back, f"{order_id} is cancelled, and {taken} were taken, {back} given back"
            held = [answer["outcome"] for answer in self.by_type["cards.answered"].get(order_id, [])]
            assert "authorised" not in held or order_id in voided or taken, f"{order_id} is cancelled, and its money held"

    def check_goods(self):
        """What came is there, or has left with an order; nothing is held for what is over; nobody was promised more."""
        for sku, changes in self.changes.items():
            units = collections.Counter()
            for change in changes:
                assert 0 <= change["held"] <= change["on_hand"], change
                units[change["reason"]] += change["units"]
            left = units["received"] + units["returned"] - units["taken"] - units["damaged"]
            assert changes[-1]["on_hand"] == left and changes[-1]["held"] == 0, (sku, changes[-1], units)
            assert units["held"] == units["released"] + units["taken"], (sku, units)
            sold = sum(line["units"] for order_id in self.confirmed for line in self.placed[order_id]["lines"]
                       if line["sku"] == sku)
            assert sold == units["taken"] - units["returned"], (sku, sold, units)

    def sold(self):
        """Units and minor units of the orders that were confirmed."""
        orders = [self.placed[order_id] for order_id in self.confirmed]
        return sum(line["units"] for order in orders for line in order["lines"]), \
            sum(order["total"]["minor"] for order in orders)
