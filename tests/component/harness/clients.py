"""Clients while something happens: those that come, and how it ends for those that are there."""

import itertools
import os
import re
import socket
import threading
import time

import psycopg

from harness import settings


def sqlstate_of_its_end(session, seconds=10):
    """Waits for an idle session to be ended, and tells with which word; None: a reset. (psycopg
    shows the text of such a message, and not its SQLSTATE.)"""
    with socket.socket(fileno=os.dup(session.fileno())) as wire:
        wire.settimeout(seconds * settings.PATIENCE)
        said = b""
        try:
            while part := wire.recv(4096):
                said += part
        except ConnectionResetError:
            return None
    return re.search(rb"\0C(\w{5})\0", said)[1].decode()


class Opener:
    """Opens sessions through the proxies of these nodes in turn, in a thread, while it is a `with`
    block's context."""

    def __init__(self, nodes, port, **options):
        self._nodes, self._port, self._options = nodes, port, options
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failures = []      # why a session could not be opened
        self.sessions = []      # (when it began, whether its server is a standby, its address)

    def _run(self):
        for node in itertools.cycle(self._nodes):
            if self._ended.is_set():
                return
            self._open(node)

    def _open(self, node):
        began = time.monotonic()
        try:
            session = psycopg.connect(node.conninfo_of(self._port), autocommit=True,
                                      connect_timeout=60, **self._options)
        except psycopg.OperationalError as error:
            self.failures.append(str(error))
            self._ended.wait(0.01)
            return
        with session:
            try:
                self.sessions.append((began, *session.execute(
                    "SELECT pg_is_in_recovery(), host(inet_server_addr())").fetchone()))
            except psycopg.OperationalError:
                pass        # it was there, and its server has ended

    def count_on(self, address, since=0.0):
        return sum(began > since and server == address for began, _, server in self.sessions)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "a client is still held"
