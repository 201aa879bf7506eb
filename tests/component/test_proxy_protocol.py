"""The PROXY protocol, versions 1 and 2, on both sides."""

import errno
import re
import socket
import struct

import pytest

from harness.ports import free_port
from harness.servers import NamedServer, RecordingServer, connect, read_line
from harness.wait import wait_for

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V2_TCP4 = SIGNATURE + struct.pack("!BBH4s4sHH", 0x21, 0x11, 12, socket.inet_aton("203.0.113.7"),
                                  socket.inet_aton("203.0.113.8"), 4321, 5432)
V1_TCP4 = b"PROXY TCP4 203.0.113.7 203.0.113.8 4321 5432\r\n"

POOL = """
global
    log {log} local0
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 5s
    timeout client  5s
    timeout server  5s
listen pool
    bind 127.0.0.1:{port} {bind}
    server s1 {server} {options}
"""


@pytest.mark.parametrize("header", [V1_TCP4, V2_TCP4], ids=["v1", "v2"])
def test_the_client_is_who_the_header_says(start_proxy, syslog, cleanup, header):
    server, port = cleanup.enter_context(NamedServer("s1")), free_port()
    start_proxy(POOL.format(log=syslog.udp, port=port, bind="accept-proxy", server=server,
                            options=""))
    with connect(port) as client:
        client.sendall(header + b"hello\n")     # what follows in the same packet is not lost
        assert (read_line(client), read_line(client)) == (b"s1", b"hello")
    syslog.wait_line(re.compile(r": 203\.0\.113\.7:4321 \["))


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\0\0\0"],
                         ids=["v1", "v2"])
def test_a_header_without_addresses_keeps_the_real_ones(start_proxy, syslog, cleanup, header):
    server, port = cleanup.enter_context(NamedServer("s1")), free_port()
    start_proxy(POOL.format(log=syslog.udp, port=port, bind="accept-proxy", server=server,
                            options=""))
    with connect(port) as client:
        client.sendall(header)
        assert read_line(client) == b"s1"
        real = client.getsockname()[1]
    syslog.wait_line(re.compile(rf": 127\.0\.0\.1:{real} \["))


@pytest.mark.parametrize("start", [b"GET / HTTP/1.0\r\n\r\n", b"PROXY TCP4 nonsense\r\n",
                                   b"PROXY " + b"x" * 200, SIGNATURE + b"\xff\xff\xff\xff"])
def test_anything_else_is_refused(start_proxy, syslog, cleanup, start):
    server, port = cleanup.enter_context(RecordingServer()), free_port()
    start_proxy(POOL.format(log=syslog.udp, port=port, bind="accept-proxy", server=server,
                            options=""))
    with connect(port) as client:
        try:
            client.sendall(start)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        except OSError as error:
            assert error.errno in (errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE)
    assert server.received in ([], [b""])


def received(server):
    return wait_for(lambda: server.received, "the server sees a whole connection")[0]


def test_send_proxy(start_proxy, syslog, cleanup):
    server, port = cleanup.enter_context(RecordingServer()), free_port()
    start_proxy(POOL.format(log=syslog.udp, port=port, bind="", server=server,
                            options="send-proxy"))
    with connect(port) as client:
        client.sendall(b"payload")
        source = client.getsockname()[1]
    assert received(server) == f"PROXY TCP4 127.0.0.1 127.0.0.1 {source} {port}\r\npayload".encode()


def test_send_proxy_v2(start_proxy, syslog, cleanup):
    server, port = cleanup.enter_context(RecordingServer()), free_port()
    start_proxy(POOL.format(log=syslog.udp, port=port, bind="", server=server,
                            options="send-proxy-v2"))
    with connect(port) as client:
        client.sendall(b"payload")
        source = client.getsockname()[1]
    loopback = socket.inet_aton("127.0.0.1")
    assert received(server) == SIGNATURE + struct.pack(
        "!BBH4s4sHH", 0x21, 0x11, 12, loopback, loopback, source, port) + b"payload"


@pytest.mark.parametrize("accepted", [V1_TCP4, V2_TCP4], ids=["v1", "v2"])
def test_addresses_are_passed_on(start_proxy, syslog, cleanup, accepted):
    server, port = cleanup.enter_context(RecordingServer()), free_port()
    start_proxy(POOL.format(log=syslog.udp, port=port, bind="accept-proxy", server=server,
                            options="send-proxy"))
    with connect(port) as client:
        client.sendall(accepted + b"payload")
    assert received(server) == V1_TCP4 + b"payload"
