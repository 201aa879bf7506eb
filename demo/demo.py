#!/usr/bin/python3
"""./dev demo: three real PostgreSQL, novip in front of each, and a switchover to watch."""

import argparse
import contextlib
import os
import pathlib
import resource
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "component"))

from harness import configurations, settings                             # noqa: E402
from harness.cluster import ADDRESSES, USUAL_PORTS, Cluster, Ports             # noqa: E402
from harness.ports import free_port, is_free                             # noqa: E402
from harness.process import tail                                         # noqa: E402
from harness.wait import wait_for                                        # noqa: E402

from clients import Session, Writer                                      # noqa: E402

COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ
BEGAN = time.monotonic()


def say(text="", colour=None):
    """A line, with the seconds since the start; safe from any thread."""
    line = f"{time.monotonic() - BEGAN:6.2f}  {text}".rstrip() if text else ""
    if colour and COLOURS:
        line = f"\033[{colour}m{line}\033[0m"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def title(text):
    say()
    say(text, colour="1")


def writer_says(text):
    say(f"    writer: {text}", colour="36")


def table(heads, rows):
    widths = [max(len(str(cell)) for cell in column) for column in zip(heads, *rows)]
    for row in (heads, ["-" * width for width in widths], *rows):
        say("    " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)))


def choose_ports():
    """The ports of the original architecture, each replaced by another one where it is taken."""
    chosen = {}
    for name, port in vars(USUAL_PORTS).items():
        taken = [address for address in ADDRESSES.values() if not is_free(address, port)]
        if taken:
            other = free_port(*ADDRESSES.values(), avoid=chosen.values())
            say(f"port {port} is taken on {', '.join(taken)}: using {other} instead")
            port = other
        chosen[name] = port
    return Ports(**chosen)


def show_roles(cluster):
    rows = []
    for node in cluster.nodes:
        if node is cluster.primary:
            role = f"primary, sends WAL to {', '.join(sorted(node.postgres.followers()))}"
        else:
            host, port = node.postgres.rows(
                "SELECT sender_host, sender_port FROM pg_stat_wal_receiver")[0]
            role = f"standby, receives WAL through its own novip ({host}:{port})"
        rows.append((node.name, f"{node.address}:{node.ports.postgres}", role))
    table(("node", "PostgreSQL", "role"), rows)


def switch_over(cluster, writer, target):
    """The demonstration itself: moves the primary to `target` and tells what that did to whom."""
    sessions = [Session(node, port) for port in ("prod", "stdby") for node in cluster.nodes
                for _ in range(2)]
    before = [session.server for session in sessions]

    title(f"Switchover: {target.name} becomes the primary, as Pacemaker's PAF would do it")
    cluster.switchover(target, say)
    promoted = time.monotonic()
    say(f"{target.name} is promoted; every novip learns it from the nodes' state services")
    wait_for(lambda: writer.change_to(target.name), f"the writer reaches {target.name}", 20)
    cluster.wait_settled(30)
    say(f"every novip sends writers to {target.name}, and both standbys follow it")

    cut = [session.look_again() for session in sessions]
    tell_outage(writer, promoted, target)
    tell_sessions(sessions, before, cut, target)
    for session in sessions:
        session.close()


def tell_outage(writer, promoted, target):
    last, new = writer.change_to(target.name)
    refused = sum(last[0] < when < new[0] for when, _ in writer.failures)
    title("What the writer saw")
    say(f"last write on {last[2]}, first write on {new[2]}:      {new[0] - last[0]:5.2f} s, "
        f"{refused} attempts refused meanwhile")
    say(f"from the end of pg_promote() to that first write: {max(0, new[0] - promoted):5.2f} s")


def tell_sessions(sessions, before, cut, target):
    rows = []
    for session, server, was_cut in zip(sessions, before, cut):
        fate = f"cut, reconnected to {session.server}" if was_cut else f"kept on {session.server}"
        rows.append(("read-write" if session.port == "prod" else "read-only",
                     f"{session.node.name}:{getattr(session.node.ports, session.port)}",
                     server, fate))
        right = (session.server == target.name) == (session.port == "prod")
        assert right, f"a {rows[-1][0]} session is on {session.server}"
    title("Where each session went")
    table(("session", "through", "before", "after"), rows)


def check_rows(cluster, writer):
    """Every write that was acknowledged must be there."""
    with cluster.primary.postgres.connect(dbname="app") as direct:
        stored = {number for number, in direct.execute("SELECT number FROM rows")}
    written = [row for _, row, _ in writer.acknowledged]
    lost = [row for row in written if row not in stored]
    assert not lost, f"{len(lost)} acknowledged rows are not on {cluster.primary.name}"
    say(f"all {len(written)} acknowledged rows are on {cluster.primary.name}")


def tell_what_to_try(cluster):
    node = cluster.nodes[0]
    ports = cluster.ports
    title("Try it yourself (any of the three addresses will do)")
    for what, command in (
            ("write", f"psql -h {node.address} -p {ports.prod} -U app app"),
            ("read on a standby", f"psql -h {node.address} -p {ports.stdby} -U app app"),
            ("a node's own state", f"ncat {node.address} {ports.state}"),
            *rest_commands(node),
            ("runtime API", f"echo 'show stat' | ncat {node.address} {ports.api}"),
            ("statistics", f"http://{node.address}:{ports.stats}/"),
            ("configuration", node.proxy.file),
            ("logs", cluster.folder)):
        say(f"{what:20}{command}")


def rest_commands(node):
    if not node.configuration.has_rest:
        return ()
    url = f"http://{node.address}:{node.ports.rest}"
    return (("the same as Patroni", f"curl {url}/patroni"),
            ("the same, pushed", f"curl -N {url}/events"))


def run(folder, configuration, once):
    title("Starting")
    say(f"everything is in {folder}, and goes away at the end")
    ports = choose_ports()
    cluster = Cluster(folder, ports, configuration)
    with contextlib.ExitStack() as ends:
        ends.callback(cluster.stop)
        say("three PostgreSQL, and on each node a novip in front of them with a state service")
        cluster.start()
        show_roles(cluster)
        with cluster.primary.connect("prod") as session:
            session.execute("CREATE TABLE rows (number bigint PRIMARY KEY)")

        title(f"A client writes through srv3 ({ADDRESSES['srv3']}:{ports.prod})")
        writer = Writer(cluster["srv3"], writer_says)
        writer.start()
        ends.callback(writer.stop)
        ends.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)     # tidying up goes on
        wait_for(lambda: len(writer.acknowledged) > 100, "a hundred rows are written", 30)

        switch_over(cluster, writer, cluster["srv2"])
        check_rows(cluster, writer)
        tell_what_to_try(cluster)
        if not once:
            stay(cluster, writer)
        say()
        say("stopping")


def stay(cluster, writer):
    writer.report_every = 10
    order = cluster.nodes
    while True:
        say()
        say("Enter: another switchover.  Ctrl-C: end.", colour="1")
        if not sys.stdin.readline():
            return
        switch_over(cluster, writer, order[(order.index(cluster.primary) + 1) % len(order)])
        check_rows(cluster, writer)


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--once", action="store_true",
                        help="end after the switchover; without it, stay up until Ctrl-C")
    parser.add_argument("--deck", action="store_true",
                        help="HAProxy's configuration of the original deck instead of novip's own")
    options = parser.parse_args()
    once = options.once or not sys.stdin.isatty()
    configuration = configurations.deck() if options.deck else configurations.native()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if not settings.BINARY.exists():
        sys.exit(f"no {settings.BINARY}: build it first (./dev build)")
    with tempfile.TemporaryDirectory(prefix="novip-demo-") as name:
        os.chmod(name, 0o755)       # PostgreSQL runs as another user
        folder = pathlib.Path(name)
        try:
            run(folder, configuration, once)
        except KeyboardInterrupt:
            say()
            say("stopped")
            return 130 if once else 0
        except (AssertionError, RuntimeError) as failure:
            say()
            say(f"The demonstration failed: {failure}", colour="31")
            for log in sorted(folder.rglob("*.log")):
                print(f"\n--- {log}\n{tail(log, 15)}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
