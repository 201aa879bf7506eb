"""Very many short connections to a port, from a few processes."""

import collections
import contextlib
import itertools
import json
import socket
import subprocess
import sys
import time

BATCH = 50      # connections at a time of one process


def flood(address, port, seconds, processes=2, request=""):
    """How often each answer came; connections that failed count under their error's name.
    `request`: what each client says first."""
    from harness import settings    # which this file cannot see when it runs as a program
    patience = str(5 * settings.PATIENCE)
    running = [subprocess.Popen([sys.executable, __file__, address, str(port), str(seconds),
                                 str(number), request, patience], stdout=subprocess.PIPE)
               for number in range(processes)]
    return sum((collections.Counter(json.loads(process.communicate()[0])) for process in running),
               collections.Counter())


@contextlib.contextmanager
def slow_clients(address, port, count, sources=250):
    """So many that hold half a request of HTTP each, from so many addresses."""
    with contextlib.ExitStack() as ends:
        for number in range(count):
            client = ends.enter_context(socket.socket())
            client.bind((f"127.3.0.{1 + number % sources}", 0))
            client.connect((address, port))
            client.sendall(b"GET /primary HTTP/1.1\r\nX-Slow: ")
        yield


def _flood(address, port, seconds, number, request, patience):
    answers = collections.Counter()
    # Many source addresses: closed connections keep their port for a minute.
    sources = itertools.cycle(f"127.1.{number}.{last}" for last in range(1, 200))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connections = []
        source = next(sources)
        for _ in range(BATCH):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_IP, 24, 1)     # IP_BIND_ADDRESS_NO_PORT
            connection.bind((source, 0))
            connection.settimeout(patience)
            try:
                connection.connect((address, port))
                connection.sendall(request)
                connections.append(connection)
            except OSError as error:
                answers[type(error).__name__] += 1
                connection.close()
        for connection in connections:
            with connection:
                try:
                    answers[_read_all(connection)] += 1
                except OSError as error:
                    answers[type(error).__name__] += 1
    return answers


def _read_all(connection):
    text = b""
    while part := connection.recv(4096):
        text += part
    return text.decode(errors="replace")


if __name__ == "__main__":
    print(json.dumps(_flood(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]),
                            sys.argv[5].encode(), float(sys.argv[6]))))
