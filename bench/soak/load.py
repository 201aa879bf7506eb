"""Clients that know what they must be answered."""

import collections
import contextlib
import hashlib
import random
import time

import psycopg
from psycopg.pq import ConnStatus, ExecStatus

from harness.wait import wait_for
from switchover.clients import connect, open_sessions, write
from switchover.process import FORK, ClientProcess

RETRY = 0.01
PATIENT = 60            # seconds: a client may be held for 30
# Nobody is silent for longer: connecting, being held, and the answer to a few megabytes.
STUCK = 75
SIZES = (1, 100, 8_000, 8_000, 300_000, 4_000_000)      # bytes, of what is sent and comes back
ECHOES = 3              # for each port
ECHO = b"SELECT $1::bytea"
# What goes on for so long that it is spliced; the client can make the same lines.
COPY = b"COPY (SELECT repeat(md5(n::text), 4000) FROM generate_series(%d, %d) n) TO STDOUT"
LINES = 64              # of 128 kB
COPY_EVERY = 50         # answers, about


class Load:
    """Starts with `with`, and is asked for what it saw with stop()."""

    def __init__(self, cluster, trusted):
        """`trusted`: seconds for which new sessions may come to a standby that was just promoted."""
        self._promotions, self._trusted = [], trusted
        self._places = {port: [f"{node.conninfo_of(port)} connect_timeout={PATIENT}"
                               for node in cluster.nodes] for port in ("prod", "stdby")}
        with cluster.primary.postgres.connect(dbname="app") as session:
            session.execute("CREATE TABLE rows (number bigint PRIMARY KEY)")
            session.execute("ALTER TABLE rows OWNER TO app")

    def __enter__(self):
        self._ends = contextlib.ExitStack()
        self._moved, tell_moved = FORK.Pipe(duplex=False)
        self._writer = self._start(write, self._places["prod"], tell_moved)
        self._openers = [self._start(open_sessions, self._places[port], port, tls)
                         for port in self._places for tls in (False, True)]
        number = ECHOES * len(self._places)
        self._answers, self._beats = FORK.Array("Q", number), FORK.Array("d", number)
        self._echoes = [self._start(echo, self._places[port], place % 2 == 1, self._answers,
                                    self._beats, at * ECHOES + place)
                        for at, port in enumerate(self._places) for place in range(ECHOES)]
        return self

    def __exit__(self, *_):
        self._ends.close()

    def _start(self, work, *arguments):
        process = ClientProcess(work, *arguments)
        self._ends.callback(process.ask_to_stop)
        return process

    def wait_going(self):
        """Until each of the clients that compare was answered once more."""
        self._drain()
        before = list(self._answers)
        wait_for(lambda: all(now > then for now, then in zip(self._answers, before)),
                 "every client goes on", STUCK)

    def _drain(self):
        while self._moved.poll():
            self._moved.recv()

    def promoted(self, server):
        """`server`, an address, has just become the primary."""
        self._promotions.append((time.monotonic(), server))

    def _is_wrong(self, attempt):
        """A session on a server that was known not to have its port's role. Of a new primary nobody
        could know before pg_promote() returned."""
        if attempt.port == "prod":
            return attempt.standby is True
        return attempt.standby is False and not any(
            server == attempt.server and -self._trusted <= when - attempt.began < STUCK
            for when, server in self._promotions)

    def _described(self, attempt):
        """Where a session on a wrong server was, and when: the last promotion before it."""
        when, primary = max((promotion for promotion in self._promotions
                             if promotion[0] <= attempt.began), default=(None, None))
        since = (f"begun {(attempt.began - when) * 1000:.1f} ms after {primary} had been promoted"
                 if when else "begun before any promotion")
        role = "standby" if attempt.standby else "primary"
        return (f"port {attempt.port}, {'TLS' if attempt.tls else 'plain'}, on {attempt.server}, a "
                f"{role}: {since}")

    def told(self):
        return f"{sum(self._answers)} answers compared"

    def stop(self):
        """{what: count}, and which writes were acknowledged."""
        now = time.monotonic()
        stuck = sum(now - beat > STUCK for beat in self._beats)
        everyone = [self._writer, *self._openers, *self._echoes]
        for process in everyone:
            process.ask_to_stop()
        self._drain()
        writes, attempts = self._writer.stop()
        attempts += [attempt for opener in self._openers for attempt in opener.stop()]
        seen = collections.Counter()
        for process in self._echoes:
            seen.update(process.stop())
        wrong = [self._described(attempt) for attempt in attempts if self._is_wrong(attempt)]
        return {"answers compared": sum(self._answers), "bytes compared": seen["bytes"],
                "changed answers": seen["changed"], "stuck clients": stuck,
                "sessions cut": seen["cut"], "connections refused to those who compare":
                seen["refused"], "sessions opened": len(attempts),
                "of these refused": sum(bool(attempt.failure) for attempt in attempts),
                "sessions on a wrong server": len(wrong), "wrong": wrong,
                "writes acknowledged": len(writes),
                "acknowledged": {write.number for write in writes}}


def echo(stop, conninfos, tls, answers, beats, place):
    """Sends bytes that no other has, and compares what comes back; a COPY now and then."""
    rng, seen = random.Random(place), collections.Counter()
    while not stop.is_set():
        beats[place] = time.monotonic()
        connection = connect(rng.choice(conninfos), tls)
        if connection.status != ConnStatus.OK:
            seen["refused"] += 1
            stop.wait(RETRY)
        for _ in range(rng.randrange(1, 300)):
            if connection.status != ConnStatus.OK or stop.is_set():
                break
            beats[place] = time.monotonic()
            if rng.randrange(COPY_EVERY):
                sent = rng.randbytes(rng.choice(SIZES))
                received = answer(connection, sent)
            else:
                first = rng.randrange(1_000_000)
                sent, received = lines(first), copied(connection, first)
            if received is None:
                seen["cut"] += 1
                break
            seen["bytes"] += len(sent)
            seen["changed"] += received != sent
            answers[place] += 1
        connection.finish()
    return seen


def answer(connection, sent):
    """What came back; None: the session ended before all of it."""
    try:
        result = connection.exec_params(ECHO, [sent], param_formats=[1], result_format=1)
    except MemoryError:         # so psycopg calls it when libpq could not even send it
        return None
    return result.get_value(0, 0) if result.status == ExecStatus.TUPLES_OK else None


def lines(first):
    return b"".join(hashlib.md5(str(number).encode()).hexdigest().encode() * 4000 + b"\n"
                    for number in range(first, first + LINES))


def copied(connection, first):
    if connection.exec_(COPY % (first, first + LINES - 1)).status != ExecStatus.COPY_OUT:
        return None
    parts = []
    try:
        while (got := connection.get_copy_data(0))[0] > 0:
            parts.append(bytes(got[1]))
    except psycopg.Error:       # cut in between
        return None
    done = connection.get_result()
    return b"".join(parts) if done and done.status == ExecStatus.COMMAND_OK else None
