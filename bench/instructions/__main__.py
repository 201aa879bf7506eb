#!/usr/bin/python3
"""./dev bench instructions: how many instructions of its own (callgrind counts those in user space) a
worker needs for a round trip and for a session. Unlike times, counts are the same on a machine that
is busy: CI fails when they grow beyond what counts.json says."""

import json
import pathlib
import re
import socket
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests" / "component")]

from common.markdown import table                               # noqa: E402
from common.program import argument_parser, run_to_the_end, temporary_folder   # noqa: E402
from harness import settings                                    # noqa: E402
from harness.ports import free_port                             # noqa: E402
from harness.process import Process, tail                       # noqa: E402
from harness.servers import TcpServer                           # noqa: E402
from harness.wait import wait_for                               # noqa: E402

COUNTS = pathlib.Path(__file__).with_name("counts.json")
# All that a worker does in a turn. None of these calls another of them, which would count as leaving.
COUNTED = ("novip::proxy::Poller::wait(*", "novip::proxy::Poller::turn()",
           "novip::proxy::Loop::settle()")
REQUEST = b"x" * 100
FEW, MANY = 100, 600    # the difference counts: nothing that is done once does

CONFIGURATION = """\
global
    nbthread 1
defaults
    mode tcp
    timeout connect 60s
    timeout client  1h
    timeout server  1h
listen relay
    bind 127.0.0.1:{port}
    server echo {server}
"""


def arguments():
    return argument_parser("instructions", __doc__, COUNTS).parse_args()


def round_trips(port, count):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for _ in range(count):
            round_trip(connection)


def sessions(port, count):
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            round_trip(connection)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""


def round_trip(connection):
    connection.sendall(REQUEST)
    received = 0
    while received < len(REQUEST):
        more = len(connection.recv(len(REQUEST)))
        assert more, "the proxy closed"
        received += more


MEASURED = {"round trip": round_trips, "session with one round trip": sessions}


def echo(connection):
    while block := connection.recv(4096):
        connection.sendall(block)


def instructions(work, count, folder):
    """Of a novip that runs for nothing but `work`."""
    result, log, port = folder / "callgrind.out", folder / "novip.log", free_port()
    configuration = folder / "novip.cfg"
    with TcpServer(echo) as server:
        configuration.write_text(CONFIGURATION.format(port=port, server=server))
        process = Process("callgrind", [
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={result}",
            *(f"--toggle-collect={function}" for function in COUNTED),
            settings.BINARY, "-f", configuration, "-db"], log)
        try:
            wait_for(lambda: accepts(port, process, log), "novip starts under callgrind", 60)
            work(port, count)
        finally:
            process.stop(seconds=60)
    return int(re.search(r"^(?:summary|totals): (\d+)", result.read_text(), re.M)[1])


def accepts(port, process, log):
    if not process.running:
        raise RuntimeError(f"novip under callgrind ended:\n{tail(log)}")
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def measure(folder):
    return {name: round((instructions(work, MANY, folder) - instructions(work, FEW, folder))
                        / (MANY - FEW)) for name, work in MEASURED.items()}


def run(options):
    with temporary_folder() as folder:
        counts = measure(folder)
    kept = json.loads(COUNTS.read_text())
    allowed = 1 + kept["tolerance"]
    print(table(("", "instructions", "in the repository"),
                [(name, count, kept["counts"].get(name)) for name, count in counts.items()]))
    if options.json:
        options.json.write_text(json.dumps(counts, indent=1))
    if options.write:
        COUNTS.write_text(json.dumps({**kept, "counts": counts}, indent=1) + "\n")
        return
    nothing = [name for name, count in counts.items() if count <= 0]
    more = [f"{name}: {count} instructions, {kept['counts'][name]} before"
            for name, count in counts.items() if count > allowed * kept["counts"][name]]
    if nothing:
        sys.exit(f"nothing was counted of: {', '.join(nothing)}")
    if more:
        sys.exit("; ".join(more) + f" (tolerance {kept['tolerance']:.0%}). If it must be so: "
                 "./dev bench instructions --write")


if __name__ == "__main__":
    sys.exit(run_to_the_end(run, arguments()))
