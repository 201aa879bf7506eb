"""Small servers that a proxy can be put in front of."""

import http.server
import socket
import socketserver
import threading

from harness import settings
from harness.runtime_api import read_all
from harness.wait import wait_for


class _Threaded(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        pass  # the proxy may close at any time


class TcpServer:
    """Runs `serve(connection)` in a thread for each connection, then closes it."""

    def __init__(self, serve, address="127.0.0.1", port=0):
        self._open = set()
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                owner._open.add(self.request)
                try:
                    serve(self.request)
                finally:
                    owner._open.discard(self.request)

        self._server = _Threaded((address, port), Handler)
        self.address, self.port = self._server.server_address
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Stops listening and ends every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # already closed by its other end

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def __str__(self):
        return f"{self.address}:{self.port}"


class NamedServer(TcpServer):
    """Says its name on a line, then sends back what it receives."""

    def __init__(self, name, **where):
        self.name = name
        super().__init__(self._greet_and_echo, **where)

    def _greet_and_echo(self, connection):
        connection.sendall(self.name.encode() + b"\n")
        while data := connection.recv(65536):
            connection.sendall(data)


class RecordingServer(TcpServer):
    """Keeps what each client sent until its end of stream."""

    def __init__(self):
        self.received = []
        super().__init__(lambda connection: self.received.append(read_all(connection)))


class AnsweringServer(TcpServer):
    """Sends the text in `answer`, which may change, to each connection, and closes."""

    def __init__(self, answer):
        self.answer = answer
        super().__init__(lambda connection: connection.sendall(self.answer.encode()))


class PatroniServer(TcpServer):
    """The part of Patroni's REST API that proxies use; `role` is "primary" or "replica"."""

    def __init__(self, role):
        self.role = role
        self.requests = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                owner.requests.append(f"{self.command} {self.path}")
                wanted = {"/": "primary", "/primary": "primary", "/master": "primary",
                          "/replica": "replica", "/health": owner.role}
                self.send_response(200 if wanted.get(self.path) == owner.role else 503)
                self.end_headers()

            do_GET = do_HEAD = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        super().__init__(lambda connection: Handler(connection, ("", 0), None))


def connect(port, address="127.0.0.1", source=None):
    return socket.create_connection((address, port), 10 * settings.PATIENCE,
                                    source_address=(source, 0) if source else None)


def read_line(connection):
    """One line without its end; b"" when the connection ended before."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        line += byte
    return line[:-1]


def server_reached(port):
    """Which NamedServer a new client of a proxy gets; "" when the proxy closes at once."""
    with connect(port) as client:
        try:
            return read_line(client).decode()
        except ConnectionResetError:
            return ""


def wait_reached(port, name):
    """Until a new client of a proxy gets the NamedServer `name`: the proxy's threads follow a
    moment after the runtime API says so."""
    wait_for(lambda: server_reached(port) == name, f"clients reach {name}")
