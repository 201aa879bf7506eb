"""PostgreSQL's protocol by hand, for what libpq hides: SQLSTATEs of refused sessions, and when
which byte came."""

import socket
import struct

PROTOCOL = 196608
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSS_REQUEST = struct.pack("!ii", 8, 80877104)


def startup_packet(**parameters):
    pairs = {"user": "app", "database": "app", **parameters}
    body = b"".join(text.encode() + b"\0" for pair in pairs.items() for text in pair)
    return struct.pack("!ii", len(body) + 9, PROTOCOL) + body + b"\0"


class Wire:
    """One connection; nothing was sent yet."""

    def __init__(self, address, port, seconds=30):
        self.socket = socket.create_connection((address, port), seconds)
        self.port = self.socket.getsockname()[1]
        self.backend = None     # process id of the server's end, once it is told

    def send(self, data):
        self.socket.sendall(data)

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError(f"the end, after {data!r}")
            data += part
        return data

    def message(self):
        """The next one: its type and its body."""
        kind, length = struct.unpack("!ci", self.read(5))
        return kind.decode(), self.read(length - 4)

    def error(self):
        """The next message, which must be an ErrorResponse, as {field's letter: text}."""
        kind, body = self.message()
        assert kind == "E", (kind, body)
        return {field[:1].decode(): field[1:].decode() for field in body.split(b"\0") if field}

    def wait_ready(self):
        """Reads up to ReadyForQuery; the types of the messages before it."""
        kinds = ""
        while (message := self.message())[0] != "Z":
            assert message[0] != "E", message
            if message[0] == "K":
                self.backend, = struct.unpack_from("!i", message[1])
            kinds += message[0]
        return kinds

    def at_end(self):
        return self.socket.recv(1) == b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
