"""Who a browser is: signing in and out over HTTP, roles, guests, and what another site cannot do with a cookie."""
import os
import signal

from blog import problem_of
from people import Browser, People
from system import until


def test_signing_in_gives_a_cookie_and_signing_out_takes_it(build):
    with People(build) as system:
        browser, other = Browser(system), Browser(system)
        person_id = browser.register()
        nobody = browser.ask("GET", "/api/me")
        assert nobody.status == 401 and problem_of(nobody) == "sign-in" and nobody.headers["WWW-Authenticate"], nobody
        assert browser.ask("DELETE", "/api/session").status == 401
        wrong = browser.sign_in(password="wrong horse..")
        assert wrong.status == 401 and wrong.body["code"] == "accounts.wrong" and browser.cookie is None, wrong
        unknown = browser.sign_in(email="bob@example.org")
        assert unknown.body["detail"] == wrong.body["detail"] and browser.cookie is None, unknown
        done = browser.sign_in()
        assert done.status == 200 and done.body["events"] == [], done
        assert browser.set_cookie.startswith("inn-session=p") and "Max-Age=2592000" in browser.set_cookie
        assert "Secure" not in browser.set_cookie
        me = browser.ask("GET", "/api/me")
        assert me.status == 200 and me.body["person_id"] == person_id and browser.set_cookie is None, me
        assert me.body["sessions"][0]["client"] == "127.0.0.1" and me.headers["Cache-Control"] == "no-store", me
        assert browser.ask("GET", "/api/who").body["person"] == person_id
        assert other.ask("GET", "/api/me").status == 401 and other.ask("GET", "/api/who").status == 404
        old = browser.cookie
        assert browser.ask("DELETE", "/api/session").status == 200 and browser.cookie is None
        assert "Max-Age=0" in browser.set_cookie
        browser.cookie = old
        ended = browser.ask("GET", "/api/me")
        assert ended.status == 401 and problem_of(ended) == "sign-in", ended


def test_a_cookie_is_a_whole_secret(build):
    """What is no session's is nobody's; two of them are refused."""
    with People(build) as system:
        browser = Browser(system)
        browser.register()
        browser.sign_in()
        good = browser.cookie
        for cookie in (good[:-1], good + "A", good.replace("=p", "=g", 1), good.replace("=p", "=x", 1), "inn-session=",
                       "inn-session", good.replace("inn", "Inn", 1), "__Host-" + good, good[:-4] + "AAAA"):
            browser.cookie = cookie
            assert browser.ask("GET", "/api/me").status in (401, 403), cookie
        for cookie in (f"{good}; {good}", f"{good};{good}x"):
            browser.cookie = cookie
            twice = browser.ask("GET", "/api/me")
            assert twice.status == 400 and problem_of(twice) == "bad-request", twice
        browser.cookie = good
        assert browser.ask("GET", "/api/me").status == 200


def test_behind_tls_the_cookie_is_the_hosts_own(build):
    """By a `hostname`, where TLS ends in a proxy, and by that name only."""
    with People(build) as system:
        browser = Browser(system, "shop.example")
        browser.register()
        assert browser.sign_in().status == 200
        assert browser.set_cookie.startswith("__Host-inn-session=p") and browser.set_cookie.endswith("; Secure")
        assert browser.ask("GET", "/api/me").status == 200
        browser.host = None
        assert browser.ask("GET", "/api/me").status == 401


def test_another_site_can_do_nothing_with_a_cookie(build):
    with People(build) as system:
        browser = Browser(system)
        browser.register()
        browser.sign_in()
        own = f"http://127.0.0.1:{system.port}"
        for headers in ({"Sec_Fetch_Site": None}, {"Sec_Fetch_Site": "none"}, {"Sec_Fetch_Site": "same-site"},
                        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": None, "Origin": "null"},
                        {"Sec_Fetch_Site": None, "Origin": "http://evil.example"},
                        {"Sec_Fetch_Site": None, "Origin": "http://127.0.0.1:1"}, {"Origin": "https://evil.example"},
                        {"Sec_Fetch_Site": "cross-site", "Origin": own}):
            refused = browser.ask("POST", "/api/visits", **headers)
            assert refused.status == 403 and problem_of(refused) == "cross-site", (headers, refused)
        for headers in ({"Sec_Fetch_Site": None, "Origin": own}, {"Origin": own}, {}):
            assert browser.ask("POST", "/api/visits", **headers).status == 200, headers
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
            form = browser.ask("POST", "/api/visits", Content_Type=kind)
            assert form.status == 415, (kind, form)


def test_roles(build):
    """401 to nobody, 403 to somebody else; a role that is new counts at once, and so does one that is gone."""
    with People(build) as system:
        admin, bob = Browser(system), Browser(system)
        admin.register()
        bob_id = bob.register("bob@example.org", name="Bob")
        note = {"text": "it rained"}
        assert admin.ask("POST", "/api/notes", note).status == 401
        admin.sign_in()
        bob.sign_in("bob@example.org")
        refused = admin.ask("POST", "/api/notes", note)
        assert refused.status == 403 and problem_of(refused) == "role-missing", refused
        system.call("accounts", "accounts.appoint_first", {"email": "ann@example.org"})
        until("the admin's pass to be a new one", lambda: admin.ask("PUT", f"/api/people/{bob_id}/roles", {
            "is_staff": True, "is_admin": False}).status == 200)
        until("bob's pass to be a new one", lambda: bob.ask("POST", "/api/notes", note).status == 200)
        assert bob.ask("PUT", f"/api/people/{bob_id}/roles", {"is_staff": True, "is_admin": True}).status == 403


def test_who_has_left_is_nobody(build):
    """In every browser that they had signed in with, though passes of theirs are good for minutes."""
    with People(build) as system:
        here, there = Browser(system), Browser(system)
        person = here.register()
        for browser in (here, there):
            browser.sign_in()
            assert browser.ask("GET", "/api/who").status == 200
        assert here.ask("POST", "/api/me/leave", {"person_id": person, "password": "wrong horse.."}).status == 401
        assert there.ask("GET", "/api/who").status == 200
        assert here.ask("POST", "/api/me/leave", {"person_id": person, "password": "correct horse"}).status == 200
        for browser in (here, there):
            until("their pass to be gone", lambda browser=browser: browser.ask("GET", "/api/who").status == 404)


def test_a_guest_is_made_when_there_is_something_to_keep(build):
    """The first change makes one; who signs in was that guest, which an event says."""
    with People(build) as system:
        browser, other = Browser(system), Browser(system)
        assert browser.ask("GET", "/api/who").status == 404 and browser.cookie is None
        guest = browser.ask("POST", "/api/visits")
        assert guest.status == 200 and browser.set_cookie.startswith("inn-session=g"), guest
        guest_id = browser.ask("GET", "/api/who").body["person"]
        assert browser.ask("POST", "/api/visits").status == 200 and browser.set_cookie is None
        assert browser.ask("GET", "/api/who").body["person"] == guest_id
        assert other.ask("POST", "/api/visits").status == 200
        assert other.ask("GET", "/api/who").body["person"] != guest_id
        assert browser.ask("GET", "/api/me").status == 403
        person_id = browser.register()
        before = browser.cookie
        assert browser.sign_in().status == 200 and browser.cookie != before
        assert browser.ask("GET", "/api/who").body["person"] == person_id
        said = until("it to be recorded", lambda: system.log("accounts.guest_signed_in"))
        assert [(event["guest_id"], event["person_id"]) for event in said] == [(guest_id, person_id)], said


def test_another_password_ends_all_sessions_but_a_new_one(build):
    with People(build) as system:
        here, there = Browser(system), Browser(system)
        person_id = here.register()
        here.sign_in()
        there.sign_in()
        assert there.ask("GET", "/api/me").status == 200
        old = here.cookie
        words = {"person_id": person_id, "old_password": "wrong", "new_password": "battery staple"}
        wrong = here.ask("PUT", "/api/me/password", words)
        assert wrong.status == 401 and wrong.body["code"] == "accounts.wrong" and here.cookie == old, wrong
        assert here.ask("PUT", "/api/me/password", {**words, "old_password": "correct horse"}).status == 200
        assert here.cookie != old and here.ask("GET", "/api/me").status == 200
        assert there.ask("GET", "/api/me").status == 401
        mine = there.ask("POST", "/api/session", {"email": "ann@example.org", "password": "battery staple",
                                                  "token_hash": "AAAA"})
        assert mine.status == 400 and "not for a caller to say" in mine.body["detail"], mine


def test_who_has_a_pass_needs_no_accounts(build):
    """A pass is good without the one that gave it; who has none is told to come again."""
    short = lambda text: text.replace("guest\n    role = guest", "guest\n    deadline_ms = 200\n    role = guest").replace(
        "query = lodge.who", "query = lodge.who\n    deadline_ms = 200")
    with People(build, edit=short) as system:
        known, unknown = Browser(system), Browser(system)
        known.register()
        known.sign_in()
        unknown.sign_in()
        assert known.ask("GET", "/api/who").status == 200
        pid = system.stop_process("accounts")
        assert known.ask("POST", "/api/visits").status == 200
        away = unknown.ask("POST", "/api/visits")
        assert away.status == 503 and problem_of(away) == "unanswered", away
        assert unknown.ask("GET", "/api/who").status == 404
        os.kill(pid, signal.SIGCONT)
        until("accounts to be back", lambda: unknown.ask("POST", "/api/visits").status == 200)


def test_a_pass_that_is_refused_is_asked_for_again(build):
    """The service signs with another key after a restart: the bridge's passes are no good, and nobody sees it."""
    with People(build) as system:
        browser = Browser(system)
        browser.register()
        browser.sign_in()
        assert browser.ask("POST", "/api/visits").status == 200
        for half in ("key", "public"):
            os.unlink(os.path.join(system.path, "inn.keys", f"accounts.pass.{half}"))
        for name in ("accounts", "lodge"):
            pid = until(f"{name} to be there", lambda n=name: system.children().get(n))
            os.kill(pid, signal.SIGKILL)
            until(f"{name} to be started again", lambda n=name, p=pid: system.children().get(n, p) != p)
        until("it to be answered", lambda: browser.ask("POST", "/api/visits").status == 200)
        assert browser.ask("GET", "/api/who").status == 200


def test_passes_have_room(build):
    """With room for one, each of two is asked for again, and none is another's."""
    with People(build, limits={"passes_max": 1}) as system:
        browsers = [Browser(system) for _ in range(3)]
        for browser in browsers:
            assert browser.ask("POST", "/api/visits").status == 200
        people = [browser.ask("GET", "/api/who").body["person"] for browser in browsers]
        assert len(set(people)) == 3
        assert [browser.ask("GET", "/api/who").body["person"] for browser in browsers] == people


def test_two_people_do_not_share_a_key(build):
    with People(build) as system:
        ann, bob = Browser(system), Browser(system)
        for browser in (ann, bob):
            assert browser.ask("POST", "/api/visits").status == 200
        assert ann.ask("POST", "/api/visits", Idempotency_Key="one").status == 200
        assert ann.ask("POST", "/api/visits", Idempotency_Key="one").status == 200
        other = bob.ask("POST", "/api/visits", Idempotency_Key="one")
        assert other.status == 409 and problem_of(other) == "key-reused", other
