"""The client in souk_client.py against the daemons of the blog, started by `souk up`."""
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import uuid

import msgpack
import zmq

import souk_client as client
import souk_codec as codec
import system

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STREAMS = {"posts": ["posts"], "comments": ["comments", "comments.internal"], "moderation": ["moderation"]}
UP = "is up: 6 of 6 are live"


class Blog:
    """topology/blog.zpl in a directory of its own, and callers of its services."""

    def __init__(self, build, store_lines=""):
        self.build = os.path.abspath(build)
        self.path = tempfile.mkdtemp(prefix="souk-client-")
        self.witness = tempfile.mkdtemp(prefix="souk-client-", dir="/dev/shm")
        self.context = zmq.Context()
        self.callers = {}
        lines = (ROOT / "topology/blog.zpl").read_text(encoding="utf-8")
        lines = lines.replace("../examples/", f"{ROOT}/examples/")
        lines = lines.replace("listen = 127.0.0.1:8080", "listen = 127.0.0.1:0")
        lines = lines.replace("system = blog\n", f"system = blog\n    run = r\n    witness = {self.witness}\n")
        lines = lines.replace("event_store = es1\n", f"event_store = es1\n{store_lines}")
        self.topology = os.path.join(self.path, "blog.zpl")
        pathlib.Path(self.topology).write_text(lines, encoding="utf-8")
        self.up = None

    def __enter__(self):
        try:
            self.up = system.Daemon(self, "souk up", [
                f"{self.build}/souk", "up", self.topology, "--data", os.path.join(self.path, "d"),
                "--programs", self.build], os.path.join(self.path, "up.log"), {})
            self.up.says(UP)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        code, log = None, ""
        try:
            if self.up is not None:
                code, log = self.stop()
        finally:
            if kind is not None:
                print("".join(f"#   {line}\n" for line in log.splitlines()[-30:]), end="")
            for caller in self.callers.values():
                caller.close()
            self.context.destroy(linger=0)
            shutil.rmtree(self.path, ignore_errors=True)
            shutil.rmtree(self.witness, ignore_errors=True)
        assert kind is not None or (code == 0 and sound(log)), f"souk up ended with {code}:\n{log}"

    def stop(self):
        """Its exit status, and what all have said."""
        for name in (*STREAMS, "query", "es1"):
            try:
                os.kill(self.process(name), signal.SIGCONT)
            except (KeyError, OSError):
                pass
        try:
            return self.up.stop(2 * system.WAIT_SECONDS), self.up.log()
        finally:
            self.up.kill()

    def node(self, name):
        return client.Node(name, *(f"ipc://{self.path}/r/{name}.{door}" for door in ("commands", "queries", "publish")))

    def stop_process(self, name):
        """SIGSTOP, and wait until every thread has heard it."""
        pid = self.process(name)
        os.kill(pid, signal.SIGSTOP)
        system.until(f"{name} to stand still", lambda: all(
            task.joinpath("stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] in "Tt"
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) or None)

    def process(self, name):
        """The process of a node: a child of `souk up`, by its arguments."""
        up = self.up.process.pid
        for child in pathlib.Path(f"/proc/{up}/task/{up}/children").read_text(encoding="ascii").split():
            words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if name.encode() in words or f"blog-{name}" in words[0].decode():
                return int(child)
        raise KeyError(name)

    def caller(self, service, name="client"):
        if (service, name) not in self.callers:
            self.callers[service, name] = client.Caller(self.context, self.node(service), name)
        return self.callers[service, name]

    def follower(self, streams=None, kind=client.Follower, **options):
        """Of some streams or all."""
        origins = {self.node(service): [stream for stream in own if streams is None or stream in streams]
                   for service, own in STREAMS.items()}
        return kind(self.context, "client", {node: own for node, own in origins.items() if own},
                    [self.node("es1")], **options)

    def replay(self, holder, *streams, **options):
        return client.replay(self.context, self.node(holder), streams, "client", **options)

    def recorded(self, follower, stream):
        """Wait until the event store has what a follower has, byte for byte."""
        return system.until(f"{stream} to be recorded", lambda: same(follower, self.replay("es1", stream)))

    def publish(self, count):
        """As many posts, all under way at once; their ids."""
        caller, posts = self.caller("posts"), [new_id() for _ in range(count)]
        for reply in [caller.reply(sent) for sent in [caller.send(False, "posts.publish", post(one)) for one in posts]]:
            assert reply.word == "ok", reply
        return posts

    def comment(self, posts, seen):
        """A comment on each post, all under way at once."""
        caller = self.caller("comments")
        for reply in [caller.reply(sent) for sent in [caller.send(
                False, "comments.submit", msgpack.packb([new_id(), one, f"reader {n}", f"comment {n}"]), seen=seen)
                for n, one in enumerate(posts)]]:
            assert reply.word == "ok", reply


class Lossy(client.Follower):
    """Loses a third of what is published, and repeats, delays and damages some of the rest."""

    def __init__(self, *arguments, seed, **options):
        super().__init__(*arguments, **options)
        self.chance = random.Random(seed)
        self.late = []

    def hear(self, frames):
        fate = self.chance.random()
        if fate < 0.3:
            return
        if fate < 0.4 and len(self.late) < 8:
            self.late.append(frames)
            return
        super().hear(frames)
        if fate < 0.6:
            super().hear(frames)
        elif fate < 0.7:
            at = self.chance.randrange(len(frames[1]))
            super().hear([frames[0], frames[1][:at] + bytes([frames[1][at] ^ 1]) + frames[1][at + 1:]])
        while self.late and self.chance.random() < 0.5:
            super().hear(self.late.pop(self.chance.randrange(len(self.late))))


def sound(log):
    """Whether no sanitizer has said anything: a process that was killed has no exit status to say it."""
    return "Sanitizer" not in log and "runtime error:" not in log


def new_id():
    return uuid.uuid4().bytes


def post(post_id, title="title"):
    return msgpack.packb([post_id, "ann", title, "body"])


def same(followed, replayed):
    """A follower has what a replay gave, byte for byte."""
    return all(followed.lines[stream].history.data() == history.data() for stream, history in replayed.items())


def causes_first(follower):
    """No batch was applied before its causes in streams that are followed."""
    cursors = {}
    for batch in follower.trace:
        for cause in batch.causes:
            if cause.stream in follower.lines:
                assert cause.satisfied(cursors.get(cause.stream, codec.ZERO)), (batch, cause)
        cursors[batch.stream] = batch.position


# ---- following -------------------------------------------------------------


def test_a_stream_is_followed_from_its_first_event_into_live(build):
    with Blog(build) as blog:
        begun = int(time.time() * 1000) - 60_000
        old = blog.publish(300)
        follower = blog.follower(["posts"])
        follower.run("what was there before", lambda: follower.cursor("posts").number == 300)
        assert follower.counts["pulled"] > 0
        before = follower.counts["pushed"]
        new = [blog.publish(1)[0] for _ in range(50) if follower.run("each as it comes", lambda: True) is None]
        follower.run("what came since", lambda: follower.cursor("posts").number == 350)
        assert follower.counts["pushed"] > before and follower.counts["dropped"] == 0, follower.counts
        history = follower.lines["posts"].history
        events = history.events()
        assert [number for number, *_ in events] == list(range(1, 351))
        assert sorted(event.key for _, _, event, _ in events[:300]) == sorted(old)
        assert [event.key for _, _, event, _ in events[300:]] == new
        for _, name, event, batch in events:
            assert name == "posts.published" and batch.names[event.cause[1]] == "client"
            assert event.cause[0] == codec.COMMAND and event.depth == 0 and event.correlation is None
            assert event.cause[3] == codec.command_hash("posts.publish", post(event.key))
            assert begun < batch.time + event.delta < time.time() * 1000 + 60_000
        record = history.batches[0][0].record
        assert (record.service, record.reason, record.parents) == ("posts", 0, (("posts", *codec.ZERO),))
        commits = [batch.commit for batch, _ in history.batches]
        assert commits == sorted(set(commits))
        assert same(follower, blog.replay("posts", "posts")) and blog.recorded(follower, "posts")
        follower.close()


def test_what_is_lost_on_the_way_is_pulled_and_no_effect_comes_before_its_cause(build):
    with Blog(build) as blog:
        # Silence makes none of them ask. The last one waits for no causes either: what is published has to.
        followers = [blog.follower(streams, kind=Lossy, seed=seed, idle_seconds=3_600.0)
                     for seed, streams in enumerate([None, None, None, ["comments"]])]
        for _ in range(10):
            posts = blog.publish(20)
            blog.comment(posts, blog.caller("posts").seen)
            for follower in followers:
                follower.step()
        ends = {"posts": 200, "comments": 400, "comments.internal": 400, "moderation": 200}
        for follower in followers:
            follower.run("all of it", lambda follower=follower: all(
                line.history.cursor.number == ends[stream] for stream, line in follower.lines.items()))
            causes_first(follower)
            assert follower.counts["flagged"] == 0 < min(follower.counts[of] for of in ("gaps", "dropped", "pulled"))
            for service, own in STREAMS.items():
                for stream, history in blog.replay(service, *own).items():
                    assert stream not in follower.lines or same(follower, {stream: history})
            follower.close()


def test_who_asks_in_vain_goes_to_the_next_holder(build):
    with Blog(build) as blog:
        blog.publish(40)
        blog.caller("posts").take("posts.publish", post(new_id()), recorded=True)
        blog.stop_process("posts")
        follower = blog.follower(["posts"])
        follower.run("what the event store has", lambda: follower.cursor("posts").number == 41)
        assert follower.counts["silent"] > 0, follower.counts
        os.kill(blog.process("posts"), signal.SIGCONT)
        blog.publish(1)
        follower.run("the origin's next", lambda: follower.cursor("posts").number == 42)
        assert same(follower, blog.replay("posts", "posts"))
        follower.close()


# ---- epochs ----------------------------------------------------------------


def invented(history):
    """A batch that its origin never wrote, behind the last one that it did."""
    last = history.batches[-1][0]
    return codec.encode_batch(last._replace(
        previous=last.hash, first=last.last + 1, count=1, commit=last.commit + 1, causes=(), record=None,
        names=("made.up", "nobody"),
        events=(codec.Event(0, b"nothing", (codec.COMMAND, 1, new_id(), bytes(8)), None, 0, 0, 1, b"\x90"),)))


def test_a_position_that_an_origin_does_not_know_makes_it_open_an_epoch_and_is_void_there(build):
    """As after a crash that lost what had been published: the follower has an event more than its origin."""
    with Blog(build) as blog:
        blog.publish(3)
        witness, follower = blog.follower(["posts"]), blog.follower(["posts"])
        for one in (witness, follower):
            one.run("what there is", lambda one=one: one.cursor("posts").number == 3)
        line = follower.lines["posts"]
        parent = line.history.cursor
        lost = invented(line.history)
        line.history.append(codec.decode_batch(lost), lost)
        line.due = 0.0
        follower.run("the new epoch", lambda: follower.cursor("posts").counter > parent.counter)
        assert follower.counts["unknown"] > 0 < follower.counts["void"]
        assert [batch.hash for batch in line.orphans] == [codec.decode_batch(lost).hash]
        record = line.history.batches[-1][0].record
        assert (record.service, record.reason, record.parents) == ("posts", 3, (("posts", *parent),))
        blog.publish(2)
        for one in (witness, follower):
            one.run("what comes then", lambda one=one: one.cursor("posts").number == 5)
            assert [number for number, *_ in one.lines["posts"].history.events()] == [1, 2, 3, 4, 5]
            assert [last for *_, last in one.lines["posts"].history.lineage()] == [3, 5]
            assert blog.recorded(one, "posts")
        assert witness.counts["void"] == 0 and not witness.lines["posts"].orphans
        follower.close()
        witness.close()


def test_a_daemon_that_is_killed_goes_on_in_its_epoch_and_one_whose_witness_is_gone_opens_another(build):
    with Blog(build) as blog:
        caller, follower = blog.caller("posts"), blog.follower(["posts"])

        def killed(then=lambda: None):
            before, sent = follower.cursor("posts"), new_id()
            first = caller.take("posts.publish", post(sent), request_id=sent, recorded=True)
            os.kill(blog.process("posts"), signal.SIGSTOP)      # so that it cannot be started again too early
            then()
            os.kill(blog.process("posts"), signal.SIGKILL)
            again = caller.take("posts.publish", post(sent), request_id=sent)
            assert (again.word, again.cursors, again.body) == ("ok", first.cursors, first.body), (first, again)
            caller.take("posts.publish", post(new_id()))
            follower.run("what came then", lambda: follower.cursor("posts").number == before.number + 2)

        def forgotten():
            """What proves that the store is the newest."""
            proofs = [path for path in pathlib.Path(blog.witness).iterdir() if "posts" in path.name]
            assert proofs, os.listdir(blog.witness)
            for proof in proofs:
                proof.unlink()

        killed()
        assert len(follower.lines["posts"].history.lineage()) == 1
        killed(forgotten)
        assert [last for *_, last in follower.lines["posts"].history.lineage()] == [3, 4]
        assert follower.lines["posts"].history.batches[-2][0].record.reason == 1
        assert blog.recorded(follower, "posts") and follower.counts["void"] == 0
        follower.close()


# ---- commands and queries --------------------------------------------------


def test_a_command_that_is_sent_twice_under_one_id_has_one_effect(build):
    with Blog(build) as blog:
        caller, other = blog.caller("posts"), blog.caller("posts", "somebody-else")
        twin = client.Caller(blog.context, blog.node("posts"), "client")
        sent, payload = new_id(), post(new_id())
        for door in (caller, twin):             # both are under way at once
            door.send(False, "posts.publish", payload, request_id=sent)
        replies = [caller.reply(sent), twin.reply(sent), caller.command("posts.publish", payload, request_id=sent)]
        replies += [caller.take("posts.publish", payload, request_id=sent, recorded=True)]
        twin.close()
        assert {(reply.word, reply.cursors, reply.body) for reply in replies} == {("ok", *replies[0][-2:])}, replies
        assert replies[0].durability in (1, 2) and replies[-1].durability == 2
        again = caller.command("posts.publish", post(new_id()), request_id=sent)
        assert (again.word, again.body, again.cursors) == ("key_reused", (), ())
        assert other.command("posts.publish", post(new_id()), request_id=sent).word == "ok"
        refused = caller.command("posts.publish", payload)
        assert (refused.word, refused.code) == ("refused", "posts.id_taken")
        events = blog.replay("posts", "posts")["posts"].events()
        assert [(batch.names[event.cause[1]], event.cause[2]) for _, _, event, batch in events] == [
            ("client", sent), ("somebody-else", sent)]
        (number, name, event, batch), = events[:1]
        assert replies[0].body == (codec.Body(name, event.schema_version, "posts", number, event.key, event.payload),)
        assert replies[0].cursors == (codec.Cause("posts", batch.epoch_counter, batch.epoch_bits, number),)


def test_an_id_of_another_length_stands_for_its_hash(build):
    with Blog(build) as blog:
        door = client.connect(blog.context, zmq.DEALER, blog.node("posts").commands)
        payload = post(new_id())
        for request_id in (b"order 4711 of a till", b"x", b"x" * 512):
            door.send(msgpack.packb([1, 8, request_id, False, "posts.publish", 1, 0, None, "till", False, [], b"", payload]))
            assert door.poll(system.WAIT_SECONDS * 1000)
            reply = codec.decode_message(client.receive(door)[0])
            assert reply.id == codec.short_id(request_id) and reply.word in ("ok", "refused"), reply
        door.close()
        events = blog.replay("posts", "posts")["posts"].events()
        assert [event.cause[2] for _, _, event, _ in events] == [codec.short_id(b"order 4711 of a till")]


def test_a_caller_reads_its_own_writes(build):
    """Two services wrote; a third one answers, which follows both."""
    with Blog(build) as blog:
        posts, comments, query = blog.caller("posts"), blog.caller("comments"), blog.caller("query")
        for n in range(200):
            post_id, comment_id = new_id(), new_id()
            load = [posts.send(False, "posts.publish", post(new_id())) for _ in range(n % 4)]
            assert posts.command("posts.publish", post(post_id, f"title {n}")).word == "ok"
            reply = comments.command("comments.submit", seen=posts.seen, payload=msgpack.packb(
                [comment_id, post_id, f"reader {n}", "well"]))
            assert reply.word == "ok", reply
            assert {body.stream for body in reply.body} == {cause.stream for cause in reply.cursors}
            reply = query.query("query.post", msgpack.packb([post_id, None]),
                                seen=client.merge(posts.seen, comments.seen))
            assert reply.word == "ok" and reply.durability == 0 and len(reply.body) == 1, reply
            title, author, _, _, shown, _ = msgpack.unpackb(reply.body[0].payload)
            assert (title, author) == (f"title {n}", "ann") and comment_id in [one[0] for one in shown], reply
            at = {cause.stream: cause for cause in reply.cursors}
            assert all(at[cause.stream].number >= cause.number for cause in posts.seen), (reply, posts.seen)
            for sent in load:
                assert posts.reply(sent).word == "ok"


def test_what_was_seen_is_waited_for_or_is_lost(build):
    with Blog(build) as blog:
        blog.publish(2)
        query, payload = blog.caller("query"), msgpack.packb([None])
        seen = blog.caller("posts").seen
        ahead = seen[0]._replace(number=3)
        sent = query.send(True, "query.posts", payload, seen=[ahead])
        late = query.query("query.posts", payload, seen=[ahead], deadline_ms=100)
        assert (late.word, late.body) == ("pending", ()) and sent not in query.replies
        blog.publish(1)
        assert query.reply(sent).word == "ok"
        for taken in (codec.Cause("posts", 0, codec.NO_BITS, 0), codec.Cause("of-nobody", 9, bytes(8), 9)):
            assert query.query("query.posts", payload, seen=[taken]).word == "ok"
        # A position that its origin does not know makes it open another epoch; what was said to lie behind is lost.
        door = client.connect(blog.context, zmq.DEALER, blog.node("posts").queries)
        door.send(codec.encode_message(codec.Pull(1, "client", 1, (("posts", *ahead[1:3], 9, bytes(32)),))))
        follower = blog.follower(["posts"])
        follower.run("the new epoch", lambda: follower.cursor("posts").counter > ahead.counter)
        assert blog.caller("posts").command("posts.publish", post(new_id())).word == "ok"
        assert query.query("query.posts", payload, seen=blog.caller("posts").seen).word == "ok"
        assert query.query("query.posts", payload, seen=[ahead]).word == "ok"
        assert query.query("query.posts", payload, seen=[ahead._replace(number=4)]).word == "lost"
        follower.close()
        door.close()


def test_what_cannot_be_done_is_said(build):
    with Blog(build) as blog:
        posts = blog.caller("posts")
        for options, word in (({"name": "posts.burn"}, "unknown"), ({"payload": b"\x91"}, "invalid"),
                              ({"payload": b""}, "invalid"), ({"payload": post(new_id()) + b"\0"}, "invalid"),
                              ({"version": 2}, "invalid")):
            reply = posts.command(**{"name": "posts.publish", "payload": post(new_id()), **options})
            assert (reply.word, reply.body, reply.cursors) == (word, (), ()), (options, reply)
        reply = blog.caller("query").query("query.post", msgpack.packb([new_id(), None]))
        assert (reply.word, reply.code) == ("refused", "query.unknown_post"), reply
        assert blog.caller("query").query("query.nothing", b"\x90").word == "unknown"
        request = [1, 8, new_id(), False, "posts.publish", 1, 0, None, "client", False, [], b"", post(new_id())]
        for changed, word in (({0: 2}, "unsupported"), ({0: 2, 3: 1.5, 4: {}}, "unsupported"), ({3: True}, "unknown"),
                              ({10: [("posts", 1, bytes(8), 1)] * 33}, "invalid"), ({6: 2**31}, "invalid"),
                              ({8: "c" * 65}, "invalid"), ({11: bytes(65_537)}, "invalid"), ({7: bytes(8)}, "invalid")):
            door = client.connect(blog.context, zmq.DEALER, blog.node("posts").commands)
            door.send(msgpack.packb([changed.get(place, value) for place, value in enumerate(request)]))
            assert door.poll(system.WAIT_SECONDS * 1000), changed
            reply = codec.decode_message(client.receive(door)[0])
            assert (reply.id, reply.word) == (request[2], word), (changed, reply)
            door.close()


# ---- replay ----------------------------------------------------------------


def test_an_event_store_replays_what_the_origin_gives(build):
    with Blog(build) as blog:
        posts = blog.publish(60)
        blog.comment(posts, blog.caller("posts").seen)
        everybody = blog.follower()
        everybody.run("all verdicts", lambda: everybody.cursor("comments").number == 120)
        for service, streams in STREAMS.items():
            origin = blog.replay(service, *streams)
            assert same(everybody, origin) and all(blog.recorded(everybody, stream) for stream in streams)
            for credit in (1, 4_096, codec.CREDIT_BYTES_MAX):
                for holder in (service, "es1"):
                    again = blog.replay(holder, *reversed(streams), credit=credit)
                    assert all(again[stream].data() == origin[stream].data() for stream in streams)
        events = everybody.lines["comments.internal"].history.events()
        judged = [(event, batch) for _, name, event, batch in events if name == "comments.judged"]
        assert len(judged) == 60
        for event, batch in judged:
            assert (event.cause[0], batch.names[event.cause[1]], event.cause[5]) == (codec.EVENT, "moderation", 0)
            assert event.depth == 2 and event.correlation is not None
        everybody.close()


def test_a_busy_holder_is_passed_over_and_asked_again(build):
    """The origin stands still and the event store takes one pull at a time: a flood of them is told to come back."""
    with Blog(build, "    limits\n        pulls_max = 1\n") as blog:
        posts = blog.publish(30)
        whole = system.until("all of it to be recorded", lambda: (
            lambda found: found if found["posts"].cursor.number == len(posts) else None)(blog.replay("es1", "posts")))
        blog.stop_process("es1")
        door = client.connect(blog.context, zmq.DEALER, blog.node("es1").queries)
        pull = codec.Pull(1, "client", 4096, (("posts", *codec.ZERO),))
        for request in range(1, 41):
            door.send(codec.encode_message(pull._replace(request=request)))
        follower = blog.follower(["posts"])
        blog.stop_process("posts")
        os.kill(blog.process("es1"), signal.SIGCONT)
        answers = []
        for _ in range(40):
            assert door.poll(1000 * client.REPLY_SECONDS), f"{len(answers)} of 40 answers"
            answers.append(codec.decode_message(client.receive(door)[0]))
        assert {answer.request for answer in answers} == set(range(1, 41))
        assert {type(answer) for answer in answers} == {codec.Pulled, codec.Busy}
        assert all(answer.holder == "es1" for answer in answers)
        follower.run("what the event store gives", lambda: follower.cursor("posts").number == len(posts))
        assert follower.lines["posts"].history.events() == whole["posts"].events()
        follower.close()
        door.close()
        os.kill(blog.process("posts"), signal.SIGCONT)


def test_streams_that_a_holder_does_not_have_are_left_out_of_its_answer(build):
    with Blog(build) as blog:
        for holder, streams, has in (("posts", ["posts", "comments"], ["posts"]), ("query", ["posts"], []),
                                     ("es1", ["nobodys", "posts"], ["posts"])):
            door = client.connect(blog.context, zmq.DEALER, blog.node(holder).queries)
            door.send(codec.encode_message(codec.Pull(
                7, "client", 1_000, tuple((stream, *codec.ZERO) for stream in streams))))
            assert door.poll(system.WAIT_SECONDS * 1000)
            answer = codec.decode_message(client.receive(door)[0])
            assert (answer.request, answer.holder) == (7, holder)
            assert [entry.stream for entry in answer.answers] == has, answer
            door.close()


# ---- finding ---------------------------------------------------------------


def found(number, name, event, batch):
    """An event of a stream as an event store has to tell of it, without the log position in front."""
    if event.cause[0] == codec.COMMAND:
        command_id = event.cause[2]
        cause = [codec.COMMAND, batch.names[event.cause[1]], command_id, "", 0, 0, 0]
    else:
        kind, stream, counter, _, caused_by, index = event.cause
        command_id = None
        cause = [kind, "", None, batch.names[stream], counter, caused_by, index]
    return [batch.stream, batch.epoch_counter, number, name, event.key, event.schema_version, batch.time + event.delta,
            event.correlation or command_id, event.depth, cause, False, len(event.payload)]


def test_what_was_recorded_is_found(build):
    """Every event, told as this side reads it from the streams; and what stands before and behind one."""
    with Blog(build) as blog:
        posts = blog.publish(30)
        blog.comment(posts, blog.caller("posts").seen)
        follower = blog.follower()
        follower.run("all verdicts", lambda: follower.cursor("comments").number == 60)
        seen = [codec.Cause(stream, *line.history.cursor[:3]) for stream, line in follower.lines.items()]
        expected = {stream: [found(*event) for event in line.history.events()]
                    for stream, line in follower.lines.items()}

        def ask(name, *fields):
            reply = blog.caller("es1").query(f"eventstore.{name}", msgpack.packb(fields), seen=seen)
            assert reply.word == "ok" and reply.body[0].name == f"eventstore.{name}_reply", reply
            said, payload = reply.body[0].name, reply.body[0].payload
            assert codec.encode_finding(said, codec.decode_finding(said, payload)) == payload
            return codec.decode_payload(payload)

        def find(stream=None, key=None, name=None, correlation=None, latest_first=False):
            events, following, pages = [], None, 0
            while following is not None or pages == 0:
                page, following, behind, _ = ask(
                    "find", stream, key, name, correlation, None, None, latest_first, 7, following)
                events += page
                pages += 1
                assert behind == 0 and len(page) <= 7 and pages < 1_000
            places = [event[0] for event in events]
            assert places == sorted(places, reverse=latest_first)
            return [event[1:] for event in events]

        for stream, events in expected.items():
            assert find(stream) == events
            assert find(stream, latest_first=True) == events[::-1]
            assert find(name=events[0][3], stream=stream) == [event for event in events if event[3] == events[0][3]]
        everything = [event for events in expected.values() for event in events]
        for one in (expected["posts"][4], expected["comments"][7], expected["moderation"][2]):
            for field, wanted in ((4, "key"), (7, "correlation")):
                same_field = [event for event in everything if event[field] == one[field]]
                assert sorted(find(**{wanted: one[field]})) == sorted(same_field), (wanted, one)
        # A verdict's last effect, back to the command; and the other way round.
        last = [event for event in expected["comments"] if event[8] > 0][0]
        chain = [last]
        while chain[0][9][0] != codec.COMMAND:
            stream, _, number = chain[0][9][3:6]
            chain.insert(0, expected[stream][number - 1])
        causes, itself, effects, more, _ = ask("why", "comments", last[2], 0)
        assert ([event[1:] for event in causes], itself[1:], effects, more) == (chain[:-1], last, [], False)
        causes, itself, effects, more, _ = ask("why", chain[0][0], chain[0][2], 0)
        assert (causes, itself[1:], more) == ([], chain[0], False) and last in [event[1:] for _, event in effects]
        event, payload, incarnation = ask("event", "posts", 5, 1)
        assert event[1:] == expected["posts"][4]
        assert payload == follower.lines["posts"].history.events()[4][2].payload
        present, _, places = ask("place", None, None, b"")
        assert incarnation == present and len(present) == 8
        cursors = {stream: codec.Position(*position) for stream, *position in places}
        assert cursors == {stream: line.history.cursor for stream, line in follower.lines.items()}
        lost = blog.caller("es1").query("eventstore.event", msgpack.packb(["posts", 99, 0]))
        assert (lost.word, lost.code) == ("refused", "eventstore.unknown_event")
        follower.close()


# ---- hostile bytes ---------------------------------------------------------


def test_no_daemon_minds_what_is_no_message(build):
    """Vectors, cut, altered and out of place, at each door of each node; then all still do their work."""
    vectors = [path.read_bytes() for path in sorted((ROOT / "test/vectors").rglob("*.bin"))]
    harmless = [data for data in vectors if data[1:3] not in (b"\x01\x02", b"\x01\x05")]    # pulls and seals are meant
    chance = random.Random(7)
    with Blog(build) as blog:
        blog.publish(1)
        for name in (*STREAMS, "query", "es1"):
            for endpoint in blog.node(name)[1:3]:
                door = client.connect(blog.context, zmq.DEALER, endpoint)
                for data in harmless:
                    at = chance.randrange(len(data) + 1)
                    for frames in ([data], [data[:at]], [b"", data + b"\0"], [b"", b"", data], [data] * 3,
                                   [b""] * 100, [b"\x91" * 10_000], [b"\xdd\xff\xff\xff\xff" * 100]):
                        door.send_multipart(frames)
                # What a door got first it has looked at when it answers what came then.
                if endpoint == blog.node(name).queries:
                    door.send(codec.encode_message(codec.Pull(99, "client", 1, (("posts", *codec.ZERO),))))
                    answers = []
                    while b"\x97\x01\x03\x63" not in answers:
                        assert door.poll(system.WAIT_SECONDS * 1000), f"{name} says no more"
                        answers = [part[:4] for part in client.receive(door) or []]
                door.close()
        posts = blog.publish(5)
        blog.comment(posts, blog.caller("posts").seen)
        follower = blog.follower()
        follower.run("all verdicts", lambda: follower.cursor("comments").number == 10)
        assert [len(line.history.lineage()) for line in follower.lines.values()] == [1] * 4
        assert blog.up.log().count("state=live") == 5, "a daemon was started again"
        follower.close()
