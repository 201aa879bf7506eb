"""A node's REST port, as curl would use it."""

import http.client
import json

from harness import settings


def _connect(node):
    return http.client.HTTPConnection(node.address, node.ports.rest, timeout=10 * settings.PATIENCE)


def request(node, path, method="GET"):
    """The status code and the body."""
    connection = _connect(node)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def status(node, path, method="GET"):
    return request(node, path, method)[0]


def state(node):
    return json.loads(request(node, "/patroni")[1])


class Events:
    """A subscription to what the node pushes."""

    def __init__(self, node):
        self._connection = _connect(node)
        self._connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.getheader("Content-Type").startswith("text/event-stream")

    def next(self):
        """The next state; comments and other fields are passed over."""
        while line := self._answer.readline():
            if line.startswith(b"data:"):
                return json.loads(line[5:])
        raise EOFError("the stream has ended")

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
