#!/usr/bin/python3
"""./dev bench switchover: the same moves of the primary, with each contender in front of it."""

import contextlib
import dataclasses
import json
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests" / "component")]

from common.machine import environment                          # noqa: E402
from common.markdown import table                               # noqa: E402
from common.program import argument_parser, run_to_the_end, say, temporary_folder   # noqa: E402
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
    parser = argument_parser("switchover", __doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=10, help="moves of each kind (default 10)")
    parser.add_argument("--only", action="append", choices=names, metavar="CONTENDER",
                        help=f"{', '.join(names)}; may be given more than once")
    parser.add_argument("--kind", action="append", choices=KINDS,
                        help="may be given more than once (default: all)")
    return parser.parse_args()


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
                say(table(report.HEADS, [report.row(f"{setup.name} {kind}", [figures])])
                    .splitlines()[-1])
    return results, costs


def run(options):
    kinds = [kind for kind in KINDS if kind in (options.kind or KINDS)]
    setups = [setup for setup in all_setups() if setup.name in (options.only or [setup.name])]
    results, costs, surroundings = {}, None, environment()
    with temporary_folder() as folder:
        for setup in setups:
            results[setup.name], cost = run_setup(setup, kinds, options.rounds,
                                                  folder / setup.name)
            costs = cost or costs
    text = detection.described(costs) if costs else ""
    print(report.result_tables(results, kinds), text, sep="\n\n")
    if options.json:
        options.json.write_text(json.dumps({
            "environment": surroundings,
            "detection": [dataclasses.asdict(cost) for cost in costs or []],
            "results": {name: {kind: [dataclasses.asdict(figures) for figures in rounds[kind]]
                               for kind in kinds} for name, rounds in results.items()}}, indent=1))
    if options.write:
        DOCUMENT.write_text(report.document(surroundings, setups, results, kinds, text,
                                            ESTABLISHED))


if __name__ == "__main__":
    sys.exit(run_to_the_end(run, arguments()))
