"""Which server a new session goes to."""

import collections

import pytest

from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.servers import NamedServer, connect, read_line, server_reached
from harness.wait import wait_for

# One thread: with more, each starts its own round of the servers.
POOL = DEFAULTS + """
global
    nbthread 1
listen pool
    bind 127.0.0.1:{port}
    balance {balance}
    server s1 {0} {options[0]}
    server s2 {1} {options[1]}
    server s3 {2} {options[2]}
"""


@pytest.fixture
def pool(start_proxy, cleanup):
    """Starts a proxy in front of three servers; gives it and its port."""
    servers = [cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2", "s3")]

    def start(balance, *options):
        port = free_port()
        options = (*options, "", "", "")
        return port, start_proxy(POOL.format(*servers, port=port, balance=balance,
                                             options=options))
    return start


def reached(port, count):
    return [server_reached(port) for _ in range(count)]


@pytest.mark.parametrize("balance", ["roundrobin", "static-rr"])
def test_each_in_turn(pool, balance):
    port, _ = pool(balance)
    turns = reached(port, 9)
    assert sorted(turns[:3]) == ["s1", "s2", "s3"]
    assert turns[:3] * 3 == turns


@pytest.mark.parametrize("balance", ["roundrobin", "static-rr"])
def test_by_weight(pool, balance):
    port, _ = pool(balance, "weight 3", "weight 2", "weight 1")
    assert collections.Counter(reached(port, 12)) == {"s1": 6, "s2": 4, "s3": 2}


def test_weight_zero_takes_no_one(pool):
    port, _ = pool("roundrobin", "weight 0")
    assert set(reached(port, 6)) == {"s2", "s3"}


def hold(port, cleanup):
    session = cleanup.enter_context(connect(port))
    return read_line(session).decode(), session


def test_leastconn_fills_the_emptiest(pool, cleanup):
    port, proxy = pool("leastconn")
    held = [hold(port, cleanup) for _ in range(6)]
    assert collections.Counter(name for name, _ in held) == {"s1": 2, "s2": 2, "s3": 2}
    for name, session in held:
        if name == "s2":
            session.close()
    wait_for(lambda: proxy.api.stat()["pool", "s2"]["scur"] == "0", "s2 has no sessions")
    assert [hold(port, cleanup)[0] for _ in range(2)] == ["s2", "s2"]


def test_first_fills_one_before_the_next(pool, cleanup):
    port, _ = pool("first", "maxconn 2", "maxconn 2", "maxconn 2")
    assert [hold(port, cleanup)[0] for _ in range(5)] == ["s1", "s1", "s2", "s2", "s3"]


def test_source_keeps_a_client_on_its_server(pool):
    port, _ = pool("source")
    servers = set()
    for number in range(1, 30):
        def reach():
            with connect(port, source=f"127.0.1.{number}") as client:
                return read_line(client)
        server = reach()
        assert reach() == server
        servers.add(server)
    assert servers == {b"s1", b"s2", b"s3"}


def test_random_reaches_all(pool):
    port, _ = pool("random")
    assert set(reached(port, 60)) == {"s1", "s2", "s3"}


def test_a_frontend_and_its_backend(start_proxy, cleanup):
    port = free_port()
    server = cleanup.enter_context(NamedServer("s1"))
    proxy = start_proxy(DEFAULTS + f"""
frontend clients
    bind 127.0.0.1:{port}
    default_backend servers
backend servers
    server s1 {server}
""")
    assert server_reached(port) == "s1"
    stat = proxy.api.stat()
    assert stat["clients", "FRONTEND"]["stot"] == "1"
    assert stat["servers", "s1"]["stot"] == "1"
