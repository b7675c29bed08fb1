"""Server-sent events: who is told what, and how a browser goes on after it, or the bridge, was away."""
import os
import signal
import socket

from blog import Blog, problem_of
from events import Stream
from people import Browser, People
from system import until

FOLLOW = "    follow = posts\n    follow = comments\n"
ROUTE = "route = GET /api/events\n    events = posts\n    events = comments\n"


def blog_with_events(build, **more):
    return Blog(build, bridge=FOLLOW, lines=ROUTE, **more)


def post_ids(events):
    return [event.data["data"]["post_id"] for event in events]


def test_a_browser_is_told_what_happens(build):
    """As JSON by the descriptions, with cursors as the id, which a request can bring along to see what was told."""
    with blog_with_events(build) as blog, Stream(blog) as stream:
        assert stream.response.status == 200, stream.response.status
        assert stream.response.headers["Content-Type"] == "text/event-stream", stream.response.headers
        assert stream.response.headers["Cache-Control"] == "no-store" and stream.response.headers["Souk-Correlation"]
        stream.begins()
        post_id, answer = blog.publish()
        event = stream.next()
        told = answer.body["events"][0]
        assert event.name == "message" and event.data.pop("time_ms") > 0, event
        assert event.data == told, (event, told)
        assert event.id.startswith("posts=1."), event
        read = blog.ask("GET", f"/api/posts/{post_id}", Souk_Cursors=event.id)
        assert read.status == 200 and read.body["title"] == "Hello", read
        comment = {"comment_id": post_id, "author": "bob", "text": "Well said."}
        blog.ask("POST", f"/api/posts/{post_id}/comments", comment)
        assert stream.next().data["stream"] == "comments" and "posts=1." in stream.last and "comments=1." in stream.last


def test_it_goes_on_where_it_was(build):
    """After a cut, after a restart of the bridge, and from what a page had read; nothing twice, nothing left out."""
    with blog_with_events(build) as blog:
        with Stream(blog) as stream:
            stream.begins()
            ids = [blog.publish()[0] for _ in range(3)]
            assert post_ids(stream.messages(2)) == ids[:2]
            last = stream.last
        ids += [blog.publish()[0] for _ in range(2)]
        with Stream(blog, last=last) as stream:
            assert post_ids(stream.begins(True).messages(3)) == ids[2:]
            last = stream.last
        pid = blog.children()["bridge"]
        os.kill(pid, signal.SIGKILL)
        until("the bridge to be started again", lambda: blog.children().get("bridge", pid) != pid)
        until("it to listen", lambda: blog.up.log().count("event=listening") == 2)
        ids += [blog.publish()[0] for _ in range(2)]
        with Stream(blog, last=last) as stream:
            assert post_ids(stream.begins(True).messages(2)) == ids[5:]
            last = stream.last
        page = blog.ask("GET", "/api/posts", Souk_Cursors=last).headers["Souk-Cursors"]
        ids.append(blog.publish()[0])
        with Stream(blog, f"/api/events?after={page}") as stream:
            assert post_ids(stream.begins(True).messages(1)) == ids[-1:]


def test_so_many_are_kept(build):
    """At the bound it goes on, one past it is told to begin anew."""
    with blog_with_events(build, limits={"events_kept_max": 3}) as blog:
        with Stream(blog) as stream:
            stream.begins()
            blog.publish()
            last = stream.messages(1)[0].id
        watcher = Stream(blog).begins()
        ids = [blog.publish()[0] for _ in range(3)]
        watcher.messages(3)
        with Stream(blog, last=last) as stream:
            assert post_ids(stream.begins(True).messages(3)) == ids
        ids.append(blog.publish()[0])
        watcher.messages(1)                     # so the bridge has heard of it
        with Stream(blog, last=last) as stream:
            event = stream.next()
            assert event.name == "reset" and event.data == {"resumed": False}, event
            ids.append(blog.publish()[0])
            assert post_ids(stream.messages(1)) == ids[-1:]
        for wrong in (last.replace("posts=1.", "posts=2."), last.replace("posts=1.", "posts=1.0"), "posts"):
            with Stream(blog, last=wrong) as stream:
                assert stream.response.status == 400 or stream.next().name == "reset", wrong


def test_heartbeats(build):
    with blog_with_events(build, limits={"heartbeat_ms": 50}) as blog, Stream(blog) as stream:
        stream.begins()
        until("a heart to beat", lambda: stream.response.readline().startswith(b":"))
        blog.publish()
        assert post_ids(stream.messages(1))


def test_who_leaves_is_noticed(build):
    """At once, though there is nothing to send."""
    with blog_with_events(build) as blog, Stream(blog) as stream:
        stream.begins()
        other = Stream(blog)
        other.begins()
        assert b"souk_bridge_event_streams 2\n" in metrics(blog)
        other.response.close()
        other.connection.close()
        until("it to be noticed", lambda: b"souk_bridge_event_streams 1\n" in metrics(blog))


def metrics(blog):
    connection = blog.connect()
    connection.request("GET", "/metrics")
    return connection.getresponse().read()


def test_what_is_asked_for(build):
    with blog_with_events(build, limits={"event_streams_max": 2}) as blog:
        for headers, status, problem in (({"Accept": "application/json"}, 406, "not-acceptable"),
                                         ({"Sec-Fetch-Site": "cross-site"}, 403, "cross-site"),
                                         ({"Last-Event-ID": "x=y"}, 400, "bad-request")):
            with Stream(blog, **headers) as stream:
                assert stream.response.status == status, (headers, stream.response.status)
        for path in ("/api/events?before=x", "/api/events?after=%zz", "/api/events?after=" + "x" * 1900):
            assert Stream(blog, path).response.status == 400, path
        assert blog.ask("POST", "/api/events", {}).status == 405
        with Stream(blog) as one, Stream(blog) as other:
            one.begins()
            other.begins()
            full = blog.ask("GET", "/api/events", Accept="text/event-stream")
            assert full.status == 503 and problem_of(full) == "busy" and full.headers["Retry-After"], full
            one.response.close()
            one.connection.close()
            until("there is room", lambda: Stream(blog).response.status == 200)


def test_who_reads_slowly_costs_little(build):
    """Somebody who reads nothing is cut off, or told to begin anew; others hear everything."""
    with blog_with_events(build, limits={"events_kept_max": 4, "answer_ms": 300}) as blog:
        slow = Stream(blog, window=(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048))
        slow.begins()
        with Stream(blog) as stream, Stream(blog) as other:
            stream.begins()
            other.begins()
            body = "x" * 8000
            for number in range(100):
                told = blog.ask("POST", "/api/posts", {"post_id": f"01935d2c-0000-7000-8000-{number:012}",
                                                       "author": "ada", "title": str(number), "body": body})
                assert told.status == 201
                assert stream.messages(1)[0].data["data"]["title"] == str(number)
                other.messages(1)
        event = slow.next()
        while event is not None and event.name == "message":
            event = slow.next()
        assert event is None or event.name == "reset", event
        slow.connection.close()


def test_a_person_sees_what_is_theirs(build):
    """Their own; what their role may see; and nothing of others."""
    with People(build) as system:
        ann, bob, staff = Browser(system), Browser(system), Browser(system)
        staff.register("eve@example.org", name="Eve")
        system.call("accounts", "accounts.appoint_first", {"email": "eve@example.org"})
        staff.sign_in("eve@example.org")
        for browser in (ann, bob):
            assert browser.ask("POST", "/api/visits").status == 200
        ann_id = ann.ask("GET", "/api/who").body["person"]
        with Stream(system, cookie=ann.cookie) as hers, Stream(system, cookie=bob.cookie) as his, \
                Stream(system, cookie=staff.cookie) as staffs, Stream(system) as nobodys:
            for stream in (hers, his, staffs, nobodys):
                stream.begins()
            visit = ann.ask("POST", "/api/visits")
            assert visit.body["events"][0]["data"] == {"person": ann_id}, visit
            note = staff.ask("POST", "/api/notes", {"text": "it rained"})
            assert note.status == 200 and len(note.body["events"]) == 1, note
            bob.ask("POST", "/api/visits")
            number = visit.body["events"][0]["number"]
            event = hers.message_from(number)
            assert event.data["type"] == "lodge.entered" and event.data["data"] == {"person": ann_id}, event
            assert event.data["number"] == number, event
            assert his.message_from(number).data["number"] == number + 2
            assert staffs.messages(1)[0].data["data"]["text"] == "it rained"
            nobodys.connection.sock.settimeout(0.05)
            try:
                raise AssertionError(nobodys.next())
            except TimeoutError:
                pass


def test_a_stream_ends_when_its_person_changes(build):
    """At signing out, and when somebody may do something else: the browser comes again, as who it is by then."""
    with People(build) as system:
        admin, bob = Browser(system), Browser(system)
        admin.register()
        bob_id = bob.register("bob@example.org", name="Bob")
        system.call("accounts", "accounts.appoint_first", {"email": "ann@example.org"})
        admin.sign_in()
        bob.sign_in("bob@example.org")
        note = {"text": "it rained"}
        with Stream(system, cookie=bob.cookie) as stream:
            stream.begins()
            assert admin.ask("PUT", f"/api/people/{bob_id}/roles", {"is_staff": True, "is_admin": False}).status == 200
            assert stream.next() is None
            last = stream.last
        assert bob.ask("POST", "/api/notes", note).status == 200
        with Stream(system, cookie=bob.cookie, last=last) as stream:
            assert stream.begins(True).messages(1)[0].data["type"] == "lodge.noted"
            assert bob.ask("DELETE", "/api/session").status == 200
            assert stream.next() is None
