"""What leads the clients of ports 5432 and 5433: novip, on each node with PostgreSQL."""

import choices
import machine
import settings
from commands import succeeds
from machine import enter, put, put_file, run_in
from progress import LabError, wait_for

NOVIP_CONFIGURATION = "/etc/novip/novip.cfg"
GUARD = "    require-quorum corosync            # without quorum this node is not production\n"

# Where novip reads what haproxy would: nothing else is changed.
IN_PLACE = "/etc/systemd/system/novip.service.d/haproxy-in-place.conf"
STATE_UNITS = ("pgsql-state.socket", "pgsql-state@.service")


def configure(node, proxy, manager):
    """Before the node boots."""
    if proxy != "novip":
        configure_original(node, manager)
    if proxy != "haproxy":
        package = next(settings.PACKAGES.glob("novip_*.deb"), None)
        if package is None:
            raise LabError(f"no package in {settings.PACKAGES}: ./dev lab up builds it")
        put(node, "/root/novip.deb", package.read_bytes())


def configure_original(node, manager):
    """HAProxy's file, and a psql for each of its questions; or Patroni's way of asking."""
    if manager == "patroni":
        put_file(node, "/etc/haproxy/haproxy.cfg", "haproxy-patroni.cfg")
        return
    put_file(node, "/etc/haproxy/haproxy.cfg", "haproxy.cfg")
    for unit in STATE_UNITS:
        put_file(node, f"/etc/systemd/system/{unit}", unit)


def install(node, proxy, manager):
    """On the running node."""
    if proxy != "haproxy":
        run_in(node, "env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--install",
               "/root/novip.deb")
    if proxy == "novip":
        put(node, NOVIP_CONFIGURATION, novip_configuration(manager))
    elif manager == "pacemaker":
        run_in(node, "systemctl", "enable", "--quiet", "--now", STATE_UNITS[0])
    if proxy == "in-place":
        text = (settings.REPOSITORY / "packaging" / "haproxy-in-place.conf").read_text()
        put(node, IN_PLACE, text.replace(" -f /etc/novip/state.cfg", ""))
        run_in(node, "systemctl", "daemon-reload")
    run_in(node, "systemctl", "enable", "--quiet", "--now", choices.proxy_unit())


def novip_configuration(manager):
    """packaging/novip.cfg as it is (its addresses are the lab's), with the guard of the cluster."""
    text = (settings.REPOSITORY / "packaging" / "novip.cfg").read_text()
    if manager == "patroni":
        # Patroni tells each node's state itself, on the port that novip's agent would have.
        kept = [line for line in text.splitlines() if "mode http   " not in line]
        return "\n".join(kept).replace("watch agent", "watch patroni") + "\n"
    return text.replace("\nstate\n", "\nstate\n" + GUARD, 1)


def wait_until_open(node):
    wait_for(f"{choices.proxy_unit()} on {node}", lambda: succeeds(
        *machine.way_in(node), "ncat", "-z", "127.0.0.1", str(settings.READ_WRITE_PORT)), 10)


def told_state(node):
    """What the node's state service says: production, standby, or why it is unavailable."""
    return enter(node, "ncat", "--recv-only", "127.0.0.1", str(settings.STATE_PORT)).stdout


def state_ports():
    """Where novip tells of its node's PostgreSQL. Patroni's own REST, where it is, tells everybody.
    """
    agent = choices.made()["manager"] != "patroni"
    return (settings.STATE_PORT, settings.AGENT_PORT) if agent else (settings.STATE_PORT,)


def ask(asker, node, port):
    """What a state port of the node answers there; empty: nothing."""
    request = "GET /patroni HTTP/1.0\r\n\r\n"       # the text port answers before it
    return enter(asker, "timeout", 3, "ncat", node, port, input=request).stdout
