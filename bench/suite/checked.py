"""What many checked servers cost, and how soon a proxy with so many serves its first client."""

import socket
import threading
import time

from common.machine import process_time
from contenders import Way

SECONDS = 10.0
# Connections to each, as HAProxy does unless told otherwise.
DEFAULTS = "    default-server inter 2s\n"


class CheckedServers:
    """One listener at every address of loopback; says a word and closes."""

    def __init__(self):
        self._socket = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.address = self._socket.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
                connection.sendall(b"here\n")
                connection.close()
            except ConnectionError:
                continue
            except OSError:
                return

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def lines(self, count):
        return DEFAULTS + "\n".join(
            f"    server s{n} 127.1.{n // 250}.{n % 250 + 1}:{self.address[1]} check" for n in range(count))


def measure(contender, count, servers, folder):
    """{"percent" of a core, "start" in seconds}"""
    began = time.monotonic()
    with Way(contender, servers.address, folder, servers.lines(count)) as way:
        _wait_served(way)
        start = time.monotonic() - began
        time.sleep(2.0)     # each server was checked once
        before, since = sum(process_time(way.pid)), time.monotonic()
        time.sleep(SECONDS)
        spent = sum(process_time(way.pid)) - before
        return {"percent": spent / (time.monotonic() - since) * 100, "start": start}


def _wait_served(way):
    while True:
        try:
            with socket.create_connection((way.address, way.port), timeout=10) as connection:
                if connection.recv(5):
                    return
        except OSError:
            time.sleep(0.001)
