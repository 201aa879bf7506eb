"""`forward kernel`: three nodes, each with a network of its own, and clients on another machine.

"Another machine" is where the tests run: the bridge between the nodes' networks is ours."""

import re
import select
import signal
import socket
import threading
import time

import psycopg
import pytest

from harness import configurations
from harness.clients import Opener
from harness.cluster import running_cluster
from harness.network import Network
from harness.wait import wait_for

pytestmark = [pytest.mark.novip_only, pytest.mark.root_only]

WHO = "SELECT pg_is_in_recovery(), host(inet_server_addr()), host(inet_client_addr())"


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        network.let_all_forward()
        yield network


@pytest.fixture(scope="module")
def shared_kernel(run_folder, network):
    nodes6 = "\n".join(f"    node {name} [{address}]:5434"
                       for name, address in network.addresses6.items())
    six = (f"\ncluster pg6\n    watch agent port 8008\n{nodes6}\n"
           "\nlisten prod6\n    bind [::]:6432 v6only\n    cluster pg6 role primary\n"
           "    forward kernel port 5442\n    hold 30s\n"
           "\nlisten stdby6\n    bind [::]:6433 v6only\n    balance source\n"
           "    cluster pg6 role standby\n    forward kernel port 5443\n    hold 30s\n")
    with running_cluster(run_folder / "kernel", configurations.kernel(six), network) as cluster:
        yield cluster


@pytest.fixture
def kernel(shared_kernel):
    with shared_kernel.in_order():
        yield shared_kernel


def crash(node):
    node.proxy.send(signal.SIGKILL)
    node.proxy.wait()


def rules(network, name):
    return network.run(name, "nft", "list", "ruleset")


def relayed(node):
    """Sessions that the proxy itself carries."""
    return [line for line in node.proxy.api("show sess").splitlines()
            if re.search(r"fe=(prod|stdby)", line)]


def counted(node, proxy, server, column="stot"):
    return int(node.proxy.api.stat()[proxy, server][column])


def test_clients_of_another_machine_are_forwarded_by_role(kernel):
    for node in kernel.nodes:
        with node.connect("prod") as session:
            assert not relayed(node)
            recovering, server, client = session.execute(WHO).fetchone()
            assert (recovering, server) == (False, kernel["srv1"].address)
            # As of a proxy: the node's own address, except on the server's own node.
            if node.name != "srv1":
                assert client == node.address
        reached = []
        for _ in range(6):
            with node.connect("stdby") as session:
                recovering, server, _ = session.execute(WHO).fetchone()
                assert recovering
                reached.append(server)
        assert {reached.count(kernel[name].address) for name in ("srv2", "srv3")} == {3}


def test_clients_of_the_node_itself(kernel, network):
    for node in kernel.nodes:
        with network.inside(node.name):
            with node.connect("prod") as session:
                assert session.execute(WHO).fetchone()[:2] == (False, kernel["srv1"].address)
                assert not relayed(node)
            with psycopg.connect(f"host=127.0.0.1 port={node.ports.prod} dbname=app user=app",
                                 autocommit=True) as session:
                assert session.execute(WHO).fetchone()[0] is False
                # To another machine, a loopback address cannot go: the proxy carries it.
                assert len(relayed(node)) == 1


def test_ipv6(kernel, network):
    for node in kernel.nodes:
        address = network.addresses6[node.name]
        with psycopg.connect(f"host={address} port=6432 dbname=app user=app") as session:
            assert session.execute(WHO).fetchone()[:2] == (False, network.addresses6["srv1"])
        reached = set()
        for _ in range(4):
            with psycopg.connect(f"host={address} port=6433 dbname=app user=app") as session:
                recovering, server, _ = session.execute(WHO).fetchone()
                assert recovering
                reached.add(server)
        assert len(reached) == 1        # balance source


def test_counts(kernel):
    """Each second; what the tests before did may still have to be counted."""
    node = kernel["srv1"]       # through the others' the standbys replicate
    before = counted(node, "prod", "srv1", "bout")
    with node.connect("prod") as session:
        session.execute("SELECT repeat('x', 1000000)")
        wait_for(lambda: counted(node, "prod", "srv1", "scur") == 1, "the session is counted")
        wait_for(lambda: counted(node, "prod", "srv1", "bout") - before >= 1000000,
                 "its bytes are counted")
        assert counted(node, "prod", "srv1", "bout") - before < 1500000
        sessions = counted(node, "prod", "srv1")
        with node.connect("prod"):
            wait_for(lambda: counted(node, "prod", "srv1", "scur") == 2, "so is another one")
            wait_for(lambda: counted(node, "prod", "srv1") == sessions + 1, "just once")
    wait_for(lambda: counted(node, "prod", "srv1", "scur") == 0, "their ends are counted")
    assert counted(node, "prod", "FRONTEND") == counted(node, "prod", "BACKEND") > 0


def test_a_guarded_port_is_open_in_its_role_only(kernel, network):
    def opens(node, port):
        try:
            socket.create_connection((node.address, port), timeout=0.3).close()
            return True
        except TimeoutError:
            return False

    for node in kernel.nodes:
        ours, others = (5442, 5443) if node.name == "srv1" else (5443, 5442)
        wait_for(lambda: opens(node, ours), f"{node.name} is open in its role")
        assert not opens(node, others)
    srv1 = kernel["srv1"]
    crash(srv1)
    began = time.monotonic()
    wait_for(lambda: not opens(srv1, 5442), "the guard closes the port of a dead agent", 3)
    print(f"closed {time.monotonic() - began:.2f} s after the agent died")
    assert "guard.5442" in rules(network, "srv1")
    srv1.proxy.start(network=network.namespace("srv1"))


def test_a_standby_that_may_be_promoted_is_trusted_for_an_interval(kernel, network):
    """What the kernel holds to by itself, however late the news of a promotion is."""
    def trusted(name):
        """Milliseconds; 0: the port is closed."""
        elements = re.search(r"set guard\.5443 \{.*?\n\t\}", rules(network, name), re.S)[0]
        times = re.findall(r"timeout (?:(\d+)s)?(?:(\d+)ms)?", elements)
        return max((1000 * int(seconds or 0) + int(rest or 0) for seconds, rest in times), default=0)

    wait_for(lambda: trusted("srv2") > 500, "srv2 streams")
    kernel["srv1"].postgres.stop("fast")
    wait_for(lambda: 0 < trusted("srv2") <= 50, "srv2 is trusted for 50 ms")
    kernel["srv1"].postgres.start()
    wait_for(lambda: trusted("srv2") > 500, "srv2 streams again")


def is_over(connection):
    """Whether the other side ended this session, without asking it anything."""
    try:
        readable, _, _ = select.select([connection.pgconn.socket], [], [], 0)
        if readable:
            connection.pgconn.consume_input()
    except psycopg.Error:
        return True
    return connection.pgconn.status != psycopg.pq.ConnStatus.OK


def test_switchover_with_clients_that_connect_all_the_time(kernel, cleanup):
    """No session on a server of the wrong role for longer than it may be trusted without being
    asked (50 ms), and those that are there end."""
    srv2 = kernel["srv2"]
    idle = [kernel["srv3"].connect("prod"), kernel["srv1"].connect("prod")]
    openers = [cleanup.enter_context(Opener(kernel.nodes, pool)) for pool in 2 * ("prod", "stdby")]
    wait_for(lambda: all(len(opener.sessions) > 10 for opener in openers), "clients are served")
    kernel.switchover(srv2)
    promoted = time.monotonic()
    wait_for(lambda: all(is_over(session) for session in idle), "sessions of srv1 end")
    for opener in openers[0::2]:
        wait_for(lambda: opener.count_on(srv2.address, promoted) >= 3, "srv2 serves writers")
    for opener in openers[1::2]:
        wait_for(lambda: opener.count_on(kernel["srv1"].address, promoted) >= 3,
                 "srv1 serves readers")
    cleanup.close()
    for opener in openers[0::2]:
        assert not any(standby for _, standby, _ in opener.sessions)
    for opener in openers[1::2]:
        assert all(standby or (server == srv2.address and began < promoted + 0.05)
                   for began, standby, server in opener.sessions)
    print(sum(len(opener.sessions) for opener in openers), "sessions, not opened:",
          [failure for opener in openers for failure in opener.failures])


def test_who_is_held_goes_to_the_new_primary(kernel, network):
    srv1, srv2, srv3 = kernel.nodes
    srv1.postgres.stop("fast")
    wait_for(lambda: not srv3.proxy.api.up("prod"), "srv3 has no primary")
    results = []

    def connect():
        with psycopg.connect(f"host={srv3.address} port={srv3.ports.prod} dbname=app user=app "
                             "connect_timeout=25") as session:
            results.append(session.execute(WHO).fetchone()[:2])

    threads = [threading.Thread(target=connect) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_for(lambda: rules(network, "srv3").count("timeout 30s expires") >= 5, "they are held")
    srv2.postgres.promote()
    for thread in threads:
        thread.join(30)
    assert results == [(False, srv2.address)] * 5


def test_sessions_end_when_their_server_is_lost(kernel, network):
    """Its machine loses power: nothing comes from it any more, and idle clients learn of it."""
    session = kernel["srv3"].connect("prod")
    network.cut_off("srv1")
    try:
        began = time.monotonic()
        wait_for(lambda: is_over(session), "an idle session of another machine is reset", 10)
        print(f"reset {time.monotonic() - began:.2f} s after the cut")
    finally:
        network.connect_again("srv1")


MISSED = """
table inet missed {
    chain again {
        type filter hook prerouting priority -150
        tcp dport 5432 ct mark set 0x4e000001
    }
}
"""


def test_a_session_that_a_change_of_rules_missed_ends(kernel, network, folder):
    """As its first packet was on its way from the old rules to conntrack; here its mark is made one
    that nobody has any more."""
    (folder / "missed.nft").write_text(MISSED)
    session = kernel["srv3"].connect("prod")
    network.run("srv3", "nft", "-f", str(folder / "missed.nft"))
    try:
        session.execute("SELECT")
        wait_for(lambda: is_over(session), "it ends")
    finally:
        network.run("srv3", "nft", "delete", "table", "inet", "missed")


def test_sessions_outlive_a_crash_of_novip(kernel, network):
    srv3 = kernel["srv3"]
    session = srv3.connect("prod")
    crash(srv3)
    assert session.execute("SELECT 1").fetchone() == (1,)
    assert srv3.reaches("prod", standby=False)      # rules are the kernel's
    srv3.proxy.start(network=network.namespace("srv3"))
    kernel.wait_settled()
    time_known = counted(srv3, "prod", "srv1")
    wait_for(lambda: counted(srv3, "prod", "srv1", "scur") >= 2,
             "its session is adopted, and the standby's")
    assert session.execute("SELECT 1").fetchone() == (1,)
    assert srv3.reaches("prod", standby=False)
    wait_for(lambda: counted(srv3, "prod", "srv1") > time_known, "the new one counts")
    kernel.switchover(kernel["srv2"])
    wait_for(lambda: is_over(session), "it ends as the others")


def test_an_end_removes_the_rules_and_the_sessions(kernel, network):
    srv3 = kernel["srv3"]
    session = srv3.connect("prod")
    srv3.stop_proxy()
    assert "novip" not in rules(network, "srv3")
    wait_for(lambda: is_over(session), "its session ended")
    with pytest.raises(psycopg.OperationalError):
        srv3.connect("prod")


def test_a_soft_stop_lets_sessions_finish(kernel, network):
    srv1 = kernel["srv1"]
    session = srv1.connect("prod")
    wait_for(lambda: counted(srv1, "prod", "srv1", "scur") == 1, "the session is counted")
    srv1.proxy.send(signal.SIGUSR1)
    wait_for(lambda: "dnat ip" not in rules(network, "srv1"), "nobody new is led on")
    assert session.execute("SELECT 1").fetchone() == (1,)
    session.close()
    # A successor would have had the time to come.
    wait_for(lambda: not srv1.proxy.running, "it ends with the last session", 30)
    assert "novip" not in rules(network, "srv1")
    srv1.proxy.stop()


def test_a_successor_finds_whom_other_nodes_led_here(kernel, network):
    """It has some seconds; the standbys replicate from the primary's role port, too."""
    srv1, srv3 = kernel["srv1"], kernel["srv3"]
    with srv3.connect("prod") as session:
        srv1.proxy.send(signal.SIGUSR1)
        wait_for(lambda: "dnat ip" not in rules(network, "srv1"), "nobody new is led on from here")
        for _ in range(20):
            assert session.execute("SELECT pg_sleep(0.1)::text, inet_server_addr()")
        assert srv1.proxy.running and srv1.postgres.followers() == {"srv2", "srv3"}
    srv1.proxy.stop()


def test_a_reload_breaks_nothing(kernel):
    srv3 = kernel["srv3"]
    session = srv3.connect("prod")
    text = srv3.proxy.file.read_text()
    try:
        srv3.proxy.file.write_text(text + "\nlisten more\n bind *:7777\n cluster pg role any\n"
                                          " forward kernel\n")
        srv3.proxy.api("reload")
        wait_for(lambda: srv3.proxy.api.up("more") == {"srv1", "srv2", "srv3"}, "it is reloaded")
        with psycopg.connect(f"host={srv3.address} port=7777 dbname=app user=app"):
            pass
        assert session.execute("SELECT 1").fetchone() == (1,)
        # And a proxy that is relayed from now on keeps those that the kernel carries.
        srv3.proxy.file.write_text(text.replace("    forward kernel port 5442\n", ""))
        srv3.proxy.api("reload")
        wait_for(lambda: relays(srv3), "prod is relayed")
        assert session.execute("SELECT 1").fetchone() == (1,)
    finally:
        srv3.proxy.file.write_text(text)
        srv3.proxy.api("reload")
    wait_for(lambda: not relays(srv3), "prod is forwarded again")
    assert session.execute("SELECT 1").fetchone() == (1,)


def relays(node):
    with node.connect("prod"):
        return bool(relayed(node))


def test_rules_that_somebody_removed_come_back(kernel, network):
    srv3 = kernel["srv3"]
    network.run("srv3", "nft", "flush", "ruleset")
    wait_for(lambda: "lead.0.4" in rules(network, "srv3") or "dnat ip" in rules(network, "srv3"),
             "the rules are back")
    wait_for(lambda: not relays(srv3), "and forward")
