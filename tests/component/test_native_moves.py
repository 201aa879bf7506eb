"""The primary moves, in every way it can: nobody is on the wrong server, and nobody is refused."""

import concurrent.futures
import signal
import time

import psycopg
import pytest

from harness.clients import Opener, sqlstate_of_its_end
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

PLAIN, TLS = {"sslmode": "disable"}, {"sslmode": "require"}


@pytest.fixture
def openers(native, cleanup):
    """Clients of both ports, plain and TLS: {("prod", "disable"): Opener, …}."""
    return {(port, options["sslmode"]): cleanup.enter_context(Opener(native.nodes, port, **options))
            for port in ("prod", "stdby") for options in (PLAIN, TLS)}


def wait_served(openers, port, address, since):
    for (name, mode), opener in openers.items():
        if name == port:
            wait_for(lambda: opener.count_on(address, since) >= 3,
                     f"{mode} clients of {port} reach {address}", 20)


def check(openers, promoted, new):
    """Nobody was on a wrong server, and no plain client was refused. (TLS is passed through: what a
    server says inside, as it shuts down, cannot be taken back.)"""
    for (port, mode), opener in openers.items():
        opener.__exit__()
        for began, in_recovery, server in opener.sessions:
            if port == "prod":
                assert not in_recovery, f"{server} is a standby"
            else:
                assert in_recovery or (server == new and began < promoted), f"{server} is primary"
        if mode == "disable":
            assert opener.failures == [], port


def test_a_switchover_refuses_nobody(native, openers):
    wait_served(openers, "prod", "127.0.0.11", 0)
    session = native["srv3"].connect("prod", **PLAIN)
    native.switchover(to=native["srv2"])
    promoted = time.monotonic()
    wait_served(openers, "prod", "127.0.0.12", promoted)
    wait_served(openers, "stdby", "127.0.0.13", promoted)
    wait_served(openers, "stdby", "127.0.0.11", promoted)
    check(openers, promoted, "127.0.0.12")
    assert sqlstate_of_its_end(session) == "57P01"
    native.wait_settled()


def test_a_proxy_that_slept_knows_nothing_when_it_wakes(native, start_pool):
    """Stopped for the time of a switchover, with clients in its backlog: what it knew then is worth
    nothing now."""
    pool = start_pool("cluster pg role primary", "hold 30s")
    pool.wait_reached("srv1")
    session = pool.connect(**PLAIN)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        pool.proxy.send(signal.SIGSTOP)
        try:
            clients = [threads.submit(pool.reached, connect_timeout=60) for _ in range(8)]
            native.switchover(to=native["srv2"])
        finally:
            pool.proxy.send(signal.SIGCONT)
        assert {client.result() for client in clients} == {"srv2"}
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")


def test_sessions_of_a_standby_end_when_it_is_promoted(native, start_pool, cleanup):
    """It is left by those who only read, the other standby keeps its sessions."""
    pool = start_pool("balance roundrobin", "cluster pg role standby")
    pool.wait_reached("srv2", "srv3")
    sessions = [cleanup.enter_context(pool.connect(**PLAIN)) for _ in range(4)]
    on = {session: pool.name_of(session) for session in sessions}
    assert set(on.values()) == {"srv2", "srv3"}
    native.switchover(to=native["srv2"])
    pool.wait_reached("srv1", "srv3")
    for session, name in on.items():
        if name == "srv2":
            assert sqlstate_of_its_end(session) == "57P01"
        else:
            assert session.execute("SELECT 1").fetchone() == (1,)


def test_after_a_crash_the_promoted_one_serves(native, openers):
    wait_served(openers, "prod", "127.0.0.11", 0)
    native["srv1"].postgres.crash()
    native["srv3"].postgres.promote()
    promoted = time.monotonic()
    wait_served(openers, "prod", "127.0.0.13", promoted)
    wait_for(lambda: native["srv3"].postgres.followers() == {"srv2"}, "srv2 follows srv3", 20)
    check(openers, promoted, "127.0.0.13")


def test_a_frozen_primary_is_left_and_its_sessions_end(native, openers):
    """Nothing answers and nothing closes: only the lease tells. The sessions end while it is still
    frozen, those that are idle with a word."""
    srv1 = native["srv1"].postgres
    idle = native["srv3"].connect("prod", **PLAIN)
    idle.execute("SELECT 1")
    wait_served(openers, "prod", "127.0.0.11", 0)
    srv1.hang()
    assert sqlstate_of_its_end(idle) == "57P01"
    for node in native.nodes:
        wait_for(lambda: not node.proxy.api.up("prod"), f"{node.name} has no primary")
    native["srv2"].postgres.promote()
    promoted = time.monotonic()
    wait_served(openers, "prod", "127.0.0.12", promoted)
    check(openers, promoted, "127.0.0.12")
    srv1.destroy()


def test_a_lost_watch_is_no_lost_primary(native, cleanup):
    """A DBA ends novip's own session, again and again: nobody else may notice."""
    session = cleanup.enter_context(native["srv2"].connect("prod"))
    srv1 = native["srv1"]
    before = srv1.proxy.api.stat()["prod", "srv1"]["chkdown"]
    for _ in range(5):
        ended = srv1.postgres.rows(
            "SELECT pid, pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = 'production' AND backend_type = 'client backend'")
        assert ended
        assert native["srv2"].reaches("prod", standby=False)
        wait_for(lambda: srv1.postgres.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = 'production' "
            "AND backend_type = 'client backend'"), "the agent has connected anew")
    assert session.execute("SELECT 1").fetchone() == (1,)
    assert srv1.proxy.api.stat()["prod", "srv1"]["chkdown"] == before
