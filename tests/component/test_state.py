"""The state service: what it answers, and that nothing makes it answer wrongly."""

import concurrent.futures
import re
import socket
import subprocess

import pytest

from harness import settings
from harness.configurations import LEASE
from harness.durations import Durations
from harness.flood import flood
from harness.ports import free_port
from harness.runtime_api import read_all
from harness.servers import connect
from harness.wait import wait_for

# One printable line, and neither of the words that checks look for.
UNAVAILABLE = re.compile(r"unavailable: (?!.*(production|standby))[ -~]+\n", re.I)


def ask(node):
    with connect(node.ports.state, node.address) as connection:
        return read_all(connection).decode()


def test_roles(cluster):
    assert [ask(node) for node in cluster.nodes] == ["production\n", "standby\n", "standby\n"]


def test_roles_follow_a_switchover(cluster):
    cluster.switchover(to=cluster["srv3"])
    wait_for(lambda: [ask(node) for node in cluster.nodes]
             == ["standby\n", "standby\n", "production\n"], "each node tells its new role")


@pytest.mark.novip_only
def test_stopped_postgresql(cluster):
    """Its socket's folder and its database are called "production"; libpq's message says so."""
    cluster["srv1"].postgres.stop("fast")
    wait_for(lambda: UNAVAILABLE.fullmatch(ask(cluster["srv1"])), "srv1 is unavailable", 3)


@pytest.mark.novip_only
def test_hung_postgresql(cluster):
    """Answers are never older than the lease, and come at once whatever PostgreSQL does."""
    cluster["srv2"].postgres.hang()
    wait_for(lambda: UNAVAILABLE.fullmatch(ask(cluster["srv2"])), "srv2 is unavailable", 3)
    asked = Durations()
    for _ in range(20):
        with asked.one():
            ask(cluster["srv2"])
    assert asked.usual < 0.5 * settings.PATIENCE
    cluster["srv2"].postgres.resume()
    wait_for(lambda: ask(cluster["srv2"]) == "standby\n", "srv2 is a standby again", 5)


@pytest.mark.novip_only
def test_without_quorum_there_is_no_primary(start_proxy, cluster):
    """Nobody answers in corosync's place here. What it says when it runs: ./dev lab test."""
    ports = {name: free_port() for name in ("srv1", "srv2")}
    for name, port in ports.items():
        start_proxy(f"state\n{LEASE}    bind 127.0.0.1:{port}\n    require-quorum corosync\n"
                    f"    postgres \"{cluster[name].conninfo}\"\n")

    def answer(name):
        with connect(ports[name]) as connection:
            return read_all(connection).decode()

    assert re.fullmatch(r"unavailable: corosync cannot be asked whether this node has quorum: .+\n",
                        answer("srv1"))
    assert answer("srv2") == "standby\n"


@pytest.mark.novip_only
def test_a_refused_login_is_unavailable(start_proxy, cluster):
    port = free_port()
    srv1 = cluster["srv1"].postgres
    start_proxy(f"state\n{LEASE}    bind 127.0.0.1:{port}\n    postgres \"host={srv1.address} "
                f"port={srv1.port} dbname=production user=standby\"\n")
    with connect(port) as connection:
        assert UNAVAILABLE.fullmatch(read_all(connection).decode())


@pytest.mark.novip_only
def test_clients_that_say_nothing_or_much_do_no_harm(cluster):
    """It answers without being asked; who does not read, or sends a lot, blocks nobody."""
    node = cluster["srv1"]
    held = [connect(node.ports.state, node.address) for _ in range(100)]
    try:
        for connection in held:
            try:
                connection.sendall(b"x" * 100_000)
            except OSError:
                pass    # closed already
        assert ask(node) == "production\n"
    finally:
        for connection in held:
            connection.close()


@pytest.mark.novip_only
@pytest.mark.timeout(90 * settings.PATIENCE)
def test_a_flood_makes_it_neither_fail_nor_slow_the_proxy(cluster):
    node = cluster["srv1"]
    seconds = 3

    def failed_checks():
        return node.proxy.api.stat()["prod", "srv1"]["chkfail"]

    failed_before = failed_checks()
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        with node.connect("prod") as session:
            running = threads.submit(flood, node.address, node.ports.state, seconds)
            queries = Durations()
            while not running.done():
                with queries.one():
                    session.execute("SELECT 1")
            answers = running.result()
    rate = answers.total() / seconds
    print(f"{rate:.0f} connections/s; queries: {queries}")
    assert set(answers) == {"production\n"}, answers
    assert rate > 1000 * settings.SCALE     # systemd fails pgsql-state above 100
    assert len(queries) > 100 * seconds * settings.SCALE
    assert queries.usual < 0.5 * settings.PATIENCE and max(queries) < 5 * settings.PATIENCE
    assert node.proxy.api.up("prod") == {"srv1"}
    assert failed_checks() == failed_before


def state_once(conninfo):
    done = subprocess.run([settings.BINARY, "state", "--postgres", conninfo], text=True,
                          capture_output=True, timeout=20)
    assert done.returncode == (1 if done.stdout.startswith("unavailable") else 0)
    return done.stdout


@pytest.mark.novip_only
def test_state_from_the_command_line(cluster):
    assert state_once(cluster["srv1"].conninfo) == "production\n"
    assert state_once(cluster["srv2"].conninfo) == "standby\n"
    cluster["srv2"].postgres.hang()
    assert UNAVAILABLE.fullmatch(state_once(cluster["srv2"].conninfo))
    cluster["srv2"].postgres.resume()
    cluster["srv2"].postgres.stop("fast")
    assert UNAVAILABLE.fullmatch(state_once(cluster["srv2"].conninfo))


@pytest.mark.novip_only
def test_the_deck_s_own_unit_can_run_it(cluster):
    """systemd gives it the connection as its standard output (Accept=yes)."""
    node = cluster["srv1"]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run([settings.BINARY, "state", "--postgres", node.conninfo], stdout=theirs,
                       check=True, timeout=20)
        theirs.close()
        assert read_all(ours) == b"production\n"
