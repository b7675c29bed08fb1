"""A system with people: accounts, who signs them in, and a lodge that wants to know who comes; and browsers, which keep
the cookie that they are given."""
import json
import os
import pathlib
import re
import subprocess

from blog import ROOT, Blog, new_id

TOPOLOGY = """system = inn
    messages = {root}/services/shop/shop.messages.zpl
    messages = {root}/test/process/lodge.messages.zpl
    run = r
    witness = {witness}
    pass_issuer = accounts
    trim_after = recorded

event_store = es1

service = accounts
    program = souk-accounts
    stream = accounts
    stream = accounts.private
        private = yes

service = lodge
    program = {build}/test/process/lodge
    stream = lodge

client = bridge
    program = souk-bridge
    listen = 127.0.0.1:0
    hostname = shop.example
    routes = inn.routes.zpl
    call = accounts
        command = accounts.register
        command = accounts.sign_in
        command = accounts.sign_out
        command = accounts.change_password
        command = accounts.appoint
        command = accounts.leave
    call = lodge
    query = accounts
    query = lodge
    follow = lodge
    follow = accounts
"""

ROUTES = """routes = inn
    about = People who come and go.
    session
        pass = accounts.pass
        guest = accounts.guest_pass
        renewed_by = accounts.appointed
        renewed_by = accounts.left
    refusals
        accounts.wrong = 401
        accounts.too_many_tries = 429
        shop.not_signed_in = 401

route = POST /api/people
    command = accounts.register

route = POST /api/session
    command = accounts.sign_in
    session = begin token_hash
    address = client
    outcomes
        accounts.sign_in_failed = accounts.wrong

route = DELETE /api/session
    command = accounts.sign_out
    session = end token_hash

route = PUT /api/me/password
    command = accounts.change_password
    session = begin token_hash
    address = client
    role = customer
    outcomes
        accounts.sign_in_failed = accounts.wrong

route = POST /api/me/leave
    command = accounts.leave
    role = customer
    outcomes
        accounts.sign_in_failed = accounts.wrong

route = GET /api/me
    query = accounts.me
    role = customer

route = GET /api/account
    query = accounts.me
    role = customer

route = PUT /api/people/{person_id}/roles
    command = accounts.appoint
    role = admin

route = GET /api/who
    query = lodge.who
    session = maybe

route = POST /api/visits
    command = lodge.enter
    session = guest
    role = guest
    role = customer

route = GET /api/events
    events = lodge
    session = maybe

route = POST /api/notes
    command = lodge.note
    role = staff
    role = admin
"""


class People(Blog):
    """`limits` and `lines` as of the blog; `bridge` goes below the topology's client."""

    def __init__(self, build, limits=None, lines="", edit=lambda routes: routes, bridge=""):  # pylint: disable=super-init-not-called
        self.begin(build)
        section = "".join(f"        {name} = {value}\n" for name, value in (limits or {}).items())
        routes = edit(ROUTES).replace("    session\n", f"    limits\n{section}    session\n" if section else "    session\n", 1)
        pathlib.Path(self.path, "inn.routes.zpl").write_text(routes + lines, "utf-8")
        self.topology = os.path.join(self.path, "inn.zpl")
        pathlib.Path(self.topology).write_text(TOPOLOGY.format(root=ROOT, build=self.build, witness=self.witness) + bridge,
                                               "utf-8")

    def call(self, service, command, message):
        """As an operator would."""
        return subprocess.run([f"{self.build}/souk", "call", "--topology", self.topology, service, command,
                               json.dumps(message)], check=True, stdout=subprocess.PIPE).stdout


    def log(self, kind):
        """What events of a type say, as recorded."""
        said = subprocess.run([f"{self.build}/souk", "log", "--topology", self.topology, "--json", "--data", "--type", kind],
                              check=True, stdout=subprocess.PIPE).stdout
        return [json.loads(line)["data"] for line in said.splitlines()]


class Browser:
    """What a browser does with cookies, and says of where a request comes from."""

    def __init__(self, system, host=None):
        self.system = system
        self.host = host
        self.cookie = None
        self.set_cookie = None

    def ask(self, method, path, body=None, **headers):
        if self.cookie:
            headers.setdefault("Cookie", f"theme=dark; {self.cookie}; x=y")
        if self.host:
            headers.setdefault("Host", self.host)
        headers.setdefault("Sec_Fetch_Site", "same-origin")
        answer = self.system.ask(method, path, body, **{name: value for name, value in headers.items() if value})
        self.set_cookie = answer.headers["Set-Cookie"]
        if self.set_cookie:
            name, value, age = re.fullmatch(r"([\w-]+)=([\w-]*); Path=/; HttpOnly; SameSite=Strict; Max-Age=(\d+)"
                                            r"(?:; Secure)?", self.set_cookie).groups()
            self.cookie = f"{name}={value}" if int(age) > 0 else None
        return answer

    def register(self, email="ann@example.org", password="correct horse", name="Ann"):
        person_id = new_id()
        answer = self.ask("POST", "/api/people", {"person_id": person_id, "email": email, "name": name,
                                                  "password": password})
        assert answer.status in (200, 201), answer
        return person_id

    def sign_in(self, email="ann@example.org", password="correct horse", **headers):
        return self.ask("POST", "/api/session", {"email": email, "password": password}, **headers)
