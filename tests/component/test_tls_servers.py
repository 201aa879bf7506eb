"""TLS towards servers: how it is begun, what must be good about them, and what they see of novip."""

import re
import shutil
import ssl

import psycopg
import pytest

from harness.pool import PRIMARY
from harness.ports import free_port
from harness.servers import TcpServer
from harness.tls import TlsSocket, TlsWire, trusting_nobody
from harness.wait import wait_for
from harness.wire import SSL_REQUEST, Wire, startup_packet

pytestmark = pytest.mark.novip_only


def encrypted(session):
    """Whether PostgreSQL sees TLS."""
    return session.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_tls_to_the_server_whatever_the_client_speaks(start_pool, certificate, native, mode):
    authority = native["srv1"].postgres.data / "server.crt"     # signed by itself
    pool = start_pool(PRIMARY, bind=f"ssl crt {certificate}",
                      node=f"ssl ca-file {authority} verifyhost novip")
    with pool.connect(sslmode=mode) as session:
        assert session.pgconn.ssl_in_use == (mode == "require")
        assert encrypted(session)
    plain = start_pool(PRIMARY, bind=f"ssl crt {certificate}")
    with plain.connect(sslmode=mode) as session:
        assert not encrypted(session)


def test_without_ssl_on_the_bind_a_client_goes_on_in_plain(start_pool):
    pool = start_pool(PRIMARY, node="ssl verify none")
    with pool.connect(sslmode="prefer") as session:
        assert not session.pgconn.ssl_in_use and encrypted(session)
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
        pool.connect(sslmode="require")


def test_a_server_s_certificate_must_be_good(start_pool, stranger, native):
    for options, why in {f"ca-file {stranger.certificate}": "certificate verify failed",
                         f"ca-file {native['srv1'].postgres.data / 'server.crt'} "
                         "verifyhost elsewhere": "hostname mismatch"}.items():
        pool = start_pool(PRIMARY, "hold off", node=f"ssl {options}")
        wait_for(lambda: pool.proxy.api.up("pool"), "the primary is known")
        with pytest.raises(psycopg.OperationalError, match=f"no TLS with srv1: .*{why}"):
            pool.connect()


def test_a_server_that_has_no_tls_is_none(start_proxy, cleanup):
    def decline(connection):
        assert connection.recv(8) == SSL_REQUEST
        connection.sendall(b"N")
        connection.recv(1)

    server, port = cleanup.enter_context(TcpServer(decline)), free_port()
    start_proxy(f"""
listen pool
    bind 127.0.0.1:{port}
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    server s1 {server} ssl verify none
""")
    with Wire("127.0.0.1", port) as client:
        client.send(startup_packet())
        error = client.error()
    assert error["C"] == "57P03"
    assert "s1 has no TLS, which 'ssl' asks of it" in error["M"]


def test_the_server_sees_our_certificate(start_pool, certificate, native, authority, cleanup):
    """pg_hba's clientcert: of novip, since TLS ends here."""
    postgres = native["srv1"].postgres
    shutil.copyfile(authority.certificate, postgres.data / "clients.crt")

    def set_authority(file):
        with postgres.connect() as session:
            session.execute(f"ALTER SYSTEM SET ssl_ca_file = '{file}'")
        postgres.value("SELECT pg_reload_conf()")

    cleanup.callback(set_authority, "")
    set_authority("clients.crt")
    mine = authority.issue("proxy")
    pool = start_pool(PRIMARY, "hold 30s", bind=f"ssl crt {certificate}",
                      node=f"ssl verify none crt {mine}")

    def name_seen():
        with pool.connect(sslmode="require") as session:
            return session.execute("SELECT client_dn FROM pg_stat_ssl "
                                   "WHERE pid = pg_backend_pid()").fetchone()[0]

    wait_for(lambda: name_seen() == "/CN=proxy", "PostgreSQL sees the certificate")


# -- names, and servers that do not answer ----------------------------------------------------

class NamedTlsServer:
    """PostgreSQL's first words in TLS, with a certificate for db.example; `asked`: by which names."""

    def __init__(self, certificate):
        self.asked = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.sni_callback = lambda _, name, __: self.asked.append(name)

    def __call__(self, connection):
        assert connection.recv(8) == SSL_REQUEST
        connection.sendall(b"S")
        stream = TlsSocket(connection, self._context, server_side=True)
        stream.recv(65536)
        stream.sendall(b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I")
        stream.recv(1)


@pytest.mark.parametrize("options, asked, good", [
    ("", None, True),       # any of an authority that is trusted
    ("verifyhost db.example", None, True),
    ("verifyhost other.example", None, False),
    ("sni str(db.example)", "db.example", True),
    ("sni str(other.example)", "other.example", False),
    ("sni str(db.example) verifyhost other.example", "db.example", True),
    ("sni ssl_fc_sni", "of.client", False),
    ("sni ssl_fc_sni verifyhost db.example", "of.client", True),
    ("sni ssl_fc_sni verifyhost other.example", "of.client", False),
])
def test_the_name_of_a_server(start_proxy, certificate, authority, cleanup, options, asked, good):
    server = NamedTlsServer(authority.issue("db", "db.example"))
    address = cleanup.enter_context(TcpServer(server))
    port = free_port()
    start_proxy(f"""
        listen pool
            bind 127.0.0.1:{port} ssl crt {certificate}
            mode tcp
            timeout connect 5s
            timeout client 1m
            timeout server 1m
            server s {address} ssl verify required ca-file {authority.certificate} {options}
        """)
    with TlsWire("127.0.0.1", port, trusting_nobody(), name="of.client") as client:
        client.send(startup_packet())
        if good:
            assert client.wait_ready() == "R"
        else:
            assert client.error()["C"] == "57P03"
    assert set(server.asked) == {asked}


@pytest.mark.parametrize("options, said", [
    ("ssl verify none", b""),       # not even the one byte
    ("ssl verify none", b"S"),      # and then no handshake
])
def test_a_server_that_accepts_and_never_answers(start_proxy, syslog, cleanup, options, said):
    def serve(connection):
        connection.sendall(said)
        while connection.recv(1000):
            pass

    silent, port = cleanup.enter_context(TcpServer(serve)), free_port()
    start_proxy(f"""
        listen pool
            bind 127.0.0.1:{port}
            mode tcp
            log {syslog.udp} local0
            option tcplog
            retries 1
            timeout connect 300ms
            timeout client 1m
            timeout server 1m
            server s {silent} {options}
        """)
    with Wire("127.0.0.1", port) as client:
        client.send(startup_packet())
        error = client.error()
    assert error["C"] == "57P03" and "s " in error["M"], error
    assert syslog.wait_line(re.compile(r" pool pool/<NOSRV> .* SQ "))
