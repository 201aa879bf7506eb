"""The statistics page over HTTPS: the same file for HAProxy and for novip."""

import base64
import contextlib
import http.client
import socket
import ssl
import urllib.parse

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.servers import NamedServer
from harness.wait import wait_for

BINARIES = ["/usr/sbin/haproxy", str(settings.BINARY)]

pytestmark = [pytest.mark.novip_only, pytest.mark.parametrize("binary", BINARIES)]

PAGE = DEFAULTS + """
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1}
listen stats
    mode http
    timeout client 5s
    bind 127.0.0.1:{page} ssl {options}
    stats enable
    stats uri /
    stats auth ann:a
    stats admin if TRUE
    http-request use-service prometheus-exporter if {{ path /metrics }}
"""
CREDENTIALS = "Basic " + base64.b64encode(b"ann:a").decode()


class Page:
    """An HTTPS client of it, by a connection that it keeps."""

    def __init__(self, proxy, port, authority):
        self.proxy, self.port, self._authority = proxy, port, authority

    def connection(self, **chain):
        context = ssl.create_default_context(cafile=self._authority.certificate)
        context.set_alpn_protocols(["http/1.1"])
        if chain:
            context.load_cert_chain(**chain)
        return contextlib.closing(http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=10 * settings.PATIENCE, context=context))

    def ask(self, path, **chain):
        with self.connection(**chain) as connection:
            return answer(connection, "GET", path)


def answer(connection, method, path, body=None, **headers):
    connection.request(method, path, body, {"Authorization": CREDENTIALS, **headers})
    response = connection.getresponse()
    return response.status, response.read().decode()


@pytest.fixture
def start_page(start_proxy, cleanup, binary, authority):
    s1 = cleanup.enter_context(NamedServer("s1"))

    def start(options):
        port = free_port()
        proxy = start_proxy(PAGE.format(port=free_port(), page=port, s1=s1, options=options),
                            binary=binary)
        return Page(proxy, port, authority)
    return start


def test_everything_is_had_over_one_connection(start_page, certificate):
    page = start_page(f"crt {certificate} alpn h2,http/1.1")
    with page.connection() as connection:
        status, text = answer(connection, "GET", "/;csv")
        assert status == 200 and text.startswith("# pxname")
        assert connection.sock.selected_alpn_protocol() == "http/1.1"
        client = connection.sock.getsockname()
        assert "pool" in answer(connection, "GET", "/")[1]
        assert "haproxy_process_uptime" in answer(connection, "GET", "/metrics")[1]
        order = urllib.parse.urlencode({"s": "s1", "action": "drain", "b": "pool"})
        origin = f"https://127.0.0.1:{page.port}"
        assert answer(connection, "POST", "/", order, Origin=origin)[0] == 303
        assert connection.sock.getsockname() == client
    assert page.proxy.api.status("pool")["s1"].startswith("DRAIN")
    with page.connection() as connection:
        connection.request("GET", "/;csv")
        assert connection.getresponse().status == 401


def test_clients_show_certificates(start_page, authority, stranger, certificate):
    page = start_page(f"crt {certificate} ca-file {authority.certificate} verify required")
    good, bad = authority.issue("ann"), stranger.issue("ann")
    assert page.ask("/;csv", certfile=good, keyfile=authority.key_of(good))[0] == 200
    with pytest.raises(OSError):
        page.ask("/;csv", certfile=bad, keyfile=stranger.key_of(bad))
    with pytest.raises(OSError):
        page.ask("/;csv")


def test_in_plain_nothing_is_told(start_page, certificate):
    page = start_page(f"crt {certificate}")
    plain = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10 * settings.PATIENCE)
    with contextlib.closing(plain), pytest.raises((OSError, http.client.HTTPException)):
        answer(plain, "GET", "/;csv")
    assert page.ask("/;csv")[0] == 200


def test_who_begins_no_handshake_keeps_nobody_out(start_page, certificate, cleanup):
    page = start_page(f"crt {certificate}")
    for number in range(150):
        silent = cleanup.enter_context(socket.create_connection(("127.0.0.1", page.port)))
        if number % 2:
            silent.sendall(b"\x16\x03\x01\x02\x00")     # a hello begins, and does not go on
    assert page.ask("/;csv")[0] == 200


def test_a_new_certificate_by_a_reload(start_page, authority, stranger, folder, binary):
    if binary != str(settings.BINARY):
        pytest.skip("HAProxy has another way: its master process")
    file = folder / "page.pem"
    authority.issue("page", "localhost", "127.0.0.1").rename(file)
    page = start_page(f"crt {file}")
    with page.connection() as kept:
        assert answer(kept, "GET", "/;csv")[0] == 200
        stranger.issue("page", "localhost", "127.0.0.1").rename(file)
        assert "Success=1" in page.proxy.api("reload")
        wait_for(lambda: Page(page.proxy, page.port, stranger).ask("/;csv")[0] == 200,
                 "the new certificate is shown")
        assert answer(kept, "GET", "/;csv")[0] == 200
