"""What operators ask of a bridge: how all of it stands, what has happened and why, what could not be handled, and a
node that is killed to see what happens then."""
import json
import os
import pathlib
import re
import signal
import subprocess

from blog import ROOT, Blog, new_id, problem_of
from people import Browser, People
from system import until

TOPOLOGY = """system = desk
    messages = {root}/test/process/desk.messages.zpl
    run = r
    witness = {witness}
    trim_after = recorded

event_store = es1

service = letters
    about = Writes them.
    program = {build}/test/process/desk
    stream = letters

service = reader
    program = {build}/test/process/desk
    follow = letters

client = bridge
    program = souk-bridge
    listen = 127.0.0.1:0
    routes = desk.routes.zpl
    operator = yes
    call = letters
    query = reader
"""

ROUTES = """routes = desk

route = POST /api/letters
    command = letters.write

route = GET /api/pages/{name}
    query = reader.page

route = GET /api/ops/system
    query = ops.system

route = GET /api/ops/log
    query = ops.log

route = GET /api/ops/log/{stream}/{number}
    query = ops.event

route = GET /api/ops/log/{stream}/{number}/why
    query = ops.why

route = GET /api/ops/parked/{service}
    query = ops.parked

route = POST /api/ops/parked/{service}/{sequence}/retry
    command = ops.retry

route = POST /api/ops/parked/{service}/{sequence}/discard
    command = ops.discard

route = POST /api/ops/nodes/{node}/end
    command = ops.end
"""


class Desk(Blog):
    """Letters, and a reader that a letter `bad` is too much for."""

    def __init__(self, build, *options):        # pylint: disable=super-init-not-called
        self.begin(build)
        self.options = list(options)
        self.variables = {"DESK_POISON": "bad"}
        pathlib.Path(self.path, "desk.routes.zpl").write_text(ROUTES, "utf-8")
        self.topology = os.path.join(self.path, "desk.zpl")
        pathlib.Path(self.topology).write_text(TOPOLOGY.format(root=ROOT, build=self.build, witness=self.witness),
                                               "utf-8")

    def write(self, name, text):
        answer = self.ask("POST", "/api/letters", {"name": name, "text": text})
        assert answer.status == 200, answer

    def nodes(self):
        answer = self.ask("GET", "/api/ops/system")
        assert answer.status == 200, answer
        return {node["name"]: node for node in answer.body["nodes"]}

    def read(self, name, texts):
        until(f"`{texts}` of {name}", lambda: self.ask("GET", f"/api/pages/{name}").body["texts"] == texts or None)

    def recorded(self, path, count):
        """Events that the log has by now, once there are so many."""
        def look():
            answer = self.ask("GET", path)
            assert answer.status == 200, answer
            return answer.body if len(answer.body["events"]) == count else None
        return until(f"{count} events in {path}", look)


def test_how_it_stands_and_what_has_happened(build):
    with Desk(build) as desk:
        for text in ("one", "two", "three"):
            desk.write("ada", text)
        desk.write("bob", "hello")
        desk.read("bob", "hello ")
        system = desk.ask("GET", "/api/ops/system").body
        assert system["system"] == "desk" and system["can_end"] is False, system
        assert [client["name"] for client in system["clients"] if client["is_self"]] == ["bridge"], system
        nodes = until("all to be live", lambda: (nodes := desk.nodes()) and all(
            node["state"] == "live" and not node["problems"] for node in nodes.values()) and nodes)
        assert nodes["letters"]["about"] == "Writes them." and nodes["letters"]["writes"] == ["letters"], nodes
        assert nodes["letters"]["streams"][0]["number"] == 4 and nodes["reader"]["follows"] == ["letters"], nodes
        whole = desk.recorded("/api/ops/log?stream=letters", 4)
        assert [event["number"] for event in whole["events"]] == [4, 3, 2, 1], whole
        assert "data" not in whole["events"][0] and whole["events"][0]["cause"]["kind"] == "command", whole
        ada = desk.recorded("/api/ops/log?key=ada&with_data=true&oldest_first=true", 3)
        assert [event["data"]["text"] for event in ada["events"]] == ["one", "two", "three"], ada
        first = desk.ask("GET", "/api/ops/log?stream=letters&limit=3").body
        rest = desk.ask("GET", f"/api/ops/log?stream=letters&limit=3&next={first['next']}").body
        assert [event["number"] for event in first["events"] + rest["events"]] == [4, 3, 2, 1], (first, rest)
        event = desk.ask("GET", "/api/ops/log/letters/2").body["event"]
        assert event["data"] == {"name": "ada", "text": "two"} and event["subject"] == "ada", event
        why = desk.ask("GET", "/api/ops/log/letters/2/why").body
        assert why["event"]["id"] == event["id"] and why["causes"] == [] and why["effects"] == [], why
        for path, status, code in (("/api/ops/log/letters/9", 404, "ops.unknown_event"),
                                   ("/api/ops/log?stream=nothing", 404, "ops.unknown_stream"),
                                   ("/api/ops/log?next=es1:00:1:1", 404, "ops.bad_place"),
                                   ("/api/ops/log?next=es1:0011223344556677:-1:1", 404, "ops.bad_place"),
                                   ("/api/ops/log?next=es1:0011223344556677:1:4294967296", 404, "ops.bad_place"),
                                   ("/api/ops/log?next=es1:0011223344556677:1:1", 404, "ops.other_incarnation"),
                                   ("/api/ops/parked/nobody", 404, "ops.unknown_node")):
            answer = desk.ask("GET", path)
            assert answer.status == status and answer.body["code"] == code, answer
        assert desk.ask("GET", "/api/ops/log?limit=101").status == 400
        assert desk.ask("POST", "/api/ops/nodes/reader/end", {}).body["code"] == "ops.no_control"


def test_a_node_that_is_silent_is_shown_as_such(build):
    """Nobody waits for who was silent before, and without an event store all but the log is there."""
    with Desk(build) as desk:
        desk.write("ada", "one")
        pid = desk.stop_process("reader")
        reader = until("the reader to be silent", lambda: (node := desk.nodes()["reader"])["since_ms"] and node)
        assert reader["state"] == "unreachable" and reader["problems"] == ["does not answer"], reader
        assert reader["streams"] == [] and "commit" not in reader, reader
        assert problem_of(desk.ask("GET", "/api/ops/parked/reader")) == "unanswered"
        os.kill(pid, signal.SIGCONT)
        until("the reader to be back", lambda: desk.nodes()["reader"]["state"] == "live" or None)
        desk.stop_process("es1")
        answer = desk.ask("GET", "/api/ops/log")
        assert answer.status == 503 and problem_of(answer) == "unanswered", answer


def test_what_could_not_be_handled_is_retried_and_discarded(build):
    with Desk(build) as desk:
        for text in ("one", "bad", "two"):
            desk.write("ada", text)
        until("two events to be parked", lambda: desk.nodes()["reader"].get("parked") == 2 or None)
        answer = desk.ask("GET", "/api/ops/parked/reader").body
        assert answer["parked"] == 2 and answer["next"] == 0, answer
        first = answer["events"][0]
        assert (first["stream"], first["number"], first["subject"], first["waiting"]) == ("letters", 2, "ada", 1), first
        place = f"/api/ops/parked/reader/{first['sequence']}"
        check = {"stream": first["stream"], "number": first["number"]}
        again = desk.ask("POST", f"{place}/retry", check)
        assert again.status == 409 and again.body["code"] == "ops.still_parked", again
        assert desk.ask("POST", f"{place}/discard", check).status == 400
        gone = desk.ask("POST", f"{place}/discard", {**check, "why": "it is bad"}, Idempotency_Key=new_id())
        assert gone.status == 200 and gone.body["events"] == [], gone
        desk.read("ada", "one two ")
        assert desk.ask("GET", "/api/ops/parked/reader").body["parked"] == 0
        assert desk.ask("POST", f"{place}/retry", check).body["code"] == "ops.not_parked"


def test_a_node_is_killed_where_souk_up_has_a_door_for_it(build):
    with Desk(build, "--control") as desk:
        desk.write("ada", "one")
        desk.read("ada", "one ")
        before = desk.children()["reader"]
        assert desk.ask("GET", "/api/ops/system").body["can_end"] is True
        assert desk.ask("POST", "/api/ops/nodes/bridge/end", {}).body["code"] == "ops.unknown_node"
        assert desk.ask("POST", "/api/ops/nodes/reader/end", {"down_seconds": 61}).status == 400
        assert desk.ask("POST", "/api/ops/nodes/reader/end", {"down_seconds": 1}).status == 200
        desk.up.says("reader is killed, as was asked for")
        until("another reader", lambda: desk.children().get("reader", before) != before or None)
        desk.write("ada", "two")
        desk.read("ada", "one two ")
        until("the reader to be back", lambda: desk.nodes()["reader"]["state"] == "live" or None)


KEEPER = """
client = keeper
    operator = yes
    call = accounts

service = letters
    program = {build}/test/process/desk
    stream = letters

service = reader
    program = {build}/test/process/desk
    follow = letters
"""


class Guarded(People):
    """An inn with keys, where letters are written and read, with the operator's pages for admins. Anna is one, Bob is none."""

    def __init__(self, build):
        lines = re.sub(r"(    (?:query|command) = ops\..*\n)", r"\1    role = admin\n", ROUTES.split("\n", 2)[2])
        super().__init__(build, lines="\n" + lines, bridge="    operator_role = admin\n    call = letters\n    query = reader\n"
                         + KEEPER.format(build=os.path.abspath(build)))
        self.variables = {"DESK_POISON": "bad", "SOUK_CLIENT": "keeper"}
        self.edit("    run = r\n", f"    messages = {ROOT}/test/process/desk.messages.zpl\n    run = r\n")
        for entry in self.keys("make") + self.keys("make", "bridge", "keeper"):
            self.edit(rf"((?:service|event_store|client) = {entry['name']}\n)", rf'\1    key = "{entry["key"]}"' + "\n")

    def edit(self, pattern, new):
        text, count = re.subn(pattern, new, pathlib.Path(self.topology).read_text("utf-8"))
        assert count == 1, (pattern, text)
        pathlib.Path(self.topology).write_text(text, "utf-8")

    def keys(self, *words):
        return json.loads(subprocess.run([f"{self.build}/souk", "keys", *words, "-t", self.topology, "--json"], check=True,
                                         stdout=subprocess.PIPE).stdout)

    def people(self):
        """Their browsers."""
        anna, bob = Browser(self), Browser(self)
        for browser, email in ((anna, "anna@example.org"), (bob, "bob@example.org")):
            browser.person_id = browser.register(email)
        subprocess.run([f"{self.build}/souk", "call", "-t", self.topology, "--as", "keeper", "accounts", "accounts.appoint_first",
                        '{"email": "anna@example.org"}'], check=True, stdout=subprocess.DEVNULL)
        for browser, email in ((anna, "anna@example.org"), (bob, "bob@example.org")):
            assert browser.sign_in(email).status == 200
        until("the admin to be let in", lambda: anna.ask("GET", "/api/ops/system").status == 200)
        return anna, bob


def test_nodes_take_what_operators_do_with_the_pass_of_one(build):
    """With keys, and a bridge whose key alone is no operator's."""
    with Guarded(build) as system:
        anna, bob = system.people()
        for text in ("one", "bad", "two"):
            assert system.ask("POST", "/api/letters", {"name": "ada", "text": text}).status == 200

        def nodes():
            answer = anna.ask("GET", "/api/ops/system")
            assert answer.status == 200, answer
            return {node["name"]: node for node in answer.body["nodes"]}
        seen = until("two letters to be parked", lambda: (seen := nodes())["reader"].get("parked") == 2 and seen)
        assert {name: node["state"] for name, node in seen.items()} == dict.fromkeys(
            ("accounts", "es1", "letters", "lodge", "reader"), "live")
        said = until("three letters to be found", lambda: len((said := anna.ask(
            "GET", "/api/ops/log?stream=letters&with_data=true").body)["events"]) == 3 and said)
        assert [event["data"]["text"] for event in said["events"]] == ["two", "bad", "one"], said
        assert anna.ask("GET", "/api/ops/log/letters/2/why").body["event"]["subject"] == "ada"
        (first, _) = anna.ask("GET", "/api/ops/parked/reader").body["events"]
        place = f"/api/ops/parked/reader/{first['sequence']}"
        check = {"stream": first["stream"], "number": first["number"]}
        for method, path, body in (("GET", "/api/ops/system", None), ("GET", "/api/ops/parked/reader", None),
                                   ("POST", f"{place}/discard", {**check, "why": "it is bad"})):
            assert problem_of(bob.ask(method, path, body)) == "role-missing"
        assert anna.ask("POST", f"{place}/retry", check).body["code"] == "ops.still_parked"
        answer = anna.ask("POST", f"{place}/discard", {**check, "why": "it is bad"})
        assert answer.status == 200, answer
        until("ada's letters to be read", lambda: anna.ask("GET", "/api/pages/ada").body["texts"] == "one two ")
        settled = json.loads(subprocess.run([f"{system.build}/souk", "parked", "list", "reader", "--settled", "--json", "-t",
                                             system.topology, "--as", "keeper"], check=True, stdout=subprocess.PIPE
                                            ).stdout.splitlines()[0])
        assert settled["by"] == f"{anna.person_id}@bridge", settled


def test_a_pass_that_nodes_refuse_is_asked_for_again(build):
    """After a restart accounts sign with another key: what operators ask is answered all the same, by all kinds of nodes."""
    with Guarded(build) as system:
        anna, _ = system.people()
        for path in ("/api/ops/system", "/api/ops/parked/reader", "/api/ops/log"):
            for half in ("key", "public"):
                os.unlink(os.path.join(system.path, "inn.keys", f"accounts.pass.{half}"))
            for name in ("accounts", "es1", "lodge", "letters", "reader"):
                pid = until(f"{name} to be there", lambda n=name: system.children().get(
                    n, system.children().get("eventstore" if n == "es1" else n)))
                os.kill(pid, signal.SIGKILL)
                until(f"{name} to be started again", lambda n=name, p=pid: system.children().get(n, p) != p)
            until("all to be live", lambda: subprocess.run(
                [f"{system.build}/souk", "status", "-t", system.topology, "--as", "keeper"], check=False,
                stdout=subprocess.DEVNULL).returncode == 0)
            until("a pass to be had", lambda: Browser(system).sign_in("bob@example.org").status == 200)
            answer = anna.ask("GET", path)
            assert answer.status == 200, (path, answer)
            if path == "/api/ops/system":
                assert {node["state"] for node in answer.body["nodes"]} == {"live"}, answer.body


def test_who_is_no_operator_is_told_nothing(build):
    lines = "\nroute = GET /api/ops/system\n    query = ops.system\n    role = admin\n"
    with People(build, lines=lines, bridge="    operator = yes\n") as system:
        browser = Browser(system)
        assert browser.ask("GET", "/api/ops/system").status == 401
        person_id = browser.register()
        assert browser.sign_in().status == 200
        assert problem_of(browser.ask("GET", "/api/ops/system")) == "role-missing"
        system.call("accounts", "accounts.appoint_first", {"email": "ann@example.org"})
        seen = until("an admin to be let in", lambda: (answer := browser.ask("GET", "/api/ops/system")).status == 200
                     and answer.body)
        assert {node["name"] for node in seen["nodes"]} == {"accounts", "es1", "lodge"}, (person_id, seen)
