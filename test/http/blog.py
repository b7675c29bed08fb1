"""The blog behind its bridge, started by `souk up` in a directory of its own, and two ways to talk to it: http.client,
and bytes on a socket. What the bridge answers is read strictly: what is not HTTP/1.1 as it should be is a failure."""
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sys
import tempfile
import uuid

import openapi
import system

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
JSON = "application/json"
PROBLEM = "application/problem+json"

Answer = collections.namedtuple("Answer", "status headers body")


def new_id():
    return str(uuid.uuid4())


class Blog:
    """`limits` and `lines` go into the routes file, `bridge` below the topology's client."""

    def __init__(self, build, limits=None, lines="", bridge="", without=(), edit=lambda routes: routes, files=None):
        self.begin(build)
        routes = edit((ROOT / "examples/blog/blog.routes.zpl").read_text("utf-8"))
        section = "".join(f"        {name} = {value}\n" for name, value in (limits or {}).items())
        if section:
            routes = routes.replace("    refusals\n", f"    limits\n{section}    refusals\n", 1)
        for name, content in (files or {}).items():
            place = pathlib.Path(self.path, "out", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        if files is not None:
            routes = routes.replace("routes = blog\n", "routes = blog\n    files = out\n")
        pathlib.Path(self.path, "blog.routes.zpl").write_text(routes + lines, "utf-8")
        topology = (ROOT / "topology/blog.zpl").read_text("utf-8")
        topology = topology.replace("../examples/blog/blog.routes.zpl", "blog.routes.zpl")
        topology = topology.replace("../examples/", f"{ROOT}/examples/").replace("127.0.0.1:8080", "127.0.0.1:0")
        topology = topology.replace("system = blog\n", f"system = blog\n    run = r\n    witness = {self.witness}\n")
        for name in without:
            topology = re.sub(rf"^(service|event_store) = {name}\n(    .*\n)*", "", topology, flags=re.MULTILINE)
        self.topology = os.path.join(self.path, "blog.zpl")
        pathlib.Path(self.topology).write_text(topology + bridge, "utf-8")

    def begin(self, build):
        self.build = os.path.abspath(build)
        self.path = tempfile.mkdtemp(prefix="souk-http-")
        self.witness = tempfile.mkdtemp(prefix="souk-http-", dir="/dev/shm")
        self.options = []                       # of souk up, and what is in its environment
        self.variables = {}
        self.up = None
        self.document = None

    def __enter__(self):
        try:
            self.up = system.Daemon(self, "souk up", [
                f"{self.build}/souk", "up", self.topology, "--data", os.path.join(self.path, "d"), "--programs",
                self.build, *self.options], os.path.join(self.path, "up.log"), {"NO_COLOR": "1", **self.variables})
            self.up.says("are live after")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        log = ""
        if self.up is not None:
            for pid in self.children().values():
                os.kill(pid, signal.SIGCONT)
            try:
                code = self.up.stop(2 * system.WAIT_SECONDS)
            finally:
                self.up.kill()
                log = self.up.log()
            if kind is None:
                assert code == 0, f"souk up ended with {code}:\n{log}"
        if kind is not None:
            print("".join(f"#   {line}\n" for line in log.splitlines()[-25:]), end="")
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.witness, ignore_errors=True)
        assert "Sanitizer" not in log and "runtime error:" not in log, log

    @property
    def port(self):
        """Of the bridge that was started last."""
        return int(re.findall(r"event=listening address=127\.0\.0\.1:(\d+)", self.up.log())[-1])

    def children(self):
        """Process ids by the name of the node: its program's last word, or the name in the arguments."""
        found = {}
        with open(f"/proc/{self.up.process.pid}/task/{self.up.process.pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                try:
                    words = pathlib.Path(f"/proc/{child}/cmdline").read_text("utf-8").split("\0")
                except (FileNotFoundError, ProcessLookupError):
                    continue                    # it has just ended
                if len(words) < 2:
                    continue                    # it is just being started
                found[words[1] if words[1] in ("bridge", "es1", "letters", "reader") else os.path.basename(words[0]).rsplit(
                    "-", 1)[-1]] = int(child)
        return found

    def stop_process(self, name):
        """SIGSTOP, and wait until every thread has heard it."""
        pid = self.children()[name]
        os.kill(pid, signal.SIGSTOP)
        system.until(f"{name} to stand still", lambda: all(
            task.joinpath("stat").read_text("ascii").rsplit(")", 1)[1].split()[0] in "Tt"
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) or None)
        return pid

    # ---- with http.client

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=system.WAIT_SECONDS)

    def ask(self, method, path, body=None, connection=None, **headers):
        """One request. A body that is no bytes is sent as JSON. Underscores in names of headers are dashes."""
        own = connection is None
        connection = connection or self.connect()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", JSON)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            if own:
                connection.close()
        answer = Answer(response.status, response.headers, json.loads(text) if text else None)
        check(answer)
        self.api().answer(method, path, answer.status, answer.headers["Content-Type"], answer.body)
        return answer

    def api(self):
        """What the bridge says that it is."""
        if self.document is None:
            connection = self.connect()
            connection.request("GET", "/api/openapi.json")
            self.document = openapi.Document(json.loads(connection.getresponse().read()))
            connection.close()
        return self.document

    def publish(self, post_id=None, **headers):
        post_id = post_id or new_id()
        answer = self.ask("POST", "/api/posts", {"post_id": post_id, "author": "ada", "title": "Hello", "body": "One."},
                          **headers)
        return post_id, answer

    # ---- with bytes

    def raw(self, *pieces):
        """Send pieces one after the other; all that comes until the bridge closes, or is silent for long."""
        with Raw(self.port) as connection:
            for piece in pieces:
                connection.send(piece)
            return connection.read_all()


class Raw:
    """A connection that sends whatever it is told to."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=system.WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, piece):
        try:
            self.socket.sendall(piece if isinstance(piece, bytes) else piece.encode("latin-1"))
        except (BrokenPipeError, ConnectionResetError):
            pass                                # it has been cut off, which read_all shows

    def receive(self):
        """More bytes; none when the bridge has closed."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.buffer += piece
        return piece

    def read_all(self):
        while self.receive():
            pass
        return self.buffer

    def answer(self, is_head=False):
        """The next whole answer."""
        while b"\r\n\r\n" not in self.buffer:
            assert self.receive(), f"it ended in a header: {self.buffer!r}"
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", first)[1])
        if status == 100:
            return Answer(status, {}, None)
        headers = http.client.HTTPMessage()
        for line in lines:
            name, value = line.split(": ", 1)
            headers[name] = value
        length = 0 if is_head or status in (204, 304) else int(headers["Content-Length"])
        while len(self.buffer) < length:
            assert self.receive(), "it ended in a body"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        answer = Answer(status, headers, json.loads(body) if body else None)
        check(answer)
        return answer


def statuses(text):
    """Of all answers that a connection has given. libmicrohttpd 0.9.75 sends the header of its own refusals twice."""
    text = re.sub(rb"(HTTP/1\.1 4[^\r]+\r\n(?:[^\r]+\r\n)+\r\n)\1", rb"\1", text)
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", text)]


def check(answer):
    """What every answer has to be."""
    headers = answer.headers
    for name in set(headers.keys()):
        assert len(headers.get_all(name)) == 1, (name, headers)
    assert headers["X-Content-Type-Options"] == "nosniff", headers
    assert "default-src 'none'" in headers["Content-Security-Policy"], headers
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    uuid.UUID(headers["Souk-Correlation"])
    if answer.status >= 400:
        assert headers["Content-Type"] == PROBLEM, headers
        if answer.body is not None:
            problem = answer.body
            assert problem["status"] == answer.status and problem["type"].startswith("urn:souk:problem:"), problem
            assert problem["title"] and problem["detail"] and problem["correlation"] == headers["Souk-Correlation"]
    if answer.status in (202, 503):
        assert int(headers["Retry-After"]) >= 1, headers
    if answer.status == 405:
        assert headers["Allow"], headers


def problem_of(answer):
    return answer.body["type"].removeprefix("urn:souk:problem:")
