"""Role pools: who serves whom, and what takes a standby out of its pool."""

import psycopg
import pytest
from psycopg.pq import DiagnosticField

from harness.postgres import CancelsInVain
from harness.wait import wait_for
from harness.wire import GSS_REQUEST, Wire

pytestmark = pytest.mark.novip_only

PLAIN, TLS = {"sslmode": "disable"}, {"sslmode": "require"}


@pytest.mark.parametrize("options", [PLAIN, TLS], ids=["plain", "tls"])
def test_routing_by_role(native, options):
    for node in native.nodes:
        with node.connect("prod", **options) as session:
            assert session.pgconn.ssl_in_use == (options is TLS)
            assert session.execute("SELECT pg_is_in_recovery(), host(inet_server_addr())"
                                   ).fetchone() == (False, "127.0.0.11")
        reached = set()
        for _ in range(6):
            with node.connect("stdby", **options) as session:
                in_recovery, server = session.execute(
                    "SELECT pg_is_in_recovery(), host(inet_server_addr())").fetchone()
                assert in_recovery
                reached.add(server)
        assert reached == {"127.0.0.12", "127.0.0.13"}


def test_a_query_larger_than_any_buffer_follows_the_start(native):
    """The start of a session is read, what comes after it is not."""
    text = "x" * 1_000_000
    with native["srv2"].connect("prod", **PLAIN) as session:
        assert session.execute("SELECT length(%s)", [text]).fetchone() == (len(text),)
        assert len(session.execute("SELECT repeat('y', 1000000)").fetchone()[0]) == 1_000_000


def test_any_role(start_pool):
    pool = start_pool("cluster pg role any")
    pool.wait_reached("srv1", "srv2", "srv3")


def test_or_primary(native, start_pool):
    pool = start_pool("cluster pg role standby or primary", "hold 20s")
    wait_for(lambda: pool.reached_by(6) == {"srv2", "srv3"}, "both standbys serve")
    for name in ("srv2", "srv3"):
        native[name].postgres.stop("fast")
    assert pool.reached_by(3) == {"srv1"}       # who came too early for that was held
    native["srv3"].postgres.start()
    wait_for(lambda: pool.reached_by(3) == {"srv3"}, "the standby serves again")


@pytest.mark.parametrize("limit", ["64kB", "300ms"])
def test_a_standby_that_lags_is_drained_and_comes_back(native, start_pool, cleanup, limit):
    srv1, srv2 = native["srv1"].postgres, native["srv2"].postgres
    pool = start_pool(f"cluster pg role standby max-lag {limit}")
    pool.wait_reached("srv2", "srv3")
    sessions = [cleanup.enter_context(pool.connect()) for _ in range(4)]
    kept = next(session for session in sessions if pool.name_of(session) == "srv2")

    cleanup.callback(srv2.rows, "SELECT pg_wal_replay_resume()")
    srv2.rows("SELECT pg_wal_replay_pause()")
    with srv1.connect(dbname="app") as session:
        session.execute("CREATE TABLE lag AS SELECT generate_series(1, 20000)")
        session.execute("DROP TABLE lag")
    pool.wait_reached("srv3")
    assert kept.execute("SELECT 1").fetchone() == (1,)      # drained, not cut

    srv2.rows("SELECT pg_wal_replay_resume()")
    pool.wait_reached("srv2", "srv3")
    assert kept.execute("SELECT 1").fetchone() == (1,)


def test_synchronous_and_asynchronous_standbys(native, start_pool, cleanup):
    def synchronous(name):
        with native["srv1"].postgres.connect() as session:
            session.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            session.execute("SELECT pg_reload_conf()")

    cleanup.callback(synchronous, "")
    pools = {role: start_pool(f"cluster pg role {role}") for role in ("sync", "async")}
    pools["async"].wait_reached("srv2", "srv3")
    assert pools["sync"].proxy.api.up("pool") == set()
    for chosen, other in (("srv3", "srv2"), ("srv2", "srv3")):
        synchronous(chosen)
        pools["sync"].wait_reached(chosen)
        pools["async"].wait_reached(other)


def test_an_operator_s_word_is_above_a_role(start_pool):
    pool = start_pool("cluster pg role primary", "hold off")
    pool.wait_reached("srv1")
    pool.proxy.api("disable server pool/srv1")
    with pytest.raises(psycopg.OperationalError):
        pool.connect()
    pool.proxy.api("enable server pool/srv1")
    pool.wait_reached("srv1")


@pytest.mark.parametrize("options", [PLAIN, TLS], ids=["plain", "tls"])
def test_a_cancel_request_reaches_the_right_server(native, start_pool, options):
    """Ctrl-C in psql: a connection of its own, which knows nothing but the session's key."""
    pool = start_pool("balance roundrobin", "cluster pg role standby")
    pool.wait_reached("srv2", "srv3")
    asked_in_vain = CancelsInVain(native)
    cancelled_on = set()
    for _ in range(6):
        with pool.connect(**options) as session:
            server = native[pool.name_of(session)]
            session.pgconn.send_query(b"SELECT pg_sleep(20)")
            wait_for(lambda: sleeps(server, session.info.backend_pid), "the query runs")
            session.cancel()
            result = session.pgconn.get_result()    # libpq waits for it
            assert result.error_field(DiagnosticField.SQLSTATE) == b"57014"
            assert session.pgconn.get_result() is None
            assert session.execute("SELECT 1").fetchone() == (1,)      # it goes on
            cancelled_on.add(server.name)
    assert cancelled_on == {"srv2", "srv3"}
    # In TLS that passes through nobody saw the keys: all are asked.
    assert asked_in_vain() == (set() if options is PLAIN else {"srv1", "srv2", "srv3"})


def sleeps(server, pid):
    return server.postgres.rows("SELECT pid FROM pg_stat_activity WHERE pid = %s "
                                "AND wait_event = 'PgSleep'", pid)


def test_gssapi_passes_through(native, start_pool):
    """As libpq asks for it with a Kerberos ticket: what PostgreSQL says of it is what a client is
    told."""
    pool = start_pool("cluster pg role primary")
    pool.wait_reached("srv1")
    said = []
    for address, port in ((native["srv1"].address, native.ports.postgres),
                          (pool.address, pool.port)):
        with Wire(address, port) as client:
            client.send(GSS_REQUEST)
            said.append(client.read(1))
    assert said[0] == said[1] and said[0] in b"GN"
    with pool.connect(gssencmode="prefer") as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
