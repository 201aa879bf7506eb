"""The clients: all of them libpq, called without psycopg's layers, which would take the processor
from what is measured."""

import contextlib
import itertools
import re
import selectors
import time
import typing

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, PGconn

RETRY = 0.01            # seconds before a client that failed tries again
WRITE_PAUSE = 0.002     # between two writes
# Never at a message boundary, and yet without a snapshot that lives on: on a standby that would
# stop replay, and with it the search for a new primary, for max_standby_streaming_delay (30 s).
BUSY = b"DO $$ BEGIN LOOP PERFORM pg_sleep(0.1); COMMIT; END LOOP; END $$"


class Attempt(typing.NamedTuple):
    """One try to open a session and to ask where it is."""
    port: str               # "prod" or "stdby"
    tls: bool
    began: float            # time.monotonic(): one clock for all processes
    failure: str | None     # it was refused
    cut: bool               # it was there, and its server ended before it answered
    standby: bool | None    # what its server said
    server: str | None


class Write(typing.NamedTuple):
    number: int
    sent: float
    acknowledged: float
    server: str


class Cut(typing.NamedTuple):
    """How an established session fared; `when` is None while it lives."""
    port: str
    tls: bool
    busy: bool
    server: str
    when: float | None
    sqlstate: str | None    # None: a reset, without a word


def connect(conninfo, tls):
    mode = "require" if tls else "disable"
    connection = PGconn.connect(f"{conninfo} sslmode={mode} gssencmode=disable".encode())
    connection.notice_handler = lambda notice: None     # libpq's own prints it
    return connection


def reason(connection):
    """Why it failed, without the parts that differ from one time to the next."""
    text = connection.error_message.decode(errors="replace")
    lines = {re.sub(r"^(connection to server at .* failed: )?(FATAL: +)?", "", line).strip()
             for line in text.splitlines() if not line.startswith("\t")}     # a hint
    return "; ".join(sorted(lines - {""}))


def open_sessions(stop, conninfos, port, tls):
    """Opens one session after the other, as fast as it can; returns its Attempts."""
    attempts = []
    for conninfo in itertools.cycle(conninfos):
        if stop.is_set():
            return attempts
        attempts.append(attempt(conninfo, port, tls))
        if attempts[-1].failure:
            stop.wait(RETRY)


def attempt(conninfo, port, tls):
    began = time.monotonic()
    connection = connect(conninfo, tls)
    try:
        if connection.status != ConnStatus.OK:
            return Attempt(port, tls, began, reason(connection), False, None, None)
        result = connection.exec_(b"SELECT pg_is_in_recovery(), host(inet_server_addr())")
        if result.status != ExecStatus.TUPLES_OK:
            return Attempt(port, tls, began, None, True, None, None)
        return Attempt(port, tls, began, None, False, result.get_value(0, 0) == b"t",
                       result.get_value(0, 1).decode())
    finally:
        connection.finish()


def write(stop, conninfos, moved):
    """Inserts numbered rows without end and reconnects when it must. `moved` is a pipe that gets
    each Write that is the first on another server. Returns its Writes and its Attempts."""
    writes, attempts = [], []
    numbers, places = itertools.count(1), itertools.cycle(conninfos)
    connection = None
    while not stop.is_set():
        if connection is None:
            began = time.monotonic()
            connection = connect(next(places), False)
            failure = None if connection.status == ConnStatus.OK else reason(connection)
            attempts.append(Attempt("prod", False, began, failure, False, None, None))
            if failure:
                connection.finish()
                connection = None
                stop.wait(RETRY)
                continue
        done = insert(connection, next(numbers))
        if done is None:
            connection.finish()
            connection = None
            continue
        if not writes or writes[-1].server != done.server:
            moved.send(done)
        writes.append(done)
        stop.wait(WRITE_PAUSE)
    return writes, attempts


def insert(connection, number):
    """Nothing when it was not acknowledged: it may be there all the same."""
    sent = time.monotonic()
    result = connection.exec_(b"INSERT INTO rows VALUES (%d) RETURNING host(inet_server_addr())"
                              % number)
    if result.status != ExecStatus.TUPLES_OK:
        return None
    return Write(number, sent, time.monotonic(), result.get_value(0, 0).decode())


def stay(stop, ready, conninfos, each):
    """Opens `each` idle sessions and a busy one for every port and place, plain and TLS in turn;
    says so through the pipe `ready`, and watches how they end. `conninfos`: a list by port."""
    sessions = [Established(conninfo, port, number % 2 == 1, busy=number == each)
                for port, places in conninfos.items() for conninfo in places
                for number in range(each + 1)]
    ready.send(True)
    with selectors.DefaultSelector() as selector:
        for session in sessions:
            selector.register(session.descriptor, selectors.EVENT_READ, session)
        while not stop.is_set():
            for key, _ in selector.select(0.1):
                if key.data.look():
                    selector.unregister(key.fd)
    return [session.fate() for session in sessions]


class Established:
    def __init__(self, conninfo, port, tls, busy):
        self._connection = connect(conninfo, tls)
        assert self._connection.status == ConnStatus.OK, reason(self._connection)
        result = self._connection.exec_(b"SELECT host(inet_server_addr())")
        self._what = (port, tls, busy, result.get_value(0, 0).decode())
        self._when = self._sqlstate = None
        self._connection.notice_handler = self._noticed
        self.descriptor = self._connection.socket
        if busy:
            self._connection.send_query(BUSY)

    def _noticed(self, result):
        state = result.error_field(DiagnosticField.SQLSTATE)
        self._sqlstate = state.decode() if state else self._sqlstate

    def look(self):
        """There is something to read; whether it was the end."""
        with contextlib.suppress(psycopg.OperationalError):     # the end; read what came before
            self._connection.consume_input()
        if not self._connection.is_busy():
            while result := self._connection.get_result():
                self._noticed(result)
        if self._connection.status == ConnStatus.OK:
            return False
        self._when = time.monotonic()
        return True

    def fate(self):
        return Cut(*self._what, self._when, self._sqlstate)
