"""The lab in a picture: what Pacemaker, PostgreSQL and the proxies say of each node."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import choices
import cluster
import fence_daemon
import machine
import settings
from progress import LabError, bold
from witness import INSIDE

WIDTH = 29
NAMES = {address: node for node, address in settings.ADDRESSES.items()}


def look(node):
    """What inside/look.py tells of the node; {} where it does not."""
    if not machine.is_up(node):
        return {}
    try:
        ports = (settings.READ_WRITE_PORT, settings.READ_ONLY_PORT, settings.POSTGRES_PORT)
        told = machine.enter(node, "timeout", 8, "python3", "-c",
                             (INSIDE / "look.py").read_text(), *ports)
        return json.loads(told.stdout)
    except (LabError, ValueError):
        return {}


def gather():
    with ThreadPoolExecutor() as pool:
        looks = pool.map(look, settings.DATABASES)
        views = pool.map(cluster.see, settings.DATABASES)
        return dict(zip(settings.DATABASES, looks)), dict(zip(settings.DATABASES, views))


def show():
    lab = choices.made()
    looks, views = gather()
    seen = [view for view in views.values() if view]
    whole = next((view for view in seen if view.quorum), seen[0] if seen else None)
    print(bold("novip lab") + f": {lab['manager']}, {lab['proxy']}, up since {clock(lab['since'])}")
    print(summary(whole))
    print()
    columns = {node: column(node, looks[node], views[node], whole) for node in looks}
    print(row("", [bold(f"{node:{WIDTH}}") for node in columns]))
    for head in next(iter(columns.values())):
        print(row(head, [f"{cells[head]:{WIDTH}}" for cells in columns.values()]))
    print()
    for line in replication(looks):
        print(line)
    for alert in sorted({alert for told in looks.values()
                         for alert in value(told, "novip").get("alerts", ())}):
        print(alert)


def summary(whole):
    history = fence_daemon.history()
    fencing = "never yet" if not history else f"{history[-1][1]}, {clock(history[-1][0])}"
    sink = "on" if machine.is_up(settings.LOG_SINK) else "off"
    sink += ", cut off" if machine.is_cut(settings.LOG_SINK) else ""
    quorum = "nobody answers" if whole is None else \
        f"{'quorum' if whole.quorum else 'NO QUORUM'}, coordinator {whole.coordinator}"
    return f"{quorum}; last fenced: {fencing}; log-sink: {sink}"


def clock(seconds):
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def row(head, cells):
    return f"  {head:11}" + "".join(cells).rstrip()


def value(told, what):
    return told.get(what, {}).get("value") or {}


def column(node, told, view, whole):
    power = "on" if machine.is_up(node) else "off"
    return {
        "machine": power + (", network cut" if machine.is_cut(node) else ""),
        "member": membership(node, view, whole),
        "managed": role(node, whole),
        "PostgreSQL": database(told),
        "novip": opinion(told),
        **destinations(told),
    }


def membership(node, view, whole):
    if whole is None:
        return "-"
    word = "online" if node in whole.online else "offline"
    word += ", standby" if node in whole.standby else ""
    word += ", UNCLEAN" if node in whole.unclean else ""
    return word + (", without quorum" if view and not view.quorum else "")


def role(node, whole):
    if whole is None:
        return "-"
    word = "promoted" if node in whole.promoted else \
        "standby" if node in whole.started else "stopped"
    score = whole.scores.get(node)
    return word if score is None else f"{word}, score {score}"


def database(told):
    state = value(told, "postgres")
    if not state:
        return "down"
    role = "standby" if state["in_recovery"] else "primary"
    return f"{role}, {state['lsn']}, TL {state['timeline']}"


def opinion(told):
    """The nodes as this node's novip has them, in their order."""
    roles = value(told, "novip").get("roles")
    return " ".join(roles.get(node, "?") for node in settings.DATABASES) if roles else "-"


def destinations(told):
    return {f"port {port}": destination(told.get(name, {})) for name, port in
            (("read_write", settings.READ_WRITE_PORT), ("read_only", settings.READ_ONLY_PORT))}


def destination(told):
    if "value" in told:
        return "-> " + NAMES.get(told["value"], told["value"])
    return f"({told['error'][-WIDTH + 4:]})" if "error" in told else "-"


def replication(looks):
    """Who streams to whom: the primary says who, how far and through whose proxy."""
    for node, told in looks.items():
        state = value(told, "postgres")
        if not state or state["in_recovery"]:
            continue
        yield f"  {bold(node)} primary"
        for follower in state["followers"]:
            lag = "?" if follower["lag"] is None else f"{follower['lag']} bytes behind"
            yield (f"   └─ {follower['state']} ({follower['sync_state']}) to "
                   f"{bold(follower['name'])} {way(looks.get(follower['name'], {}))}: {lag}")


def way(told):
    """How the standby came to its primary."""
    receiver = value(told, "postgres").get("receiver") or {}
    return "through its own proxy" if receiver.get("host") == "127.0.0.1" else "directly"
