"""The other sources of the nodes' state: PostgreSQL itself, and Patroni's REST."""

import time

import psycopg
import pytest

from harness import settings
from harness.postgres import PASSWORD
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only


@pytest.fixture
def passfile(folder):
    """Writes libpq's password file with this password; returns its path."""
    def write(password):
        file = folder / "pgpass"
        file.write_text(f"*:*:*:novip:{password}\n")
        file.chmod(0o600)
        return file
    return write


def follows_a_switchover(native, watch, start_pool):
    primary = start_pool("cluster pg role primary", "hold 20s", watch=watch)
    standby = start_pool("balance roundrobin", "cluster pg role standby", "hold 20s", watch=watch)
    primary.wait_reached("srv1")
    standby.wait_reached("srv2", "srv3")
    session = primary.connect(sslmode="disable")
    native.switchover(to=native["srv3"])
    promoted = time.monotonic()
    assert primary.reached(connect_timeout=30) == "srv3"
    assert time.monotonic() - promoted < 5 * settings.PATIENCE
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    standby.wait_reached("srv1", "srv2")


def test_watch_pgsql(native, start_pool, passfile):
    follows_a_switchover(native, f"pgsql user novip passfile {passfile(PASSWORD)}", start_pool)


def test_watch_patroni(native, start_pool):
    """novip's own REST speaks Patroni's dialect."""
    follows_a_switchover(native, f"patroni port {native.ports.rest}", start_pool)


def test_who_may_not_log_in_knows_nothing(native, start_pool, passfile):
    watch = f"pgsql user novip passfile {passfile('wrong')}"
    pool = start_pool("cluster pg role any", "hold off", watch=watch)
    wait_for(lambda: "password" in pool.proxy.log.read_text(), "the log says why")
    assert pool.proxy.api.up("pool") == set()
    with pytest.raises(psycopg.OperationalError):
        pool.connect()


def test_watch_pgsql_leaves_a_hung_primary(native, start_pool, passfile):
    watch = f"pgsql user novip passfile {passfile(PASSWORD)}"
    pool = start_pool("cluster pg role primary", "hold 20s", watch=watch)
    pool.wait_reached("srv1")
    native["srv1"].postgres.hang()
    wait_for(lambda: not pool.proxy.api.up("pool"), "there is no primary", 5)
    native["srv1"].postgres.resume()
    pool.wait_reached("srv1")
