"""Health checks and agent checks, against servers whose answers the test chooses."""

import re
import socket
import ssl
import subprocess

import pytest

from harness.ports import free_port
from harness.servers import (AnsweringServer, NamedServer, PatroniServer, TcpServer, connect,
                             read_line, server_reached, wait_reached)
from harness.wait import wait_for

POOL = """
defaults
    mode tcp
    timeout connect 2s
    timeout check   2s
    timeout client  1m
    timeout server  1m
listen pool
    bind 127.0.0.1:{port}
    {lines}
    default-server inter 100ms fall 1 rise 2
    server s1 {server} check {options}
"""


@pytest.fixture
def pool(start_proxy, cleanup):
    """Starts a proxy whose one server is checked as `lines` say; gives a wait for its status."""
    def start(*lines, server=None, options=""):
        server = server or cleanup.enter_context(NamedServer("s1"))
        start.port = free_port()
        start.proxy = start_proxy(POOL.format(port=start.port, lines="\n    ".join(lines),
                                              server=server, options=options))
        return start

    def row():
        return start.proxy.api.stat()["pool", "s1"]

    def wait_status(status, check_status=None):
        wait_for(lambda: row()["status"] == status
                 and (check_status is None or row()["check_status"] == check_status),
                 f"s1 becomes {status} {check_status or ''}")
        return row()

    start.row, start.wait_status = row, wait_status
    return start


def test_connect_only(pool, cleanup):
    server = NamedServer("s1")
    pool(server=server)
    pool.wait_status("UP", "L4OK")
    server.stop()
    row = pool.wait_status("DOWN", "L4CON")
    assert (row["last_chk"], row["chkdown"]) == ("Connection refused", "1")
    cleanup.enter_context(NamedServer("s1", port=server.port))
    pool.wait_status("UP", "L4OK")


def test_no_answer_at_all(pool, cleanup):
    """A server whose backlog takes the connection and which then says nothing, as a frozen one."""
    silent = cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
    pool("option tcp-check", "tcp-check expect string hello", "timeout check 100ms",
         server=f"127.0.0.1:{silent.getsockname()[1]}")
    pool.wait_status("DOWN", "L7TOUT")


@pytest.mark.parametrize("expect, good, bad", [
    ("string production", "production\n", "standby\n"),
    ("! string standby", "production\n", "standby\n"),
    ("rstring ^prod[a-z]+$", "production", "no production"),
    ("! rstring [0-9]", "none", "1"),
    ("binary 70726f64", "prod", "prud"),
    ("rbinary ^7072", "production", "standby"),
])
def test_tcp_check_expect(pool, cleanup, expect, good, bad):
    state = cleanup.enter_context(AnsweringServer(good))
    pool("option tcp-check", f"tcp-check connect port {state.port}", f"tcp-check expect {expect}")
    pool.wait_status("UP", "L7OK")
    state.answer = bad
    row = pool.wait_status("DOWN", "L7RSP")
    assert "at step 2" in row["last_chk"]
    state.answer = good
    pool.wait_status("UP", "L7OK")


def test_tcp_check_send(pool, cleanup):
    """A dialogue: both sides speak twice."""
    heard = []

    def dialogue(connection):
        connection.sendall(b"who?\n")
        heard.append(read_line(connection))
        connection.sendall(b"go on\n")
        heard.append(connection.recv(2))
        connection.sendall(b"done")

    server = cleanup.enter_context(TcpServer(dialogue))
    pool("option tcp-check", "tcp-check connect", "tcp-check expect string who?",
         "tcp-check send novip\\n", "tcp-check expect string go\\ on",
         "tcp-check send-binary cafe", 'tcp-check expect string done comment "the end"',
         server=server)
    pool.wait_status("UP", "L7OK")
    assert heard[:2] == [b"novip", b"\xca\xfe"]


# Patroni's own haproxy.cfg, with addresses filled in and its 3 s intervals shortened.
PATRONI = """
global
    maxconn 100

defaults
    log global
    mode tcp
    retries 2
    timeout client 30m
    timeout connect 4s
    timeout server 30m
    timeout check 5s

listen stats
    mode http
    bind 127.0.0.1:{stats}
    stats enable
    stats uri /

listen primary
    bind 127.0.0.1:{primary}
    {check_primary}
    http-check expect status 200
    default-server inter 100ms fall 3 rise 2 on-marked-down shutdown-sessions
    server postgresql1 {0} maxconn 100 check port {api[0]}
    server postgresql2 {1} maxconn 100 check port {api[1]}

listen replicas
    bind 127.0.0.1:{replicas}
    option httpchk {method} /replica
    http-check expect status 200
    default-server inter 100ms fall 3 rise 2 on-marked-down shutdown-sessions
    server postgresql1 {0} maxconn 100 check port {api[0]}
    server postgresql2 {1} maxconn 100 check port {api[1]}
"""


@pytest.mark.parametrize("check_primary, method, requests", [
    ("option httpchk", "OPTIONS", {"OPTIONS /", "OPTIONS /replica"}),
    ("option httpchk OPTIONS /primary", "GET", {"OPTIONS /primary", "GET /replica"}),
    ("option httpchk HEAD /master", "HEAD", {"HEAD /master", "HEAD /replica"}),
    ("option httpchk\n    http-check send meth GET uri /primary ver HTTP/1.1 hdr Host patroni",
     "OPTIONS", {"GET /primary", "OPTIONS /replica"}),
])
def test_patroni_s_configuration(start_proxy, cleanup, check_primary, method, requests):
    names = ("postgresql1", "postgresql2")
    servers = [cleanup.enter_context(NamedServer(name)) for name in names]
    rest = [cleanup.enter_context(PatroniServer(role)) for role in ("primary", "replica")]
    primary, replicas = free_port(), free_port()
    proxy = start_proxy(PATRONI.format(
        *servers, api=[server.port for server in rest], stats=free_port(), primary=primary,
        replicas=replicas, check_primary=check_primary, method=method))

    def roles(primary_name, replica_name):
        return (proxy.api.up("primary"), proxy.api.up("replicas")) == ({primary_name},
                                                                       {replica_name})

    wait_for(lambda: roles(*names), "the first topology")
    wait_reached(primary, names[0])
    wait_reached(replicas, names[1])
    row = proxy.api.stat()["primary", "postgresql2"]
    assert (row["check_status"], row["check_code"]) == ("L7STS", "503")
    with connect(primary) as session:
        read_line(session)
        rest[0].role, rest[1].role = "replica", "primary"
        assert session.recv(1) == b""       # on-marked-down shutdown-sessions
    wait_for(lambda: roles(*reversed(names)), "the roles are exchanged")
    wait_reached(primary, names[1])
    wait_reached(replicas, names[0])
    assert set(rest[0].requests) == requests


@pytest.mark.parametrize("expect, good, bad", [
    ("status 200-299", "HTTP/1.0 204 No\r\n\r\n", "HTTP/1.0 301 Moved\r\n\r\n"),
    ("rstatus ^2", "HTTP/1.0 204 No\r\n\r\n", "HTTP/1.0 500 Oops\r\n\r\n"),
    ("! status 503", "HTTP/1.0 404 No\r\n\r\n", "HTTP/1.0 503 No\r\n\r\n"),
    ("string running", "HTTP/1.0 200 OK\r\n\r\n{state: running}", "HTTP/1.0 200 OK\r\n\r\n{}"),
])
def test_http_check_expect(pool, cleanup, expect, good, bad):
    def answer(connection):
        while read_line(connection) != b"\r":
            pass
        connection.sendall(answer.text.encode())

    answer.text = good
    rest = cleanup.enter_context(TcpServer(answer))
    pool("option httpchk GET /", f"http-check expect {expect}", options=f"port {rest.port}")
    pool.wait_status("UP", "L7OK")
    answer.text = bad
    wait_for(lambda: pool.row()["status"] == "DOWN", "s1 is down")
    assert pool.row()["check_status"] in ("L7STS", "L7RSP")


def test_check_over_tls(pool, cleanup, folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=novip",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    rest = cleanup.enter_context(TcpServer(answer))
    pool("option httpchk GET /", options=f"port {rest.port} check-ssl verify required "
                                         f"ca-file {certificate}")
    pool.wait_status("UP", "L7OK")


def test_check_over_tls_refuses_a_stranger(pool, cleanup):
    server = cleanup.enter_context(AnsweringServer("this is not TLS"))
    pool(options=f"port {server.port} check-ssl verify none")
    pool.wait_status("DOWN", "L6RSP")


def test_pgsql_check(pool, cluster):
    standby = cluster["srv2"].postgres
    pool("option pgsql-check user app", server=f"{standby.address}:{standby.port}")
    pool.wait_status("UP", "L7OK")
    standby.stop("fast")
    pool.wait_status("DOWN", "L4CON")


def test_a_frozen_postgresql_fails_pgsql_check(pool, cluster):
    standby = cluster["srv2"].postgres
    pool("option pgsql-check user app", "timeout check 200ms",
         server=f"{standby.address}:{standby.port}")
    pool.wait_status("UP", "L7OK")
    standby.hang()
    pool.wait_status("DOWN", "L7TOUT")


@pytest.mark.parametrize("answer, status, weight", [
    ("50%\n", "UP", "5"),
    ("drain\n", "DRAIN (agent)", None),
    ("maint\n", "MAINT", None),
    ("down\n", "DOWN (agent)", None),
    ("fail #disk full\n", "DOWN (agent)", None),
])
def test_agent_check(pool, cleanup, answer, status, weight):
    agent = cleanup.enter_context(AnsweringServer("up 100%\n"))
    pool(options=f"weight 10 agent-check agent-inter 100ms agent-port {agent.port}")
    pool.wait_status("UP")
    agent.answer = answer

    def follows():
        row = pool.row()
        return row["status"] == status and weight in (None, row["weight"])
    wait_for(follows, f"the agent's {answer!r} is followed")
    if status != "UP":
        assert server_reached(pool.port) == ""
    agent.answer = "ready up 100%\n"
    wait_for(lambda: (pool.row()["status"], pool.row()["weight"]) == ("UP", "10"),
             "the agent takes it back")


def test_observe_layer4_sees_failures_between_checks(pool, cleanup):
    """The check's port answers, the server itself does not."""
    check = cleanup.enter_context(NamedServer("check"))
    pool(server=f"127.0.0.1:{free_port()}",
         options=f"port {check.port} inter 1h observe layer4 error-limit 2 on-error mark-down")
    pool.wait_status("UP")
    for _ in range(2):
        assert server_reached(pool.port) == ""
    pool.wait_status("DOWN")


def test_rise_and_fall(pool, cleanup):
    server = cleanup.enter_context(AnsweringServer("good"))
    pool("option tcp-check", "tcp-check expect string good", server=server,
         options="rise 3 fall 4 inter 1s")      # for so long it is seen on its way down
    pool.wait_status("UP", "L7OK")
    server.answer = "bad"
    wait_for(lambda: re.match(r"UP [123]/4", pool.row()["status"]), "some checks of four failed")
    row = pool.wait_status("DOWN")
    assert int(row["chkfail"]) >= 4 and row["chkdown"] == "1"


def test_a_failed_check_says_at_which_step(cluster):
    def srv2():
        return cluster["srv1"].proxy.api.stat()["prod", "srv2"]

    # srv1 may have started, and asked, before srv2 listened
    wait_for(lambda: srv2()["check_status"] == "L7RSP", "srv2 has answered a check")
    row = srv2()
    assert row["last_chk"] == "TCPCHK did not match content 'production' at step 2"
    assert row["check_desc"] == "Layer7 invalid response"
