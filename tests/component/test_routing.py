"""Clients of the deck's configuration get to the right PostgreSQL."""

import subprocess

import pytest

from harness.wait import wait_for

TLS_MODES = ("disable", "prefer", "require")


def psql(node, port, command, sslmode):
    done = subprocess.run(
        ["psql", "-X", "-At", "-d", f"{node.conninfo_of(port)} sslmode={sslmode}", "-c", command],
        text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("sslmode", TLS_MODES)
def test_psql_writes_through_prod(cluster, sslmode):
    for node in cluster.nodes:
        psql(node, "prod", "CREATE TABLE IF NOT EXISTS written (by text)", sslmode)
        psql(node, "prod", f"INSERT INTO written VALUES ('{node.name} {sslmode}')", sslmode)
        encrypted = psql(node, "prod", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                         sslmode)
        assert encrypted == ("f" if sslmode == "disable" else "t")
    with cluster["srv1"].postgres.connect(dbname="app") as direct:
        by = {row[0] for row in direct.execute("SELECT by FROM written")}
    assert {f"{node.name} {sslmode}" for node in cluster.nodes} <= by


@pytest.mark.parametrize("sslmode", TLS_MODES)
def test_psql_reads_both_standbys_through_stdby(cluster, sslmode):
    query = "SELECT pg_is_in_recovery(), host(inet_server_addr())"
    for node in cluster.nodes:
        answers = {psql(node, "stdby", query, sslmode) for _ in range(4)}
        assert answers == {"t|127.0.0.12", "t|127.0.0.13"}


def test_leastconn_spreads_open_sessions_evenly(cluster, cleanup):
    sessions = [cleanup.enter_context(cluster["srv1"].connect("stdby")) for _ in range(10)]
    servers = [str(session.execute("SELECT host(inet_server_addr())").fetchone()[0])
               for session in sessions]
    assert sorted(servers) == ["127.0.0.12"] * 5 + ["127.0.0.13"] * 5


def test_a_standby_refuses_writes_through_stdby(cluster):
    with cluster["srv2"].connect("stdby") as session:
        with pytest.raises(Exception, match="read-only transaction"):
            session.execute("CREATE TABLE never (n int)")


def test_both_standbys_stream_through_their_own_proxy(cluster):
    assert cluster["srv1"].postgres.followers() == {"srv2", "srv3"}
    for node in cluster.standbys:
        sender = node.postgres.rows("SELECT sender_host, sender_port FROM pg_stat_wal_receiver")
        assert sender == [(node.address, node.ports.prod)]
        assert int(node.proxy.api.stat()["prod", "srv1"]["scur"]) >= 1


def test_what_is_written_arrives_on_the_standbys(cluster):
    with cluster["srv3"].connect("prod") as session:
        session.execute("CREATE TABLE IF NOT EXISTS replicated (n int)")
        session.execute("INSERT INTO replicated VALUES (42)")
    for node in cluster.standbys:
        def arrived(standby=node.postgres):
            with standby.connect(dbname="app") as direct:
                return direct.execute("SELECT count(*) FROM replicated").fetchone()[0]
        wait_for(arrived, f"the row arrives on {node.name}")
