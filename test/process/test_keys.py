"""souk keys: pairs that are made, listed and exchanged, by what a topology says and what lies in a directory."""
import contextlib
import json
import os
import stat
import subprocess
import tempfile

TOPOLOGY = """system = shop
{system}event_store = es1
{es1}service = orders
    program = orders
    stream = orders
{orders}client = web
"""


class Place:
    """A topology and a directory of keys."""

    def __init__(self, build, path):
        self.souk, self.path = os.path.join(os.path.abspath(build), "souk"), path
        self.write()

    def write(self, **lines):
        with open(os.path.join(self.path, "shop.zpl"), "w", encoding="utf-8") as file:
            file.write(TOPOLOGY.format(**{name: "".join(f"    {line}\n" for line in lines.get(name, ()))
                                          for name in ("system", "es1", "orders")}))

    def run(self, *arguments, status=0):
        done = subprocess.run([self.souk, "keys", *arguments, "-t", os.path.join(self.path, "shop.zpl")],
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == status, done
        return done

    def say(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def states(self):
        return {entry["name"]: entry["state"] for entry in self.say("list")}


@contextlib.contextmanager
def place(build):
    with tempfile.TemporaryDirectory(prefix="souk-process-") as path:
        yield Place(build, path)


def test_keys_are_made_where_they_are_missing(build):
    """Nodes without names, a client by its name; what is printed is what the topology takes."""
    with place(build) as shop:
        made = {entry["name"]: entry["key"] for entry in shop.say("make")}
        assert sorted(made) == ["es1", "orders"]
        for name in made:
            path = os.path.join(shop.path, "shop.keys", f"{name}.key")
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            with open(path, encoding="ascii") as file:
                assert file.read().strip() not in json.dumps(made)
        assert shop.say("make") == []
        lines = shop.run("make", "web").stdout
        assert lines.startswith('client = web\n    key = "'), lines
        assert "left alone" in shop.run("make", "web", status=73).stderr
        assert shop.states() == dict.fromkeys(("es1", "orders", "web"), "not in the topology")
        shop.write(es1=[f'key = "{made["es1"]}"'], orders=[f'key = "{made["es1"][::-1]}"'])
        assert shop.states() == {"es1": "good", "orders": "another one in the topology", "web": "not in the topology"}
        assert {entry["state"] for entry in shop.say("list", "--keys", shop.path)} == {"elsewhere", "none"}
        assert made["es1"] in shop.run("list", "es1").stdout


def test_keys_are_rotated_in_steps(build):
    """A next pair, both in the topology, then only the new one; nothing is drawn twice."""
    with place(build) as shop:
        old = shop.say("make", "orders")[0]["key"]
        assert shop.run("rotate", "es1", status=66).stderr
        shop.write(orders=[f'key = "{old}"'])
        (step,) = shop.say("rotate", "orders")
        assert (step["did"], step["old_key"]) == ("next", old) and step["key"] != old
        assert shop.say("rotate", "orders") == [step]
        assert shop.states()["orders"].startswith("rotating: put the next one")
        shop.write(orders=[f'key = "{step["key"]}"', f'old_key = "{old}"'])
        assert shop.states()["orders"].startswith("rotating: rotate it again")
        assert "take `old_key`" in shop.run("rotate", "orders").stderr
        assert os.listdir(os.path.join(shop.path, "shop.keys")) == ["orders.key"]
        assert shop.states()["orders"] == "good"


def test_keys_say_what_cannot_be(build):
    """Nobody of that name, nobody named, a file that others may read."""
    with place(build) as shop:
        assert "no service, event store or client `odrers`" in shop.run("make", "odrers", status=65).stderr
        shop.run("rotate", status=64)
        shop.run("forge", status=64)
        shop.run("make", "orders", "orders", status=64)
        shop.run("make", "orders")
        os.chmod(os.path.join(shop.path, "shop.keys", "orders.key"), 0o644)
        assert "others may read" in shop.run("rotate", "orders", status=73).stderr
        assert "others may read" in shop.run("list").stderr


def test_the_key_of_passes_is_rotated_only_where_it_is(build):
    """Nobody signs, no key here, one that the topology does not know, one that others may read; and words that mean nothing."""
    with place(build) as shop:
        assert "no `pass_issuer`" in shop.run("rotate", "--pass", status=65).stderr
        shop.write(system=["pass_issuer = orders"])
        assert "there is no key to sign passes with" in shop.run("rotate", "--pass", status=66).stderr
        shop.run("rotate", "--pass", "orders", status=64)
        shop.run("make", "--pass", status=64)
        (shown,) = shop.say("pass")
        key = os.path.join(shop.path, "shop.keys", "orders.pass.key")
        os.chmod(key, 0o640)
        assert "others may read" in shop.run("rotate", "--pass", status=73).stderr
        os.chmod(key, 0o600)
        shop.write(system=["pass_issuer = orders", f'pass_key = "{shown["pass_key"][::-1]}"'])
        assert "neither what `orders` signs with" in shop.run("rotate", "--pass", status=78).stderr
        shop.write(system=["pass_issuer = orders", f'pass_key = "{shown["pass_key"]}"'])
        (step,) = shop.say("rotate", "--pass")
        assert (step["did"], step["old_pass_key"]) == ("next", shown["pass_key"])
        lines = shop.run("rotate", "--pass").stdout
        assert lines == f'system = shop\n    pass_key = "{step["pass_key"]}"\n    pass_key = "{step["old_pass_key"]}"\n', lines
        os.chmod(os.path.join(shop.path, "shop.keys", "orders.pass.next.key"), 0o640)
        assert "others may read" in shop.run("rotate", "--pass", status=73).stderr
        os.chmod(os.path.join(shop.path, "shop.keys", "orders.pass.next.key"), 0o600)
        shop.write(system=["pass_issuer = orders", *(f'pass_key = "{step[which]}"' for which in ("old_pass_key", "pass_key"))])
        assert "61 minutes later" in shop.run("rotate", "--pass").stderr
        lines = shop.run("rotate", "--pass").stdout
        assert lines == f'system = shop\n    pass_key = "{step["pass_key"]}"\n    pass_key = "{step["old_pass_key"]}"\n', lines
        assert os.listdir(os.path.join(shop.path, "shop.keys")) == ["orders.pass.key"]
        assert shop.say("pass")[0]["pass_key"] == step["pass_key"]
