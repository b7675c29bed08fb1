#!/usr/bin/python3
"""bench_shop.py [OPTION...] - the whole shop over HTTP: requests a second, how long they take, memory, start.

Run it from the build directory, after `make all process-programs`. It installs wrk from Debian's packages where it
is missing (as root). All daemons, wrk and this client share the processors. Every command is synced on the
disk of its service (`local`) before it is answered. Orders are placed by this client, which is in Python."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import statistics
import sys
import tempfile
import time

from bench_http import LIMITS, ask, install

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test/http"), str(ROOT / "test/process")]
import test_stopped as shops        # noqa: E402  pylint: disable=wrong-import-position

CHANGE = """
wrk.method = "PUT"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Cookie"] = "%s"
wrk.headers["Sec-Fetch-Site"] = "same-origin"
local units = 0
request = function()
    units = units %% 9 + 1
    return wrk.format(nil, nil, nil, '{"units": ' .. units .. '}')
end
"""


class RawShop(shops.Shop):
    """Without the checks of tests, which would be measured, too."""

    def __init__(self, build, data=None):
        super().__init__(build)
        limits = "".join(f"        {name} = {value}\n" for name, value in LIMITS.items())
        routes = pathlib.Path(self.path, "shop.routes.zpl")
        text = routes.read_text("utf-8")
        text = re.sub(r"^    limits\n        .*\n", f"    limits\n{limits}", text, count=1, flags=re.M)
        routes.write_text(re.sub(r"^    deadline_ms = .*\n", "", text, flags=re.M), "utf-8")
        if data:
            shutil.copytree(data, os.path.join(self.path, "d"))

    def ready_ms(self):
        return int(re.findall(r"live after (\d+) ms", self.up.log())[-1])

    def memory(self):
        """MB by process: proportional set size, and of it what is no page of a file."""
        found = {}
        for name, pid in self.children().items():
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
            found[name] = tuple(int(re.search(rf"^{word}:\s+(\d+)", text, re.M)[1]) / 1024
                                for word in ("Pss", "Pss_Anon"))
        return found


def timed(function):
    before = time.perf_counter()
    function()
    return (time.perf_counter() - before) * 1000


def spread(times):
    times = sorted(times)
    return statistics.median(times), times[min(len(times) - 1, len(times) * 99 // 100)]


def buy(shop, count):
    """Somebody who buys so often; how long the orders took, in ms."""
    guest, connection, took = shops.Shopper(shop), shop.connect(), []
    card = shops.keep_card(guest)
    for _ in range(count):
        order = shops.fill_cart(guest, card)
        took.append(timed(lambda order=order: guest.ask("POST", "/api/orders", order, connection=connection,
                                                        Idempotency_Key=order["order_id"])))
    connection.close()
    return took


def measure(shop, options, say):
    staff, ann, _, _ = shops.open_shop(shop)
    staff.good("POST", "/api/admin/stock/glass/receive", {"units": 100000, "note": ""})
    base = f"http://127.0.0.1:{shop.port}"
    for connections in options.connections:
        say("product page", connections, *ask(f"{base}/api/products/tea-glass", connections, options.seconds, {}))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(CHANGE % ann.cookie)
        script.flush()
        for connections in options.connections:
            say("change of a cart", connections, *ask(f"{base}/api/cart/lines/glass", connections, options.seconds, {},
                                                      ["-s", script.name]))
    for buyers in (1, 32):
        with concurrent.futures.ThreadPoolExecutor(buyers) as pool:
            before = time.perf_counter()
            each = max(1, options.orders // buyers)
            took = [one for some in pool.map(lambda _, each=each: buy(shop, each), range(buyers)) for one in some]
            say("order, from a cart", buyers, len(took) / (time.perf_counter() - before), *spread(took))

    def write_and_read():
        staff.good("POST", "/api/admin/stock/glass/receive", {"units": 1, "note": ""})
        staff.good("GET", "/api/products/tea-glass")

    say("written, and read from query", 1, 0, *spread([timed(write_and_read) for _ in range(200)]))


def rest(build, data, say):
    """A first and a second start with these data, and what all of it takes then."""
    keep = tempfile.mkdtemp(prefix="souk-bench-")
    try:
        for name, begun in (("first start", data), ("second start", os.path.join(keep, "d"))):
            with RawShop(build, begun) as shop:
                time.sleep(10)
                memory = shop.memory()
                say(name, shop.ready_ms(), memory)
                shop.up.stop(60)
                shutil.rmtree(os.path.join(keep, "d"), ignore_errors=True)
                shutil.copytree(os.path.join(shop.path, "d"), os.path.join(keep, "d"))
                shop.up = None
    finally:
        shutil.rmtree(keep, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=".", help="the build directory")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--orders", type=int, default=320, help="that are placed at each number of buyers")
    parser.add_argument("--data", help="data of a shop to start with, as build/demo/sample-months/data: only start and"
                                       " memory are measured then")
    parser.add_argument("--json", action="store_true", help="one object a line")
    options = parser.parse_args()
    install()

    def say(what, connections, rate, p50, p99):
        if options.json:
            print(json.dumps({"work": what, "connections": connections, "rate": rate, "p50_ms": p50, "p99_ms": p99}))
        else:
            print(f"{what:30} {connections:5} {rate:9.0f} {p50:8.2f} {p99:8.2f}", flush=True)

    def say_rest(what, ready_ms, memory):
        if options.json:
            print(json.dumps({"what": what, "ready_ms": ready_ms, "memory": memory}))
            return
        print(f"{what}: ready after {ready_ms} ms; {sum(pss for pss, _ in memory.values()):.1f} MB PSS, "
              f"{sum(anon for _, anon in memory.values()):.1f} MB of it no pages of files")
        for name, (pss, anon) in sorted(memory.items(), key=lambda item: -item[1][0]):
            print(f"    {name:12} {pss:6.1f} {anon:6.1f}")

    if not options.json:
        print("load averages at the start: " + ", ".join(f"{value:.1f}" for value in os.getloadavg())
              + f"; {os.cpu_count()} processors")
    if options.data:
        rest(options.build, options.data, say_rest)
        return
    if not options.json:
        print(f"{'work':30} conns {'/s':>9} {'p50 ms':>8} {'p99 ms':>8}")
    with RawShop(options.build) as shop:
        measure(shop, options, say)


if __name__ == "__main__":
    main()
