"""The primary moves: who was there is cut, who comes goes to the new one, the others follow it."""

import psycopg
import pytest

from harness.wait import wait_for


def is_cut(session):
    try:
        session.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


@pytest.fixture
def table(cluster):
    with cluster["srv1"].connect("prod") as session:
        session.execute("DROP TABLE IF EXISTS moves")
        session.execute("CREATE TABLE moves (server inet DEFAULT inet_server_addr())")


def write(node):
    """Writes one row through `node`'s proxy; returns the address of the server that took it."""
    command = "INSERT INTO moves DEFAULT VALUES RETURNING host(server)"
    with node.connect("prod") as session:
        return session.execute(command).fetchone()[0]


def test_switchover_moves_writers_and_standbys(cluster, table, cleanup):
    sessions = [cleanup.enter_context(node.connect("prod")) for node in cluster.nodes]
    assert {write(node) for node in cluster.nodes} == {"127.0.0.11"}

    cluster.switchover(to=cluster["srv2"])

    assert all(is_cut(session) for session in sessions)
    for node in cluster.nodes:
        wait_for(lambda: write(node) == "127.0.0.12", f"{node.name} writes to srv2", 20)
    wait_for(lambda: cluster["srv2"].postgres.followers() == {"srv1", "srv3"},
             "srv1 and srv3 follow srv2", 20)
    cluster.wait_settled()
    for node in cluster.nodes:
        with node.connect("stdby") as session:
            assert session.execute("SELECT pg_is_in_recovery()").fetchone()[0]


def test_read_only_sessions_of_the_other_standby_survive(cluster, table, cleanup):
    sessions = [cleanup.enter_context(cluster["srv3"].connect("stdby")) for _ in range(2)]
    kept = next(session for session in sessions
                if session.execute("SELECT host(inet_server_addr())").fetchone()[0] == "127.0.0.13")
    cluster.switchover(to=cluster["srv2"])
    cluster.wait_settled()
    assert not is_cut(kept)


def test_failover_after_a_crash(cluster, table, cleanup):
    session = cleanup.enter_context(cluster["srv3"].connect("prod"))
    cluster["srv1"].postgres.stop("immediate")
    assert is_cut(session)
    cluster["srv3"].postgres.promote()
    for node in cluster.nodes:
        wait_for(lambda: write(node) == "127.0.0.13", f"{node.name} writes to srv3", 20)
    wait_for(lambda: cluster["srv3"].postgres.followers() == {"srv2"}, "srv2 follows srv3", 20)
