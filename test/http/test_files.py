"""Files that are served as they are, from a table that is made at the start."""
import base64
import gzip
import hashlib
import os
import pathlib

from blog import Blog, Raw, problem_of, statuses

SCRIPT = b"console.log('hello');"
PAGE = b"<!doctype html><html><body>" + b"Hello. " * 200 + b"<script>" + SCRIPT + b"</script></body></html>"
FILES = {
    "index.html": PAGE,
    "about.html": PAGE,
    "shop/index.html": PAGE,
    "post.html": b"<p>The shell of all posts.</p>",
    "app-0123abcd.js": b"let x = 1;\n" * 300,
    "app.js": b"let x = 2;",
    "feedface.css": b"p { color: red }",
    "picture.png": b"\x89PNG" * 300,
    "empty.txt": b"",
    "with space.txt": b"x",
    ".secret": b"x",
    "api/posts": b"routes go first",
}


def get(blog, path, method="GET", **headers):
    """Status, headers and body, as they are."""
    connection = blog.connect()
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_files_and_their_other_names(build):
    with Blog(build, files=FILES) as blog:
        for path, name in (("/", "index.html"), ("/index.html", "index.html"), ("/about", "about.html"),
                           ("/about.html", "about.html"), ("/shop", "shop/index.html"), ("/shop/", "shop/index.html"),
                           ("/app.js", "app.js"), ("/app.js?v=2", "app.js"), ("/picture.png", "picture.png"),
                           ("/empty.txt", "empty.txt")):
            status, headers, body = get(blog, path)
            assert (status, body) == (200, FILES[name]), (path, status, body[:40])
            assert headers["Vary"] == "Accept-Encoding" and headers["X-Content-Type-Options"] == "nosniff", headers
            assert get(blog, path, "HEAD")[2] == b"" and get(blog, path, "HEAD")[1]["Content-Length"] == str(len(body))
        kinds = {"/": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8",
                 "/picture.png": "image/png", "/feedface.css": "text/css; charset=utf-8"}
        assert {path: get(blog, path)[1]["Content-Type"] for path in kinds} == kinds
        assert blog.ask("GET", "/api/posts").body == {"posts": []}


def test_no_path_leads_out_of_the_table(build):
    with Blog(build, files=FILES) as blog:
        outside = pathlib.Path(blog.path, "blog.zpl").name
        for path in (f"/../{outside}", f"/..%2f{outside}", f"/%2e%2e/{outside}", "/.secret", "//", "/./app.js",
                     "/shop/../app.js", "/app.js/", "/app%2ejs", "/with space.txt", "/with%20space.txt", "/APP.JS",
                     "/etc/passwd", "/shop//", "/about.html/", "/app.js%00", "/.", "/..", "\\..\\blog.zpl"):
            said = blog.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert statuses(said) in ([404], [400], []), (path, said)
        for method in ("POST", "PUT", "DELETE"):
            assert problem_of(blog.ask(method, "/app.js")) == "not-found", method


def test_links_and_other_things_are_left_out(build):
    class Linked(Blog):
        def __enter__(self):
            out = pathlib.Path(self.path, "out")
            out.joinpath("link.txt").symlink_to("/etc/passwd")
            out.joinpath("dir").symlink_to("/etc")
            os.mkfifo(out / "pipe.txt")
            return super().__enter__()

    with Linked(build, files=FILES) as blog:
        for path in ("/link.txt", "/dir/passwd", "/pipe.txt"):
            assert get(blog, path)[0] == 404, path
        # What comes later is not seen: no request looks at the disk.
        pathlib.Path(blog.path, "out", "late.txt").write_text("x", "utf-8")
        assert get(blog, "/late.txt")[0] == 404


def test_compressed_once(build):
    with Blog(build, files=FILES) as blog:
        for accepted, expected in (("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip"),
                                   ("br", "br"), ("identity", None), ("gzip;q=0", None), ("gzip;q=0.5", "gzip"),
                                   ("xgzip", None), ("GZIP", "gzip"), ("", None)):
            status, headers, body = get(blog, "/", Accept_Encoding=accepted)
            assert status == 200 and headers["Content-Encoding"] == expected, (accepted, headers["Content-Encoding"])
            assert headers["Vary"] == "Accept-Encoding", headers
            if expected == "gzip":
                assert gzip.decompress(body) == PAGE and len(body) < len(PAGE) / 2
        for path in ("/picture.png", "/app.js", "/empty.txt"):
            assert get(blog, path, Accept_Encoding="gzip, br")[1]["Content-Encoding"] is None, path


def test_who_keeps_them(build):
    """A name with a hash in it never changes; anything else is asked for again, and is 304 while it is the same."""
    with Blog(build, files=FILES) as blog:
        assert "immutable" in get(blog, "/app-0123abcd.js")[1]["Cache-Control"]
        for path in ("/", "/app.js", "/feedface.css"):
            status, headers, _ = get(blog, path)
            assert headers["Cache-Control"] == "no-cache", (path, headers["Cache-Control"])
            again = get(blog, path, If_None_Match=headers["ETag"])
            assert again[0] == 304 and again[2] == b"" and again[1]["ETag"] == headers["ETag"], again
            assert get(blog, path, If_None_Match='"x"')[0] == 200
        with Raw(blog.port) as connection:
            connection.send("GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
            connection.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert statuses(connection.read_all()) == [200, 200, 200, 404]
    with Blog(build, files=FILES | {"made/q_7": b"x", "madeup": b"x"}, edit=lambda routes: routes.replace(
            "routes = blog\n", "routes = blog\n    unchanging = /made/\n", 1)) as blog:
        assert "immutable" in get(blog, "/made/q_7")[1]["Cache-Control"]
        assert get(blog, "/madeup")[1]["Cache-Control"] == "no-cache"


def test_people_are_shown_what_is_not_there(build):
    """A page, with the status that it has; programs and who asks the API get a problem, as everybody without a page."""
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"
    with Blog(build, files=FILES | {"404.html": PAGE}) as blog:
        status, headers, body = get(blog, "/nothing/here", Accept=browser, If_None_Match=get(blog, "/404")[1]["ETag"])
        assert (status, headers["Content-Type"], body) == (404, "text/html; charset=utf-8", PAGE), (status, headers)
        assert get(blog, "/nothing", method="HEAD", Accept=browser)[0] == 404
        assert get(blog, "/apis", Accept=browser)[2] == PAGE
        for path, accept in (("/nothing", "*/*"), ("/nothing", "text/html;q=0"), ("/api/nothing", browser),
                             ("/api/", browser)):
            status, headers, body = get(blog, path, Accept=accept)
            assert (status, headers["Content-Type"]) == (404, "application/problem+json"), (path, headers)
    with Blog(build, files=FILES) as blog:
        assert get(blog, "/nothing", Accept=browser)[1]["Content-Type"] == "application/problem+json"


def test_a_page_runs_its_own_scripts_only(build):
    with Blog(build, files=FILES) as blog:
        policy = get(blog, "/")[1]["Content-Security-Policy"]
        own = base64.b64encode(hashlib.sha256(SCRIPT).digest()).decode()
        assert policy.startswith(f"default-src 'none'; script-src 'self' 'sha256-{own}'; style-src 'self'"), policy
        for rule in ("base-uri 'none'", "frame-ancestors 'none'", "connect-src 'self'", "form-action 'self'"):
            assert rule in policy, policy
        assert "unsafe" not in policy
        assert get(blog, "/app.js")[1]["Content-Security-Policy"].startswith("default-src 'none'")


def test_pretty_links(build):
    """A path of a kind is one file; what is there by itself goes first."""
    pages = "page = /post/{id}\n    file = /post.html\npage = /post/new\n    file = /about\n"
    with Blog(build, files=FILES, lines=pages) as blog:
        assert get(blog, "/post/7")[2] == get(blog, "/post/%20x")[2] == FILES["post.html"]
        assert get(blog, "/post/new")[2] == PAGE
        assert get(blog, "/post")[2] == FILES["post.html"]
        assert get(blog, "/post/7/8")[0] == 404


def test_a_page_without_its_file(build):
    """The bridge says which one, and does not begin."""
    class Lost(Blog):
        def __enter__(self):
            import system                       # pylint: disable=import-outside-toplevel
            self.daemon = system.Daemon(self, "bridge", [f"{self.build}/souk-bridge", "--topology", self.topology],
                                        os.path.join(self.path, "bridge.log"), {})
            return self

    with Lost(build, files=FILES, lines="page = /p/{id}\n    file = /lost.html\n") as blog:
        assert blog.daemon.process.wait(30) == 78
        assert "there is no file /lost.html in out" in blog.daemon.log(), blog.daemon.log()
