"""The rows of the table, in its order: what each measures, of whom, and in which figure it is
compared."""

import dataclasses

from common import pgbench
from common.program import say

import checked
import client
import idle
import rows
from contenders import (BOUNCER, CONTENDERS, DEBIANS, DIRECT, KERNEL, PROXIES, REFERENCES, RELAY,
                        SCALING, SPLICE, Way)


@dataclasses.dataclass(frozen=True)
class Effort:
    rounds: int
    seconds: int
    bytes: int              # of a COPY
    scale: int              # of pgbench: what a base backup has to carry
    sessions: tuple
    servers: tuple

    @staticmethod
    def full():
        return Effort(7, 3, rows.GIGABYTE, 40, (1000, 8000), (3, 100, 1000))

    @staticmethod
    def quick():
        return Effort(2, 1, rows.GIGABYTE // 16, 2, (100, 1000), (3, 100))

    def changed(self, rounds, seconds):
        return dataclasses.replace(self, rounds=rounds or self.rounds,
                                   seconds=seconds or self.seconds)


@dataclasses.dataclass(frozen=True)
class Row:
    """`measure(way, place, effort)` gives the figures of one contender in one round."""
    title: str
    measure: callable
    contenders: tuple = CONTENDERS
    unit: str = "/s"
    scale: float = 1.0      # rates are divided by it

    def rounds(self, effort):
        return effort.rounds

    def told(self, figures):
        return f"{figures['rate'] / self.scale:.0f}{self.unit}"

    def round(self, contenders, place, effort, number):
        """Each begins in its turn: whoever comes first has the machine as the last row left it."""
        start = number % len(contenders)
        figures = {}
        for contender in contenders[start:] + contenders[:start]:
            with Way(contender, place.server, place.folder) as way:
                prepare(way, place, effort)
                figures[contender.name] = self.measure(way, place, effort)
        return {contender.name: figures[contender.name] for contender in contenders}


def prepare(way, place, effort):
    """pgbench's tables, once; and the first session, which is always slower."""
    if not place.filled:
        say("filling pgbench's tables")
        pgbench.fill(place.direct, effort.scale)
        place.filled = True
    client.connect(way).finish()


@dataclasses.dataclass(frozen=True)
class MemoryRow(Row):
    def rounds(self, effort):
        return min(3, effort.rounds)

    def told(self, figures):
        return ", ".join(f"{bytes_:.0f} at {count}" for count, bytes_ in figures.items())

    def round(self, contenders, place, effort, number):
        figures = {}
        for contender in contenders:
            server = idle.IdleServer()
            try:
                with Way(contender, server.address, place.folder) as way:
                    figures[contender.name] = idle.memory(way, effort.sessions)
            finally:
                server.stop()
        return figures


@dataclasses.dataclass(frozen=True)
class CheckedRow(Row):
    def rounds(self, effort):
        return min(3, effort.rounds)

    def told(self, figures):
        return ", ".join(f"{count}: {one['percent']:.2f} % of a core, {one['start'] * 1000:.0f} ms"
                         for count, one in figures.items())

    def round(self, contenders, place, effort, number):
        servers = checked.CheckedServers()
        try:
            return {contender.name: {str(count): checked.measure(contender, count, servers,
                                                                 place.folder)
                                     for count in effort.servers}
                    for contender in contenders}
        finally:
            servers.stop()


def select(clients):
    return Row(f"SELECT, {clients} client{'s' if clients > 1 else ''}",
               lambda way, place, effort: rows.select(way, place, effort.seconds, clients),
               CONTENDERS + REFERENCES)


MEGABYTES = {"unit": " MB/s", "scale": 1e6}

ROWS = {
    "select-1": select(1),
    "select-8": select(8),
    "select-64": select(64),
    "workers": dataclasses.replace(select(64), title="SELECT, 64 clients, by worker threads",
                                   contenders=(DIRECT, *SCALING)),
    "connections": Row("New sessions, 8 clients", lambda way, place, effort: rows.sessions(
        way, place, effort.seconds, 8)),
    "copy-out": Row("COPY to the client", lambda way, place, effort: rows.copy_out(
        way, place, effort.bytes), CONTENDERS + (SPLICE,), **MEGABYTES),
    "copy-in": Row("COPY from the client", lambda way, place, effort: rows.copy_in(
        way, place, effort.bytes), CONTENDERS + (SPLICE,), **MEGABYTES),
    # pgbouncer 1.18 takes no replication sessions.
    "basebackup": Row("pg_basebackup", lambda way, place, effort: rows.base_backup(way, place),
                      (DIRECT, RELAY, SPLICE, KERNEL, DEBIANS), **MEGABYTES),
    "memory": MemoryRow("Idle sessions", None, (RELAY, DEBIANS, BOUNCER)),
    "checked": CheckedRow("Checked servers", None, PROXIES),
}
