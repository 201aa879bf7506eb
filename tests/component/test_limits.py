"""Limits, queues, retries and backup servers."""

import concurrent.futures
import select

import pytest

from harness.ports import free_port
from harness.servers import NamedServer, connect, read_line, server_reached, wait_reached
from harness.wait import wait_for

DEFAULTS = """
defaults
    mode tcp
    timeout connect 2s
    timeout client  1m
    timeout server  1m
    timeout queue   {queue}
listen pool
    bind 127.0.0.1:{port}
"""


def pool(port, *lines, queue="1m"):
    return DEFAULTS.format(port=port, queue=queue) + "".join(f"    {line}\n" for line in lines)


@pytest.fixture
def servers(cleanup):
    return [cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2")]


def waiting(proxy):
    """How many clients wait for a place, on a server's list or on the common one."""
    return sum(int(row["qcur"] or 0) for row in proxy.api.stat().values())


def test_a_full_server_makes_clients_wait_their_turn(start_proxy, servers, cleanup):
    port = free_port()
    # One thread: with more, each has a line of its own, and which is served first is open.
    proxy = start_proxy("global\n    nbthread 1\n"
                        + pool(port, f"server s1 {servers[0]} maxconn 1"))
    with connect(port) as first:
        assert read_line(first) == b"s1"
        with connect(port) as second:
            wait_for(lambda: waiting(proxy) == 1, "a client waits")
            third = cleanup.enter_context(connect(port))
            wait_for(lambda: waiting(proxy) == 2, "two clients wait")
            first.close()
            assert read_line(second) == b"s1"       # first come, first served
            assert proxy.api.stat()["pool", "s1"]["scur"] == "1"
            second.close()
            assert read_line(third) == b"s1"


def test_everybody_who_waits_is_served_whatever_their_thread(start_proxy, servers):
    port = free_port()
    start_proxy(pool(port, f"server s1 {servers[0]} maxconn 2"))
    with concurrent.futures.ThreadPoolExecutor(20) as clients:
        reached = list(clients.map(server_reached, [port] * 200))
    assert reached == ["s1"] * 200


def test_waiting_ends_after_timeout_queue(start_proxy, servers):
    port = free_port()
    start_proxy(pool(port, f"server s1 {servers[0]} maxconn 1", queue="100ms"))
    with connect(port) as first:
        assert read_line(first) == b"s1"
        assert server_reached(port) == ""


def test_a_client_that_leaves_the_queue_frees_its_place(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(pool(port, f"server s1 {servers[0]} maxconn 1", "option abortonclose"))
    with connect(port) as first:
        assert read_line(first) == b"s1"
        with connect(port):
            wait_for(lambda: waiting(proxy) == 1, "a client waits")
        wait_for(lambda: waiting(proxy) == 0, "it left")
        with connect(port) as second:
            wait_for(lambda: waiting(proxy) == 1, "another waits")
            first.close()
            assert read_line(second) == b"s1"


def test_maxqueue_bounds_how_many_wait(start_proxy, servers):
    """A source address that belongs to one server, so that nobody else serves it."""
    port = free_port()
    proxy = start_proxy(pool(port, "balance source",
                             f"server s1 {servers[0]} maxconn 1 maxqueue 1"))
    with connect(port) as first:
        assert read_line(first) == b"s1"
        with connect(port) as second:
            wait_for(lambda: waiting(proxy) == 1, "a client waits")
            assert server_reached(port) == ""       # one too many
            first.close()
            assert read_line(second) == b"s1"


def hears_nothing(client):
    """Neither a byte nor its end."""
    return not select.select([client], [], [], 0.3)[0]


def test_maxconn_of_a_listener_leaves_clients_in_the_backlog(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(pool(port, "maxconn 1", f"server s1 {servers[0]}"))
    with connect(port) as first:
        assert read_line(first) == b"s1"
        with connect(port) as second:
            assert hears_nothing(second)
            assert proxy.api.stat()["pool", "FRONTEND"]["scur"] == "1"
            first.close()
            assert read_line(second) == b"s1"


def test_global_maxconn(start_proxy, servers):
    port = free_port()
    start_proxy("global\n    maxconn 1\n" + pool(port, f"server s1 {servers[0]}"))
    with connect(port) as first:
        assert read_line(first) == b"s1"
        with connect(port) as second:
            assert hears_nothing(second)
            first.close()
            assert read_line(second) == b"s1"


def test_redispatch_goes_to_another_server(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(pool(port, "retries 2", "option redispatch",
                             f"server dead 127.0.0.1:{free_port()}", f"server s2 {servers[1]}"))
    assert {server_reached(port) for _ in range(4)} == {"s2"}
    assert int(proxy.api.stat()["pool", "dead"]["wredis"]) >= 1


def test_without_redispatch_the_client_is_closed(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(pool(port, "retries 1", f"server dead 127.0.0.1:{free_port()}"))
    assert server_reached(port) == ""

    def counted():
        row = proxy.api.stat()["pool", "dead"]
        return row["wretr"], row["econ"]

    wait_for(lambda: counted() == ("1", "1"), "it is counted")


BACKUPS = ("default-server inter 200ms fall 1 rise 2",
           "server s1 {0} check on-marked-up shutdown-backup-sessions",
           "server b1 {1} check backup", "server b2 {2} check backup")


@pytest.mark.parametrize("all_backups", [False, True])
def test_backups_serve_when_nothing_else_does(start_proxy, cleanup, all_backups):
    port = free_port()
    s1, b1, b2 = (cleanup.enter_context(NamedServer(name)) for name in ("s1", "b1", "b2"))
    lines = [line.format(s1, b1, b2) for line in BACKUPS]
    proxy = start_proxy(pool(port, *lines, *(["option allbackups"] if all_backups else [])))
    wait_for(lambda: proxy.api.up("pool") == {"s1", "b1", "b2"}, "all are up")
    wait_reached(port, "s1")
    assert {server_reached(port) for _ in range(3)} == {"s1"}

    s1.stop()
    wait_reached(port, "b1")
    reached = {server_reached(port) for _ in range(4)}
    assert reached == ({"b1", "b2"} if all_backups else {"b1"})

    with connect(port) as session:
        read_line(session)
        cleanup.enter_context(NamedServer("s1", port=s1.port))
        assert session.recv(1) == b""       # on-marked-up shutdown-backup-sessions
    wait_reached(port, "s1")


@pytest.mark.parametrize("policy, cut", [("", False),
                                         ("on-marked-down shutdown-sessions", True)])
def test_sessions_of_a_server_that_goes_down(start_proxy, cleanup, servers, policy, cut):
    """Its checks fail while its established sessions still work."""
    port = free_port()
    checked = cleanup.enter_context(NamedServer("check"))
    proxy = start_proxy(pool(port, f"server s1 {servers[0]} check port {checked.port} inter 200ms "
                                   f"fall 1 {policy}"))
    wait_reached(port, "s1")
    with connect(port) as session:
        assert read_line(session) == b"s1"
        checked.stop()
        wait_for(lambda: proxy.api.status("pool")["s1"] == "DOWN", "s1 is down")
        if cut:
            assert session.recv(1) == b""
        else:
            session.sendall(b"alive\n")
            assert read_line(session) == b"alive"
    assert proxy.api.stat()["pool", "s1"]["check_status"].startswith("L4")
