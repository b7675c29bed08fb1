"""The souk command against daemons that really run: up, call, status, tail; the guestbook that souk init makes is what runs."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from system import WAIT_SECONDS, until

ENTRY = {"name": "Ada", "text": "I was here."}


class Guestbook:
    """A directory that souk init has made, and souk up when it runs."""

    topology = "book/topology.zpl"
    nodes = 2

    def __init__(self, build):
        self.souk = os.path.join(os.path.abspath(build), "souk")
        self.path = tempfile.mkdtemp(prefix="souk-process-")
        self.witness = tempfile.mkdtemp(prefix="souk-process-", dir="/dev/shm")
        self.environment = {**os.environ, "LC_ALL": "C", "SOUK_TOPOLOGY": os.path.join(self.path, self.topology)}
        try:
            self.make(os.path.abspath(build))
            self.edit("    trim_after", f"    witness = {self.witness}\n    trim_after")
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            shutil.rmtree(self.witness, ignore_errors=True)
            raise
        self.log_path = os.path.join(self.path, "up.log")
        self.up_process = None

    def make(self, build):
        self.run("init", os.path.join(self.path, "book"))
        os.symlink(os.path.join(build, "test/process/guestbook"), os.path.join(self.path, "book/guestbook"))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.up_process is not None and self.up_process.poll() is None:
            self.up_process.terminate()
            self.up_process.wait(WAIT_SECONDS)
        if kind is not None and os.path.exists(self.log_path):
            print("".join(f"#   {line}\n" for line in self.log().splitlines()[-20:]), end="")
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.witness, ignore_errors=True)

    def edit(self, old, new):
        with open(self.environment["SOUK_TOPOLOGY"], encoding="utf-8") as file:
            text = file.read()
        assert old in text, text
        with open(self.environment["SOUK_TOPOLOGY"], "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    def start(self, *arguments):
        """souk, still running."""
        return subprocess.Popen([self.souk, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment, cwd=self.path, encoding="utf-8")

    def run(self, *arguments, status=0, given=None):
        """What souk has written, when it ends with this status."""
        ended = subprocess.run([self.souk, *arguments], input=given, capture_output=True, env=self.environment,
                               cwd=self.path, encoding="utf-8", timeout=4 * WAIT_SECONDS, check=False)
        assert ended.returncode == status, (arguments, ended)
        return ended.stdout if status == 0 else ended.stdout + ended.stderr

    def json(self, *arguments, **options):
        return [json.loads(line) for line in self.run(*arguments, "--json", **options).splitlines()]

    def sign(self, **fields):
        return self.json("call", "guestbook", "guestbook.sign", json.dumps({**ENTRY, **fields}))[0]

    # ---- souk up

    def up(self, *arguments):
        with open(self.log_path, "ab") as log:
            self.up_process = subprocess.Popen([self.souk, "up", *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                               stderr=log, env=self.environment, cwd=self.path)
        self.says(f" is up: {self.nodes} of {self.nodes} are live")

    def down(self, number=signal.SIGINT):
        """Its exit status."""
        self.up_process.send_signal(number)
        return self.up_process.wait(WAIT_SECONDS)

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def says(self, words, times=1):
        until(f"souk up to say `{words}`", lambda: self.log().count(words) >= times or self.up_process.poll() is not None)
        assert self.log().count(words) >= times, self.log()

    def pid(self, program):
        """Of the child of souk up with this name."""
        with open(f"/proc/{self.up_process.pid}/task/{self.up_process.pid}/children", encoding="utf-8") as children:
            for child in children.read().split():
                with open(f"/proc/{child}/cmdline", encoding="utf-8") as line:
                    if program in line.read().split("\0")[0]:
                        return int(child)
        return None


class Blog(Guestbook):
    """The blog of the tree, in a directory of its own."""

    topology = "topology/blog.zpl"
    nodes = 6
    post_id = "01932c07-0000-7000-8000-000000000001"
    comment_id = "01932c07-0000-7000-8000-000000000002"

    def make(self, build):
        for path in ("topology/blog.zpl", "examples/blog/blog.messages.zpl", "examples/blog/blog.routes.zpl"):
            os.makedirs(os.path.dirname(os.path.join(self.path, path)), exist_ok=True)
            shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", path),
                        os.path.join(self.path, path))
        self.edit("listen = 127.0.0.1:8080", "listen = 127.0.0.1:0")

    def call(self, message, *arguments, **data):
        answer = self.json("call", message.split(".", maxsplit=1)[0], message, json.dumps(data), *arguments)[0]
        assert answer["status"] == "ok", answer
        return answer

    def comment(self):
        """A post and a comment that has been judged; what was seen of it."""
        seen = self.call("posts.publish", post_id=self.post_id, author="ada", title="Hello",
                         body="The first post.")["seen"]
        seen = self.call("comments.submit", "--recorded", "--seen", seen[0], comment_id=self.comment_id,
                         post_id=self.post_id, author="bob", text="Well said.")["seen"]
        until("the comment to be judged", lambda: len(self.json("log", "--stream", "comments")) == 2)
        return seen


def test_up_starts_what_there_is_and_stops_it_in_order(build):
    with Guestbook(build) as book:
        book.up()
        assert "event=state state=live" in book.log()
        assert book.down() == 0
        lines = book.log().splitlines()
        of_service = max(number for number, line in enumerate(lines) if line.startswith("guestbook | "))
        of_store = [number for number, line in enumerate(lines)
                    if line.startswith("es1       | ") and "event=stopping" in line]
        assert of_store and of_service < of_store[0], lines


def test_up_writes_json_and_moves_the_data(build):
    with Guestbook(build) as book:
        data = os.path.join(book.path, "elsewhere")
        with open(book.log_path, "ab") as log:
            book.up_process = subprocess.Popen([book.souk, "up", "--json", "--data", data], stdin=subprocess.DEVNULL,
                                               stdout=log, stderr=log, env=book.environment, cwd=book.path)
        book.says("2 of 2 are live")
        assert book.down(signal.SIGTERM) == 0
        said = [json.loads(line) for line in book.log().splitlines()]
        assert {line["node"] for line in said} == {"souk", "es1", "guestbook"}
        assert all(line["time"].endswith("Z") and line["level"] in ("info", "warn") for line in said)
        assert sorted(os.listdir(data)) == ["es1", "guestbook"]
        assert not os.path.exists(os.path.join(book.path, "book/book.data"))


def test_up_starts_again_what_was_killed(build):
    with Guestbook(build) as book:
        book.up()
        first = book.sign()
        assert first["status"] == "ok", first
        os.kill(book.pid("guestbook"), signal.SIGKILL)
        book.says("guestbook ended by signal 9 (Killed); it is started again in 200 ms")
        again = book.json("call", "guestbook", "guestbook.entries", "{}", "--seen", first["seen"][0])[0]
        assert [entry["name"] for entry in again["body"][0]["entries"]] == ["Ada"], again
        book.says(" is up: 2 of 2 are live", times=2)
        assert book.down() == 0


def test_two_systems_of_one_name_do_not_meet(build):
    """The same topology in two directories: each has its own endpoints, data and past."""
    with Guestbook(build) as book, Guestbook(build) as other:
        book.up()
        other.up()
        seen = book.sign()["seen"][0]
        book.json("call", "guestbook", "guestbook.sign", json.dumps(ENTRY), "--recorded")
        assert len(book.json("call", "guestbook", "guestbook.entries", "{}", "--seen", seen)[0]["body"][0]["entries"]) == 2
        assert other.json("call", "guestbook", "guestbook.entries", "{}")[0]["body"][0]["entries"] == []
        assert other.json("log") == [] and len(book.json("log")) == 2
        assert other.sign()["body"][0]["number"] == 1
        assert book.down() == 0
        assert other.sign()["body"][0]["number"] == 2


def test_up_finds_missing_programs_before_anything_runs(build):
    with Guestbook(build) as book:
        os.unlink(os.path.join(book.path, "book/guestbook"))
        said = book.run("up", status=66)
        assert "guestbook: there is no program `" in said and "event=" not in said, said
        book.edit("./guestbook", "no-such-guestbook")
        assert "--programs DIR says where else" in book.run("up", status=66)


def test_up_does_not_repeat_what_cannot_work(build):
    with Guestbook(build) as book:
        program = os.path.join(book.path, "book/no-guestbook")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 78\n")
        os.chmod(program, 0o755)
        book.edit("./guestbook", "./no-guestbook")
        said = book.start("up")
        until("its line", lambda: "it is not started again" in said.stdout.readline())
        said.send_signal(signal.SIGINT)
        out, err = said.communicate(timeout=WAIT_SECONDS)
        assert said.returncode == 78, (said.returncode, out, err)


def test_call_shows_events_answers_and_refusals(build):
    with Guestbook(build) as book:
        book.up()
        said = book.run("call", "guestbook", "guestbook.sign", json.dumps(ENTRY))
        assert said.startswith("ok, local\n") or said.startswith("ok, recorded\n"), said
        assert '"type": "guestbook.signed"' in said and "\nseen guestbook=1." in said, said
        assert book.run("call", "guestbook", "guestbook.sign", '{"name": "", "text": ""}', status=1) \
            == "refused: guestbook.no_name\n"
        assert "did you mean `guestbook.sign`" in book.run("call", "guestbook", "guestbook.sing", "{}", status=65)
        assert "did you mean `guestbook`" in book.run("call", "gestbook", "guestbook.sign", "{}", status=65)
        assert "guestbook.sign.text: is missing" in book.run("call", "guestbook", "guestbook.sign", '{"name": "x"}',
                                                             status=65)
        assert "is no command or query" in book.run("call", "guestbook", "guestbook.signed", "{}", status=65)
        assert book.json("call", "guestbook", "souk.digest", '{"stream": "guestbook"}')[0]["body"][0]["number"] == 1
        assert book.json("call", "guestbook", "souk.status", "{}")[0]["body"][0]["state"] == "live"
        ask = ("call", "guestbook", "guestbook.entries", "{}")
        assert "pending" in book.run(*ask, "--seen", "guestbook=9.0000000000000000:1", "--deadline", "2000", status=75)
        assert book.json("call", "guestbook", "guestbook.sign", json.dumps(ENTRY),
                         "--recorded")[0]["durability"] == "recorded"


def test_one_id_has_one_effect(build):
    with Guestbook(build) as book:
        book.up()
        sign = ("call", "guestbook", "guestbook.sign", json.dumps(ENTRY), "--id", "the first visit")
        first, second = book.json(*sign)[0], book.json(*sign)[0]
        assert (first["id"], first["body"], first["seen"]) == (second["id"], second["body"], second["seen"])
        sign = ("call", "guestbook", "guestbook.sign", json.dumps({"name": "Bob", "text": ""}))
        assert "key_reused" in book.run(*sign, "--id", "the first visit", status=65)
        lines = "".join(json.dumps({"id": f"visit {number}", "message": "guestbook.sign",
                                    "data": {"name": f"visitor {number}", "text": ""}}) + "\n" for number in range(300))
        once = {answer["id"]: answer["body"] for answer in book.json("call", "--from", "-", given=lines)}
        twice = {answer["id"]: answer["body"] for answer in book.json("call", "--from", "-", given=lines)}
        assert len(once) == 300 and once == twice
        assert {body[0]["number"] for body in once.values()} == set(range(2, 302))


def test_call_waits_for_a_service_that_is_not_there_yet(build):
    with Guestbook(build) as book:
        book.run("call", "guestbook", "guestbook.sign", json.dumps(ENTRY), "--deadline", "200", status=69)
        early = book.start("call", "guestbook", "guestbook.sign", json.dumps(ENTRY), "--json", "--deadline", "30000")
        book.up()
        out, err = early.communicate(timeout=WAIT_SECONDS)
        assert early.returncode == 0 and json.loads(out)["status"] == "ok", (out, err)


def test_call_from_a_file_names_the_line_that_is_wrong(build):
    with Guestbook(build) as book:
        said = book.run("call", "--from", "-", given='{"id": "a", "message": "guestbook.sign"}\n', status=65)
        assert "-:1: " in said, said
        said = book.run("call", "--from", "-", given="\n{]\n", status=65)
        assert "-:2: " in said, said
        book.run("call", "--from", "none.jsonl", status=66)
        book.run("call", "guestbook", "guestbook.sign", status=64)


def test_tail_shows_each_event_once_in_order(build):
    with Guestbook(build) as book:
        book.up()
        tail = book.start("tail", "--all", "--count", "40", "--json", "guestbook")
        for number in range(20):
            book.sign(name=f"visitor {number}")
        os.kill(book.pid("guestbook"), signal.SIGKILL)
        for number in range(20, 40):
            book.sign(name=f"visitor {number}")
        out, err = tail.communicate(timeout=2 * WAIT_SECONDS)
        assert tail.returncode == 0, err
        events = [json.loads(line) for line in out.splitlines()]
        assert [event["number"] for event in events] == list(range(1, 41)), err
        assert [event["data"]["name"] for event in events] == [f"visitor {number}" for number in range(40)]
        assert all(event["type"] == "guestbook.signed" and event["cause"]["caller"] == "souk" for event in events)
        one = book.run("tail", "--all", "--count", "1", "--key", events[7]["subject"])
        assert one.count("\n") == 1 and "guestbook/1/8 guestbook.signed " in one, one
        assert "no stream `x`" in book.run("tail", "x", status=65)


def test_tail_takes_from_the_event_store_what_the_writer_cannot_give(build):
    with Guestbook(build) as book:
        book.up()
        book.json("call", "guestbook", "guestbook.sign", json.dumps(ENTRY), "--recorded")
        os.kill(book.pid("guestbook"), signal.SIGSTOP)
        said = book.run("tail", "--all", "--count", "1")
        assert "guestbook/1/1 guestbook.signed" in said, said
        os.kill(book.pid("guestbook"), signal.SIGCONT)


def test_status_is_good_or_says_what_is_not(build):
    with Guestbook(build) as book:
        assert "es1: does not answer\nguestbook: does not answer\n" in book.run("status", "--deadline", "200", status=1)
        book.up()
        book.json("call", "guestbook", "guestbook.sign", json.dumps(ENTRY), "--recorded")
        status = book.json("status")[0]
        assert status["good"] and [node["state"] for node in status["nodes"]] == ["live", "live"], status
        assert status["nodes"][1]["streams"][0]["number"] == 1, status
        said = book.run("status", "--streams")
        assert said.startswith("NAME") and "`-guestbook" in said, said
        book.edit("    trim_after", "    log_level = debug\n    trim_after")
        assert "guestbook: runs by another topology, " in book.run("status", status=1)
        book.up_process.send_signal(signal.SIGHUP)
        until("the daemons to have read it", lambda: "event=reloaded" in book.log() and book.log().count("reloaded") >= 2)
        os.kill(book.pid("guestbook"), signal.SIGSTOP)
        assert "guestbook: does not answer\n" in book.run("status", "guestbook", "--deadline", "300", status=1)
        os.kill(book.pid("guestbook"), signal.SIGCONT)
        assert "has no service or event store `x`" in book.run("status", "x", status=65)


def test_log_finds_by_everything_that_it_is_asked_for(build):
    with Blog(build) as blog:
        blog.up()
        blog.comment()

        def found(*arguments):
            return [event["id"] for event in blog.json("log", *arguments, "--oldest")]

        everything = found()
        assert len(everything) == 6 and everything[0] == "posts/1/1", everything
        assert everything == found("--limit", "0") and everything[:2] == found("--limit", "2")
        assert everything[::-1] == [event["id"] for event in blog.json("log", "list")]
        assert found("--stream", "moderation") == ["moderation/1/1"]
        assert found("--type", "comment.updated") == ["comments/1/1", "comments/1/2"]
        assert found("--key", blog.comment_id) == everything[1:]
        assert found("--key", blog.comment_id, "--stream", "comments.internal") == ["comments.internal/1/1",
                                                                                      "comments.internal/1/2"]
        undertaking = blog.json("log", "show", "comments/2")[0]["correlationid"]
        assert found("--correlation", undertaking) == everything[1:]
        assert found("--to", "1h") == [] and found("--from", "1h") == everything
        assert found("--from", "2020-01-01", "--to", "2020-01-01T00:00:01.500Z") == []
        assert blog.run("log", "--limit", "1").startswith("TIME ")
        assert "comments.judged" in blog.run("log", "--data", "--stream", "comments.internal")
        assert "unknown_event" in blog.run("log", "show", "comments/9", status=65)
        assert "no stream `nothing` is recorded" in blog.run("log", "--stream", "nothing", status=65)
        assert "an event is STREAM/NUMBER" in blog.run("log", "show", "comments", status=64)
        assert "no event store `posts`" in blog.run("log", "--store", "posts", status=65)
        os.kill(blog.pid("souk-eventstore"), signal.SIGSTOP)
        assert "no event store answers" in blog.run("log", status=69)
        os.kill(blog.pid("souk-eventstore"), signal.SIGCONT)


def test_a_log_position_says_where_a_listing_begins_and_ends(build):
    with Blog(build) as blog:
        blog.up()
        blog.comment()
        everything = blog.json("log", "--oldest")
        positions = [event["log_position"] for event in everything]
        numbers = [int(position.rsplit(":", 1)[1]) for position in positions]
        log = positions[0].rsplit(":", 1)[0]
        assert re.fullmatch("es1[.][0-9a-f]{8}", log) and {position.rsplit(":", 1)[0] for position in positions} == {log}
        assert numbers == sorted(numbers) and numbers[0] > 1, "an epoch record stands before them"
        for low in (1, numbers[2], numbers[-1], numbers[-1] + 1):
            for high in (None, 1, 2, numbers[3], numbers[-1], numbers[-1] + 1):
                meant = [event["id"] for event, number in zip(everything, numbers)
                         if low <= number and (high is None or number < high)]
                ask = ("log", "--from", f"{log}:{low}", *(() if high is None else ("--to", f"{log}:{high}")))
                assert [event["id"] for event in blog.json(*ask, "--oldest")] == meant, (low, high)
                assert [event["id"] for event in blog.json(*ask)] == meant[::-1], (low, high)
                assert [event["id"] for event in blog.json(*ask, "--type", "comment.updated")] == [
                    name for name in meant[::-1] if name.startswith("comments/")], (low, high)
        assert blog.json("log", "--to", f"{log}:{numbers[-1] + 1}", "--limit", "2") == everything[:-3:-1]
        assert blog.json("log", "show", "comments/2")[0]["log_position"] == positions[-1]
        assert blog.json("why", "comments/2")[0]["event"]["log_position"] == positions[-1]
        assert "has not come to position" in blog.run("log", "--from", f"{log}:{numbers[-1] + 2}", status=65)
        assert "no event store `es2`" in blog.run("log", "--from", "es2.3:1", status=65)
        assert "a log position such as" in blog.run("log", "--from", "es1:1", status=64)
        assert "a log position such as" in blog.run("log", "--from", "comments/1", status=64)

        assert blog.down() == 0
        for left in os.listdir(blog.witness):
            os.unlink(os.path.join(blog.witness, left))
        blog.up()
        said = blog.run("log", "--from", f"{log}:1", status=65)
        assert "has given its log positions anew since" in said and f"{log}:" not in said.replace(f"{log}:1,", ""), said
        other = blog.json("log", "--oldest")
        assert [event["id"] for event in other] == [event["id"] for event in everything]
        assert not other[0]["log_position"].startswith(log), other[0]


def test_tail_replays_from_a_place_into_live_or_up_to_one(build):
    """From a time, an event, a log position, cursors; the same events each time, and no other."""
    with Guestbook(build) as book:
        book.up()
        seen = {}
        for first in (1, 11):
            lines = "".join(json.dumps({"id": f"visit {number}", "message": "guestbook.sign",
                                        "data": {"name": f"visitor {number}", "text": ""}}) + "\n"
                            for number in range(first, first + 10))
            for answer in book.json("call", "--from", "-", "--recorded", given=lines):
                seen[answer["body"][0]["number"]] = answer["seen"][0]
        events = [{"id": event["id"], "at": event["log_position"], "time": event["time"]}
                  for event in book.json("log", "--oldest", "--stream", "guestbook")]
        assert [event["id"] for event in events] == [f"guestbook/1/{number}" for number in range(1, 21)]

        def tail(*arguments):
            return [event["number"] for event in book.json("tail", *arguments)]

        until("the finder to have it all", lambda: tail("--all", "--to", "0s") == list(range(1, 21)))
        assert tail("--from", "1h", "--to", "0s") == list(range(1, 21))
        assert tail("--from", "0s", "--to", "1h") == []
        assert tail("--from", events[9]["time"], "--count", "1") == [
            min(number for number in range(1, 21) if events[number - 1]["time"] >= events[9]["time"])]
        for number in (1, 2, 10, 11, 15, 20):
            rest, before = list(range(number, 21)), list(range(1, number))
            assert tail("--from", f"guestbook/{number}", "--to", "0s") == rest
            assert tail("--from", f"guestbook/1/{number}", "--to", "0s") == rest
            assert tail("--all", "--to", f"guestbook/{number}") == before
            assert tail("--from", seen[number], "--to", "0s") == rest[1:]
            assert tail("guestbook", "--all", "--to", seen[number]) == [*before, number]
            batch = [event + 1 for event in range(20) if events[event]["at"] == events[number - 1]["at"]]
            assert tail("--from", events[number - 1]["at"], "--to", "0s") == list(range(batch[0], 21))
            assert tail("--all", "--to", events[number - 1]["at"]) == list(range(1, batch[0]))
        live = book.start("tail", "--from", "guestbook/19", "--count", "4", "--json")
        assert [json.loads(live.stdout.readline())["number"] for _ in range(2)] == [19, 20]
        book.sign(name="visitor 21")
        book.sign(name="visitor 22")
        assert [json.loads(live.stdout.readline())["number"] for _ in range(2)] == [21, 22]
        assert live.wait(WAIT_SECONDS) == 0
        live.stdout.close()
        live.stderr.close()

        assert "--all or --from" in book.run("tail", "--all", "--from", "1h", status=64)
        assert "cursors, not x" in book.run("tail", "--from", "x", status=64)
        assert "unknown_event" in book.run("tail", "--from", "guestbook/99", status=65)
        assert "has lost what that cursor has reached" in book.run(
            "tail", "--from", "guestbook=1.0000000000000000:3", status=65)
        os.kill(book.pid("souk-eventstore"), signal.SIGSTOP)
        assert "no event store answers" in book.run("tail", "--from", "1h", status=69)
        os.kill(book.pid("souk-eventstore"), signal.SIGCONT)


def test_log_show_says_all_of_an_event(build):
    with Blog(build) as blog:
        blog.up()
        blog.comment()
        event = blog.json("log", "show", "comments/1/2")[0]
        assert event["type"] == "comment.updated" and event["subject"] == blog.comment_id, event
        assert event["cause"] == {"kind": "event", "stream": "moderation", "epoch": 1, "number": 1, "index": 0}
        assert (event["data"]["text"], event["data"]["state"], event["depth"]) == ("Well said.", "approved", 2)
        assert json.loads(blog.run("log", "show", "comments/2")) == event


def test_why_draws_what_led_to_an_event_and_what_it_led_to(build):
    with Blog(build) as blog:
        blog.up()
        blog.comment()

        def tree(event):
            """Its lines without key and times."""
            return [" ".join(line.split()[:2]) for line in blog.run("why", event).splitlines()[1:]]

        assert tree("comments/2") == ["comments.internal/1/1 comments.written", "`-moderation/1/1 moderation.judged",
                                      "`-comments/1/2 comment.updated"], tree("comments/2")
        assert tree("comments.internal/1") == [
            "comments.internal/1/1 comments.written", "`-moderation/1/1 moderation.judged",
            "|-comments.internal/1/2 comments.judged", "`-comments/1/2 comment.updated"], tree("comments.internal/1")
        why = blog.json("why", "moderation/1/1")[0]
        assert [event["id"] for event in why["causes"]] == ["comments.internal/1/1"]
        assert [(event["id"], event["level"]) for event in why["effects"]] == [("comments.internal/1/2", 1),
                                                                                ("comments/1/2", 1)]
        assert "unknown_event" in blog.run("why", "comments/9", status=65)


def test_a_caller_that_says_what_it_has_seen_reads_its_writes(build):
    with Blog(build) as blog:
        blog.up()
        blog.call("posts.publish", post_id=blog.post_id, author="ada", title="Hello", body="The first post.")
        for number in range(30):
            seen = blog.call("posts.edit", post_id=blog.post_id, author="ada", title=f"Hello {number}", body="")["seen"]
            page = blog.call("query.post", "--seen", ",".join(seen), post_id=blog.post_id)["body"][0]
            assert page["title"] == f"Hello {number}", page
