"""What happens to sessions whose TLS ends at novip: authentication, cancel requests, holds, moves,
new certificates."""

import concurrent.futures
import shutil
import struct
import subprocess
import time

import psycopg
import pytest

from harness import settings
from harness.clients import Opener
from harness.pool import PRIMARY, held
from harness.postgres import PASSWORD, CancelsInVain
from harness.tls import TlsWire
from harness.wait import wait_for
from harness.wire import startup_packet

pytestmark = pytest.mark.novip_only


# -- SCRAM and the channel it may be bound to ---------------------------------------------------

@pytest.fixture
def server_certificate(native, folder):
    """PostgreSQL's own, which all three nodes have, with its key: for novip to show it too."""
    data = native["srv1"].postgres.data
    pem = folder / "server.pem"
    pem.write_text((data / "server.crt").read_text() + (data / "server.key").read_text())
    return pem


# How a client's and a server's side are encrypted, and which channel_binding then works.
PLAIN, TLS, SAME = "plain", "tls", "tls, the server's certificate"
SCRAM = {
    (PLAIN, PLAIN): {"disable", "prefer"},
    (TLS, PLAIN): {"disable", "prefer"},
    (PLAIN, TLS): {"disable", "prefer"},
    (TLS, TLS): {"disable"},        # "prefer": the server takes it for an attack
    (SAME, TLS): {"disable", "prefer", "require"},
}


@pytest.mark.parametrize("client, server", SCRAM)
@pytest.mark.parametrize("binding", ["disable", "prefer", "require"])
def test_scram(start_pool, certificate, server_certificate, client, server, binding):
    crt = server_certificate if client == SAME else certificate
    pool = start_pool(PRIMARY, bind="" if client == PLAIN else f"ssl crt {crt}",
                      node="" if server == PLAIN else "ssl verify none")

    def connect():
        return pool.connect(user="novip", dbname="postgres", password=PASSWORD,
                            channel_binding=binding,
                            sslmode="disable" if client == PLAIN else "require")

    if binding in SCRAM[client, server]:
        with connect() as session:
            assert session.execute("SELECT current_user").fetchone() == ("novip",)
        return
    with pytest.raises(psycopg.OperationalError) as failure:
        connect()
    expected = ("channel binding" if binding == "require"
                else "channel_binding=disable")
    assert expected in str(failure.value)


@pytest.mark.parametrize("binding", ["disable", "prefer", "require"])
def test_scram_where_tls_passes_through(start_pool, binding):
    pool = start_pool(PRIMARY)
    with pool.connect(user="novip", dbname="postgres", password=PASSWORD, sslmode="require",
                      channel_binding=binding) as session:
        assert session.execute("SELECT current_user").fetchone() == ("novip",)


# -- cancel requests ----------------------------------------------------------------------------

def cancelled(session, cancel):
    """Whether `cancel()` ends what `session` does."""
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        query = threads.submit(session.execute, "SELECT pg_sleep(60)")
        with pytest.raises(psycopg.errors.QueryCanceled):
            while not query.done():
                cancel()
                concurrent.futures.wait([query], 0.3)
            query.result()


@pytest.mark.parametrize("node", ["", "ssl verify none"], ids=["plain server", "tls server"])
def test_cancel(native, start_pool, certificate, node):
    """As libpq 15 does it, in plain; and as libpq 17 does, in TLS. Nobody but the session's server is
    asked; all are, where nobody knows the key."""
    asked_in_vain = CancelsInVain(native)
    pool = start_pool(PRIMARY, bind=f"ssl crt {certificate} require-ssl", node=node)

    def cancel_in_tls():
        with TlsWire(pool.address, pool.port) as wire:
            wire.send(key)
            assert wire.at_end()        # with a close_notify, or this were an error

    with pool.connect(sslmode="require") as session:
        cancelled(session, session.cancel)
    with TlsWire(pool.address, pool.port) as client:
        client.send(startup_packet())
        while (message := client.message())[0] != "Z":
            if message[0] == "K":
                key = struct.pack("!ii", 16, 80877102) + message[1]
        query = b"SELECT pg_sleep(60)\0"
        client.send(struct.pack("!ci", b"Q", len(query) + 4) + query)
        said = None
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            answer = threads.submit(client.message)
            while not answer.done():
                cancel_in_tls()
                concurrent.futures.wait([answer], 0.3)
            while (said := answer.result())[0] == "T":
                answer = threads.submit(client.message)
    assert said[0] == "E" and b"C57014" in said[1]
    assert asked_in_vain() == set()
    key = struct.pack("!iiii", 16, 80877102, 1, 1)
    cancel_in_tls()
    wait_for(lambda: asked_in_vain() == {"srv1", "srv2", "srv3"}, "all were asked")


# -- while the primary moves --------------------------------------------------------------------

@pytest.fixture
def encrypted_native(native, start_pool, certificate):
    """A pool of the primary and one of the standbys, TLS ended at both."""
    return {role: start_pool(f"cluster pg role {role}", "hold 30s",
                             bind=f"ssl crt {certificate} require-ssl")
            for role in ("primary", "standby")}


class PoolOpener(Opener):
    """Opens sessions through one pool."""

    def __init__(self, pool, **options):
        super().__init__([self], None, **options)
        self._pool = pool

    def conninfo_of(self, _):
        return f"host={self._pool.address} port={self._pool.port} dbname=app user=app"


def test_a_switchover_refuses_no_tls_client(native, encrypted_native, cleanup):
    openers = {role: cleanup.enter_context(PoolOpener(pool, sslmode="require"))
               for role, pool in encrypted_native.items()}
    wait_for(lambda: openers["primary"].count_on("127.0.0.11") >= 3, "srv1 is written to", 20)
    wait_for(lambda: openers["standby"].count_on("127.0.0.12") >= 1, "srv2 is read", 20)
    idle = cleanup.enter_context(TlsWire("127.0.0.1", encrypted_native["primary"].port))
    idle.send(startup_packet())
    idle.wait_ready()
    native.switchover(to=native["srv2"])
    promoted = time.monotonic()
    wait_for(lambda: openers["primary"].count_on("127.0.0.12", promoted) >= 3, "srv2 takes over",
             20)
    wait_for(lambda: openers["standby"].count_on("127.0.0.11", promoted) >= 1, "srv1 is read", 20)
    for role, opener in openers.items():
        opener.__exit__()
        assert opener.failures == [], role
        for began, in_recovery, server in opener.sessions:
            if role == "primary":
                assert not in_recovery, f"{server} is a standby"
            else:
                assert in_recovery or began < promoted, f"{server} is the primary"
    error = idle.error()
    assert (error["S"], error["C"]) == ("FATAL", "57P01")
    assert idle.at_end()
    native.wait_settled()


def test_tls_clients_are_held_and_told(native, start_pool, certificate):
    patient = start_pool(PRIMARY, "hold 60s", bind=f"ssl crt {certificate}")
    hasty = start_pool(PRIMARY, "hold 300ms", bind=f"ssl crt {certificate}")
    native["srv1"].postgres.stop("fast")
    for pool in (patient, hasty):
        wait_for(lambda: not pool.proxy.api.up("pool"), "there is no primary")
    with pytest.raises(psycopg.OperationalError, match="cannot connect now: .*waited"):
        hasty.connect(sslmode="require")
    with TlsWire(patient.address, patient.port) as leaves:
        leaves.send(startup_packet())
        wait_for(lambda: held(patient.proxy) == 1, "it is held")
    wait_for(lambda: held(patient.proxy) == 0, "it is forgotten")
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        coming = threads.submit(patient.connect, sslmode="require", connect_timeout=30)
        wait_for(lambda: held(patient.proxy) == 1, "the client is held")
        native["srv2"].postgres.promote()
        with coming.result(20) as session:
            assert session.execute("SELECT host(inet_server_addr())").fetchone() == ("127.0.0.12",)


# -- new certificates ---------------------------------------------------------------------------

def test_certificates_are_rotated_under_load(start_pool, authority, folder, cleanup):
    """By reloads: no session notices, no client is refused, who comes later sees the new one."""
    authority.issue("number-0", "localhost").rename(folder / "now.pem")
    pool = start_pool(PRIMARY, bind=f"ssl crt {folder / 'now.pem'}")

    def serial():
        with TlsWire(pool.address, pool.port) as client:
            return client.socket.peer_certificate()

    kept = cleanup.enter_context(pool.connect(sslmode="require"))
    openers = [cleanup.enter_context(PoolOpener(pool, sslmode="require")) for _ in range(2)]
    seen = {serial()}
    for number in range(1, settings.scaled(10) + 1):
        authority.issue(f"number-{number}", "localhost").rename(folder / "now.pem")
        assert "Success=1" in pool.proxy.api("reload")
        wait_for(lambda: serial() not in seen, "the new certificate is shown")
        seen.add(serial())
        assert kept.execute("SELECT 1").fetchone() == (1,)
    for opener in openers:
        opener.__exit__()
        assert opener.failures == [] and opener.sessions


def test_a_certificate_that_cannot_be_used_changes_nothing(start_pool, authority, folder):
    file = folder / "now.pem"
    authority.issue("once-good", "localhost").rename(file)
    good = file.read_text()
    pool = start_pool(PRIMARY, bind=f"ssl crt {file}")
    other_type = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True,
                                text=True).stdout
    certificate = good[:good.index("-----BEGIN PRIVATE")]
    for bad in ("", "no certificate", certificate, certificate + other_type):
        file.write_text(bad)
        answer = pool.proxy.api("reload")
        assert "Success=0" in answer and f"cannot use crt '{file}'" in answer, answer
        pool.reached(sslmode="require")


def test_authorities_are_exchanged(start_pool, authority, stranger, certificate, native, folder):
    """By a reload: whose certificates are good on either side."""
    of_clients, of_servers = folder / "clients.crt", folder / "servers.crt"
    of_postgres = native["srv1"].postgres.data / "server.crt"
    shutil.copy(authority.certificate, of_clients)
    shutil.copy(of_postgres, of_servers)
    pool = start_pool(PRIMARY, "hold off", node=f"ssl ca-file {of_servers}",
                      bind=f"ssl crt {certificate} ca-file {of_clients} verify required")
    clients = {maker: {"sslmode": "require", "sslcert": maker.issue("app"),
                       "sslkey": maker.key_of(maker.folder / "app.pem")}
               for maker in (authority, stranger)}

    def refused(maker):
        with pytest.raises(psycopg.OperationalError) as failure:
            pool.connect(**clients[maker])
        return str(failure.value)

    wait_for(lambda: pool.proxy.api.up("pool"), "the primary is known")
    pool.reached(**clients[authority])
    refused(stranger)
    shutil.copy(stranger.certificate, of_clients)
    assert "Success=1" in pool.proxy.api("reload")
    pool.reached(**clients[stranger])
    refused(authority)
    shutil.copy(stranger.certificate, of_servers)
    assert "Success=1" in pool.proxy.api("reload")
    assert "no TLS with srv1" in refused(stranger)


def test_reading_certificates_ends_no_lease(start_pool, authority, certificate, folder):
    """A reload may have very many of them to read, for longer than a lease: who is in stays in."""
    authorities = folder / "authorities.pem"
    shutil.copy(authority.certificate, authorities)
    pool = start_pool(PRIMARY, bind=f"ssl crt {certificate} ca-file {authorities} verify optional")
    with pool.connect(sslmode="require") as session:
        authorities.write_text(authority.certificate.read_text() * 6000)
        before = pool.proxy.log.stat().st_size
        assert "Success=1" in pool.proxy.api("reload")
        assert session.execute("SELECT 1").fetchone() == (1,)
        assert "srv1" not in pool.proxy.log.read_text()[before:]    # nothing befell it


# -- memory -------------------------------------------------------------------------------------

def test_what_an_idle_session_costs(start_pool, certificate):
    """Less than a session's buffers: they are freed while nothing is said."""
    pool = start_pool(PRIMARY, bind=f"ssl crt {certificate}")
    sessions, count = [], settings.scaled(300)
    try:
        def open_sessions(number):
            for _ in range(number):
                sessions.append(TlsWire(pool.address, pool.port))
                sessions[-1].send(startup_packet())
                sessions[-1].wait_ready()

        open_sessions(count // 3)
        before = pool.proxy.memory()
        open_sessions(count)
        each = (pool.proxy.memory() - before) / count
        print(f"an idle TLS session costs {each / 1024:.1f} kB")
        if settings.SCALE >= 1:
            assert each < 32 * 1024
    finally:
        for session in sessions:
            session.close()
