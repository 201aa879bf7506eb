"""Sessions of PostgreSQL's clients."""

import socket

from psycopg.pq import ConnStatus, ExecStatus, PGconn


def conninfo(way):
    return (f"host={way.address} port={way.port} user=app dbname=app sslmode=disable "
            f"gssencmode=disable connect_timeout=10")


def connect(way):
    connection = PGconn.connect(conninfo(way).encode())
    if connection.status != ConnStatus.OK:
        raise RuntimeError(f"{way.name}: {connection.error_message.decode(errors='replace')}")
    return connection


def answers(address, port):
    with socket.create_connection((address, port), timeout=1):
        return True


def expect(result, status, way):
    if result.status != status:
        raise RuntimeError(f"{way.name}: {ExecStatus(result.status).name}: "
                           f"{result.error_message.decode(errors='replace')}")
