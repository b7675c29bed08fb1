"""What routes say of their answers and their callers: who keeps them, what may be changed, how often, by whom."""
from blog import Blog, Raw, new_id, problem_of, statuses

PUBLIC = ("query = query.post\n", "query = query.post\n    cache = public 60\n    etag = published_ms\n")
LIST = ("query = query.posts\n", "query = query.posts\n    cache = revalidate\n")


def test_answers_that_are_kept(build):
    """200 with a tag, 304 to who has it, 200 again when it has changed."""
    with Blog(build, edit=lambda text: text.replace(*LIST).replace(*PUBLIC)) as blog:
        empty = blog.ask("GET", "/api/posts")
        tag = empty.headers["ETag"]
        assert empty.headers["Cache-Control"] == "no-cache" and empty.headers["Vary"] == "Souk-Cursors", empty
        assert tag[0] == tag[-1] == '"' and len(tag) == 34, tag
        for had in (tag, f"W/{tag}", f'"x", {tag}', "*", f'"x" , W/{tag} , "y"'):
            same = blog.ask("GET", "/api/posts", If_None_Match=had)
            assert same.status == 304 and same.body is None and same.headers["ETag"] == tag, (had, same)
        for had in ('"x"', tag[:-2] + '"', tag + "x", "", tag.strip('"')):
            assert blog.ask("GET", "/api/posts", If_None_Match=had).status == 200, had
        post_id, written = blog.publish()
        changed = blog.ask("GET", "/api/posts", If_None_Match=tag, Souk_Cursors=written.headers["Souk-Cursors"])
        assert changed.status == 200 and changed.headers["ETag"] != tag, changed
        page = blog.ask("GET", f"/api/posts/{post_id}")
        assert page.headers["Cache-Control"] == "public, max-age=60", page
        assert page.headers["ETag"] == f'"{page.body["published_ms"]}"', page
        missing = blog.ask("GET", f"/api/posts/{new_id()}")
        assert missing.headers["Cache-Control"] == "no-store" and "ETag" not in missing.headers, missing


def test_a_304_has_no_body(build):
    with Blog(build, edit=lambda text: text.replace(*LIST)) as blog, Raw(blog.port) as connection:
        for _ in range(3):
            connection.send("GET /api/posts HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n")
            assert connection.answer().status == 304
        connection.send("GET /api/posts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert statuses(connection.read_all()) == [200]


def test_what_is_changed_is_named_by_its_tag(build):
    """If-Match becomes the field that the route says; without one nothing is changed."""
    rule = "route = PUT /api/tagged\n    command = comments.remove\n    if_match = comment_id\n"
    with Blog(build, lines=rule) as blog:
        comment_id, author = new_id(), {"author": "bob"}
        missing = blog.ask("PUT", "/api/tagged", author)
        assert missing.status == 428 and problem_of(missing) == "tag-missing", missing
        for tag in ("*", f'W/"{comment_id}"', comment_id, f'"{comment_id}", "x"', '""', '"'):
            wrong = blog.ask("PUT", "/api/tagged", author, If_Match=tag)
            assert wrong.status == 400, (tag, wrong)
        assert problem_of(blog.ask("PUT", "/api/tagged", author, If_Match='"7"')) == "invalid"
        twice = blog.ask("PUT", "/api/tagged", {**author, "comment_id": comment_id}, If_Match=f'"{comment_id}"')
        assert twice.status == 400 and "If-Match" in twice.body["detail"], twice
        unknown = blog.ask("PUT", "/api/tagged", author, If_Match=f'"{comment_id}"')
        assert unknown.status == 404 and unknown.body["code"] == "comments.unknown_comment", unknown


def test_so_often_within_a_time(build):
    """At the rate all are answered, one past it is told when to come again; other routes are not touched."""
    rate = ("query = query.posts\n", "query = query.posts\n    rate = 5 per 3600\n")
    with Blog(build, edit=lambda text: text.replace(*rate)) as blog:
        for _ in range(5):
            assert blog.ask("GET", "/api/posts").status == 200
        refused = blog.ask("GET", "/api/posts")
        assert refused.status == 429 and problem_of(refused) == "too-many", refused
        assert 600 < int(refused.headers["Retry-After"]) <= 720, refused.headers
        assert blog.ask("GET", f"/api/posts/{new_id()}").status == 404
        assert blog.publish()[1].status == 201


def test_whom_a_proxy_speaks_for(build):
    """A rate is that of the last address that is no proxy of the topology; what stands before it anybody may write."""
    rate = ("query = query.posts\n", "query = query.posts\n    rate = 2 per 3600\n")
    proxies = "    proxy = 127.0.0.1\n    proxy = 2001:db8::5\n"
    with Blog(build, edit=lambda text: text.replace(*rate), bridge=proxies) as blog:
        def asked(*fields):
            lines = "".join(f"X-Forwarded-For: {field}\r\n" for field in fields)
            said = blog.raw(f"GET /api/posts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")
            return int(said.split(b" ", 2)[1])

        for ways in (["192.0.2.1"], ["192.0.2.2:4711", "10.0.0.1, 192.0.2.2"],
                     ["192.0.2.3 , 2001:db8::5", "192.0.2.3, [2001:db8::5]:80"], ["2001:db8:1::1", "[2001:db8:1::2]:99"], ["::ffff:192.0.2.4", "192.0.2.4"]):
            told = [asked(ways[number % len(ways)]) for number in range(3)]
            assert told == [200, 200, 429], (ways, told)
        assert [asked("192.0.2.5", "2001:db8::5"), asked("192.0.2.6", "192.0.2.5"), asked("192.0.2.5")] == [200, 200, 429]
        # Without a word that can be read the proxy speaks for itself: all of these are one caller.
        assert [asked(*words) for words in ((), ("", ), ("unknown",))] == [200, 200, 429]
        assert asked("192.0.2.9, unknown") == 429, "the proxy said nothing, whatever stands before it"
        many = ["192.0.2.7"] * 16
        assert asked(*many) == 200 and asked(*many, "192.0.2.7") == 429, "16 fields are looked at, one more is nobody's"
        long = ", ".join(["192.0.2.8"] + ["2001:db8::5"] * 31)
        assert asked(long) == 200 and asked(long, "2001:db8::5") == 200


def test_nobody_speaks_for_others_unasked(build):
    rate = ("query = query.posts\n", "query = query.posts\n    rate = 2 per 3600\n")
    with Blog(build, edit=lambda text: text.replace(*rate)) as blog:
        told = [blog.ask("GET", "/api/posts", X_Forwarded_For=f"192.0.2.{number}").status for number in range(3)]
        assert told == [200, 200, 429], told


def test_a_rate_comes_back(build):
    rate = ("query = query.posts\n", "query = query.posts\n    rate = 10 per 1\n")
    with Blog(build, edit=lambda text: text.replace(*rate)) as blog:
        answers = [blog.ask("GET", "/api/posts").status for _ in range(60)]
        assert answers.count(200) >= 10 and set(answers) <= {200, 429}, answers
        for _ in range(1000):
            if blog.ask("GET", "/api/posts").status == 200:
                break
        else:
            raise AssertionError("nobody is ever let in again")
