"""A browser's EventSource: what comes over a stream of server-sent events, one after the other."""
import collections
import http.client
import json

import system

Event = collections.namedtuple("Event", "name id data")


class Stream:
    def __init__(self, blog, path="/api/events", last=None, cookie=None, window=None, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", blog.port, timeout=system.WAIT_SECONDS)
        self.connection.connect()
        if window:
            self.connection.sock.setsockopt(*window)
        headers = {"Accept": "text/event-stream", **headers}
        if last is not None:
            headers["Last-Event-ID"] = last
        if cookie:
            headers["Cookie"] = cookie
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()
        self.last = last or ""
        self.beats = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def next(self):
        """The next event; None at the end of the stream. As the standard has it: an id alone is no event."""
        name, data = "message", []
        while True:
            try:
                line = self.response.readline()
            except (http.client.IncompleteRead, ConnectionResetError):
                return None
            if not line:
                return None
            assert line.endswith(b"\n"), line
            line = line[:-1].decode("utf-8")
            if line == "":
                if data:
                    return Event(name, self.last, json.loads("\n".join(data)))
                name = "message"
            elif line.startswith(":"):
                self.beats += 1
            else:
                field, value = line.split(": ", 1)
                assert field in ("id", "event", "data", "retry"), line
                if field == "id":
                    self.last = value
                elif field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                else:
                    assert value.isdigit(), line

    def begins(self, resumed=False):
        event = self.next()
        assert event.name == "begin" and event.data == {"resumed": resumed}, event
        return self

    def messages(self, count):
        found = []
        while len(found) < count:
            event = self.next()
            assert event is not None and event.name == "message", event
            found.append(event)
        return found

    def message_from(self, number):
        """The first message with this number or a later one. What was answered before the stream began may still have
        been on its way to the bridge, so it is news to the stream."""
        while True:
            event, = self.messages(1)
            if event.data["number"] >= number:
                return event
