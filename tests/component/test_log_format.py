"""`log-format` beside HAProxy: the same session, the same configuration, the same line."""

import re
import socket

import pytest

from harness import settings
from harness.ports import free_port
from harness.proxy import Proxy
from harness.servers import NamedServer, connect, read_line
from harness.syslog import SyslogReceiver
from harness.wait import wait_for

HAPROXY = "/usr/sbin/haproxy"
TCP_VARIABLES = """B H ID ST T Tc Td Th Tl Ts Tt Tu Tw U ac b bc bi bp bq ci cp f fc fi fp ft hr hrl hs
hsl lc ms pid rc s sc si sp sq sslc sslv t ts tsc""".split()     # %rt: each numbers on its own
FORMATS = {
    "plain": "|".join(f"{name}=%{name}" for name in TCP_VARIABLES),
    "quoted": "|".join(f"{name}=%{{+Q}}{name}" for name in TCP_VARIABLES),
    "hexadecimal": "|".join(f"{name}=%{{+X}}{name}" for name in TCP_VARIABLES),
    "for all": "%{+Q,+X}o %ci %cp %{-X}o%b %{-Q}s %f",
    "escaped": "%{+E}ft|%{+E,+Q}b|100%%",
    "spaces": "  a   b  %ci  %hr  %b c  ",
    "nothing of the end": "%ci:%cp [%t] %ft %b/%s %pid",
}
POOL = """
global
    log {log} format raw local0 info
    nbthread 1
defaults
    mode tcp
    log global
    timeout connect 500ms
    timeout client  1m
    timeout server  1m
    timeout queue   {queue}
    retries 1
"""


def start_beside(binary, folder, cleanup, lines, queue="5s"):
    """A proxy on its own syslog receiver, with a pool of these lines; stopped at the test's end.
    Proxy, receiver, port."""
    name = "haproxy" if binary == HAPROXY else "novip"
    log = cleanup.enter_context(SyslogReceiver(folder / f"{name}.syslog"))
    port = free_port()
    pool = f"\nlisten pool\n    bind 127.0.0.1:{port}\n"
    proxy = Proxy(name, POOL.format(log=log.udp, queue=queue) + pool + lines, folder, binary=binary)
    cleanup.callback(proxy.stop)
    proxy.start()
    return proxy, log, port


def normal(line, **values):
    """`line` with what differs from run to run told by its name."""
    line = re.sub(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d(\.\d{3}| [-+]\d{4})?",
                  lambda date: "DATE" + re.sub(r"\d", "0", date[1] or ""), line)
    line = re.sub(r"\b(T[cdhtuw])=\+?\d+", r"\1=MS", line)
    line = re.sub(r"\b(Ts|ms)=[0-9A-F]+", r"\1=TIME", line)
    line = re.sub(r"\bbp=[0-9A-F]+", "bp=PORT", line)      # any, of the kernel's choice
    for name, value in values.items():
        line = re.sub(rf"\b({value}|{value:04X})\b", name, line)
    return line


def line_of_a_session(binary, folder, cleanup, log_format, server):
    proxy, log, port = start_beside(binary, folder, cleanup, f"""
    log-format '{log_format}'
    server s1 {server}
""")
    with connect(port) as client:
        client_port = client.getsockname()[1]
        read_line(client)
        client.sendall(b"hello\n")
        read_line(client)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    line = log.wait_line(re.compile(r"^(?!Proxy |Server ).*\n"))[0]
    return normal(line, CLIENT=client_port, FRONTEND=port, SERVER=server.port, PID=proxy.pid)


@pytest.mark.novip_only
@pytest.mark.parametrize("name", FORMATS)
def test_a_session_as_haproxy_says_it(folder, cleanup, name):
    server = cleanup.enter_context(NamedServer("s1"))
    lines = [line_of_a_session(binary, folder, cleanup, FORMATS[name], server)
             for binary in (HAPROXY, settings.BINARY)]
    assert lines[1].split("|") == lines[0].split("|")


@pytest.mark.novip_only
def test_no_server_as_haproxy_says_it(folder, cleanup):
    log_format = "|".join(f"{name}=%{name}" for name in TCP_VARIABLES)
    lines = []
    for binary in (HAPROXY, settings.BINARY):
        proxy, log, port = start_beside(binary, folder, cleanup, f"""
    log-format '{log_format}'
""")
        with connect(port) as client:
            client_port = client.getsockname()[1]
            assert client.recv(1) == b""
        line = log.wait_line(re.compile(r"^B=.*\n"))[0]
        lines.append(normal(line, CLIENT=client_port, FRONTEND=port, PID=proxy.pid).split("|"))
    assert lines[1] == lines[0]


@pytest.mark.novip_only
def test_logasap(folder, cleanup):
    """The line is there while the session goes on, and is the only one."""
    server = cleanup.enter_context(NamedServer("s1"))
    lines = []
    for binary in (HAPROXY, settings.BINARY):
        _, log, port = start_beside(binary, folder, cleanup, f"""
    option tcplog
    option logasap
    server s1 {server}
""")
        with connect(port) as client:
            read_line(client)
            line = log.wait_line(re.compile(r" pool pool/s1 .*\n"))[0]
            lines.append(re.sub(r" \d+/\d+/\+\d+ ", " MS ", line))
        with connect(port) as client:
            next_port = client.getsockname()[1]
            read_line(client)
            assert log.wait_line(re.compile(r":(\d+) \[.* pool pool/s1 "))[1] == str(next_port)
    assert lines[1] == lines[0] == " pool pool/s1 MS +0 -- 1/1/1/1/0 0/0\n"


@pytest.mark.novip_only
@pytest.mark.parametrize("balance", ["roundrobin", "source"])
def test_the_place_in_line(folder, cleanup, balance):
    """%bq where any server will do, %sq where the client waits for its own."""
    server = cleanup.enter_context(NamedServer("s1"))
    lines = []
    for binary in (HAPROXY, settings.BINARY):
        proxy, log, port = start_beside(binary, folder, cleanup, f"""
    balance {balance}
    log-format '%ts %sq/%bq'
    server s1 {server} maxconn 1
""")
        first = connect(port)
        read_line(first)
        with connect(port) as second:
            queues = lambda: [proxy.api.stat()["pool", name]["qcur"] for name in ("s1", "BACKEND")]
            wait_for(lambda: "1" in queues(), "the second client waits")
            waiting = queues()
            first.close()
            assert read_line(second) == b"s1"
        lines.append((waiting, sorted(log.wait_line(re.compile(r"^-- .*\n"))[0] for _ in range(2))))
    assert lines[1] == lines[0]
