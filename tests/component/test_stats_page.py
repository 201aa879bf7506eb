"""The statistics page and its CSV form."""

import base64
import urllib.error
import urllib.request

import pytest

from harness.ports import free_port
from harness.runtime_api import parse_csv


def fetch(port, path, address="127.0.0.1", **headers):
    request = urllib.request.Request(f"http://{address}:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer, answer.read().decode("utf-8", "replace")


def test_the_deck_s_page(cluster):
    node = cluster["srv1"]
    answer, page = fetch(node.ports.stats, "/", node.address)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert "HAProxy version" in page    # some tools look for it
    for word in ("prod", "stdby", "srv1", "srv2", "srv3"):
        assert word in page


def test_csv_says_what_the_runtime_api_says(cluster):
    node = cluster["srv1"]
    answer, text = fetch(node.ports.stats, "/;csv", node.address)
    assert answer.headers["content-type"].startswith("text/plain")
    stat = parse_csv(text)
    assert stat.keys() == node.proxy.api.stat().keys()
    assert stat["prod", "srv1"]["status"] == "UP"
    assert stat["prod", "srv2"]["status"] == "DOWN"


STATS = """
listen stats
    mode http
    bind 127.0.0.1:{port}
    stats enable
    stats uri /haproxy?stats
    stats refresh 7s
    {more}
    timeout connect 5s
    timeout client 5s
    timeout server 5s
"""


def test_another_uri_matches_by_its_beginning(start_proxy):
    port = free_port()
    start_proxy(STATS.format(port=port, more=""))
    for path in ("/haproxy?stats;csv", "/haproxy?stats/;csv", "/haproxy?stats;csv;norefresh"):
        assert ("stats", "FRONTEND") in parse_csv(fetch(port, path)[1])
    # The page follows by its script; for a browser without one it is loaded again.
    reload = '<noscript><meta http-equiv="refresh" content="7"></noscript>'
    assert reload in fetch(port, "/haproxy?stats")[1]
    assert reload not in fetch(port, "/haproxy?stats;norefresh")[1]
    for form in (";csv", ";json"):
        assert fetch(port, f"/haproxy?stats{form}")[0].headers["refresh"] == "7"
        assert "refresh" not in fetch(port, f"/haproxy?stats{form};norefresh")[0].headers


def test_password(start_proxy):
    port = free_port()
    start_proxy(STATS.format(port=port, more="stats auth dba:secret"))
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(port, "/haproxy?stats")
    assert refused.value.code == 401
    assert refused.value.headers["www-authenticate"].startswith(
        'Basic realm="HAProxy Statistics"')
    with pytest.raises(urllib.error.HTTPError):
        fetch(port, "/haproxy?stats", Authorization="Basic " + base64.b64encode(b"dba:x").decode())
    answer, _ = fetch(port, "/haproxy?stats",
                      Authorization="Basic " + base64.b64encode(b"dba:secret").decode())
    assert answer.status == 200
