"""The clients of the demonstration: one that writes without end, and sessions that stay open."""

import threading
import time

import psycopg

from harness.cluster import ADDRESSES

NAMES = {address: name for name, address in ADDRESSES.items()}


class Writer(threading.Thread):
    """Inserts a row every few milliseconds and reconnects when it must, as an application would."""

    PAUSE = 0.02            # between two writes, and between two attempts to connect

    def __init__(self, node, say):
        super().__init__(daemon=True)
        self._conninfo, self._say = node.conninfo_of("prod"), say
        self._ended = threading.Event()
        self._connection = None
        self.report_every = 1       # seconds between two lines about its progress
        self.acknowledged = []      # (time, row, server) of each write
        self.failures = []          # (time, first line of the error)

    def run(self):
        row, reported = 1, 0.0
        while not self._ended.wait(self.PAUSE):
            try:
                server = self._write(row)
            except psycopg.Error as error:
                self._failed(str(error).strip().splitlines()[0])
                continue
            now = time.monotonic()
            moved = bool(self.acknowledged) and self.acknowledged[-1][2] != server
            self.acknowledged.append((now, row, server))
            if moved or now - reported >= self.report_every:
                self._say(f"row {row} written on {server}{', the new primary' if moved else ''}")
                reported = now
            row += 1
        self._close()

    def _write(self, row):
        if self._connection is None:
            self._connection = psycopg.connect(self._conninfo, autocommit=True)
        # A row whose acknowledgement was lost with its connection is written again.
        address, = self._connection.execute(
            "INSERT INTO rows VALUES (%s) ON CONFLICT (number) DO UPDATE "
            "SET number = excluded.number RETURNING host(inet_server_addr())", [row]).fetchone()
        return NAMES[address]

    def _failed(self, message):
        if not self.failures or self.failures[-1][0] < self.acknowledged[-1][0]:
            self._say(f"cannot write: {message}")
        self.failures.append((time.monotonic(), message))
        self._close()

    def _close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stop(self):
        self._ended.set()
        self.join()

    def change_to(self, server):
        """The last write acknowledged elsewhere and the first one after it, on `server`; None while
        there is no such write."""
        if self.acknowledged[-1][2] != server:
            return None
        first = len(self.acknowledged) - 1
        while self.acknowledged[first - 1][2] == server:
            first -= 1
        return self.acknowledged[first - 1], self.acknowledged[first]


class Session:
    """A client that connected once and stays."""

    def __init__(self, node, port):
        self.node, self.port = node, port
        self._connect()

    def _connect(self):
        self._connection = self.node.connect(self.port)
        self.server = self._ask()

    def _ask(self):
        address, = self._connection.execute("SELECT host(inet_server_addr())").fetchone()
        return NAMES[address]

    def look_again(self):
        """Whether it was cut; if so it connects anew, and `server` is where that leads."""
        try:
            self._ask()
            return False
        except psycopg.OperationalError:
            self._connection.close()
            self._connect()
            return True

    def close(self):
        self._connection.close()
