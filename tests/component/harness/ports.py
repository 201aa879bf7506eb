"""Free TCP ports, found by asking the kernel."""

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


def free_port(*addresses, avoid=()):
    """A port that nobody listens on, the same on each of `addresses` (default: 127.0.0.1)."""
    addresses = addresses or ("127.0.0.1",)
    while True:
        with socket.socket() as probe:
            probe.bind((addresses[0], 0))
            port = probe.getsockname()[1]
        if port not in avoid and all(is_free(address, port) for address in addresses):
            return port


def free_ports(count, *addresses):
    ports = []
    while len(ports) < count:
        ports.append(free_port(*addresses, avoid=ports))
    return ports
