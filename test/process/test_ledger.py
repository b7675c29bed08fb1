"""The books of the shop (ledger.py) find what must not be: a good history, and one for each rule that it breaks."""
from ledger import Ledger

PRICE = {"minor": 1250, "currency": "EUR"}
PLACED = {"owner": "ann", "cart_version": 3, "number": 10001, "total": PRICE, "lines": [{"sku": "glass", "units": 1, "price": PRICE}]}


def changed(on_hand, held, reason, units=1):
    return "inventory.changed", "glass", {"on_hand": on_hand, "held": held, "reason": reason, "units": units}


def history():
    """Two glasses come; one is sold, and one is held for somebody who thinks better of it."""
    return [
        changed(2, 0, "received", 2),
        ("orders.placed", "one", PLACED),
        changed(2, 1, "held"),
        ("payments.asked", "one", {}), ("cards.asked", "one", {"amount": PRICE}),
        ("cards.answered", "one", {"outcome": "authorised"}),
        changed(1, 0, "taken"),
        ("cards.captured", "one", {}), ("orders.confirmed", "one", {}),
        ("orders.placed", "two", {**PLACED, "owner": "bob", "number": 10002}),
        changed(1, 1, "held"),
        ("payments.asked", "two", {}), ("cards.asked", "two", {"amount": PRICE}),
        ("cards.answered", "two", {"outcome": "authorised"}),
        ("orders.cancelled", "two", {}),
        changed(1, 0, "released"),
        ("payments.voided", "two", {}), ("cards.voided", "two", {}), ("payments.void_done", "two", {}),
        ("orders.stepped", "two", {"step": "goods_released"}), ("orders.stepped", "two", {"step": "money_released"}),
    ]


def ledger(said):
    return Ledger([{"stream": kind.split(".", maxsplit=1)[0], "epoch": 1, "number": number, "type": kind, "subject": subject,
                    "data": data} for number, (kind, subject, data) in enumerate(said)])


def breaks(said):
    try:
        ledger(said).check()
    except AssertionError:
        return True
    return False


def without(kind, subject):
    return [event for event in history() if event[:2] != (kind, subject)]


def instead(kind, subject, **data):
    return [(a, b, {**c, **data} if (a, b) == (kind, subject) else c) for a, b, c in history()]


def test_what_must_not_be_is_found(_build):
    good = ledger(history())
    good.check()
    assert good.is_settled() and good.sold() == (1, 1250)
    for kind, subject in (("orders.confirmed", "one"), ("orders.cancelled", "two"), ("payments.void_done", "two")):
        assert not ledger(without(kind, subject)).is_settled(), kind
    for what, said in {
            "one cart, two orders": instead("orders.placed", "two", owner="ann"),
            "a number twice": instead("orders.placed", "two", number=10001),
            "no end": without("orders.confirmed", "one"),
            "two ends": history() + [("orders.cancelled", "one", {})],
            "placed twice": history() + [("orders.placed", "one", PLACED)],
            "a charge of nobody's": history() + [("cards.asked", "three", {"amount": PRICE})],
            "confirmed and not charged": without("cards.captured", "one"),
            "charged twice": history() + [("cards.captured", "one", {})],
            "charged something else": instead("cards.asked", "one", amount={"minor": 1, "currency": "EUR"}),
            "a total that is no sum": instead("orders.placed", "two", total={"minor": 1, "currency": "EUR"}),
            "voided and confirmed": history() + [("cards.voided", "one", {})],
            "cancelled and charged": history() + [("cards.captured", "two", {})],
            "held for what is cancelled": without("cards.voided", "two"),
            "goods held for nobody": history() + [changed(1, 1, "held")],
            "goods promised twice": history() + [changed(1, 2, "held"), changed(1, 0, "released", 2)],
            "goods that are lost": history() + [changed(0, 0, "held"), changed(0, 0, "released")],
            "goods that nobody paid": history() + [changed(1, 1, "held"), changed(0, 0, "taken")]}.items():
        assert breaks(said), what
    back = history() + [("cards.captured", "two", {}), ("cards.refunded", "two", {"refund_id": "x", "amount": PRICE})]
    assert not breaks(back), "what went back is nobody's loss"
