"""TLS for tests: authorities and their certificates, and a connection that can end one way only."""

import socket
import ssl
import struct
import subprocess
import threading

from harness.wire import SSL_REQUEST, Wire, startup_packet


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True)


class Authority:
    """Makes certificates: each a PEM file with its key, as HAProxy and novip want it."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.certificate = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-days", 7, "-subj", f"/CN={name}", "-keyout", self._key,
                 "-out", self.certificate)
        self._database = folder / f"{name}.txt"
        self._database.touch()
        self._settings = folder / f"{name}.cnf"
        self._settings.write_text(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {self._database}\n"
                                  "default_md = sha256\ndefault_crl_days = 7\n")

    def issue(self, name, *hosts, file=None):
        """For a server of these names and addresses, or for a client without any."""
        pem = self.folder / (file or f"{name}.pem")
        request, key, extensions = (pem.with_suffix(end) for end in (".csr", ".secret", ".ext"))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        extensions.write_text("subjectAltName=" + ",".join(
            ("IP:" if host[0].isdigit() else "DNS:") + host for host in hosts) + "\n"
            if hosts else "")
        new = pem.with_suffix(".new")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-days", 7, "-extfile", extensions, "-out", new)
        new.write_text(new.read_text() + key.read_text())
        for rest in (request, extensions):
            rest.unlink()
        key.chmod(0o600)        # libpq wants its own key so
        new.rename(pem)
        return pem

    def key_of(self, pem):
        return pem.with_suffix(".secret")

    def revoke(self, pem):
        """A list that revokes it."""
        revoked = self.folder / f"{pem.stem}.crl"
        common = ("-config", self._settings, "-cert", self.certificate, "-keyfile", self._key)
        _openssl("ca", *common, "-revoke", pem)
        _openssl("ca", *common, "-gencrl", "-out", revoked)
        return revoked


def trusting_nobody(version=None, alpn=None):
    """A client's context that takes every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


class TlsSocket:
    """TLS over a connected socket, with its methods: shutdown() says close_notify and goes on
    reading, which ssl.SSLSocket cannot. Used by one thread that reads and one that writes."""

    def __init__(self, wire, context, server_side=False, name=None):
        self.wire = wire
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side, name)
        self._lock, self._sending = threading.RLock(), threading.Lock()
        self._received, self._ended, self._finished = bytearray(), False, False
        self._abrupt = False
        while not self._shake_hands():
            self._fill()

    def _shake_hands(self):
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._flush()
        return True

    def _flush(self):
        with self._sending:
            if data := self._out.read():
                self.wire.sendall(data)

    def _fill(self):
        data = self.wire.recv(1 << 16)
        with self._lock:
            if data:
                self._in.write(data)
            else:
                self._in.write_eof()

    def _decrypt(self):
        """Takes what has come out of its records."""
        with self._lock:
            try:
                while not self._ended:
                    data = self._tls.read(1 << 16)
                    self._received += data
                    self._ended = not data
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                self._ended = True

    def recv(self, size):
        """b"" is a close_notify; an end without one is ssl.SSLEOFError."""
        while True:
            self._decrypt()
            if self._received or self._ended:
                with self._lock:
                    data = bytes(self._received[:size])
                    del self._received[:size]
                return data
            self._fill()

    def send(self, data):
        with self._lock:
            self._tls.write(data)
        self._flush()
        return len(data)

    def sendall(self, data):
        for start in range(0, len(data), 1 << 16):
            self.send(data[start:start + (1 << 16)])

    def shutdown(self, how):
        assert how == socket.SHUT_WR
        with self._lock:
            self._finished = True
            self._decrypt()
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                pass        # it would wait for the other's close_notify
        self._flush()

    def setsockopt(self, level, name, value):
        self._abrupt = name == socket.SO_LINGER
        self.wire.setsockopt(level, name, value)

    def settimeout(self, seconds):
        self.wire.settimeout(seconds)

    def version(self):
        return self._tls.version()

    def peer_certificate(self):
        return self._tls.getpeercert(binary_form=True)

    def close(self):
        if not self._finished and not self._abrupt:
            try:
                self.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        self.wire.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class TlsWire(Wire):
    """PostgreSQL's protocol by hand in TLS, asked for by SSLRequest unless it is `direct`."""

    def __init__(self, address, port, context=None, direct=False, name=None, seconds=30):
        super().__init__(address, port, seconds)
        if not direct:
            self.send(SSL_REQUEST)
            answer = self.read(1)
            assert answer == b"S", answer
        self.socket = TlsSocket(self.socket, context or trusting_nobody(), name=name)


AUTHENTICATED_AND_READY = struct.pack("!cii", b"R", 8, 0) + struct.pack("!cic", b"Z", 5, b"I")


def begin_session(client):
    """The shortest start of a session there is, on a connection of any kind."""
    client.sendall(startup_packet())
    said = b""
    while len(said) < len(AUTHENTICATED_AND_READY):
        said += client.recv(len(AUTHENTICATED_AND_READY) - len(said))
    assert said == AUTHENTICATED_AND_READY


def accept_session(connection):
    """The server's part of it."""
    size, = struct.unpack("!i", _exactly(connection, 4))
    _exactly(connection, size - 4)
    connection.sendall(AUTHENTICATED_AND_READY)


def accept_tls(connection, context):
    """As PostgreSQL does."""
    assert _exactly(connection, 8) == SSL_REQUEST
    connection.sendall(b"S")
    return TlsSocket(connection, context, server_side=True)


def _exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data
