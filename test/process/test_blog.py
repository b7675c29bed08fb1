"""The blog's pages, in as many copies as one likes: one that is away, one that comes later, one that was always there."""
import os
import uuid

import msgpack

from system import Daemon, Load, System, until
from test_faults import AWAY, settle

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
POSTS = 50
COPY = """
service = {name}
    about = The same pages once more.
    program = blog-query
    follow = posts
    follow = comments
"""


class Blog(System):
    """topology/blog.zpl with copies of its query service, each daemon a process of its own."""

    def __init__(self, build, copies):
        self.copies = list(copies)
        super().__init__(build, services=("posts", "comments", "moderation", "query", *copies), stores=("es1",))

    def write_topology(self):
        with open(os.path.join(TREE, "topology/blog.zpl"), encoding="utf-8") as file:
            lines = file.read().replace("../examples/", f"{TREE}/examples/")
        lines = lines.replace("system = blog\n", f"system = blog\n    run = r\n    data = d\n    witness = {self.witness}\n")
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write(lines + "".join(COPY.format(name=name) for name in self.copies))

    def start(self, name, *options, **variables):
        program = ["souk-eventstore"] if name in self.stores else ["blog-query", name] if name in self.copies \
            else [f"blog-{name}"]
        program[0] = os.path.join(self.build, program[0])
        self.daemons[name] = Daemon(self, name, [*program, "--topology", self.topology, *options],
                                    os.path.join(self.path, f"{name}.log"), variables)
        return self.daemons[name]

    def add_copy(self, name):
        """Lines at the end of the topology; nobody else is told."""
        self.copies.append(name)
        self.services.append(name)
        self.write_topology()
        self.start(name)
        self.live(name)

    def publish(self):
        """Posts, which comments knows of; their ids."""
        posts = [uuid.uuid4().bytes for _ in range(POSTS)]
        Load(self, "posts", "posts.publish", ([post, "ada", f"Post {number}", "Read this."]
                                              for number, post in enumerate(posts))).finish()
        self.caught_up("comments", "posts", "posts")
        return posts

    def comments(self, posts, count, first=0):
        """A load of them."""
        return Load(self, "comments", "comments.submit", (
            [uuid.uuid4().bytes, posts[number % POSTS], f"reader {number % 7}", f"comment {number}"]
            for number in range(first, first + count)), window=256)

    def judged(self, count):
        """Wait until every comment was, and all have heard of it."""
        until(f"{count} comments to be judged", lambda: self.status("comments").streams["comments"].number == 2 * count,
              600)
        settle(self)

    def some_pages(self, name, posts):
        """What readers see."""
        pages = []
        for post in posts[:3]:
            reply = self.query(name, "query.post", [post, None])
            assert reply.status == "ok", reply
            pages.append(msgpack.unpackb(reply.body[0][5]))
        return pages


def test_a_copy_that_was_away_and_one_that_came_late_are_equal(build):
    """Stopped while comments are made; added afterwards with five lines: equal to one that was always there."""
    assert COPY.strip().count("\n") + 1 == 5
    with Blog(build, ["pages"]) as blog:
        blog.start_all()
        posts = blog.publish()
        blog.comments(posts, AWAY // 10).finish()
        assert blog.daemons["query"].stop() == 0
        blog.comments(posts, AWAY, AWAY // 10).finish(600)
        blog.start("query")
        blog.live("query")
        total = AWAY // 10 + AWAY
        blog.judged(total)
        pages = blog.digests("pages")
        assert blog.digests("query") == pages
        assert pages["posts"].number == POSTS and pages["comments"].number == 2 * total, pages
        blog.add_copy("archive")
        settle(blog)
        assert blog.digests("archive") == pages
        assert blog.some_pages("archive", posts) == blog.some_pages("query", posts) == blog.some_pages("pages", posts)
        assert blog.query("pages", "souk.digest", ["moderation"]).code == "souk.no_stream"
        assert blog.query("pages", "souk.digest", [7]).status == "invalid"


def test_digests_are_of_one_place_while_the_tables_change(build):
    """Two copies under load, asked again and again: where they stand at the same place they have the same tables."""
    with Blog(build, ["pages"]) as blog:
        blog.start_all()
        posts = blog.publish()
        found, doors = {}, {name: blog.door(name, "queries") for name in ("query", "pages")}
        load = blog.comments(posts, 10**6)
        while len(found) < 40:
            asked = {name: door.send(True, "souk.digest", ["comments"]) for name, door in doors.items()}
            for name, door in doors.items():
                *place, digest = msgpack.unpackb(door.answer(asked[name]).body[0][5])
                found.setdefault(tuple(place), {})[name] = digest
        taken = load.end()
        both = [set(digests.values()) for digests in found.values() if len(digests) == 2]
        assert all(len(digests) == 1 for digests in both), found
        print(f"# {len(both)} of {len(found)} places were met by both")
        blog.judged(len(taken))
        assert blog.digests("query") == blog.digests("pages")


def test_digests_past_the_bound_are_answered_busy(build):
    """Seventeen may be there, the one that is made among them; and one that is asked for again is made once."""
    with Blog(build, []) as blog:
        blog.start_all()
        posts = blog.publish()
        blog.comments(posts, 200).finish()
        blog.judged(200)
        door = blog.door("query", "queries", "many")
        query = blog.daemons["query"]
        first = door.send(True, "souk.digest", ["comments"])
        assert door.answer(first).status == "ok"
        asked = [door.send(True, "souk.digest", ["comments"]) for _ in range(200)]
        again = [door.send(True, "souk.digest", ["comments"], command_id=asked[0]) for _ in range(3)]
        answers = [door.answer(one) for one in asked]
        assert {answer.status for answer in answers} <= {"ok", "busy"}, answers
        assert sum(answer.status == "ok" for answer in answers) >= 16
        assert all(answer.retry_after_ms == 1000 for answer in answers if answer.status == "busy")
        assert len({answer.body[0][5] for answer in answers if answer.status == "ok"}) == 1
        assert again and query.stop() == 0
