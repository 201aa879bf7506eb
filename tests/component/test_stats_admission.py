"""Who comes to the statistics page at all: `tcp-request`, `accept-proxy`, TLS's name. The same file
for HAProxy and for novip."""

import contextlib
import http.client
import socket
import ssl

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.durations import Durations
from harness.ports import free_port

BINARIES = ["/usr/sbin/haproxy", str(settings.BINARY)]
# Whom HAProxy counts with, by the kind of the rule.
COUNTERS = {"connection": "dcon", "session": "dses", "content": "dreq"}

pytestmark = [pytest.mark.novip_only, pytest.mark.parametrize("binary", BINARIES)]

PAGE = DEFAULTS + """
listen pool
    bind 127.0.0.1:{pool}
    server s1 127.0.0.1:1
listen stats
    mode http
    timeout client 2s
    bind 127.0.0.1:{page} {options}
    {rules}
    stats enable
    stats uri /
    stats admin if TRUE
"""


class Page:
    def __init__(self, proxy, port):
        self.proxy, self.port = proxy, port

    def ask(self, source="127.0.0.1", header=b"", tls=None, name="localhost", request=b"GET /;csv"):
        """The answer, to its end; b"" where there is none."""
        try:
            with contextlib.ExitStack() as ends:
                connection = ends.enter_context(socket.create_connection(
                    ("127.0.0.1", self.port), 10 * settings.PATIENCE, (source, 0)))
                connection.sendall(header)
                if tls:
                    connection = ends.enter_context(tls.wrap_socket(connection,
                                                                    server_hostname=name))
                connection.sendall(request + b" HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                return b"".join(iter(lambda: connection.recv(65536), b""))
        except (ConnectionError, ssl.SSLEOFError):
            return b""

    def frontend(self):
        return self.proxy.api.stat()["stats", "FRONTEND"]


@pytest.fixture
def start_page(start_proxy, binary):
    def start(rules, options=""):
        port = free_port()
        return Page(start_proxy(PAGE.format(page=port, pool=free_port(), rules=rules, options=options),
                                binary=binary), port)
    return start


@pytest.mark.parametrize("kind", COUNTERS)
def test_rules_of_tcp_request(start_page, kind):
    page = start_page(f"tcp-request {kind} reject if {{ src 127.0.0.5 }}")
    assert b" 200 " in page.ask()
    assert page.ask("127.0.0.5") == b""
    assert b" 200 " in page.ask("127.0.0.6")
    assert page.frontend()[COUNTERS[kind]] == "1"


def test_a_proxy_header_says_who_it_is(start_page):
    page = start_page("tcp-request session reject if { src 10.0.0.5 }", "accept-proxy")
    for header in (b"PROXY TCP4 10.0.0.6 10.0.0.1 1 2\r\n", b"PROXY UNKNOWN\r\n"):
        assert b" 200 " in page.ask(header=header)
    assert page.ask(header=b"PROXY TCP4 10.0.0.5 10.0.0.1 1 2\r\n") == b""
    assert page.ask() == b""        # it has no header
    assert page.frontend()["dses"] == "1"


def test_the_name_within_tls(start_page, authority, certificate):
    page = start_page("tcp-request content reject unless { ssl_fc_sni localhost }",
                      f"accept-proxy ssl crt {certificate}")
    tls = ssl.create_default_context(cafile=authority.certificate)
    tls.check_hostname = False
    header = b"PROXY TCP4 10.0.0.6 10.0.0.1 1 2\r\n"
    assert b" 200 " in page.ask(header=header, tls=tls)
    assert page.ask(header=header, tls=tls, name="other") == b""


def test_who_comes_through_a_balancer_is_not_on_this_machine(start_page, binary):
    """Without a password novip takes orders from this machine only."""
    if binary != str(settings.BINARY):
        pytest.skip("HAProxy takes them from everybody")
    for options, header, offered in (
            ("", b"", True),
            ("accept-proxy", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", True),
            ("accept-proxy", b"PROXY TCP4 10.0.0.6 10.0.0.1 1 2\r\n", False)):
        page = start_page("", options)
        form = b'name="action"' in page.ask(header=header, request=b"GET /")
        assert form == offered, (options, header)


def test_who_says_too_much_is_told_so(start_page, binary):
    """A reset for what is still on its way must not overtake the answer."""
    if binary != str(settings.BINARY):
        pytest.skip("HAProxy takes what it needs of a body and answers 303")
    page = start_page("")
    size = 1_000_000        # more than the kernel takes of a client with a small buffer
    form = f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode()
    for _ in range(5):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            connection.settimeout(10 * settings.PATIENCE)
            connection.connect(("127.0.0.1", page.port))
            connection.sendall(form + b"x" * size)
            assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_who_does_not_leave_keeps_nobody_out(start_page, binary):
    if binary != str(settings.BINARY):
        pytest.skip("HAProxy has no bound on its page but maxconn")
    page, asked = start_page("maxconn 2"), Durations()
    for _ in range(3):
        with contextlib.ExitStack() as ends:
            for _ in range(2):
                connection = ends.enter_context(socket.create_connection(
                    ("127.0.0.1", page.port), 10 * settings.PATIENCE))
                connection.sendall(b"no request\r\n\r\n")
                assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
            with asked.one():
                assert b" 200 " in page.ask()
    assert min(asked) < 0.9     # they are waited for a second


def test_maxconn(start_page):
    """One more waits until a client leaves or its time is over; novip lets a silent one go."""
    page = start_page("maxconn 2")
    with contextlib.ExitStack() as ends:
        kept = [ends.enter_context(contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", page.port, timeout=10 * settings.PATIENCE)))
            for _ in range(2)]
        for connection in kept:
            connection.request("GET", "/;csv")
            assert connection.getresponse().read()
        assert b" 200 " in page.ask()
    assert page.frontend()["smax"] == "2"
