"""What the bridge says of itself: the API for programs and people, and how it is, for who watches over it."""
import os
import re
import signal

from blog import Blog, new_id
from system import until
from test_files import FILES, get


def test_the_document_has_every_route(build):
    with Blog(build) as blog:
        document = blog.api().document
        assert document["info"]["title"] == "blog"
        found = {(method, path) for path, operations in document["paths"].items() for method in operations}
        with open(os.path.join(blog.path, "blog.routes.zpl"), encoding="utf-8") as routes:
            said = re.findall(r"^route = (\w+) (\S+)$", routes.read(), re.M)
        said = {(method.lower(), path) for method, path in said}
        assert found == said, found ^ said
        posts = document["paths"]["/api/posts"]
        names = [parameter["name"] for parameter in posts["get"]["parameters"]]
        assert names == ["from.at_ms", "from.id", "Souk-Cursors"], names
        body = posts["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body["additionalProperties"] is False, body
        assert body["required"] == ["post_id", "author", "title", "body"], body
        assert body["properties"]["title"]["maxLength"] == 120
        edited = document["paths"]["/api/posts/{post_id}"]["put"]
        assert "post_id" not in edited["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert "posts.not_yours" in edited["responses"]["403"]["description"], edited
        assert "command_answer" in str(posts["post"]["responses"]["201"])
        state = document["components"]["schemas"]["shown_comment"]["properties"]["state"]
        assert state["enum"] == ["waiting", "approved", "refused", "removed"], state


def test_people_can_read_it(build):
    """A front page that links a reference with every route, and nothing in them that is not text."""
    with Blog(build) as blog:
        status, headers, front = get(blog, "/")
        assert status == 200 and b'<a href="/api/reference">' in front, front
        assert "script-src 'self';" in headers["Content-Security-Policy"], headers
        status, headers, page = get(blog, "/api/reference")
        assert status == 200 and headers["Content-Type"].startswith("text/html")
        for route in blog.api().document["paths"]:
            assert route.encode() in page, route
        assert get(blog, "/api")[2] == page and b"<style" not in page and b"//" not in page.replace(b"<!doctype", b"")
        status, headers, sheet = get(blog, "/api/reference.css")
        assert status == 200 and headers["Content-Type"].startswith("text/css") and b"url(" not in sheet, headers
        assert b"<script" not in page and b"posts.not_yours: only its author may do that" in page
        compressed = get(blog, "/api/openapi.json", Accept_Encoding="gzip")
        assert compressed[1]["Content-Encoding"] == "gzip" and compressed[1]["ETag"], compressed[1]
    with Blog(build, files=FILES) as blog:
        assert get(blog, "/")[2] == FILES["index.html"]


# What `promtool check metrics` (of Debian's package prometheus, 96 MB) looks for beside the form: it found nothing.
NAMES_KIND = re.compile(r"_(counter|gauge|histogram|summary|metric)(_|$)")
ODD_UNIT = re.compile(r"_(ns|us|ms|sec|secs|s|min|mins|minutes|hours|days|milliseconds|microseconds|nanoseconds|kb|mb|gb"
                      r"|kilobytes|megabytes|bits|percent|pct)(_|$)")


def metrics(blog):
    """Read strictly: {name and labels: value}. A name has HELP and TYPE in front, and its lines together."""
    status, headers, text = get(blog, "/metrics")
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
    assert text.endswith(b"\n")
    values, kinds, current, helped = {}, {}, None, None
    for line in text.decode("utf-8").splitlines():
        if line.startswith("# HELP "):
            helped = re.fullmatch(r"# HELP ([a-z_]+) \S.*\.", line)[1]
            assert helped not in kinds, line
        elif line.startswith("# TYPE "):
            current, kind = re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge|histogram)", line).groups()
            assert current == helped, line
            assert not NAMES_KIND.search(current) and not ODD_UNIT.search(current), line
            assert (kind == "counter") == current.endswith("_total"), line
            assert not re.search(r"_(bucket|sum|count|info)$", current), line
            kinds[current] = kind
        else:
            name, labels, value = re.fullmatch(
                r'([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? ([0-9.]+|\+Inf)', line).groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name) if kinds[current] == "histogram" else name
            assert base == current, line
            assert ("le=" in (labels or "")) == name.endswith("_bucket") and "quantile=" not in (labels or ""), line
            assert (name, labels) not in values, line
            values[name, labels] = float(value)
    counts = [values[key] for key in values if key[0].endswith("_bucket")]
    assert counts == sorted(counts) and counts[-1] == values["souk_bridge_request_seconds_count", None], counts
    return values


def test_metrics(build):
    with Blog(build) as blog:
        route = '{method="GET",route="/api/posts",status="2xx"}'
        before = metrics(blog)
        for _ in range(3):
            blog.ask("GET", "/api/posts")
        blog.ask("GET", "/nothing")
        after = metrics(blog)
        assert after["souk_bridge_requests_total", route] - before["souk_bridge_requests_total", route] == 3
        nothing = '{method="any",route="none",status="4xx"}'
        assert after["souk_bridge_requests_total", nothing] - before["souk_bridge_requests_total", nothing] == 1
        answered = '{service="query",outcome="answered"}'
        assert after["souk_bridge_service_answers_total", answered] >= 3
        assert after["souk_bridge_connections", None] >= 1 and after["souk_bridge_waiting", None] == 0


def test_who_watches_comes_from_here(build):
    """Through a proxy there is nothing to see."""
    with Blog(build) as blog:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert get(blog, path)[0] == 200, path
            assert get(blog, path, X_Forwarded_For="192.0.2.1")[0] == 404, path
            assert get(blog, path, Forwarded="for=192.0.2.1")[0] == 404, path
            assert get(blog, path, "POST")[0] == 404, path


def test_ready_when_services_answer(build):
    """Live all the time; not ready while a service has left a request unanswered; ready again when it answers."""
    short = lambda text: text.replace("query = query.posts\n", "query = query.posts\n    deadline_ms = 200\n")
    with Blog(build, edit=short) as blog:
        assert get(blog, "/readyz")[0] == 200
        pid = blog.stop_process("query")
        assert blog.ask("GET", "/api/posts").status == 503
        status, headers, body = get(blog, "/readyz")
        assert status == 503 and b'"away":["query"]' in body and headers["Retry-After"], body
        assert get(blog, "/healthz")[0] == 200
        os.kill(pid, signal.SIGCONT)
        until("query to answer", lambda: blog.ask("GET", f"/api/posts/{new_id()}").status == 404)
        assert get(blog, "/readyz")[0] == 200
