"""What is logged of sessions and servers, in HAProxy's format."""

import re
import socket

import pytest

from harness.ports import free_port
from harness.servers import NamedServer, connect, read_line, server_reached, wait_reached
from harness.wait import wait_for

SESSION = re.compile(
    r"^<(?P<priority>\d+)>(?P<time>\w{3} [ \d]\d \d\d:\d\d:\d\d) (?P<tag>\S+)\[(?P<pid>\d+)\]: "
    r"(?P<client>\S+):(?P<client_port>\d+) \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] "
    r"(?P<frontend>\S+) (?P<backend>\S+)/(?P<server>\S+) "
    r"(?P<queue>-?\d+)/(?P<connect>-?\d+)/(?P<total>\d+) (?P<bytes>\d+) (?P<state>\S\S) "
    r"\d+/\d+/\d+/\d+/(?P<retries>\+?\d+) \d+/\d+$")

POOL = """
global
    log {log} local2
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 500ms
    timeout client  {client}
    timeout server  {server}
    timeout queue   100ms
    retries 1
    {more}
listen pool
    bind 127.0.0.1:{port}
    server s1 {target} {options}
"""


@pytest.fixture
def s1(cleanup):
    return cleanup.enter_context(NamedServer("s1"))


def pool(log, port, target, more="", options="", client="1m", server="1m"):
    return POOL.format(log=log, port=port, target=target, more=more, options=options,
                       client=client, server=server)


@pytest.mark.parametrize("way", ["udp", "unix"])
def test_a_session_as_tcplog(start_proxy, syslog, s1, way):
    port = free_port()
    proxy = start_proxy(pool(syslog.udp if way == "udp" else syslog.path, port, s1))
    with connect(port) as client:
        read_line(client)
        client_port = client.getsockname()[1]
        client.sendall(b"hello\n")
        read_line(client)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    line = syslog.wait_line(SESSION, via=way)
    assert line["priority"] == "150"    # local2.info
    assert line["tag"] == "haproxy" and int(line["pid"]) == proxy.pid
    assert (line["client"], int(line["client_port"])) == ("127.0.0.1", client_port)
    assert (line["frontend"], line["backend"], line["server"]) == ("pool", "pool", "s1")
    assert (line["bytes"], line["state"], line["retries"]) == ("9", "--", "0")


def test_no_server_left(start_proxy, syslog, s1):
    port = free_port()
    start_proxy(pool(syslog.udp, port, s1, options="disabled"))
    assert server_reached(port) == ""
    line = syslog.wait_line(SESSION)
    assert (line["server"], line["state"]) == ("<NOSRV>", "SC")


def test_connection_refused_is_retried(start_proxy, syslog):
    port = free_port()
    start_proxy(pool(syslog.udp, port, f"127.0.0.1:{free_port()}"))
    assert server_reached(port) == ""
    line = syslog.wait_line(SESSION)
    assert (line["connect"], line["state"], line["retries"]) == ("-1", "SC", "1")


def test_idle_client(start_proxy, syslog, s1):
    port = free_port()
    start_proxy(pool(syslog.udp, port, s1, client="100ms"))
    server_reached(port)
    with connect(port) as client:
        read_line(client)
        assert client.recv(1) == b""
        assert syslog.wait_line(re.compile(r" cD "))


def test_cut_because_the_server_went_down(start_proxy, syslog, s1):
    port = free_port()
    start_proxy(pool(syslog.udp, port, s1,
                     options="check inter 200ms fall 1 on-marked-down shutdown-sessions "
                             f"port {s1.port}"))
    wait_reached(port, "s1")
    syslog.wait_line(SESSION)
    with connect(port) as client:
        read_line(client)
        s1._server.shutdown()
        s1._server.server_close()       # stops listening; the session stays
        assert client.recv(1) == b""
    assert syslog.wait_line(SESSION)["state"][0] == "D"


def test_servers_going_down_and_up(start_proxy, syslog, cleanup):
    port = free_port()
    with NamedServer("s1") as server:
        proxy = start_proxy(pool(syslog.udp, port, server,
                                 options="check inter 200ms fall 1 rise 2"))
        wait_for(lambda: proxy.api.up("pool"), "s1 is up")
    down = syslog.wait_line(re.compile(r"<(\d+)>.*: Server pool/s1 is DOWN, reason: (.*)"))
    assert down[1] == "145"             # local2.alert
    assert down[2].startswith('Layer4 connection problem, info: "Connection refused"')
    syslog.wait_line(re.compile(r"<144>.*: proxy pool has no server available!"))
    cleanup.enter_context(NamedServer("s1", port=server.port))
    up = syslog.wait_line(re.compile(r"<(\d+)>.*: Server pool/s1 is UP, reason: (.*)"))
    assert up[1] == "149"               # local2.notice
    assert up[2].startswith("Layer4 check passed")


def test_dontlognull(start_proxy, syslog, s1):
    port = free_port()
    start_proxy(pool(syslog.udp, port, s1, more="option dontlognull"))
    server_reached(port)            # sends nothing: not logged
    with connect(port) as client:
        client.sendall(b"x\n")
        assert (read_line(client), read_line(client)) == (b"s1", b"x")
        logged = client.getsockname()[1]
    assert int(syslog.wait_line(SESSION)["client_port"]) == logged


def test_a_lost_log_receiver_does_no_harm(start_proxy, folder, s1):
    port = free_port()
    start_proxy(pool(folder / "nobody", port, s1))
    assert [server_reached(port) for _ in range(3)] == ["s1"] * 3
