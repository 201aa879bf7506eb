"""Programs and sessions of PostgreSQL's clients."""

import os
import socket
import subprocess

from psycopg.pq import ConnStatus, ExecStatus, PGconn

from harness.settings import postgres_program

PLAIN = {**os.environ, "LC_ALL": "C", "PGGSSENCMODE": "disable", "PGSSLMODE": "disable"}


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


def run(way, program, *words, **options):
    """Of a client of PostgreSQL, through `way`; returns what it prints."""
    command = [postgres_program(program), "--host", way.address, "--port", way.port, *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, env=PLAIN,
                          **{"text": True, "cwd": "/", **options})
    if done.returncode != 0:
        raise RuntimeError(f"{program} through {way.name}: {done.stderr}")
    return done.stdout
