"""What a topology sets for a service, with the shop's orders: how long one has to pay, and how long goods are held."""
import datetime
import json
import os
import re
import signal
import subprocess

from system import until
from test_stopped import Shop, Shopper, fill_cart, keep_card, open_shop, state_of

STEP_CARD = "4000 0027 6000 3184"       # its owner has to take a second step
PAY_MS, HOLD_MS, DAY_MS = 3000, 1000, 24 * 3600 * 1000


class SettingShop(Shop):
    def souk(self, *arguments):
        return subprocess.run([f"{self.build}/souk", arguments[0], "--topology", self.topology, *arguments[1:]],
                              check=True, stdout=subprocess.PIPE, text=True).stdout

    def set(self, says, **settings):
        """Write these settings of orders into the topology, have it read again, and wait for what orders says then."""
        with open(self.topology, encoding="utf-8") as file:
            text = re.sub(r"(?m)^    settings\n(        .*\n)+", "", file.read())
        section = "    settings\n" + "".join(f"        {name} = {value}\n" for name, value in settings.items())
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write(text.replace("    program = souk-orders\n", "    program = souk-orders\n" + section))
        said = re.compile(rf"(?m)^orders +\| \S+ +\w+ +event={says}")
        before = len(said.findall(self.up.log()))
        self.up.signal(signal.SIGHUP)
        until(f"orders to say {says}", lambda: len(said.findall(self.up.log())) > before)

    def events(self, kind, subject):
        """Of that type and order, as they are recorded, the latest first."""
        lines = self.souk("log", "--json", "--data", "--limit", "0", "--type", kind).splitlines()
        return [event for event in map(json.loads, lines) if event["subject"] == subject]

    def event(self, kind, subject):
        """The only one, once it is recorded."""
        found, = until(f"{kind} to be recorded", lambda: self.events(kind, subject))
        return found


def ms(event):
    """When it was decided."""
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1000


def order_with_step(shop):
    """A guest, whose order waits for a second step."""
    guest = Shopper(shop)
    order = fill_cart(guest, keep_card(guest, STEP_CARD))
    guest.good("POST", "/api/orders", order, Idempotency_Key=order["order_id"])
    return guest, order["order_id"]


def available(browser):
    article, = browser.good("GET", "/api/products/tea-glass").body["articles"]
    return article["available"]


def test_what_is_not_paid_in_time_goes_back_on_the_shelf(build):
    with SettingShop(build) as shop:
        staff, _, _, _ = open_shop(shop)
        stock = available(staff)
        shop.set("reload_failed", pay_ms=999)
        assert "`pay_ms`: a number from 1000 to 86400000 is meant, not 999" in shop.up.log()
        shop.set("reloaded", pay_ms=PAY_MS)
        late, late_id = order_with_step(shop)
        # The order has its time in its event: another setting, and tables made of the log alone, change nothing of it.
        shop.set("reloaded", pay_ms=DAY_MS, hold_ms=HOLD_MS)
        shop.souk("rebuild", "--data", os.path.join(shop.path, "d"), "--programs", shop.build, "orders")
        until("the order to be cancelled", lambda: state_of(late, late_id) == "cancelled")
        until("its goods to be back", lambda: available(staff) == stock)
        steps = [step for step in staff.good("GET", "/api/admin/stock/glass/history").body["steps"]
                 if step.get("order_id") == late_id]
        assert [(step["reason"], step["units"]) for step in steps] == [("released", 1), ("held", 1)], steps
        cancelled, placed = shop.event("orders.cancelled", late_id), shop.event("orders.placed", late_id)
        assert cancelled["data"]["reason"] == "too_late", cancelled
        assert (placed["data"]["pay_ms"], placed["data"]["hold_ms"]) == (PAY_MS, 20 * 60 * 1000)
        assert PAY_MS - 1 <= ms(cancelled) - ms(placed), (placed, cancelled)
        shop.event("cards.voided", late_id)
        # Goods that are not held any more when somebody pays: no order, and the money that was held is let go.
        tardy, tardy_id = order_with_step(shop)
        shop.event("inventory.released", tardy_id)
        assert state_of(tardy, tardy_id) == "awaiting_step"
        tardy.good("POST", f"/api/charges/{tardy_id}/step", {"code": "1234"})
        until("the order to be cancelled", lambda: state_of(tardy, tardy_id) == "cancelled")
        shop.event("cards.voided", tardy_id)
        answers = [event["data"]["outcome"] for event in shop.events("cards.answered", tardy_id)]
        assert answers == ["authorised", "step_needed"], answers
        assert not shop.events("cards.captured", tardy_id) and available(staff) == stock
