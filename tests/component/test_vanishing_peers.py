"""Peers that vanish without a word: no FIN, no reset, every packet dropped."""

import re
import subprocess
import threading

import psycopg
import pytest

from harness.configurations import cluster_section
from harness.network import Network
from harness.ports import free_port
from harness.servers import NamedServer, TcpServer, connect, read_line
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only


@pytest.fixture
def network():
    with Network() as network:
        yield network


POOL = """
defaults
    mode tcp
    log {log} local0
    timeout connect 5s
    timeout client  1m
    timeout server  1m
listen pool
    bind {gateway}:{port} tcp-ut 2s
    server s1 {server} tcp-ut 2s
    option tcplog
    option clitcpka
    option srvtcpka
    clitcpka-idle 1
    clitcpka-intvl 1
    clitcpka-cnt 2
    srvtcpka-idle 1
    srvtcpka-intvl 1
    srvtcpka-cnt 2
"""


@pytest.mark.root_only
@pytest.mark.parametrize("who, busy", [("client", False), ("client", True), ("server", False),
                                       ("server", True)])
def test_a_peer_that_vanishes(start_proxy, network, syslog, who, busy, cleanup):
    """Its network drops every packet: keep-alive ends an idle session, tcp-ut one with bytes on their
    way, and the log says on which side."""
    gateway = network.addresses["srv1"].rsplit(".", 1)[0] + ".1"
    with network.inside("srv1"):
        server = cleanup.enter_context(NamedServer("s1", address=network.addresses["srv1"]))
    port = free_port(gateway)
    cut_off = threading.Event()

    def speaks_up(connection):
        connection.sendall(b"s1\n")
        cut_off.wait(60)
        connection.sendall(b"are you there?\n" if busy else b"")
        connection.recv(1)

    address = str(server) if who == "server" else str(cleanup.enter_context(TcpServer(speaks_up)))
    proxy = start_proxy(POOL.format(log=syslog.udp, gateway=gateway, port=port, server=address))
    if who == "client":
        with network.inside("srv1"):
            client = cleanup.enter_context(connect(port, gateway))
    else:
        client = cleanup.enter_context(connect(port, gateway))
    assert read_line(client) == b"s1"
    network.cut_off("srv1")
    cut_off.set()
    if busy and who == "server":
        client.sendall(b"are you there?\n")
    wait_for(lambda: proxy.api.info()["CurrConns"] == "0", "the session has ended", 15)
    line = syslog.wait_line(re.compile(r" pool pool/s1 \S+ \d+ (\S\S) "))
    assert line[1] == ("CD" if who == "client" else "SD")


@pytest.mark.root_only
def test_sessions_of_pools_have_keep_alive_unless_told_otherwise(start_proxy, native):
    """Both sides: `ss` shows the timers that the kernel runs."""
    port = free_port()
    start_proxy(f"{cluster_section(native)}listen pool\n    bind 127.0.0.1:{port}\n"
                f"    cluster pg role primary\n")
    with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app") as session:
        assert session.execute("SELECT 1").fetchone() == (1,)

        def has_keepalive(*which):      # a timer of what was just sent comes before it
            shown = subprocess.run(["ss", "-tnoH", "state", "established", *which],
                                   check=True, capture_output=True, text=True).stdout
            return re.search(r"timer:\(keepalive,(\d+)sec", shown)
        wait_for(lambda: has_keepalive("sport", "=", f":{port}"), "the client's side has it")
        wait_for(lambda: has_keepalive("dport", "=", f":{native.ports.postgres}"),
                 "the server's side has it")
