"""Free TCP ports, on any number of addresses at once."""

import pathlib
import random
import socket

from harness import settings


def is_free(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


_given = set()      # by this process: whoever asked may not listen there yet


def _ports_of_this_worker():
    """Ports below those that the kernel gives to outgoing connections: one of these could take it
    before whoever asked for a port listens there. Each pytest worker has its own, in a row."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = range(10000, low) if low > 11000 else range(1024, 65000)
    size = len(ports) // settings.WORKERS
    return ports[settings.WORKER % settings.WORKERS * size:][:size]


def _candidate(count):
    """Where so many ports in a row begin, none of which was given before."""
    ports = _ports_of_this_worker()
    firsts = [first for first in ports[:len(ports) - count + 1]
              if _given.isdisjoint(range(first, first + count))]
    if not firsts:
        _given.clear()      # whoever was given them at first has long done with them
        return _candidate(count)
    return random.choice(firsts)


def free_row(count, *addresses):
    """Where so many ports in a row begin that nobody listens on."""
    addresses = addresses or ("127.0.0.1",)
    while True:
        first = _candidate(count)
        row = range(first, first + count)
        _given.update(row)      # who was found there is not met again either
        if all(is_free(address, port) for address in addresses for port in row):
            return first


def free_port(*addresses):
    """A port that nobody listens on, the same on each of `addresses` (default: 127.0.0.1)."""
    return free_row(1, *addresses)


def free_ports(count, *addresses):
    return [free_port(*addresses) for _ in range(count)]
