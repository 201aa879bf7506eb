#!/usr/bin/python3
"""./dev bench flood: what becomes of sessions, and of those who ask for the state, while the state
ports are flooded."""

import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import socket
import ssl
import statistics
import sys
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests" / "component")]

from common import pgbench                                      # noqa: E402
from common.machine import environment                          # noqa: E402
from common.markdown import spread, table                       # noqa: E402
from common.program import argument_parser, run_to_the_end, say, temporary_folder   # noqa: E402
from harness import configurations                              # noqa: E402
from harness.cluster import ADDRESSES, Cluster                  # noqa: E402
from harness.flood import slow_clients                          # noqa: E402
from harness.ports import free_port                             # noqa: E402
from harness.tls import Authority                               # noqa: E402

from flooder import Flood                                       # noqa: E402

DOCUMENT = REPOSITORY / "docs" / "flood.md"
SLOW = 1000             # clients that hold half a request each
REQUEST = b"GET /primary HTTP/1.0\r\n\r\n"
FRESH = b"GET /primary?fresh HTTP/1.0\r\n\r\n"
PAGE = b"GET / HTTP/1.0\r\n\r\n"
ASK_EVERY = 0.02        # seconds: who wants to know the state
ALL = os.sched_getaffinity(0)
QUIET, GENERATOR = "quiet", "a closed port"
LIMIT = 1.2             # of quiet: what a session's usual time may become

TEXT = """\
# A flood on the state ports

Written by `./dev bench flood --write` on {date}. {machine}; {postgresql}; load average before:
{load_before}. One client (`pgbench -S`, prepared) goes through srv1's novip to the primary, while two
processes open {wanted:,} connections a second to srv1 in all, from 498 addresses, and somebody else
asks the text port and REST for the state every {every:.0f} ms. What the flood itself takes is seen by
*{generator}*, where nobody listens and the kernel refuses. *fresh*: each asks for an answer that is
not from memory. *TLS*: each begins a handshake, which novip answers with its certificate and a
signature. *slow*: {slow} clients hold half a request to REST each meanwhile. Medians of {rounds} rounds
(the middle half of them), ratios within a round.

## Apart

PostgreSQL, pgbench and novip's workers have half of the processors, the flood and novip's other threads
the other half: what novip's threads do to each other.

{apart}

{verdict}

## Together

All on all processors, where they take turns: what the scheduler makes of it, with more busy threads
than processors.

{together}
"""


def with_rest_in_tls(configuration, folder):
    """The configuration with another bind of REST, within TLS; and its port."""
    port = free_port(*ADDRESSES.values())
    pem = Authority(folder).issue("novip", *ADDRESSES.values())
    plain = "    bind {address}:{rest} mode http\n"
    within = f"    bind {{address}}:{port} ssl crt {pem} mode http\n"
    text = configuration.text.replace(plain, plain + within)
    return dataclasses.replace(configuration, text=text), port


def client_hello():
    """A client's first bytes of TLS."""
    sent = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent,
                                              server_hostname="novip").do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()


def ways(node, tls, rate, processors):
    """What the ports have to bear, in the order of the table: {name: a context}. `tls`: the port of
    REST within TLS. `processors`: of the flood."""
    def at(port, request=b""):
        return Flood(node.address, port, rate, request, processors)
    return {
        QUIET: contextlib.nullcontext,
        GENERATOR: lambda: at(free_port(node.address)),
        "text port": lambda: at(node.ports.state),
        "REST": lambda: at(node.ports.rest, REQUEST),
        "REST, fresh": lambda: at(node.ports.rest, FRESH),
        "REST within TLS": lambda: at(tls, client_hello()),
        "REST and slow": lambda: slow_and(at(node.ports.rest, REQUEST), node),
        "the page": lambda: at(node.ports.stats, PAGE),
    }


def arrange(cluster, apart):
    """Gives every thread of the cluster its processors, and ours, which pgbench inherits, those of
    sessions. Returns those of the flood."""
    processors = sorted(ALL)
    half = len(processors) // 2
    of_flood, of_sessions = (processors[:half], processors[half:]) if apart else (ALL, ALL)
    os.sched_setaffinity(0, of_sessions)
    for node in cluster.nodes:
        for thread in threads(node.proxy.pid):
            name = pathlib.Path(f"/proc/{thread}/comm").read_text().strip()
            os.sched_setaffinity(thread, of_sessions if name == "worker" else of_flood)
        for process in node.postgres.processes():
            os.sched_setaffinity(process, of_sessions)
    return of_flood


def threads(pid):
    return [int(name) for name in os.listdir(f"/proc/{pid}/task")]


@contextlib.contextmanager
def slow_and(flood, node):
    with slow_clients(node.address, node.ports.rest, SLOW), flood:
        yield flood


class Asker(threading.Thread):
    """Somebody who wants to know the state, on each port in turn, while a `with` block lasts."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self._ports = itertools.cycle([(node.ports.state, b""), (node.ports.rest, REQUEST)])
        self._address, self._ended, self.times, self.failures = node.address, False, [], 0

    def run(self):
        while not self._ended:
            began = time.monotonic()
            try:
                self._ask(*next(self._ports))
                self.times.append(time.monotonic() - began)
            except OSError:
                self.failures += 1
            time.sleep(ASK_EVERY)

    def _ask(self, port, request):
        with socket.create_connection((self._address, port), 5, ("127.2.0.1", 0)) as connection:
            connection.sendall(request)
            answer = connection.recv(4096)
        if b"production" not in answer and b" 200 " not in answer:
            raise ConnectionError(f"not an answer: {answer!r}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        self.join()


class Pool:
    """Where pgbench goes to."""
    name = "prod"

    def __init__(self, node):
        self.address, self.port = node.address, node.ports.prod


def measure(node, pool, way, folder, seconds):
    with way() as flood, Asker(node) as asker:
        time.sleep(0.5)         # the flood is at its rate
        figures = pgbench.select_figures(pgbench.select(pool, folder, seconds, 1), folder)
    figures |= {"asked": max(asker.times, default=float("inf")), "failures": asker.failures}
    if flood:
        figures |= {"flood": flood.rate, "answered": flood.answered}
    return figures


def result_table(results):
    def row(name, rounds):
        def ratio(what, to):
            return spread([one[what] / base[what] for one, base in zip(rounds, results[to])], ".2f")
        flood = [f"{statistics.median(one[what] for one in rounds):,.0f}"
                 for what in ("flood", "answered")] if "flood" in rounds[0] else ["", ""]
        return (name, *flood, spread([one["p50"] for one in rounds], ".0f"), ratio("p50", QUIET),
                ratio("p50", GENERATOR), spread([one["p99"] for one in rounds], ".0f"),
                f"{max(one['asked'] for one in rounds) * 1000:.0f}",
                sum(one["failures"] for one in rounds))
    heads = ("flood of", "connections/s", "answered/s", "session's p50, µs", "of quiet",
             f"of {GENERATOR}", "p99, µs", "state told after, ms at most", "never told")
    return table(heads, [row(name, rounds) for name, rounds in results.items()])


def over_the_limit(results):
    """The floods under which a session's usual time is more than LIMIT of quiet, with how much."""
    found = {name: statistics.median(one["p50"] / quiet["p50"]
                                     for one, quiet in zip(rounds, results[QUIET]))
             for name, rounds in results.items()}
    return [f"{name}: {ratio:.2f}" for name, ratio in found.items() if ratio > LIMIT]


def verdict(results):
    over = over_the_limit(results)
    return (f"A session's p50 within {LIMIT} of quiet under each of these: "
            + (f"no ({', '.join(over)})." if over else "yes."))


def arguments():
    parser = argument_parser("flood", __doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=7, help="default 7")
    parser.add_argument("--seconds", type=int, default=3, help="of each in a round (default 3)")
    parser.add_argument("--rate", type=int, default=20_000, help="connections/s (default 20000)")
    return parser.parse_args()


def measure_all(cluster, tls, folder, options, apart):
    node = cluster.nodes[0]
    pool = Pool(node)
    floods = ways(node, tls, options.rate, arrange(cluster, apart))
    results = {name: [] for name in floods}
    for number in range(1, options.rounds + 1):
        for name, way in floods.items():
            results[name].append(measure(node, pool, way, folder, options.seconds))
        say(f"{'apart' if apart else 'together'}, round {number} of {options.rounds}: " + ", ".join(
            f"{name} {rounds[-1]['p50']} µs" for name, rounds in results.items()))
    return results


def run(options):
    surroundings = environment()
    if len(ALL) < 2:
        sys.exit("this needs two processors: one for sessions, one for the flood")
    with temporary_folder() as folder, contextlib.ExitStack() as ends:
        configuration, tls = with_rest_in_tls(configurations.native(), folder)
        cluster = Cluster(folder, configuration=configuration)
        ends.callback(cluster.stop)
        cluster.start()
        pgbench.fill(Pool(cluster.nodes[0]), 10)
        apart, together = (measure_all(cluster, tls, folder, options, apart)
                           for apart in (True, False))
    tables = {"apart": result_table(apart), "verdict": verdict(apart),
              "together": result_table(together)}
    print(*tables.values(), sep="\n\n")
    if options.json:
        options.json.write_text(json.dumps({"environment": surroundings, "apart": apart,
                                            "together": together}, indent=1))
    if options.write:
        DOCUMENT.write_text(TEXT.format(**surroundings, wanted=options.rate, slow=SLOW,
                                        every=ASK_EVERY * 1000, generator=GENERATOR,
                                        rounds=options.rounds, **tables))
    if over_the_limit(apart):
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(run_to_the_end(run, arguments()))
