"""The rows that clients see: each measures one way for some seconds, and returns its figures."""

import subprocess
import time

from psycopg.pq import ExecStatus

from common import pgbench
from common.machine import machine_time, process_time
from common.program import found
from harness.settings import postgres_program

import client

GIGABYTE = 1 << 30
BLOCK = 1 << 16
COPY_OUT = b"COPY (SELECT repeat('x', %d) FROM generate_series(1, %d)) TO STDOUT"
# Read, parsed, and thrown away: the disk is not what is measured.
COPY_IN = b"COPY sink FROM STDIN WHERE false"


class Clock:
    """What a stretch of time cost the machine, and the contender's process."""

    def __init__(self, way):
        self._way = way
        self._before = self._now()

    def _now(self):
        user, system = process_time(self._way.pid) if self._way.pid else (0, 0)
        return time.monotonic(), machine_time(), user, system

    def figures(self, amount):
        """`amount` of transactions, sessions or bytes: {"seconds": …, and µs for each}."""
        seconds, machine, user, system = (now - before for now, before
                                          in zip(self._now(), self._before))
        figures = {"seconds": seconds, "rate": amount / seconds, "machine": machine / amount * 1e6}
        if self._way.pid:
            figures |= {"user": user / amount * 1e6, "system": system / amount * 1e6}
        return figures


def select(way, place, seconds, clients):
    """pgbench -S with prepared statements."""
    clock = Clock(way)
    text = pgbench.select(way, place.folder, seconds, clients)
    figures = clock.figures(pgbench.transactions(text))     # before the latencies are read
    return figures | pgbench.select_figures(text, place.folder)


def sessions(way, place, seconds, clients):
    """Connect, SELECT 1, leave; a thread for each client, as connecting blocks."""
    clock = Clock(way)
    text = pgbench.run(way, "pgbench", "--connect", "--no-vacuum", "--file", place.select_1,
                      "--client", clients, "--jobs", clients, "--time", seconds,
                      "--username", "app", "app")
    figures = clock.figures(pgbench.transactions(text))
    figures["rate"] = float(found(r"tps = ([\d.]+) \(including reconnection", text))
    return figures


def copy_out(way, place, size):
    connection = client.connect(way)
    clock, received = Clock(way), 0
    connection.send_query(COPY_OUT % (BLOCK, size // BLOCK))
    client.expect(connection.get_result(), ExecStatus.COPY_OUT, way)
    while (got := connection.get_copy_data(0))[0] > 0:
        received += got[0]
    client.expect(connection.get_result(), ExecStatus.COMMAND_OK, way)
    figures = clock.figures(received)
    connection.finish()
    if received < size:
        raise RuntimeError(f"{way.name}: {received} of {size} bytes")
    return figures


def copy_in(way, place, size):
    connection = client.connect(way)
    row = b"x" * (BLOCK - 1) + b"\n"
    clock = Clock(way)
    client.expect(connection.exec_(COPY_IN), ExecStatus.COPY_IN, way)
    for _ in range(size // BLOCK):
        connection.put_copy_data(row)
    connection.put_copy_end()
    client.expect(connection.get_result(), ExecStatus.COMMAND_OK, way)
    figures = clock.figures(size)
    connection.finish()
    return figures


def base_backup(way, place):
    """As a tar file to nowhere."""
    command = [postgres_program("pg_basebackup"), "-h", way.address, "-p", way.port, "-U", "srv1",
               "-D", "-", "-F", "tar", "-X", "none", "-c", "fast", "--no-manifest"]
    clock, received = Clock(way), 0
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=pgbench.PLAIN, cwd="/") as child:
        while block := child.stdout.read(1 << 20):
            received += len(block)
        said = child.stderr.read().decode(errors="replace")
    if child.returncode != 0:
        raise RuntimeError(f"pg_basebackup through {way.name}: {said}")
    return clock.figures(received)
