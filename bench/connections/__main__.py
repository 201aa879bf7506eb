#!/usr/bin/python3
"""./dev bench connections: how many new sessions a second, with each contender in the way, and what
novip's verification costs."""

import contextlib
import dataclasses
import json
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests" / "component")]

from common.machine import environment                          # noqa: E402
from common.program import argument_parser, run_to_the_end, say, temporary_folder   # noqa: E402
from harness import configurations                              # noqa: E402
from harness.cluster import Cluster                             # noqa: E402

import report                                                   # noqa: E402
from contenders import CONTENDERS, Way                          # noqa: E402
from sessions import SSLMODES, Measurement                      # noqa: E402

DOCUMENT = REPOSITORY / "docs" / "connections.md"


def arguments():
    names = [contender.name for contender in CONTENDERS]
    parser = argument_parser("connections", __doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=7, help="default 7")
    parser.add_argument("--seconds", type=int, default=2,
                        help="of each contender in a round, plain and again with TLS (default 2)")
    parser.add_argument("--clients", type=int, default=8, help="at the same time (default 8)")
    parser.add_argument("--only", action="append", choices=names, metavar="CONTENDER",
                        help=f"{', '.join(names)}; may be given more than once")
    options = parser.parse_args()
    if min(options.rounds, options.seconds, options.clients) < 1:
        parser.error("--rounds, --seconds and --clients are 1 at least")
    return options


def run_rounds(measurement, ways, rounds):
    """{encryption: {contender: [Figures of each round]}}"""
    results = {encryption: {way.name: [] for way in ways} for encryption in SSLMODES}
    for encryption in SSLMODES:
        for way in ways:
            measurement.warm_up(way, encryption)
    for number in range(1, rounds + 1):
        for encryption in SSLMODES:
            for way in ways:
                figures = measurement.run(way, encryption)
                results[encryption][way.name].append(figures)
                say(f"round {number} of {rounds}, {encryption}: {way.name} {figures.rate:.0f}/s")
    return results


def measure(options, folder):
    with contextlib.ExitStack() as ends:
        cluster = Cluster(folder, configuration=configurations.native())
        ends.callback(cluster.stop)
        cluster.start()
        ways = [Way(contender, cluster, folder) for contender in CONTENDERS
                if contender.name in (options.only or [contender.name])]
        for way in ways:
            ends.callback(way.stop)
            way.start()
        say("all proxies route")
        measurement = Measurement(cluster, folder, options.clients, options.seconds)
        return run_rounds(measurement, ways, options.rounds)


def run(options):
    surroundings = environment()
    with temporary_folder() as folder:
        results = measure(options, folder)
    print(report.result_tables(results))
    if options.json:
        options.json.write_text(json.dumps({
            "environment": surroundings, "clients": options.clients, "seconds": options.seconds,
            "results": {encryption: {name: [dataclasses.asdict(figures) for figures in rounds]
                                     for name, rounds in runs.items()}
                        for encryption, runs in results.items()}}, indent=1))
    if options.write:
        DOCUMENT.write_text(report.document(surroundings, options, results))


if __name__ == "__main__":
    sys.exit(run_to_the_end(run, arguments()))
