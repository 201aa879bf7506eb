"""How this lab was brought up: which proxy, which manager of the cluster."""

import json
import time

import settings
from progress import LabError

FILE = settings.RUN / "choices.json"
PROXIES = {
    "novip": "with its own configuration",
    "in-place": "novip on the haproxy.cfg of the original, or of Patroni",
    "haproxy": "the original",
}
MANAGERS = ("pacemaker", "patroni")


def save(proxy, manager):
    FILE.write_text(json.dumps({"proxy": proxy, "manager": manager, "since": time.time()}))


def made():
    try:
        return json.loads(FILE.read_text())
    except OSError:
        raise LabError("the lab is not up: ./dev lab up") from None


def proxy_unit():
    return "haproxy" if made()["proxy"] == "haproxy" else "novip"
