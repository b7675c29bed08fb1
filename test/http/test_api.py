"""Commands and queries over HTTP: what is answered, what is refused, what is seen again, and what happens when a
service is not there."""
import json
import os
import signal

from blog import Blog, JSON, PROBLEM, Raw, new_id, problem_of
from system import until


def test_a_post_is_published_and_read_at_once(build):
    """Whoever sends Souk-Cursors with his next request sees what he has written, each time."""
    with Blog(build) as blog:
        for number in range(50):
            post_id, written = blog.publish()
            assert written.status == 201 and written.headers["Location"] == f"/api/posts/{post_id}", written
            assert written.body["durability"] == "local"
            event = written.body["events"][0]
            assert (event["type"], event["stream"], event["number"]) == ("posts.published", "posts", number + 1)
            assert event["subject"] == post_id and event["data"]["title"] == "Hello", event
            read = blog.ask("GET", f"/api/posts/{post_id}", Souk_Cursors=written.headers["Souk-Cursors"])
            assert read.status == 200 and read.body["title"] == "Hello", read
        assert read.headers["Cache-Control"] == "no-store"


def test_cursors_add_up(build):
    """An answer's cursors take the place of those that were sent: nothing that was written is forgotten on the way."""
    with Blog(build) as blog:
        post_id, written = blog.publish()
        cursors = written.headers["Souk-Cursors"]
        said = blog.ask("POST", f"/api/posts/{post_id}/comments", {
            "comment_id": new_id(), "author": "bob", "text": "Well said."}, Souk_Cursors=cursors)
        assert said.status == 200, said
        streams = [cursor.split("=")[0] for cursor in said.headers["Souk-Cursors"].split(",")]
        assert streams[:2] == ["comments.internal", "comments"] and "posts" in streams, streams
        page = blog.ask("GET", f"/api/posts/{post_id}", Souk_Cursors=said.headers["Souk-Cursors"])
        assert page.body["comments"][0]["author"] == "bob", page
        streams = [cursor.split("=")[0] for cursor in page.headers["Souk-Cursors"].split(",")]
        assert sorted(streams) == ["comments", "comments.internal", "posts"], streams
        # Events that are not for everybody are not in the answer.
        assert {event["stream"] for event in said.body["events"]} == {"comments"}, said


def test_cursors_are_bounded(build):
    with Blog(build) as blog:
        cursors = [f"s{number}=1.0000000000000000:0" for number in range(33)]
        assert blog.ask("GET", "/api/posts", Souk_Cursors=",".join(cursors[:32])).status == 200
        refused = blog.ask("GET", "/api/posts", Souk_Cursors=",".join(cursors))
        assert refused.status == 400 and "at most 32" in refused.body["detail"], refused
        for wrong in ("x", "posts=1", ",", cursors[0] + "," + cursors[0], "posts=1.0000000000000000:-1"):
            assert blog.ask("GET", "/api/posts", Souk_Cursors=wrong).status == 400, wrong


def test_what_has_not_arrived_is_pending(build):
    """202 and what is waited for, when the query service cannot catch up in time; then it can."""
    with Blog(build, edit=lambda text: text.replace("query = query.posts\n", "query = query.posts\n"
                                                    "    deadline_ms = 300\n", 1)) as blog:
        written = blog.publish()[1]
        cursor, number = written.headers["Souk-Cursors"].rsplit(":", 1)
        pending = blog.ask("GET", "/api/posts", Souk_Cursors=f"{cursor}:{int(number) + 1}")
        assert pending.status == 202 and pending.body["pending"] is True, pending
        assert pending.body["waiting_for"] == pending.headers["Souk-Cursors"] == f"{cursor}:{int(number) + 1}"
        blog.publish()
        again = blog.ask("GET", "/api/posts", Souk_Cursors=pending.headers["Souk-Cursors"])
        assert again.status == 200 and len(again.body["posts"]) == 2, again


def test_one_key_is_one_command(build):
    """A retry gets the same answer, and nothing happens twice; another request under the key is refused."""
    with Blog(build) as blog:
        for key in (new_id(), "any other text", '"quoted"', "k" * 255):
            post_id = new_id()
            first = blog.publish(post_id, Idempotency_Key=key)[1]
            again = blog.publish(post_id, Idempotency_Key=key)[1]
            assert first.status == again.status == 201 and told(first) == told(again), (first, again)
            other = blog.publish(Idempotency_Key=key)[1]
            assert other.status == 409 and problem_of(other) == "key-reused", other
        # The answer's own key repeats it too.
        post_id, first = blog.publish()
        assert told(blog.publish(post_id, Idempotency_Key=first.headers["Idempotency-Key"])[1]) == told(first)
        for key in ("", "k" * 256):
            assert blog.publish(Idempotency_Key=key)[1].status == 400, key


def test_a_double_click_is_one_command(build):
    """Requests with one key at the same time, while the service stands still: one command, one answer for all."""
    with Blog(build) as blog:
        pid, key = blog.stop_process("posts"), new_id()
        post = {"post_id": new_id(), "author": "x", "title": "x", "body": "x"}
        clicks = [Raw(blog.port) for _ in range(4)]
        for click in clicks:
            click.send(request("POST", "/api/posts", post, f"Idempotency-Key: {key}\r\n"))
        blog.ask("GET", "/nothing")             # so those before have been read
        other = blog.publish(Idempotency_Key=key)[1]
        assert other.status == 409 and problem_of(other) == "key-reused", other
        os.kill(pid, signal.SIGCONT)
        answers = [click.answer() for click in clicks]
        assert [answer.status for answer in answers] == [201] * 4, answers
        assert all(told(answer) == told(answers[0]) for answer in answers), answers
        assert len(until("the post to be seen", lambda: blog.ask("GET", "/api/posts").body["posts"])) == 1
        for click in clicks:
            click.socket.close()


def test_refusals_are_problems_with_statuses(build):
    with Blog(build) as blog:
        post_id, written = blog.publish()
        taken = blog.publish(post_id)[1]
        assert taken.status == 409 and taken.body["code"] == "posts.id_taken", taken
        assert taken.body["detail"] == "there is a post of this id" and problem_of(taken) == "refused"
        missing = blog.ask("GET", f"/api/posts/{new_id()}")
        assert missing.status == 404 and missing.body["code"] == "query.unknown_post", missing
        foreign = blog.ask("DELETE", f"/api/posts/{post_id}", {"author": "eve"})
        assert foreign.status == 403 and foreign.body["code"] == "posts.not_yours", foreign
        assert blog.ask("PUT", "/api/words/%20").status == 422
        assert blog.ask("DELETE", f"/api/posts/{post_id}", {"author": "ada"}).status == 200


def test_messages_that_cannot_be_meant(build):
    """400, and a sentence that names the field."""
    post = {"post_id": new_id(), "author": "ada", "title": "t", "body": "b"}
    with Blog(build) as blog:
        for body, words in (({**post, "post_id": "7"}, "posts.publish.post_id: an id"),
                            ({**post, "price": 1}, 'has no field "price"'),
                            ({**post, "autor": 1}, 'did you mean "author"?'),
                            ({name: post[name] for name in post if name != "body"}, "posts.publish.body: is missing"),
                            ({**post, "title": "x" * 121}, "posts.publish.title"), ({**post, "title": None}, "null"),
                            ([], "an object is meant"), (["x"], "an object is meant")):
            refused = blog.ask("POST", "/api/posts", body)
            assert refused.status == 400 and problem_of(refused) == "invalid", refused
            assert words in refused.body["detail"], refused
        for text in (b"", b"{", b"{}x", b'{"post_id":1,"post_id":1}', b"\xff{}", b'{"a":1e999}', b"[" * 9 + b"]" * 9,
                     b"[" * 60000):
            refused = blog.ask("POST", "/api/posts", text, Content_Type=JSON)
            assert refused.status == 400 and problem_of(refused) == "invalid", (text[:20], refused)
        deep = blog.ask("POST", "/api/posts", b'{"x":' + b"[" * 7 + b"]" * 7 + b"}", Content_Type=JSON)
        assert "has no field" in deep.body["detail"] or "is missing" in deep.body["detail"], deep
        deeper = blog.ask("POST", "/api/posts", b'{"x":' + b"[" * 8 + b"]" * 8 + b"}", Content_Type=JSON)
        assert "deeper than 8" in deeper.body["detail"], deeper
        for target in ("/api/posts?x=1", "/api/posts?from.at_ms=x", "/api/posts?from=1", "/api/posts?from.at_ms=1",
                       "/api/posts/seven", "/api/posts/%zz", "/api/posts/%00"):
            refused = blog.ask("GET", target)
            assert refused.status == 400 and problem_of(refused) == "invalid", (target, refused)
        assert blog.ask("POST", "/api/posts?x=1", post).status == 400
        page = blog.ask("GET", f"/api/posts?from.at_ms=1&from.id={new_id()}")
        assert page.status == 200 and page.body == {"posts": []}, page


def test_paths_and_methods(build):
    with Blog(build) as blog:
        for path in ("/api/posts/", "/API/posts", "/api//posts", "/api/%70osts", "/api/posts/../posts",
                     "/api/posts/%2e%2e", "/api/./posts", "/etc/passwd", "/api/posts/a/b"):
            answer = blog.ask("GET", path)
            assert answer.status in (404, 400), (path, answer)
        assert blog.ask("GET", "/nothing").body["type"] == "urn:souk:problem:not-found"
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "PURGE", "get"):
            answer = blog.ask(method, "/api/posts")
            assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD, POST", (method, answer)
        # Nobody can ask for another method than the one that he sends.
        sneaky = blog.ask("POST", f"/api/posts/{new_id()}", {}, X_HTTP_Method_Override="DELETE")
        assert sneaky.status == 405 and sneaky.headers["Allow"] == "GET, HEAD, PUT, DELETE", sneaky


def test_what_is_accepted(build):
    with Blog(build) as blog:
        for accept in ("*/*", "application/*", JSON, "text/html, application/json;q=0.5", "APPLICATION/JSON",
                       "application/json;q=0.001", "text/html,*/*;q=0.1"):
            assert blog.ask("GET", "/api/posts", Accept=accept).status == 200, accept
        for accept in ("text/html", "application/jsonx", "application/json;q=0", "application/json; q=0.000", "x", ""):
            answer = blog.ask("GET", "/api/posts", Accept=accept)
            assert answer.status == 406 and answer.headers["Content-Type"] == PROBLEM, accept


def test_types_of_bodies(build):
    body = json.dumps({"post_id": new_id(), "author": "ada", "title": "t", "body": "b"}).encode()
    with Blog(build) as blog:
        for name in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx",
                     "application/json;charset=latin1", "application/json, text/plain", ""):
            assert blog.ask("POST", "/api/posts", body, Content_Type=name).status == 415, name
        assert blog.ask("POST", "/api/posts", body).status == 415
        assert blog.ask("POST", "/api/posts", body, Content_Type=JSON, Content_Encoding="gzip").status == 415
        key = new_id()
        for name in (JSON, "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'):
            assert blog.ask("POST", "/api/posts", body, Content_Type=name, Idempotency_Key=key).status == 201, name


def test_pages_of_other_sites_change_nothing(build):
    with Blog(build) as blog:
        own = f"http://127.0.0.1:{blog.port}"
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": own + "0"},
                        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site", "Origin": own}):
            answer = blog.publish(**headers)[1]
            assert answer.status == 403 and problem_of(answer) == "cross-site", (headers, answer)
        for headers in ({"Origin": own}, {"Sec_Fetch_Site": "same-origin", "Origin": own}, {"Sec_Fetch_Site": "none"}):
            assert blog.publish(**headers)[1].status == 201, headers
        assert blog.ask("GET", "/api/posts", Origin="http://evil.example").status == 200


def test_a_service_that_is_away(build):
    """503 and Retry-After while it is stopped; a command's outcome is told by its key when it is back."""
    short = lambda text: text.replace("query = query.posts\n", "query = query.posts\n    deadline_ms = 200\n").replace(
        "command = posts.publish\n", "command = posts.publish\n    deadline_ms = 200\n")
    with Blog(build, edit=short) as blog:
        first = blog.publish()[1]
        assert first.status == 201
        pids = [blog.stop_process(name) for name in ("posts", "query")]
        post_id, lost = blog.publish()
        assert lost.status == 503 and problem_of(lost) == "unanswered", lost
        assert lost.body["id"] == lost.headers["Idempotency-Key"], lost
        late = blog.ask("GET", "/api/posts")
        assert late.status == 503 and problem_of(late) == "unanswered", late
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        told = until("posts to tell", lambda: (lambda answer: answer if answer.status != 503 else None)(
            blog.publish(post_id, Idempotency_Key=lost.headers["Idempotency-Key"])[1]))
        assert told.status == 201 and told.body["events"][0]["subject"] == post_id, told


def test_so_many_wait_for_services(build):
    """At the bound everybody waits; one past it is told to come again, at once."""
    with Blog(build, limits={"waiting_max": 3}) as blog:
        pid, waiting = blog.stop_process("query"), []
        for _ in range(3):
            waiting.append(blog_connection(blog))
            waiting[-1].send(request("GET", "/api/posts"))
        busy = until("the bridge to have no room", lambda: (lambda answer: answer if problem_of(answer) == "busy"
                                                            else None)(blog.ask("GET", "/api/posts")))
        assert busy.status == 503, busy
        os.kill(pid, signal.SIGCONT)
        for connection in waiting:
            assert connection.answer().status in (200, 503)
            connection.socket.close()
        assert until("there is room", lambda: blog.ask("GET", "/api/posts").status == 200)


def test_a_trace_id_is_the_correlation(build):
    with Blog(build) as blog:
        answer = blog.ask("GET", "/api/posts", traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        assert answer.headers["Souk-Correlation"] == "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", answer
        for wrong in ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", "x",
                      "00-00000000000000000000000000000000-00f067aa0ba902b7-01"):
            assert not blog.ask("GET", "/api/posts", traceparent=wrong).headers["Souk-Correlation"].startswith(
                ("4bf9", "00000000-0000-0000")), wrong


def test_a_stop_answers_who_waits(build):
    """TERM: no new connections, who waits is told, and the bridge ends with 0; `souk up` is what says so."""
    with Blog(build) as blog:
        blog.stop_process("query")
        with blog_connection(blog) as waiting:
            waiting.send(request("GET", "/api/posts"))
            blog.ask("GET", "/nothing")         # so the one before has been read
            os.kill(blog.children()["bridge"], signal.SIGTERM)
            answer = waiting.answer()
        assert answer.status == 503 and problem_of(answer) == "stopping", answer
        blog.up.says("bridge ended with status 0")


def told(answer):
    """What an answer says of its command: later ones may know of more durability."""
    return answer.body["id"], answer.body["events"]


def blog_connection(blog):
    return Raw(blog.port)


def request(method, target, body=None, headers=""):
    """As bytes on the wire."""
    text = "" if body is None else json.dumps(body)
    if body is not None:
        headers += f"Content-Type: {JSON}\r\nContent-Length: {len(text)}\r\n"
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{text}"
