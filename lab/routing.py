"""What leads the clients of ports 5432 and 5433: novip, on each node with PostgreSQL."""

import machine
import settings
from commands import succeeds
from machine import put, put_file, run_in
from progress import LabError, wait_for

NOVIP_CONFIGURATION = "/etc/novip/novip.cfg"
GUARD = "    require-quorum corosync            # without quorum this node is not production\n"


def configure(node, proxy, manager):
    """Before the node boots."""
    if proxy == "haproxy":
        configure_haproxy(node, manager)
    else:
        if not settings.PACKAGE.exists():
            raise LabError(f"no {settings.PACKAGE}: ./dev lab up builds it")
        put(node, "/root/novip.deb", settings.PACKAGE.read_bytes())


def install(node, proxy, manager):
    """On the running node."""
    if proxy == "haproxy":
        units = ["haproxy"] if manager == "patroni" else ["pgsql-state.socket", "haproxy"]
        run_in(node, "systemctl", "enable", "--quiet", "--now", *units)
        return
    run_in(node, "env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--install", "/root/novip.deb")
    put(node, NOVIP_CONFIGURATION, novip_configuration(manager))
    run_in(node, "systemctl", "enable", "--quiet", "--now", "novip")


def novip_configuration(manager):
    """packaging/novip.cfg as it is (its addresses are the lab's), with the guard of the cluster."""
    text = (settings.REPOSITORY / "packaging" / "novip.cfg").read_text()
    if manager == "patroni":
        # Patroni tells each node's state itself, on the port that novip's agent would have.
        kept = [line for line in text.splitlines() if "mode http   " not in line]
        return "\n".join(kept).replace("watch agent", "watch patroni") + "\n"
    return text.replace("\nstate\n", "\nstate\n" + GUARD, 1)


def configure_haproxy(node, manager):
    """The original: HAProxy, and a psql for each question; or Patroni's way of asking."""
    if manager == "patroni":
        put_file(node, "/etc/haproxy/haproxy.cfg", "haproxy-patroni.cfg")
        return
    put_file(node, "/etc/haproxy/haproxy.cfg", "haproxy.cfg")
    for unit in ("pgsql-state.socket", "pgsql-state@.service"):
        put_file(node, f"/etc/systemd/system/{unit}", unit)


def wait_until_open(node, proxy):
    wait_for(f"{proxy} on {node}", lambda: succeeds(
        *machine.way_in(node), "ncat", "-z", "127.0.0.1", str(settings.READ_WRITE_PORT)), 10)
