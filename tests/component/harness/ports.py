"""Free TCP ports, on any number of addresses at once."""

import pathlib
import random
import socket


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
    before whoever asked for a port listens there."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return random.randrange(10000, low) if low > 11000 else random.randrange(1024, 65000)


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
