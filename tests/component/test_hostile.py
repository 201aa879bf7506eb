"""Bytes that nobody sane sends, on every port: a clear error or a close, and everything else goes
on."""

import itertools
import os
import socket
import struct
import threading

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.durations import Durations
from harness.ports import free_port
from harness.runtime_api import RuntimeApi
from harness.settings import scaled
from harness.wait import wait_for
from harness.wire import PROTOCOL, startup_packet

pytestmark = pytest.mark.novip_only

NOISE = os.urandom(4096)


def packet(length, rest=b""):
    return struct.pack("!i", length) + rest


# What novip, and not a server, answers to: ended by FATAL 08P01 (protocol violation), or closed.
STARTUPS = {
    "length 0": packet(0, bytes(8)),
    "length 3": packet(3, bytes(8)),
    "length 4": packet(4, bytes(8)),
    "length 7": packet(7, bytes(8)),
    "negative length": packet(-1, bytes(64)),
    "most negative length": packet(-2**31, bytes(64)),
    "oversized": packet(10001, struct.pack("!i", PROTOCOL) + b"user\0" + bytes(9990)),
    "largest length": packet(2**31 - 1, struct.pack("!i", PROTOCOL) + b"user\0x\0\0"),
    "NULs": bytes(9000),
    "no terminator": packet(20, struct.pack("!i", PROTOCOL) + b"user" + b"x" * 8),
    "a key without a value": packet(14, struct.pack("!i", PROTOCOL) + b"user\0\0"),
    "protocol 0": packet(9, struct.pack("!i", 0) + b"\0"),
    "protocol 9.9": packet(9, struct.pack("!hh", 9, 9) + b"\0"),
    "cancel request cut short": packet(12, struct.pack("!ii", 80877102, 1)),
    "cancel request too long": packet(2000, struct.pack("!i", 80877102) + bytes(1992)),
    "SSL request with a tail": packet(12, struct.pack("!ii", 80877103, 1)),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "noise": b"\x7f" + NOISE,
    "TLS record of nonsense": b"\x16\x03\x01\xff\xff" + NOISE,
}

SMUGGLED = b"GET /patroni HTTP/1.1\r\nHost: x\r\n\r\n"
REQUESTS = {
    "noise": NOISE,
    "NULs": bytes(9000),
    "an endless line": b"GET /" + b"a" * 100_000,
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000,
    "very many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000,
    "an endless method": b"G" * 100_000,
    "header lines that never end": b"GET / HTTP/1.1\r\nHost: x\r\n A: b\r\n\tc\r\n" * 1000,
    "two lengths": b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\n" + SMUGGLED,
    "length and chunks": b"GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
                         b"\r\n0\r\n\r\n" + SMUGGLED,
    "a negative length": b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n" + SMUGGLED,
    "a length beyond 64 bits": b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "chunks of the largest size": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  b"ffffffffffffffff\r\n" + bytes(9000),
    "an unknown encoding": b"GET / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n" + SMUGGLED,
    "a line feed in the target": b"GET /\n/events HTTP/1.1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100),
    "HTTP/0.9": b"GET /\r\n\r\n",
    "escapes out of the tree": b"GET /../../etc/passwd%00 HTTP/1.1\r\n\r\n",
    "a PostgreSQL startup": startup_packet(),
    "a broken Authorization": b"GET / HTTP/1.1\r\nAuthorization: Basic " + b"=" * 7000
                              + b"\r\n\r\n",
}

COMMANDS = {
    "noise": NOISE.replace(b"\n", b"x") + b"\n",
    "NULs": bytes(9000) + b"\n",
    "an endless line": b"show stat " * 100_000,
    "semicolons": b";" * 60_000 + b"\n",
    "escapes": b"\\" * 10_000 + b"\n",
    "an unknown command": b"format c:\n",
    "numbers out of range": b"set server x/y weight 99999999999999999999\n",
    "a name of the largest size": b"show stat " + b"x" * 16_000 + b"\n",
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a payload that never ends": b"set ssl cert x <<\n" + b"a\n" * 10_000,
}

ORDERED = DEFAULTS + """
global
    stats socket ipv4@127.0.0.1:{api} level admin
listen pool
    bind 127.0.0.1:{pool}
    server s1 127.0.0.1:1
"""


def say(address, port, data, seconds=15):
    """What is answered until the connection ends, or None when it is still there after `seconds`."""
    with socket.create_connection((address, port), seconds * settings.PATIENCE) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass        # hung up on already: what it said first is still to be read
        heard = b""
        try:
            while part := connection.recv(65536):
                heard += part
        except TimeoutError:
            return None
        except OSError:
            pass        # a reset is an end as well
        return heard


@pytest.fixture
def unharmed(native):
    """After the test: its memory has not grown by much, and everybody is served as before."""
    node = native["srv1"]
    sessions = [node.connect("prod") for _ in range(3)]
    before = node.proxy.memory()
    yield node
    for session in sessions:
        assert session.execute("SELECT 1").fetchone() == (1,)
        session.close()
    node.proxy.check()
    assert node.reaches("prod", standby=False)
    assert say(node.address, node.ports.state, b"") == b"production\n"
    wait_for(lambda: node.proxy.api.info()["CurrConns"] == "0", "every session has ended", 15)
    if settings.SCALE >= 1:     # a sanitizer keeps what is freed
        assert node.proxy.memory() - before < 16 << 20


def test_startup_packets(unharmed):
    for name, data in STARTUPS.items():
        heard = say(unharmed.address, unharmed.ports.prod, data)
        assert heard is not None, f"{name}: it waits for more"
        assert heard == b"" or heard[:1] in b"EN\x15", f"{name}: {heard[:100]}"
        if heard[:1] == b"E":
            assert b"SFATAL\0" in heard and b"C08P01\0" in heard, f"{name}: {heard}"


@pytest.mark.parametrize("port", ["rest", "stats"])
def test_http(unharmed, port):
    for name, data in REQUESTS.items():
        heard = say(unharmed.address, getattr(unharmed.ports, port), data, 20)
        assert heard is not None, f"{name}: it waits for more"
        assert heard == b"" or heard.startswith(b"HTTP/1."), f"{name}: {heard[:100]}"
        assert heard.count(b"HTTP/1.") <= 1, f"{name}: the second request was within the first"
        assert b"root:" not in heard, name


def test_text_port(unharmed):
    for name, data in {**STARTUPS, **REQUESTS}.items():
        heard = say(unharmed.address, unharmed.ports.state, data)
        assert heard in (b"production\n", b""), f"{name}: {heard}"     # a reset may overtake it


def test_runtime_api(unharmed):
    for name, data in COMMANDS.items():
        heard = say(unharmed.address, unharmed.ports.api, data)
        assert heard is not None, f"{name}: it waits for more"
        assert RuntimeApi((unharmed.address, unharmed.ports.api)).info()["Name"] == "HAProxy", name


@pytest.mark.parametrize("first", [
    "POST / HTTP/1.1", "POST / HTTP/1.0", "GET /;disable server pool/s1; HTTP/1.1"])
def test_a_web_page_gives_no_orders(start_proxy, first):
    """A browser sends what any page tells it to, also to a port of loopback."""
    port = free_port()
    proxy = start_proxy(ORDERED.format(pool=free_port(), api=port))
    body = b"disable server pool/s1\n"
    request = (f"{first}\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    assert say("127.0.0.1", port, request) == b""
    assert proxy.api.status("pool")["s1"] == "no check"
    say("127.0.0.1", port, body)    # without HTTP it is an order
    assert proxy.api.status("pool")["s1"] == "MAINT"


def test_everything_at_once(unharmed):
    """From many threads, while clients come and go."""
    node = unharmed
    attacks = [*((node.ports.prod, data) for data in STARTUPS.values()),
               *((port, data) for port in (node.ports.rest, node.ports.stats, node.ports.state)
                 for data in REQUESTS.values()),
               *((node.ports.api, data) for data in COMMANDS.values())]
    ended, counts = threading.Event(), itertools.count()

    def attack(first):
        for port, data in itertools.islice(itertools.cycle(attacks), first, None):
            if ended.is_set():
                return
            try:
                say(node.address, port, data)
            except OSError:
                pass
            next(counts)

    threads = [threading.Thread(target=attack, args=(7 * i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    try:
        sessions = Durations()
        for _ in range(scaled(100)):
            with sessions.one():
                assert node.reaches("prod", standby=False)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    print(f"{next(counts)} attacks; sessions: {sessions}")
    assert sessions.usual < 1 * settings.PATIENCE and max(sessions) < 5 * settings.PATIENCE
