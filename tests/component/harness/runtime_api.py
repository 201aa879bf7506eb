"""The runtime API (`stats socket`) as a client."""

import csv
import socket

from harness import settings


class RuntimeApi:
    def __init__(self, endpoint):
        """`endpoint`: the path of a Unix socket, or (host, port)."""
        self.endpoint = endpoint

    def connect(self):
        if isinstance(self.endpoint, tuple):
            return socket.create_connection(self.endpoint, timeout=10 * settings.PATIENCE)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10 * settings.PATIENCE)
        connection.connect(str(self.endpoint))
        return connection

    def __call__(self, command):
        """The whole answer, the empty line that ends it included."""
        with self.connect() as connection:
            connection.sendall(command.encode() + b"\n")
            return read_all(connection).decode()

    def stat(self):
        """`show stat` as rows by (proxy, server)."""
        return parse_csv(self("show stat"))

    def info(self):
        pairs = (line.split(":", 1) for line in self("show info").splitlines() if ":" in line)
        return {name: value.strip() for name, value in pairs}

    def status(self, proxy):
        """Each server's status: {"srv1": "UP", …}."""
        return {server: row["status"] for (name, server), row in self.stat().items()
                if name == proxy and server not in ("FRONTEND", "BACKEND")}

    def up(self, proxy):
        """The servers of `proxy` that checks found up, on their way down or not. (Before its first
        check a server is called up too; novip does not send it anybody.)"""
        return {server for (name, server), row in self.stat().items()
                if name == proxy and server not in ("FRONTEND", "BACKEND")
                and row["status"].startswith("UP") and row["check_status"].startswith("L")}


def parse_csv(text):
    lines = text.strip().splitlines()
    assert lines and lines[0].startswith("# "), f"not statistics: {text[:200]!r}"
    rows = {}
    for row in csv.DictReader([lines[0][2:], *lines[1:]]):
        row["check_status"] = row["check_status"].removeprefix("* ")    # a check is under way
        rows[row["pxname"], row["svname"]] = row
    return rows


def read_all(connection):
    chunks = []
    while chunk := connection.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)
