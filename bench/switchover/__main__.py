#!/usr/bin/python3
"""./dev bench switchover: the same moves of the primary, with each contender in front of it."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "component"))

from harness import settings                                    # noqa: E402
from harness.cluster import ADDRESSES                           # noqa: E402

import detection                                                # noqa: E402
import report                                                   # noqa: E402
from rounds import IDLE_SESSIONS, run_rounds                    # noqa: E402
from setups import all_setups                                   # noqa: E402

KINDS = ("switchover", "kill", "freeze")
DOCUMENT = REPOSITORY / "docs" / "switchover.md"
ESTABLISHED = 2 * len(ADDRESSES) * (IDLE_SESSIONS + 1)


def arguments():
    names = [setup.name for setup in all_setups()]
    parser = argparse.ArgumentParser(prog="./dev bench switchover", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="moves of each kind (default 10)")
    parser.add_argument("--only", action="append", choices=names, metavar="CONTENDER",
                        help=f"{', '.join(names)}; may be given more than once")
    parser.add_argument("--kind", action="append", choices=KINDS,
                        help="may be given more than once (default: all)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="every round's figures, to be read by a program")
    parser.add_argument("--write", action="store_true",
                        help=f"write {DOCUMENT.relative_to(REPOSITORY)}")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_setup(setup, kinds, rounds, folder):
    """{kind: [Figures]}, and the cost of detection or None."""
    folder.mkdir()
    cluster = setup.cluster(folder)
    results, costs = {}, None
    with contextlib.ExitStack() as ends:
        ends.callback(cluster.stop)
        cluster.start()
        if setup.name == "novip":
            costs = detection.measure(cluster)
            say(detection.described(costs))
        for kind in kinds:
            results[kind] = []
            for figures in run_rounds(setup, cluster, kind, rounds):
                results[kind].append(figures)
                say(report.table(report.HEADS, [report.row(f"{setup.name} {kind}", [figures])])
                    .splitlines()[-1])
    return results, costs


def run(options):
    kinds = [kind for kind in KINDS if kind in (options.kind or KINDS)]
    setups = [setup for setup in all_setups() if setup.name in (options.only or [setup.name])]
    results, costs, environment = {}, None, report.environment()
    with tempfile.TemporaryDirectory(prefix="novip-bench-") as name:
        os.chmod(name, 0o755)       # PostgreSQL runs as another user
        for setup in setups:
            results[setup.name], cost = run_setup(setup, kinds, options.rounds,
                                                  pathlib.Path(name) / setup.name)
            costs = cost or costs
    text = detection.described(costs) if costs else ""
    print(report.result_tables(results, kinds), text, sep="\n\n")
    if options.json:
        options.json.write_text(json.dumps({
            "environment": environment,
            "detection": [dataclasses.asdict(cost) for cost in costs or []],
            "results": {name: {kind: [dataclasses.asdict(figures) for figures in rounds[kind]]
                               for kind in kinds} for name, rounds in results.items()}}, indent=1))
    if options.write:
        DOCUMENT.write_text(report.document(environment, setups, results, kinds, text,
                                            ESTABLISHED))


def main():
    options = arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if not settings.BINARY.exists():
        sys.exit(f"no {settings.BINARY}: build it first (./dev build)")
    try:
        run(options)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
