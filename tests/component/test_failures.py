"""What breaks is seen by the checks, in bounded time."""

import time

import psycopg
import pytest

from harness import settings
from harness.wait import wait_for

# inter 2s, and a check that gets no answer fails after as long again.
BOUND = 6


def wait_status(nodes, pool, server, up):
    for node in nodes:
        wait_for(lambda: (node.proxy.api.status(pool)[server] == "UP") == up,
                 f"{node.name} sees {server} {'UP' if up else 'DOWN'} in {pool}", BOUND)


def test_state_service_stopped(cluster):
    others = [cluster["srv1"], cluster["srv3"]]
    cluster["srv2"].stop_proxy()
    wait_status(others, "stdby", "srv2", up=False)
    assert "UP" in cluster["srv1"].proxy.api.status("stdby")["srv3"]
    cluster["srv2"].start_proxy()
    wait_status(others, "stdby", "srv2", up=True)


def test_postgresql_stopped(cluster):
    cluster["srv2"].postgres.stop("fast")
    wait_status(cluster.nodes, "stdby", "srv2", up=False)
    cluster["srv2"].postgres.start()
    wait_status(cluster.nodes, "stdby", "srv2", up=True)


def test_hung_primary_is_left_and_its_sessions_are_cut(cluster, cleanup):
    session = cleanup.enter_context(cluster["srv2"].connect("prod"))
    cluster["srv1"].postgres.hang()
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")     # on-marked-down shutdown-sessions ends the wait
    assert time.monotonic() - began < BOUND * settings.PATIENCE
    wait_status(cluster.nodes, "prod", "srv1", up=False)
    with pytest.raises(psycopg.OperationalError):
        cluster["srv2"].connect("prod")
    cluster["srv1"].postgres.resume()
    wait_status(cluster.nodes, "prod", "srv1", up=True)
    with cluster["srv2"].connect("prod") as again:
        again.execute("SELECT 1")


def test_hung_standby_is_left(cluster):
    cluster["srv3"].postgres.hang()
    wait_status(cluster.nodes, "stdby", "srv3", up=False)
    for _ in range(4):
        with cluster["srv1"].connect("stdby") as session:
            address = session.execute("SELECT host(inet_server_addr())").fetchone()[0]
            assert address == "127.0.0.12"
