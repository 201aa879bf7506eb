"""Sessions that last for one SELECT: how many a second, and what each costs the proxies."""

import dataclasses
import os
import subprocess

from common.machine import processor_time
from common.program import found
from harness.settings import postgres_program
from harness.wait import wait_for

SSLMODES = {"plain": "disable", "tls": "require"}
SCRIPT = "SELECT 1;\n"
WARM_UP = ("--transactions", 10)        # of each client


@dataclasses.dataclass
class Figures:
    """Of one run; processor times are microseconds a session."""
    rate: float             # sessions a second
    sessions: int
    proxy: float | None     # of the contender's process; None: no proxy
    asked: float            # of the primary's novip, and of the backend by which it asks


class Measurement:
    """One after the other, runs on a `cluster` that stays as it is."""

    def __init__(self, cluster, folder, clients, seconds):
        self._primary = cluster.primary
        self._clients, self._seconds = clients, seconds
        self._script = folder / "select.sql"
        self._script.write_text(SCRIPT)
        # The agent's session is the only one in this database.
        backend = self._primary.postgres.value(
            "SELECT pid FROM pg_stat_activity WHERE datname = 'production'")
        self._asked = [self._primary.proxy.pid, backend]

    def warm_up(self, way, encryption):
        self._pgbench(way, encryption, *WARM_UP)

    def run(self, way, encryption):
        # What the last one left would cost this one.
        wait_for(self._nobody_is_there, "the last run's sessions have ended")
        before = self._processor_times(way)
        text = self._pgbench(way, encryption, "--time", self._seconds)
        after = self._processor_times(way)
        sessions = int(found(r"actually processed: (\d+)", text))
        proxy, asked = ((new - old) / 1000 / sessions for old, new in zip(before, after))
        return Figures(float(found(r"tps = ([\d.]+) \(including reconnection", text)), sessions,
                       proxy if way.pid else None, asked)

    def _pgbench(self, way, encryption, *limit):
        """A thread for each client, as opening a session blocks all clients of a thread."""
        command = [postgres_program("pgbench"), "--connect", "--no-vacuum", "--file", self._script,
                   "--client", self._clients, "--jobs", self._clients, *limit,
                   "--host", way.address, "--port", way.port, "--username", "app", "app"]
        done = subprocess.run([str(word) for word in command], text=True, capture_output=True,
                              env={**os.environ, "LC_ALL": "C", "PGGSSENCMODE": "disable",
                                   "PGSSLMODE": SSLMODES[encryption]})
        if done.returncode != 0:
            raise RuntimeError(f"pgbench through {way.name}, {encryption}: {done.stderr}")
        return done.stdout

    def _processor_times(self, way):
        return (processor_time(way.pid) if way.pid else 0, sum(map(processor_time, self._asked)))

    def _nobody_is_there(self):
        return self._primary.postgres.value(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'app'")
