"""TLS that ends at novip, with real clients: who gets in, who does not, and what they see."""

import re
import socket
import ssl
import subprocess
import types

import psycopg
import pytest

from harness.configurations import cluster_section
from harness.pool import PRIMARY
from harness.ports import free_port
from harness.tls import TlsSocket, TlsWire, trusting_nobody
from harness.wait import wait_for
from harness.wire import GSS_REQUEST, SSL_REQUEST, Wire, startup_packet

pytestmark = pytest.mark.novip_only


@pytest.fixture
def start_tls_pool(start_pool, certificate):
    """A pool of the primary where TLS ends; `bind`: more of its options."""
    def start(bind="", **options):
        return start_pool(PRIMARY, "hold 30s", bind=f"ssl crt {certificate} {bind}", **options)
    return start


def psql(pool, host="127.0.0.1", **options):
    """What psql says of its connection; CalledProcessError when it has none."""
    words = " ".join(f"{name}={value}" for name, value in options.items())
    return subprocess.run(
        ["psql", "-XAt", "-c", r"\conninfo", "-c", "SELECT 'answered ' || current_user",
         f"host={host} port={pool.port} dbname=app user=app connect_timeout=10 {words}"],
        check=True, capture_output=True, text=True).stdout


def complaint(pool, **options):
    """Why psql cannot connect."""
    with pytest.raises(subprocess.CalledProcessError) as failure:
        psql(pool, **options)
    return failure.value.stderr


# -- who asks for what --------------------------------------------------------------------------

def test_psql_in_every_sslmode(start_tls_pool, authority, stranger):
    pool = start_tls_pool()
    for mode, encrypted in {"disable": False, "allow": False, "prefer": True,
                            "require": True}.items():
        said = psql(pool, sslmode=mode)
        assert "answered app" in said
        assert ("SSL connection (protocol: TLSv1.3" in said) == encrypted, (mode, said)
    for mode in ("verify-ca", "verify-full"):
        assert "TLSv1.3" in psql(pool, sslmode=mode, sslrootcert=authority.certificate)
        assert "certificate verify failed" in complaint(pool, sslmode=mode,
                                                        sslrootcert=stranger.certificate)
    assert "TLSv1.3" in psql(pool, host="localhost", sslmode="verify-full",
                             sslrootcert=authority.certificate)


def test_require_ssl_tells_who_comes_in_plain(start_tls_pool):
    pool = start_tls_pool("require-ssl")
    with Wire(pool.address, pool.port) as client:
        client.send(startup_packet())
        error = client.error()
        assert client.at_end()
    assert (error["S"], error["C"]) == ("FATAL", "28000")
    assert "sslmode=require" in error["M"]
    assert "TLSv1.3" in psql(pool, sslmode="allow")     # tries in plain first


def test_gssapi_is_declined_and_then_tls_granted(start_tls_pool):
    pool = start_tls_pool()
    with Wire(pool.address, pool.port) as client:
        client.send(GSS_REQUEST)
        assert client.read(1) == b"N"
        client.send(SSL_REQUEST)
        assert client.read(1) == b"S"
        client.socket = TlsSocket(client.socket, trusting_nobody())
        client.send(startup_packet())
        assert client.wait_ready()


@pytest.mark.parametrize("request_twice", [GSS_REQUEST * 2, GSS_REQUEST * 3000],
                         ids=["two", "many"])
def test_who_asks_again_and_again_is_refused(start_tls_pool, request_twice):
    pool = start_tls_pool()
    with Wire(pool.address, pool.port) as client:
        client.send(request_twice)
        assert client.read(1) == b"N"
        assert client.error()["C"] == "08P01"
    pool.reached()


def test_no_encryption_within_tls(start_tls_pool):
    pool = start_tls_pool()
    for again in (SSL_REQUEST, GSS_REQUEST, b"\x16\x03\x01\x02\x00"):
        with TlsWire(pool.address, pool.port) as client:
            client.send(again)
            assert client.error()["C"] == "08P01"


def test_direct_tls_as_postgresql_17(start_tls_pool):
    pool = start_tls_pool()
    with TlsWire(pool.address, pool.port, trusting_nobody(alpn="postgresql"),
                 direct=True) as client:
        client.send(startup_packet())
        assert client.wait_ready()
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{pool.port}", "-alpn",
                           "postgresql"], input="", capture_output=True, text=True).stdout
    assert "ALPN protocol: postgresql" in said


@pytest.mark.parametrize("alpn", [None, "http/1.1"])
def test_direct_tls_is_for_who_speaks_postgresql(start_tls_pool, alpn):
    pool = start_tls_pool()
    with pytest.raises((OSError, EOFError)):
        with TlsWire(pool.address, pool.port, trusting_nobody(alpn=alpn), direct=True) as client:
            client.send(startup_packet())
            client.message()


# -- certificates -------------------------------------------------------------------------------

def test_clients_show_certificates(start_tls_pool, authority, stranger):
    mine, theirs = authority.issue("app"), stranger.issue("app")
    shown = {"sslcert": mine, "sslkey": authority.key_of(mine)}
    pool = start_tls_pool(f"ca-file {authority.certificate} verify required")
    assert "answered app" in psql(pool, sslmode="require", **shown)
    assert complaint(pool, sslmode="require")
    assert "encrypted sessions only" in complaint(pool, sslmode="disable")
    assert complaint(pool, sslmode="require", sslcert=theirs, sslkey=stranger.key_of(theirs))
    optional = start_tls_pool(f"ca-file {authority.certificate} verify optional")
    assert "answered app" in psql(optional, sslmode="require")
    assert "answered app" in psql(optional, sslmode="require", **shown)
    assert complaint(optional, sslmode="require", sslcert=theirs, sslkey=stranger.key_of(theirs))


def test_a_revoked_certificate_is_no_good(start_tls_pool, authority):
    good, bad = authority.issue("good"), authority.issue("bad")
    pool = start_tls_pool(f"ca-file {authority.certificate} crl-file {authority.revoke(bad)} "
                          "verify required")
    assert "answered" in psql(pool, sslmode="require", sslcert=good, sslkey=authority.key_of(good))
    assert "revoked" in complaint(pool, sslmode="require", sslcert=bad,
                                  sslkey=authority.key_of(bad))


def shown(pool, name=None):
    """The common name of the certificate that a client is shown."""
    with TlsWire(pool.address, pool.port, name=name) as client:
        text = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject"],
                              input=client.socket.peer_certificate(), check=True,
                              capture_output=True).stdout.decode()
    return re.search(r"CN = (.*)", text)[1]


def test_the_certificate_is_chosen_by_name(start_pool, authority, folder):
    (folder / "more").mkdir()
    for name in ("one.example.org", "*.wild.example.org"):
        authority.issue(name, name).rename(folder / "more" / f"{name[-15:]}.pem")
    first = authority.issue("first", "first.example.org")
    pool = start_pool(PRIMARY, bind=f"ssl crt {first} crt {folder / 'more'}")
    assert shown(pool) == shown(pool, "unknown.example.org") == "first"
    assert shown(pool, "ONE.example.org") == "one.example.org"
    assert shown(pool, "any.wild.example.org") == "*.wild.example.org"
    strict = start_pool(PRIMARY, bind=f"ssl crt {first} crt {folder / 'more'} strict-sni")
    assert shown(strict, "one.example.org") == "one.example.org"
    for name in (None, "unknown.example.org"):
        with pytest.raises(ssl.SSLError):
            shown(strict, name)


def test_the_backend_is_chosen_by_name(start_proxy, certificate, native):
    """libpq sends its `host` as the name, and `hostaddr` is where it goes. Who speaks plain, or
    asks for no name, is led as if there were no rule."""
    port = free_port()
    proxy = start_proxy(f"""{cluster_section(native)}
        frontend pg
            bind 127.0.0.1:{port} ssl crt {certificate}
            tcp-request content reject if {{ ssl_fc_sni -m end .gone.example }}
            use_backend reading if {{ ssl_fc_sni -i ro.example }}
            default_backend writing
        backend writing
            cluster pg role primary
        backend reading
            cluster pg role standby
        """)

    def in_recovery(host, mode="require"):
        with psycopg.connect(host=host, hostaddr="127.0.0.1", port=port, dbname="app", user="app",
                             sslmode=mode, connect_timeout=10) as session:
            return session.execute("SELECT pg_is_in_recovery()").fetchone()[0]
    for host, standby in {"ro.example": True, "RO.example": True, "rw.example": False,
                          "127.0.0.1": False}.items():
        assert in_recovery(host) == standby, host
    assert in_recovery("ro.example", "disable") is False
    with pytest.raises(psycopg.OperationalError):
        in_recovery("x.gone.example")
    rows = proxy.api.stat()
    assert rows["writing", "BACKEND"]["stot"] == "3" and rows["reading", "BACKEND"]["stot"] == "2"
    assert all(int(rows[name, "BACKEND"]["bin"]) > 0 for name in ("writing", "reading"))


def test_certificates_are_listed(start_pool, authority, folder):
    one, two = (authority.issue(name, f"{name}.example.org") for name in ("one", "two"))
    (folder / "list").write_text(f"# first\n{one}\n{two} other.example.org !not.example.org\n")
    pool = start_pool(PRIMARY, bind=f"ssl crt-list {folder / 'list'}")
    assert [shown(pool, name) for name in (None, "other.example.org", "two.example.org")] == \
        ["one", "two", "one"]


# -- versions and ciphers -----------------------------------------------------------------------

def handshake(pool, *words, protocol=("-starttls", "postgres")):
    """What `openssl s_client -starttls postgres` agreed on; None: on nothing."""
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{pool.port}", *protocol,
                           *words], input="", capture_output=True, text=True).stdout
    found = re.search(r"New, (\S+), Cipher is (\S+)", said)
    return None if not found or found[1] == "(NONE)" else (found[1], found[2])


WEAK = "DEFAULT:@SECLEVEL=0"    # so that the client itself has nothing against it


@pytest.fixture
def anything_goes(certificate):
    """A server of OpenSSL's own that takes every version; like a pool it has a `port`."""
    port = free_port()
    server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
                               certificate, "-cipher", WEAK, "-quiet"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, "it listens")
        yield types.SimpleNamespace(port=port)
    finally:
        server.kill()
        server.communicate()


def test_old_versions_and_weak_ciphers_are_refused(start_tls_pool, anything_goes):
    """As testssl.sh asks: each version, and each cipher of those that nobody should have."""
    pool = start_tls_pool()
    for version in ("-tls1", "-tls1_1"):
        assert handshake(pool, version, "-cipher", WEAK) is None, version
        assert handshake(anything_goes, version, "-cipher", WEAK, protocol=()), "the client can"
    for version in ("-tls1_2", "-tls1_3"):
        assert handshake(pool, version), version
    listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:"
                             "@SECLEVEL=0"], check=True, capture_output=True, text=True).stdout
    accepted = {cipher for cipher in listed.strip().split(":")
                if handshake(pool, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")}
    assert accepted
    assert not [cipher for cipher in accepted
                if re.search("NULL|EXP|RC4|DES|MD5|ADH|AECDH|anon|PSK|SRP", cipher)], accepted
    assert all(cipher.startswith("ECDHE") for cipher in accepted), accepted


def test_versions_and_ciphers_as_configured(start_tls_pool):
    newest = start_tls_pool("ssl-min-ver TLSv1.3")
    assert handshake(newest, "-tls1_2") is None and handshake(newest, "-tls1_3")
    one = start_tls_pool("force-tlsv12 ciphers ECDHE-ECDSA-AES256-GCM-SHA384")
    assert handshake(one, "-tls1_3") is None
    assert handshake(one) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    assert handshake(one, "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") is None


def test_nothing_is_renegotiated_resumed_or_compressed(start_tls_pool):
    pool = start_tls_pool()
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{pool.port}",
                           "-starttls", "postgres", "-tls1_2"], input="R\n", capture_output=True,
                          text=True)
    assert "no renegotiation" in said.stdout + said.stderr
    assert "Compression: NONE" in said.stdout
    assert "TLS session ticket:" not in said.stdout
    assert "Session-ID: \n" in said.stdout


# -- bytes that are no TLS, and clients that are no clients -------------------------------------

def counted_errors(pool):
    return int(pool.proxy.api.stat()["pool", "FRONTEND"]["ereq"])


@pytest.mark.parametrize("garbage", [b"\0" * 64, b"SELECT 1;\n" * 100, startup_packet(),
                                     b"\x16\x03\x01\xff\xff" + b"\x01" * 70000],
                         ids=["zeros", "text", "plain", "record"])
def test_garbage_in_place_of_a_handshake(start_tls_pool, garbage):
    """Also right behind the request, before its answer: what is said in plain is never taken for
    what is said in TLS."""
    pool = start_tls_pool()
    with Wire(pool.address, pool.port) as client:
        client.send(SSL_REQUEST + garbage)
        assert client.read(1) == b"S"
        rest = b""
        try:
            while part := client.socket.recv(4096):
                rest += part
        except ConnectionResetError:
            pass
        assert not rest or rest[0] == 0x15      # an alert
    wait_for(lambda: counted_errors(pool) == 1, "it is counted")
    pool.reached()


def test_a_client_that_stalls_in_the_handshake_is_ended(start_tls_pool):
    pool = start_tls_pool("name door")
    stalled = [Wire(pool.address, pool.port) for _ in range(3)]
    stalled[0].send(SSL_REQUEST)
    stalled[1].send(SSL_REQUEST + b"\x16\x03\x01\x02\x00\x01")
    stalled[2].send(b"\x16")
    for client in stalled[:2]:
        assert client.read(1) == b"S"
    for client in stalled:
        client.socket.settimeout(30)
        assert client.at_end()
        client.close()
    pool.reached()


def test_a_stream_that_was_cut_off_is_no_regular_end(start_tls_pool, native):
    """The server sees a reset, not the end of what its client had to say."""
    pool = start_tls_pool()
    client = TlsWire(pool.address, pool.port)
    client.send(startup_packet())
    client.wait_ready()
    log = native["srv1"].postgres.log
    before = log.stat().st_size
    client.socket.wire.close()      # without close_notify
    wait_for(lambda: b"Connection reset by peer" in log.read_bytes()[before:], "it is reset")
    with pool.connect(sslmode="require") as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
