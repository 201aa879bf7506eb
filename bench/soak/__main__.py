#!/usr/bin/python3
"""./dev bench soak: full load with a switchover a minute. Every byte is compared, every acknowledged
write looked for, and at the end no session may be left, and no memory be gone."""

import contextlib
import dataclasses
import json
import pathlib
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests" / "component")]

from common.machine import environment                          # noqa: E402
from common.program import argument_parser, run_to_the_end, say, temporary_folder   # noqa: E402
from harness import configurations                              # noqa: E402
from harness.cluster import Cluster                             # noqa: E402
from harness.network import Network                             # noqa: E402
from harness.wait import wait_for                               # noqa: E402

import memory                                                   # noqa: E402
from load import Load                                           # noqa: E402

DOCUMENT = REPOSITORY / "docs" / "soak-relay.md"        # or soak-kernel.md
SETTLING = 60           # seconds: a new primary, its standbys, every proxy
LOOKED_AT = 10          # seconds at least: the memory, however long the switchover took
# Seconds for which a standby that may be promoted has its role without being asked. The relay asks
# for each session; the kernel's guards cannot (docs/kernel.md).
TRUSTED = {"relay": 0, "kernel": 0.05}


TEXT = """\
# Soak, forward {forward}

Written by `./dev bench soak --forward {forward} --write` on {date}. {machine}; {postgresql};
load average before: {load_before}. Three real PostgreSQL, each with a novip, all on this machine:
full load, and a switchover every {every:g} s.

Clients send bytes that no other has and compare what comes back (1 byte to 4 MB, and a COPY of
8 MB now and then), plain and TLS, on both ports; others open sessions without a pause; one writes
numbered rows, each of which must be there at the end. A client that hears nothing for 75 s is
stuck. When the load has ended, no proxy may have a session left.

Result: {verdict}.

{lines}
"""


def arguments():
    parser = argument_parser("soak", __doc__, DOCUMENT)
    parser.add_argument("--minutes", type=float, default=60,
                        help="as many switchovers (default 60)")
    parser.add_argument("--every", type=float, default=60, metavar="SECONDS",
                        help="from one switchover to the next (default 60)")
    parser.add_argument("--forward", choices=("relay", "kernel"), default="relay",
                        help="who moves the bytes (default relay); kernel: as root, each node in a "
                             "network of its own")
    options = parser.parse_args()
    if options.minutes * 60 < 2 * options.every:
        parser.error("--minutes: time for two switchovers is the least")
    return options


def soak(cluster, options):
    """The samples of every novip's memory, and what the load saw."""
    samples = {node.name: [] for node in cluster.nodes}
    began, moves = time.monotonic(), 0
    with Load(cluster, TRUSTED[options.forward]) as load:
        load.wait_going()
        while time.monotonic() - began < options.minutes * 60 - options.every / 2:
            target = cluster.nodes[(cluster.nodes.index(cluster.primary) + 1) % 3]
            cluster.switchover(target)
            load.promoted(target.address)
            cluster.wait_settled(SETTLING)
            load.wait_going()       # each client got something from the servers as they are now
            moves += 1
            least = memory.least([node.proxy for node in cluster.nodes],
                                 until=max(began + moves * options.every,
                                           time.monotonic() + LOOKED_AT))
            for node, size in zip(cluster.nodes, least):
                samples[node.name].append(size)
            say(f"minute {(time.monotonic() - began) / 60:.1f}: {target.name} is the primary; "
                f"{load.told()}; MB: "
                + ", ".join(f"{name} {sizes[-1] / 1e6:.1f}" for name, sizes in samples.items()))
        seen = load.stop()
    return moves, samples, seen


def no_session_is_left(cluster):
    """But the standbys' own, which replicate through their node's proxy."""
    def open_sessions(node, pool):
        return int(node.proxy.api.stat()[pool, "FRONTEND"]["scur"])

    return all(open_sessions(node, "stdby") == 0
               and open_sessions(node, "prod") == (0 if node is cluster.primary else 1)
               for node in cluster.nodes)


def relaying():
    """Sessions on the primary are copied, those on the standbys spliced where they are long."""
    native = configurations.native()
    text = native.text.replace("    balance leastconn\n",
                               "    balance leastconn\n    option splice-auto\n")
    if text == native.text:
        raise RuntimeError("where does `option splice-auto` belong?")
    return dataclasses.replace(native, text=text)


def make_cluster(folder, forward, ends):
    if forward == "relay":
        return Cluster(folder, configuration=relaying())
    network = ends.enter_context(Network())
    network.let_all_forward()
    return Cluster(folder, configuration=configurations.kernel(), network=network)


def run(options):
    surroundings = environment()
    with temporary_folder() as folder, contextlib.ExitStack() as ends:
        cluster = make_cluster(folder, options.forward, ends)
        ends.callback(cluster.stop)
        cluster.start()
        moves, samples, seen = soak(cluster, options)
        wait_for(lambda: no_session_is_left(cluster), "every session has ended", 30)
        with cluster.primary.postgres.connect(dbname="app") as session:
            stored = {number for number, in session.execute("SELECT number FROM rows")}
    seen["lost writes"] = len(seen.pop("acknowledged") - stored)
    misrouted = seen.pop("wrong")
    lines = [f"{moves} switchovers in {options.minutes:g} minutes, forward {options.forward}",
             *(f"{what}: {count:,}" for what, count in seen.items()), *misrouted,
             *(f"{name}: {memory.described(samples[name])}" for name in samples)]
    grown = {name: memory.growth(sizes) for name, sizes in samples.items()}
    print("\n".join(lines))
    if options.json:
        options.json.write_text(json.dumps({"moves": moves, "seen": seen, "memory": samples},
                                           indent=1))
    wrong = [f"{what}: {seen[what]}" for what in ("changed answers", "stuck clients",
                                                  "sessions on a wrong server", "lost writes")
             if seen[what]]
    wrong += [f"{name} grew by {more / 1e6:.1f} MB" for name, more in grown.items()
              if memory.grew(samples[name])]
    if options.write:
        document = DOCUMENT.with_stem(f"soak-{options.forward}")
        document.write_text(TEXT.format(**surroundings, forward=options.forward, every=options.every,
                                        lines="\n".join(f"- {line}" for line in lines),
                                        verdict="; ".join(wrong) or "nothing went wrong"))
    if wrong:
        sys.exit("soak: " + "; ".join(wrong))


if __name__ == "__main__":
    sys.exit(run_to_the_end(run, arguments()))
