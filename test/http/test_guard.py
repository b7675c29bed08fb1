"""What is no request, or one that two programs could read in two ways: one test a row. A request that was smuggled in
would be answered, so how many answers there are is what is looked at."""
import json
import os
import signal
import time

from blog import Blog, JSON, Raw, new_id, problem_of, statuses
from system import until

GET = "GET /api/posts HTTP/1.1\r\nHost: localhost\r\n"
END = "Connection: close\r\n\r\n"
SMUGGLED = "GET /api/posts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def post(headers, body="", key=None):
    return (f"POST /api/posts HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\n"
            f"Idempotency-Key: {key or new_id()}\r\n{headers}\r\n{body}")


def article(size=0):
    """A post's JSON, of `size` bytes when that is more than it needs."""
    text = json.dumps({"post_id": new_id(), "author": "ada", "title": "t", "body": "b"})
    return text + " " * (size - len(text))


def test_a_body_has_one_length(build):
    body = article()
    with Blog(build) as blog:
        for headers in (f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n",
                        f"Transfer-Encoding: chunked\r\nContent-Length: {len(body)}\r\n",
                        f"Content-Length: {len(body)}\r\nContent-Length: {len(body)}\r\n",
                        f"Content-Length: {len(body)}\r\nContent-Length: 0\r\n",
                        f"Content-Length: 0\r\nContent-Length: {len(body)}\r\n",
                        f"Content-Length: {len(body)}, {len(body)}\r\n", f"Content-Length: +{len(body)}\r\n",
                        f"Content-Length: 0x{len(body):x}\r\n", "Content-Length: -1\r\n", "Content-Length: \r\n",
                        "Content-Length: 99999999999999999999\r\n", "Content-Length: 1e1\r\n",
                        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                        "Transfer-Encoding : chunked\r\n", "Transfer-Encoding:\x0bchunked\r\n",
                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"):
            said = blog.raw(post(headers, body + SMUGGLED))
            assert statuses(said) in ([400], [413]), (headers, said)
        assert blog.ask("GET", "/api/posts").body == {"posts": []}


def test_lines_end_with_cr_lf(build):
    with Blog(build) as blog:
        for text in (f"GET /api/posts HTTP/1.1\nHost: localhost\r\n{END}",
                     f"GET /api/posts HTTP/1.1\r\nHost: localhost\n{END}",
                     GET + "X-A: b\n" + END, GET + "X-A: b\nTransfer-Encoding: chunked\r\n" + END,
                     GET + "X-A: b\n\n" + SMUGGLED, GET + "X-A: b\r\n\n" + SMUGGLED, GET + "X-A: b\n\r\n" + SMUGGLED,
                     GET + "X-A: b\rX-B: c\r\n" + END, GET + "X-A: b\r\r\n" + END):
            said = blog.raw(text)
            assert statuses(said) in ([400], []), (text, said)


def test_lines_are_not_folded(build):
    with Blog(build) as blog:
        for text in (GET + "X-A: b\r\n c\r\n" + END, GET + "X-A: b\r\n\tc\r\n" + END, GET + " X-A: b\r\n" + END,
                     GET + "Connection: close\r\n c\r\n\r\n"):
            said = blog.raw(text)
            assert statuses(said) == [400], (text, said)


def test_a_nul_ends_nothing(build):
    with Blog(build) as blog:
        for text in (GET + "X-A: b\0c\r\n" + END, GET + "X-\0A: b\r\n" + END, GET + "Connection: close\0x\r\n\r\n",
                     f"GET /api/posts\0/x HTTP/1.1\r\nHost: localhost\r\n{END}",
                     f"GET /api/posts?\0 HTTP/1.1\r\nHost: localhost\r\n{END}",
                     f"GET\0 /api/posts HTTP/1.1\r\nHost: localhost\r\n{END}",
                     f"GET /api/posts HTTP/1.1\0\r\nHost: localhost\r\n{END}"):
            said = blog.raw(text)
            assert statuses(said) in ([400], [405], [505], []), (text, said)


def test_names_and_values_of_fields(build):
    with Blog(build) as blog:
        for line in ("X A: b", "X-A : b", "X\x01: b", "X-A: b\x01", "X-A: b\x7f", "(X): b", "X-\xe9: b", ": b"):
            said = blog.raw(GET + line + "\r\n" + END)
            assert statuses(said) == [400], (line, said)
        assert statuses(blog.raw(GET + "no colon\r\n" + END)) in ([400], [])
        for line in ("X-A:b", "X-A:   b", "X-A: b  ", "X-A:", "X!#$%&'*+-.^_`|~1: b", "X-A: \xe9\xff", "X-A: b\tc"):
            assert statuses(blog.raw(GET + line + "\r\n" + END)) == [200], line


def test_one_host_that_is_meant(build):
    lines = "    hostname = blog.example\n"
    with Blog(build, bridge=lines) as blog:
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1", f"127.0.0.1:{blog.port}", "[::1]:80", "blog.example",
                     "blog.example:443", "Blog.Example"):
            assert blog.ask("GET", "/api/posts", Host=host).status == 200, host
        for host in ("evil.example", "blog.example.evil", "blog.example:x", "blog.example@evil", "localhos", "x",
                     "[::1", "127.0.0.1.evil", " ", "localhost/", "blog.example:80:80"):
            answer = blog.ask("GET", "/api/posts", Host=host)
            assert answer.status == 421 and problem_of(answer) == "bad-host", (host, answer)
        two = blog.raw(GET + "Host: localhost\r\n" + END)
        assert statuses(two) == [400], two
        none = blog.raw(f"GET /api/posts HTTP/1.1\r\n{END}")
        assert statuses(none) == [400], none
        assert statuses(blog.raw("GET /api/posts HTTP/1.0\r\n\r\n")) == [421]


def test_versions(build):
    with Blog(build) as blog:
        assert statuses(blog.raw("GET /api/posts HTTP/1.0\r\nHost: localhost\r\n\r\n")) == [200]
        for version in ("HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/1.10", "http/1.1", "HTTPS/1.1", "HTTP/1.1x"):
            said = blog.raw(f"GET /api/posts {version}\r\nHost: localhost\r\n{END}")
            assert statuses(said) in ([505], [400]), (version, said)
        for text in ("GET /api/posts\r\n\r\n", "\r\n\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00\x01\xfc\x03\x03",
                     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            connection = Raw(blog.port)
            connection.send(text)
            connection.socket.shutdown(1)
            said = connection.read_all()
            connection.socket.close()
            assert not any(status == 200 for status in statuses(said)), (text, said)


def test_a_field_that_may_be_there_once(build):
    with Blog(build) as blog:
        for name in ("Content-Type", "Idempotency-Key", "Souk-Cursors", "Origin", "Expect"):
            said = blog.raw(GET + f"{name}: x\r\n{name.lower()}: x\r\n" + END)
            assert statuses(said) == [400] and b"twice" in said, (name, said)


def test_header_limits(build):
    """Fields and bytes at the bound and one past it."""
    with Blog(build, limits={"header_fields_max": 10, "header_bytes_max": 1000}) as blog:
        for more, expected in ((8, 200), (9, 431)):
            said = blog.raw(GET + "A: b\r\n" * more + END)
            assert statuses(said) == [expected], (more, said)
        for more, expected in ((0, 200), (1, 431)):
            used = len("Host") + len("localhost") + 4 + len("Connection") + len("close") + 4 + len("A") + 4
            said = blog.raw(GET + "A: " + "b" * (1000 - used + more) + "\r\n" + END)
            assert statuses(said) == [expected], (more, said)
        assert statuses(blog.raw(GET + "A: " + "b" * 40000 + "\r\n" + END)) == [431]


def test_target_limit(build):
    with Blog(build, limits={"target_bytes_max": 100}) as blog:
        for size, expected in ((100, 404), (101, 414)):
            answer = blog.ask("GET", "/api/" + "x" * (size - 5))
            assert answer.status == expected, answer
        assert statuses(blog.raw(f"GET /{'x' * 40000} HTTP/1.1\r\nHost: localhost\r\n{END}")) == [414]


def test_body_limits(build):
    """At the bound and one past it, whether its length was announced or not; nothing more is read then."""
    with Blog(build, limits={"body_bytes_max": 5000}) as blog:
        for size, expected in ((5000, 201), (5001, 413)):
            body = article(size)
            said = blog.raw(post(f"Content-Length: {size}\r\nConnection: close\r\n", body))
            assert statuses(said) == [expected], (size, said)
            body = article(size)
            chunks = "".join(f"{len(body[at:at + 999]):x}\r\n{body[at:at + 999]}\r\n" for at in range(0, size, 999))
            said = blog.raw(post("Transfer-Encoding: chunked\r\nConnection: close\r\n", chunks + "0\r\n\r\n"))
            assert statuses(said) == [expected], (size, said)
        said = blog.raw(post("Content-Length: 5001\r\n", article(5001) + SMUGGLED))
        assert statuses(said) == [413], said
        endless = Raw(blog.port)
        endless.send(post("Transfer-Encoding: chunked\r\n"))
        sent = 0
        try:
            while sent < 64 << 20:
                endless.socket.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        endless.socket.close()
        assert sent < 64 << 20, "a body that has no end was taken for ever"


def test_chunks(build):
    body = article()
    whole = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    with Blog(build) as blog:
        for text in (whole, f"{len(body):X};ext=1\r\n{body}\r\n0\r\n\r\n", f"000{len(body):x}\r\n{body}\r\n0\r\n\r\n"):
            said = blog.raw(post("Transfer-Encoding: chunked\r\nConnection: close\r\n", text))
            assert statuses(said) in ([201], [409]), (text, said)
        for text in ("x\r\n" + whole, "-1\r\n" + whole, "ffffffffffffffffff\r\nx", "0x10\r\n" + whole, "\r\n" + whole):
            said = blog.raw(post("Transfer-Encoding: chunked\r\nConnection: close\r\n", text + SMUGGLED))
            assert statuses(said) in ([400], [413], []), (text, said)


def test_a_get_has_no_body(build):
    with Blog(build) as blog:
        for headers in (f"Content-Length: {len(SMUGGLED)}\r\n", "Transfer-Encoding: chunked\r\n"):
            said = blog.raw(GET + headers + "\r\n" + SMUGGLED)
            assert statuses(said) == [400], said
        assert statuses(blog.raw(GET + "Content-Length: 0\r\n" + END)) == [200]


def test_requests_in_a_row_are_answered_in_order(build):
    """Pipelined, also when one of them waits for a service that stands still."""
    with Blog(build) as blog, Raw(blog.port) as connection:
        body = article()
        pid = blog.stop_process("query")
        connection.send(GET + "\r\n" + "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                        post(f"Content-Length: {len(body)}\r\n", body) + GET + END)
        blog.ask("GET", "/nothing")
        os.kill(pid, signal.SIGCONT)
        said = connection.read_all()
        assert statuses(said) == [200, 404, 201, 200], said


def test_a_connection_goes_on_after_a_refusal(build):
    with Blog(build) as blog, Raw(blog.port) as connection:
        for text, expected in ((f"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
                               ("PUT /api/posts HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                               (GET + "Accept: x\r\n\r\n", 406), (GET + "Expect: x\r\n\r\n", 417), (GET + "\r\n", 200)):
            connection.send(text)
            assert connection.answer().status == expected, text


def test_head_has_no_body(build):
    with Blog(build) as blog, Raw(blog.port) as connection:
        lengths = []
        for method in ("GET", "HEAD", "HEAD", "GET"):
            for target in ("/api/posts", "/nothing", f"/api/posts/{new_id()}"):
                connection.send(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = connection.answer(is_head=method == "HEAD")
                lengths.append((target[:11], answer.status, answer.headers["Content-Length"]))
        assert len({length[:2] for length in lengths}) == 3
        assert len({(target, length) for target, status, length in lengths if status == 200}) == 1, lengths


def test_expectations(build):
    body = article()
    with Blog(build) as blog:
        with Raw(blog.port) as connection:
            connection.send(post(f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n"))
            assert connection.answer().status == 100
            connection.send(body)
            assert connection.answer().status == 201
        # Who would only be refused is not asked to go on.
        said = blog.raw(post("Content-Length: 70000\r\nExpect: 100-continue\r\n"))
        assert statuses(said) == [413], said
        said = blog.raw(post(f"Content-Length: {len(body)}\r\nExpect: 101-stop\r\n", body))
        assert statuses(said) == [417], said


def test_one_byte_after_the_other(build):
    """However it arrives, it is the same request."""
    body = article()
    text = post(f"Content-Length: {len(body)}\r\nX-Long: {'y' * 200}\r\nConnection: close\r\n", body)
    with Blog(build) as blog:
        assert statuses(blog.raw(*text)) == [201]
        halves = [text[at:at + 7] for at in range(0, len(text), 7)]
        assert statuses(blog.raw(*halves)) == [201]


def dribble(connection, text, seconds=0.05):
    """A byte now and then, until it is cut off. Gives the time that took."""
    begun = time.monotonic()
    connection.socket.settimeout(seconds)
    for letter in text:
        connection.send(letter)
        try:
            if not connection.receive():
                break
        except TimeoutError:
            continue
    return time.monotonic() - begun


def test_slow_headers_are_cut_off(build):
    """A byte now and then keeps nobody's connection open: the deadline is for all of the header."""
    with Blog(build, limits={"header_ms": 400, "idle_ms": 600}) as blog:
        with Raw(blog.port) as connection:
            took = dribble(connection, GET + "X-A: " + "b" * 1000)
        assert 0.3 < took < 8 and not statuses(connection.buffer), took
        with Raw(blog.port) as connection:
            assert connection.receive() == b"", "a connection that says nothing stays"
        with Raw(blog.port) as connection:
            connection.send(GET + "\r\n")
            assert connection.answer().status == 200
            took = dribble(connection, GET + "X-A: " + "b" * 1000)
        assert 0.3 < took < 8 and not statuses(connection.buffer), took


def test_slow_bodies_are_cut_off(build):
    with Blog(build, limits={"request_ms": 400}) as blog, Raw(blog.port) as connection:
        connection.send(post("Content-Length: 1000\r\n"))
        took = dribble(connection, " " * 1000)
        assert 0.3 < took < 8 and not statuses(connection.buffer), took


def test_connections_of_one_address(build):
    """At the bound all are served, one more is closed; when one goes the next comes in."""
    with Blog(build, limits={"connections_per_address": 5, "idle_ms": 60000, "header_ms": 60000}) as blog:
        open_ones = []
        for _ in range(5):
            open_ones.append(Raw(blog.port))
            open_ones[-1].send(GET + "\r\n")
            assert open_ones[-1].answer().status == 200
        with Raw(blog.port) as one_more:
            one_more.send(GET + END)
            assert one_more.read_all() == b""
        open_ones.pop().socket.close()
        assert until("there is room", lambda: statuses(blog.raw(GET + END)) == [200])
        for connection in open_ones:
            connection.send(GET + END)
            assert statuses(connection.read_all()) == [200]
            connection.socket.close()


def test_connections_in_all(build):
    with Blog(build, limits={"connections_max": 5, "connections_per_address": 100, "idle_ms": 60000,
                             "header_ms": 60000}) as blog:
        open_ones = []
        for _ in range(5):
            open_ones.append(Raw(blog.port))
            open_ones[-1].send(GET + "\r\n")
            assert open_ones[-1].answer().status == 200
        waits = Raw(blog.port)
        waits.send(GET + END)
        open_ones.pop().socket.close()
        said = waits.read_all()
        waits.socket.close()
        assert statuses(said) in ([200], []), said
        assert until("there is room", lambda: statuses(blog.raw(GET + END)) == [200])
        for connection in open_ones:
            connection.socket.close()
