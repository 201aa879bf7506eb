"""PostgreSQL's client programs through some place, anything with a name, an address and a port."""

import os
import subprocess

from common.program import found
from harness.settings import postgres_program

PLAIN = {**os.environ, "LC_ALL": "C", "PGGSSENCMODE": "disable", "PGSSLMODE": "disable"}


def run(place, program, *words, **options):
    """What it prints."""
    command = [postgres_program(program), "--host", place.address, "--port", place.port, *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, env=PLAIN,
                          **{"text": True, "cwd": "/", **options})
    if done.returncode != 0:
        raise RuntimeError(f"{program} through {place.name}: {done.stderr}")
    return done.stdout


def fill(place, scale):
    """pgbench's tables."""
    run(place, "pgbench", "--initialize", "--quiet", "--scale", scale, "--username", "app", "app")


def select(place, folder, seconds, clients):
    """`pgbench -S` with prepared statements; what it prints, for select_figures(), as latencies are
    left in the folder."""
    return run(place, "pgbench", "--select-only", "--no-vacuum", "--protocol", "prepared",
               "--client", clients, "--jobs", min(clients, 2), "--time", seconds, "--log",
               "--log-prefix", folder / "latencies", "--sampling-rate", 0.1,
               "--username", "app", "app")


def transactions(text):
    """How many there were, of what it prints."""
    return int(found(r"actually processed: (\d+)", text))


def select_figures(text, folder):
    """{"rate" in a second, "p50" and "p99" of the latency in µs}"""
    times = []
    for log in folder.glob("latencies.*"):
        times += [int(line.split()[2]) for line in log.read_text().splitlines()]
        log.unlink()
    times.sort()
    # pgbench's own rate: without the time in which it starts.
    return {"rate": float(found(r"tps = ([\d.]+)", text)),
            "p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100]}
