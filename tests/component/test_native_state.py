"""The agent's REST port, in Patroni's dialect, and what it pushes."""

import pytest

from harness.rest import Events, request, state, status
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

# As Patroni's documentation has it ("REST API"): on the primary, on an asynchronous standby.
CODES = {
    "/": (200, 503), "/primary": (200, 503), "/read-write": (200, 503), "/leader": (200, 503),
    "/master": (200, 503), "/replica": (503, 200), "/read-only": (200, 200),
    "/standby-leader": (503, 503), "/sync": (503, 503), "/async": (503, 200),
    "/health": (200, 200), "/liveness": (200, 200), "/readiness": (200, 200),
    "/patroni": (200, 200), "/metrics": (200, 200), "/replica?lag=16MB": (503, 200),
    "/primary?fresh": (200, 503), "/no-such-path": (404, 404),
}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_status_codes(native, method):
    for path, codes in CODES.items():
        wait_for(lambda: tuple(status(native[name], path, method) for name in ("srv1", "srv2"))
                 == codes, f"{method} {path} has {codes}", 3)


def test_other_methods_are_refused(native):
    assert status(native["srv1"], "/primary", "POST") == 405


def test_what_a_primary_tells(native):
    said = state(native["srv1"])
    assert (said["state"], said["role"]) == ("running", "primary")
    assert said["server_version"] // 10000 >= 12 and said["timeline"] >= 1
    assert said["xlog"]["location"] > 0
    assert int(said["database_system_identifier"]) == native["srv1"].postgres.value(
        "SELECT system_identifier FROM pg_control_system()")
    wait_for(lambda: {(replica["application_name"], replica["state"])
                      for replica in state(native["srv1"]).get("replication", [])}
             == {("srv2", "streaming"), ("srv3", "streaming")}, "it names its standbys")


def test_what_a_standby_tells(native):
    said = state(native["srv2"])
    assert (said["state"], said["role"]) == ("running", "replica")
    assert said["xlog"]["received_location"] >= said["xlog"]["replayed_location"] > 0
    assert said["timeline"] == state(native["srv1"])["timeline"]


def test_a_stopped_postgresql_fails_every_question_of_its_role(native):
    native["srv2"].postgres.stop("fast")
    for path in ("/", "/primary", "/replica", "/read-only", "/health", "/readiness"):
        wait_for(lambda: status(native["srv2"], path) == 503, f"{path} fails", 3)
    assert status(native["srv2"], "/liveness") == 200     # the agent lives


def test_lag(native, cleanup):
    srv2 = native["srv2"].postgres
    cleanup.callback(srv2.rows, "SELECT pg_wal_replay_resume()")
    srv2.rows("SELECT pg_wal_replay_pause()")
    with native["srv1"].postgres.connect(dbname="app") as session:
        session.execute("CREATE TABLE lag AS SELECT generate_series(1, 20000)")
        session.execute("DROP TABLE lag")
    wait_for(lambda: status(native["srv2"], "/replica?lag=64kB") == 503, "it is too far behind", 5)
    assert status(native["srv2"], "/replica?lag=1GB") == 200
    srv2.rows("SELECT pg_wal_replay_resume()")
    wait_for(lambda: status(native["srv2"], "/replica?lag=64kB") == 200, "it has caught up", 5)


def test_synchronous_standby(native, cleanup):
    def synchronous(name):
        with native["srv1"].postgres.connect() as session:
            session.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            session.execute("SELECT pg_reload_conf()")

    cleanup.callback(synchronous, "")
    synchronous("srv3")
    for path, codes in (("/sync", (503, 200)), ("/async", (200, 503))):
        wait_for(lambda: (status(native["srv2"], path), status(native["srv3"], path)) == codes,
                 f"{path} is {codes}")


def test_metrics(native):
    code, text = request(native["srv1"], "/metrics")
    assert code == 200
    values = dict(line.rsplit(" ", 1) for line in text.splitlines()
                  if line and not line.startswith("#"))
    roles = [value for name, value in values.items() if name.startswith("patroni_primary")]
    assert [float(value) for value in roles] == [1]


def test_changes_are_pushed(native):
    """Who subscribes gets the state at once, a sign of life all the time, and what changes."""
    with Events(native["srv2"]) as events:
        assert events.next()["role"] == "replica"
        for _ in range(2):
            assert events.next()["role"] == "replica"
        native["srv1"].postgres.stop("fast")
        native["srv2"].postgres.promote()
        while (said := events.next())["role"] != "primary":
            pass
        assert said["timeline"] == 2
        native["srv2"].postgres.stop("fast")
        while events.next()["state"] == "running":
            pass


def test_a_flood_of_subscribers_leaves_room_for_questions(native):
    subscriptions = [Events(native["srv2"]) for _ in range(200)]
    try:
        assert all(events.next()["role"] == "replica" for events in subscriptions)
        assert status(native["srv2"], "/replica?fresh") == 200
        assert native["srv2"].reaches("prod", standby=False)
    finally:
        for events in subscriptions:
            events.close()
