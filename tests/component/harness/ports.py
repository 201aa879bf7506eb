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


def _candidate():
    """A port below those that the kernel gives to outgoing connections: one of these could take it
    before whoever asked for a port listens there. Nor is it another pytest worker's."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = range(10000, low) if low > 11000 else range(1024, 65000)
    return random.choice(ports[settings.WORKER % settings.WORKERS::settings.WORKERS])


def free_port(*addresses, avoid=()):
    """A port that nobody listens on, the same on each of `addresses` (default: 127.0.0.1)."""
    addresses = addresses or ("127.0.0.1",)
    while True:
        port = _candidate()
        if port not in avoid and all(is_free(address, port) for address in addresses):
            return port


def free_ports(count, *addresses):
    ports = []
    while len(ports) < count:
        ports.append(free_port(*addresses, avoid=ports))
    return ports
