"""Situations in which a proxy must doubt what it sees: unknown is never primary."""

import concurrent.futures
import json
import re

import pytest

from harness import rest
from harness.clients import sqlstate_of_its_end
from harness.postgres import make_template
from harness.pool import held
from harness.ports import free_port
from harness.servers import TcpServer
from harness.tls import TlsWire
from harness.wait import wait_for
from harness.wire import Wire, startup_packet

pytestmark = pytest.mark.novip_only


@pytest.fixture
def told(native):
    """Whether a node's proxy logged this since the test began."""
    before = {node.name: node.proxy.log.stat().st_size for node in native.nodes}

    def told(node, pattern):
        said = node.proxy.log.read_bytes()[before[node.name]:].decode(errors="replace")
        return re.search(pattern, said, re.I)

    return told


def wait_no_primary(nodes):
    for node in nodes:
        wait_for(lambda: not node.proxy.api.up("prod"), f"{node.name} has no primary")


def test_of_two_primaries_the_higher_timeline_wins(native, cleanup, told):
    """Somebody promotes a standby while the primary runs."""
    session = cleanup.enter_context(native["srv3"].connect("prod", sslmode="disable"))
    native["srv2"].postgres.promote()
    assert sqlstate_of_its_end(session) == "57P01"
    for node in native.nodes:
        wait_for(lambda: node.proxy.api.up("prod") == {"srv2"}, f"{node.name} sends to srv2")
        wait_for(lambda: told(node, "two primaries"), f"{node.name} says so")
        with node.connect("prod") as session:
            assert session.execute("SELECT host(inet_server_addr())").fetchone() == ("127.0.0.12",)


def test_two_primaries_on_one_timeline_are_none(native, told):
    """Both were promoted while the primary was away: nobody can say which is right."""
    for name in ("srv2", "srv3"):       # they must not find each other
        with native[name].postgres.connect() as session:
            session.execute("ALTER SYSTEM SET primary_conninfo = ''")
            session.execute("SELECT pg_reload_conf()")
    native["srv1"].postgres.stop("fast")
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda name: native[name].postgres.promote(), ("srv2", "srv3")))
    for node in native.nodes:
        wait_for(lambda: told(node, "two primaries"), f"{node.name} says so")
    wait_no_primary(native.nodes)
    native["srv3"].postgres.stop("fast")
    for node in native.nodes:
        wait_for(lambda: node.proxy.api.up("prod") == {"srv2"}, f"{node.name} sends to srv2")


def test_another_cluster_s_primary_takes_nobody(native, folder, told):
    """An instance that was initialised anew runs where srv3 was."""
    srv3 = native["srv3"].postgres
    srv3.create(make_template(folder / "other", [node.name for node in native.nodes]))
    srv3.start()
    assert not srv3.is_standby()
    for node in native.nodes:
        wait_for(lambda: told(node, "srv3.*system identifier|system identifier.*srv3"),
                 f"{node.name} says so")
        assert node.proxy.api.up("prod") == {"srv1"}
        wait_for(lambda: node.proxy.api.up("stdby") == {"srv2"}, f"{node.name} reads from srv2")
        assert node.reaches("prod", standby=False)


def test_a_minority_has_no_primary(native, cleanup, told):
    """srv1 sees only itself: the others may have promoted another; its clients must not go on."""
    srv1, others = native["srv1"], native.nodes[1:]
    session = cleanup.enter_context(srv1.connect("prod", sslmode="disable"))
    for node in others:
        node.stop_proxy()
    assert sqlstate_of_its_end(session) == "57P01"
    wait_no_primary([srv1])
    wait_for(lambda: told(srv1, "fewer than 2 of 3 nodes are heard"), "srv1 says so")
    assert srv1.postgres.running and not srv1.postgres.is_standby()
    others[0].start_proxy()
    wait_for(lambda: srv1.reaches("prod", standby=False), "srv1 serves again")


def replicated_from(pool, mode):
    """The node that a new replication session gets."""
    return pool.reached(user="postgres", replication="database", sslmode=mode)


def agent_that_tells(state):
    """Whatever it is asked, and however often: serve() of a TcpServer."""
    body = json.dumps(state)
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    def serve(connection):
        with connection.makefile("rb") as requests:
            for line in requests:
                if line == b"\r\n":
                    connection.sendall(answer)

    return serve


@pytest.mark.parametrize("ends_tls", [False, True], ids=["plain", "tls"])
def test_a_standby_that_is_called_the_primary_takes_nobody(native, start_pool, certificate,
                                                           cleanup, ends_tls):
    """Two agents lie, each tells the other's state, and stand by it when they are asked again. What
    PostgreSQL says itself remains (in_hot_standby), within TLS too where novip ends it."""
    told = {node.name: rest.state(node) for node in native.nodes}
    told["srv1"], told["srv2"] = told["srv2"], told["srv1"]
    port = free_port(*(node.address for node in native.nodes))
    for node in native.nodes:
        cleanup.enter_context(TcpServer(agent_that_tells(told[node.name]), node.address, port))
    bind, node = (f"ssl crt {certificate}", "ssl verify none") if ends_tls else ("", "")
    pool = start_pool("cluster pg role primary", "hold 300ms", watch=f"patroni port {port}",
                      bind=bind, node=node)
    wait_for(lambda: pool.proxy.api.up("pool") == {"srv2"}, "srv2 is taken for the primary")
    with (TlsWire if ends_tls else Wire)(pool.address, pool.port) as client:
        client.send(startup_packet())
        error = client.error()
    assert error["C"] == "57P03" and "srv2 says that it is not a primary" in error["M"], error


@pytest.mark.parametrize("ends_tls", [False, True], ids=["plain", "tls"])
def test_a_node_never_replicates_from_itself(native, start_pool, certificate, ends_tls):
    """Its own pg_hba lets everybody in, and PostgreSQL would follow itself."""
    own = native["srv2"].address
    pool = start_pool("cluster pg role standby", "hold 300ms", address=own,
                      bind=f"ssl crt {certificate}" if ends_tls else "")
    mode, wire = ("require", TlsWire) if ends_tls else ("disable", Wire)
    pool.wait_reached("srv2", "srv3")
    assert {replicated_from(pool, mode) for _ in range(6)} == {"srv3"}
    native["srv3"].postgres.stop("fast")
    pool.wait_reached("srv2")
    with wire(pool.address, pool.port) as client:
        client.send(startup_packet(user="postgres", replication="true"))
        error = client.error()
    assert error["C"] == "57P03" and "must not replicate from itself" in error["M"]
    assert pool.reached(sslmode=mode) == "srv2"


def test_a_held_replication_session_holds_up_nobody(start_pool):
    """It waits for another server than its own; who comes after it does not have to."""
    pool = start_pool("cluster pg role primary", "hold 10s", address="127.0.0.11")
    pool.wait_reached("srv1")
    with Wire(pool.address, pool.port) as client:
        client.send(startup_packet(user="postgres", replication="true"))
        wait_for(lambda: held(pool.proxy) == 1, "it is held")
        assert pool.reached_by(3) == {"srv1"}
        assert held(pool.proxy) == 1
