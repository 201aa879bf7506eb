"""`stats scope`: a page that shows some proxies. The same file for HAProxy and for novip, and what
is novip's own."""

import csv
import json
import urllib.error
import urllib.request

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.wait import wait_for

BINARIES = ["/usr/sbin/haproxy", str(settings.BINARY)]

pytestmark = pytest.mark.novip_only

POOLS = """
listen one
    bind 127.0.0.1:{one}
    server s1 127.0.0.1:1
listen two
    bind 127.0.0.1:{two}
    server s2 127.0.0.1:1
"""
CLUSTERS = """
cluster first
    watch agent port 1
    node n1 127.0.0.1:1
cluster second
    watch agent port 1
    node n2 127.0.0.2:1
listen one
    bind 127.0.0.1:{one}
    cluster first role primary
listen two
    bind 127.0.0.1:{two}
    cluster second role primary
"""
PAGE = """
listen stats
    mode http
    timeout client 2s
    bind 127.0.0.1:{page}
    stats enable
    stats uri /
    {scope}
"""


@pytest.fixture
def ask(start_proxy):
    """Starts a proxy with such pools and such a scope; then `ask(target)` is what its page says."""
    def start(pools, scope, binary=settings.BINARY):
        page = free_port()
        start_proxy((DEFAULTS + pools + PAGE).format(
            one=free_port(), two=free_port(), page=page, scope=scope), binary=binary)

        def ask(target):
            with urllib.request.urlopen(f"http://127.0.0.1:{page}{target}") as answer:
                return answer.read().decode()
        return ask
    return start


@pytest.mark.parametrize("binary", BINARIES)
@pytest.mark.parametrize("scope, shown", [
    ("", {"one", "two", "stats"}),
    ("stats scope two", {"two"}),
    ("stats scope .", {"stats"}),
    ("stats scope .\n    stats scope one", {"one", "stats"}),
    ("stats scope nobody", set()),
])
def test_proxies_in_scope(ask, binary, scope, shown):
    ask = ask(POOLS, scope, binary)
    assert {row["# pxname"] for row in csv.DictReader(ask("/;csv").splitlines())} == shown
    fields = [field for row in json.loads(ask("/;json")) for field in row]
    assert {field["value"]["value"] for field in fields
            if field["field"]["name"] == "pxname"} == shown


def test_clusters_and_what_happened_in_them(ask):
    ask = ask(CLUSTERS, "stats scope one")

    def live():
        return json.loads(ask("/;live"))

    wait_for(lambda: live()["events"] and live()["history"]["series"], "something was seen")
    told = live()
    assert [proxy["name"] for proxy in told["proxies"]] == ["one"]
    assert [cluster["name"] for cluster in told["clusters"]] == ["first"]
    assert {event["subject"] for event in told["events"]} <= {"one", "first"}
    assert {line["name"] for line in told["history"]["series"]} == {"one", "n1"}
    for target in ("/", "/;tables", "/;live"):
        answer = ask(target)
        assert "n1" in answer
        assert not any(hidden in answer for hidden in ("n2", "second", "127.0.0.2")), target
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask("/metrics")
