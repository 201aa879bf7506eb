"""Bytes between client and server: half-closes, slow readers, resets; in plain, and in TLS that ends
at the proxy."""

import functools
import hashlib
import random
import socket
import ssl
import threading

import pytest

from harness import settings
from harness.network import Network
from harness.ports import free_port
from harness.runtime_api import read_all
from harness.servers import NamedServer, TcpServer, connect, read_line
from harness.tls import TlsWire, accept_session, accept_tls, begin_session
from harness.wait import wait_for

POOL = """
defaults
    mode tcp
    {way}
    timeout connect 5s
    timeout client  {client}
    timeout server  1m
listen pool
    bind {bind}
    {forward}
    server s1 {server} {to_server}
"""


def pool(bind, server, client="1m", way="", forward="", to_server=""):
    return POOL.format(bind=bind, server=server, client=client, way=way, forward=forward,
                       to_server=to_server)


# Every way of moving bytes: each test holds for all of them.
WAYS = ["splice", "copy", *(pytest.param(way, marks=pytest.mark.novip_only)
                            for way in ("tls from the client", "tls on both sides")),
        pytest.param("kernel", marks=[pytest.mark.novip_only, pytest.mark.root_only])]


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        network.let_all_forward()
        yield network


@pytest.fixture(params=WAYS)
def through(request, start_proxy, cleanup):
    """A client's connection, through a proxy, to a server that runs `serve(connection)`."""
    if request.param == "kernel":
        return functools.partial(open_forwarded, start_proxy, cleanup,
                                 request.getfixturevalue("network"))
    if request.param.startswith("tls"):
        return functools.partial(open_encrypted, start_proxy, cleanup,
                                 request.getfixturevalue("certificate"),
                                 request.param == "tls on both sides")
    return functools.partial(open_relayed, start_proxy, cleanup,
                             "option splice-auto" if request.param == "splice" else "")


def open_relayed(start_proxy, cleanup, way, serve):
    server, port = cleanup.enter_context(TcpServer(serve)), free_port()
    start_proxy(pool(f"127.0.0.1:{port}", server, way=way))
    return cleanup.enter_context(connect(port))


def open_encrypted(start_proxy, cleanup, certificate, to_server, serve):
    of_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    of_server.load_cert_chain(certificate)

    def serve_encrypted(connection):
        stream = accept_tls(connection, of_server) if to_server else connection
        accept_session(stream)
        serve(stream)
        if to_server:
            stream.close()

    server, port = cleanup.enter_context(TcpServer(serve_encrypted)), free_port()
    start_proxy(pool(f"127.0.0.1:{port} ssl crt {certificate}", server,
                     to_server="ssl verify none" if to_server else ""))
    stream = cleanup.enter_context(TlsWire("127.0.0.1", port)).socket
    begin_session(stream)
    return stream


def open_forwarded(start_proxy, cleanup, network, serve):
    """Client and server are here, and the proxy is another machine between them."""
    server = cleanup.enter_context(TcpServer(serve, network.gateway))
    address, port = network.addresses["srv1"], free_port()
    proxy = start_proxy(pool(f"{address}:{port}", server, forward="forward kernel"),
                        network=network.namespace("srv1"))
    # Whoever comes before the rules is relayed.
    wait_for(lambda: "goto" in network.run("srv1", "nft", "list", "ruleset"), "rules are there")
    client = cleanup.enter_context(connect(port, address))
    wait_for(lambda: proxy.api.stat()["pool", "FRONTEND"]["scur"] == "1", "the session is counted")
    assert "fe=pool" not in proxy.api("show sess"), "the proxy carries it, not the kernel"
    return client


def test_an_end_of_stream_goes_one_way_only(through):
    """The client says all it has to, and still gets the whole answer."""
    def answer_after_the_end(connection):
        received = read_all(connection)
        connection.sendall(b"got %d bytes" % len(received))

    client = through(answer_after_the_end)
    client.sendall(b"x" * 100_000)
    client.shutdown(socket.SHUT_WR)
    assert read_all(client) == b"got 100000 bytes"


def test_a_server_that_ends_first_still_receives(through):
    received = []

    def end_then_read(connection):
        connection.sendall(b"bye\n")
        connection.shutdown(socket.SHUT_WR)
        received.append(read_all(connection))

    client = through(end_then_read)
    assert read_all(client) == b"bye\n"
    client.sendall(b"last words")
    client.close()
    assert wait_for(lambda: received, "the server gets the rest") == [b"last words"]


def test_both_ways_at_once_byte_for_byte(through):
    size = settings.scaled(64 << 20)
    data = random.Random(1).randbytes(1 << 20)
    blocks = size // len(data) + 1

    def echo(connection):
        while block := connection.recv(1 << 16):
            connection.sendall(block)

    client = through(echo)

    def send():
        for _ in range(blocks):
            client.sendall(data)
        client.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    received = hashlib.blake2b()
    while block := client.recv(1 << 16):
        received.update(block)
    sender.join()
    assert received.hexdigest() == hashlib.blake2b(data * blocks).hexdigest()


def test_a_slow_reader_holds_the_sender_back(through):
    """What nobody reads stays in sockets: the proxy does not gather it."""
    limit = 64 << 20        # far more than the kernel's buffers on both sides
    sent, held_back = [0], threading.Event()

    def send_until_held_back(connection):
        connection.settimeout(1)
        try:
            while sent[0] < limit:
                sent[0] += connection.send(b"x" * 65536)
        except TimeoutError:
            held_back.set()

    client = through(send_until_held_back)
    wait_for(lambda: held_back.is_set() or sent[0] >= limit, "the sender stops")
    assert held_back.is_set(), "everything was taken though nobody reads"
    assert client.recv(1) == b"x"


def test_one_byte_writes_arrive_in_order(through):
    def echo(connection):
        while block := connection.recv(1 << 16):
            connection.sendall(block)

    client = through(echo)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sent = bytes(number % 251 for number in range(settings.scaled(5000)))
    for byte in sent:
        client.sendall(bytes([byte]))
    client.shutdown(socket.SHUT_WR)
    assert read_all(client) == sent


def test_bytes_from_before_the_server_is_connected_come_first(through):
    """The client speaks at once, more than fits in one read; nobody has connected yet."""
    data = random.Random(2).randbytes(300_000)
    received = []
    client = through(lambda connection: received.append(read_all(connection)))
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)
    assert read_all(client) == b""
    assert received == [data]


def test_an_end_in_the_middle_of_a_long_transfer_comes_after_its_last_byte(through):
    """What is on its way through the proxy when the server closes is not lost."""
    data = random.Random(3).randbytes(20 << 20)
    client = through(lambda connection: connection.sendall(data))
    received = hashlib.blake2b()
    while block := client.recv(4096):
        received.update(block)
    assert received.hexdigest() == hashlib.blake2b(data).hexdigest()


def test_a_client_s_reset_ends_the_server_s_side(through):
    failures = []

    def read_until_broken(connection):
        connection.sendall(b"hello\n")
        try:
            read_all(connection)
            failures.append("end")
        except ConnectionResetError:
            failures.append("reset")

    client = through(read_until_broken)
    assert read_line(client) == b"hello"
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.close()
    wait_for(lambda: failures, "the server's side ends")


def test_timeout_client_ends_an_idle_session(start_proxy, cleanup):
    server, port = cleanup.enter_context(NamedServer("s1")), free_port()
    proxy = start_proxy(pool(f"127.0.0.1:{port}", server, client="200ms"))
    with connect(port) as client:
        read_line(client)
        assert client.recv(1) == b""
    wait_for(lambda: proxy.api.stat()["pool", "s1"]["scur"] == "0", "the session is over")
