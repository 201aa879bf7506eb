#!/usr/bin/python3
"""./dev bench: as fast as no proxy at all? Direct, novip (relay and kernel), HAProxy and pgbouncer in
alternating rounds: rates, latencies, what it costs the machine, memory."""

import contextlib
import ctypes
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests" / "component")]

from common.program import argument_parser, run_to_the_end, say, temporary_folder   # noqa: E402
from harness.ports import free_port                             # noqa: E402
from harness.postgres import Postgres, make_template            # noqa: E402

import report                                                   # noqa: E402
import results                                                  # noqa: E402
from table import ROWS, Effort                                  # noqa: E402
from contenders import DIRECT, Way, missing                             # noqa: E402

DOCUMENT = REPOSITORY / "docs" / "benchmarks.md"
CLONE_NEWNET = 0x40000000


def arguments():
    parser = argument_parser("", __doc__, DOCUMENT)
    parser.add_argument("--quick", action="store_true",
                        help="short rounds and little data: to see that it works, and roughly how")
    parser.add_argument("--rounds", type=int, help="default 7; quick: 2")
    parser.add_argument("--seconds", type=int,
                        help="of each contender in a round, where time is the limit (default 3; "
                             "quick: 1)")
    parser.add_argument("--only", action="append", choices=list(ROWS), metavar="ROW",
                        help=f"{', '.join(ROWS)}; may be given more than once")
    parser.add_argument("--report", action="store_true",
                        help="measure nothing: tables of what was measured before")
    parser.add_argument("--forget", action="store_true",
                        help="what was measured before; else rounds add up over several runs")
    options = parser.parse_args()
    if min(options.rounds or 1, options.seconds or 1) < 1:
        parser.error("--rounds and --seconds are 1 at least")
    return options


class Place:
    """What all rows share: a server, which is started when the first needs it, and a folder."""

    def __init__(self, folder, ends):
        self.folder, self._ends, self._postgres = folder, ends, None
        self.filled = False
        self.select_1 = folder / "select.sql"
        self.select_1.write_text("SELECT 1;\n")

    @property
    def server(self):
        if not self._postgres:
            self._postgres = self._start()
        return self._postgres.address, self._postgres.port

    @property
    def direct(self):
        return Way(DIRECT, self.server, self.folder)

    def _start(self):
        template = make_template(self.folder / "template", ["srv1"])
        postgres = Postgres("srv1", "127.0.0.1", free_port(), self.folder / "srv1", "")
        postgres.create(template)
        access = postgres.data / "pg_hba.conf"      # which keeps srv1 from copying itself
        access.write_text(access.read_text().replace("reject", "trust"))
        self._ends.callback(postgres.stop, "immediate")
        postgres.start()
        with postgres.connect(dbname="app") as session:
            session.execute("CREATE TABLE sink (line text)")
            session.execute("ALTER TABLE sink OWNER TO app")
        return postgres


def leave_the_network():
    """A namespace of our own, as nftables rules are for all of one, and nothing else is there. Who
    may not make one measures where he is, without the kernel's way."""
    if os.geteuid() == 0 and ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def measure(rows, effort, store):
    leave_the_network()
    with temporary_folder() as folder, contextlib.ExitStack() as ends:
        place = Place(folder, ends)
        for name in rows:
            row = ROWS[name]
            contenders = []
            for contender in row.contenders:
                if why := missing(contender, folder):
                    say(f"{name}: without {contender.name}: {why}")
                else:
                    contenders.append(contender)
            for number in range(1, row.rounds(effort) + 1):
                figures = row.round(contenders, place, effort, number)
                store.add(name, figures)
                said = ", ".join(f"{who} {row.told(these)}" for who, these in figures.items())
                say(f"{name}, round {number} of {row.rounds(effort)}: {said}")


def run(options):
    effort = Effort.quick() if options.quick else Effort.full()
    effort = effort.changed(options.rounds, options.seconds)
    rows = [name for name in ROWS if name in (options.only or ROWS)]
    store = results.Store(REPOSITORY / "build" / "bench" / ("quick" if options.quick else "suite"))
    if options.forget:
        store.forget(rows)
    if not options.report:
        measure(rows, effort, store)
    measured = store.read(ROWS)
    print(report.tables(measured))
    if options.json:
        store.write_all(options.json, measured)
    if options.write:
        report.write(DOCUMENT, measured)


if __name__ == "__main__":
    sys.exit(run_to_the_end(run, arguments()))
