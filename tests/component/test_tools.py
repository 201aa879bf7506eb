"""Programs that HAProxy's users have, driving the real binary: they must find what they look for."""

import csv
import os
import re
import shutil
import subprocess
import urllib.request

import pytest

from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.servers import NamedServer, server_reached
from harness.terminal import Terminal
from harness.unpacked import unpacked
from harness.wait import wait_for

PROXY = DEFAULTS + """
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1} check inter 200ms
    server s2 {s2} check inter 200ms backup
listen stats
    mode http
    bind 127.0.0.1:{page}
    stats enable
    stats uri /haproxy
"""


@pytest.fixture
def pool(start_proxy, cleanup):
    """A proxy in front of two servers; has .page, the port of its statistics, and .servers."""
    s1, s2 = (cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2"))
    port, page = free_port(), free_port()
    proxy = start_proxy(PROXY.format(port=port, page=page, s1=s1, s2=s2))
    proxy.page, proxy.servers = page, (s1, s2)
    wait_for(lambda: proxy.api.up("pool") == {"s1", "s2"}, "both servers are up")
    assert server_reached(port) == "s1"
    return proxy


def run(*arguments, **environment):
    done = subprocess.run([str(argument) for argument in arguments], text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout


def test_check_haproxy_stats_over_the_socket(pool):
    """monitoring-plugins-contrib"""
    check = unpacked("usr/lib/nagios/plugins/check_haproxy_stats")
    code, said = run(check, "-s", pool.api.endpoint)
    assert code == 0 and "Check haproxy OK" in said, said
    pool.servers[0].stop()
    wait_for(lambda: pool.api.status("pool")["s1"] == "DOWN", "s1 is down")
    code, said = run(check, "-s", pool.api.endpoint)
    assert code == 2 and "server: pool:s1 is DOWN (check status: connection error)" in said, said


def test_check_haproxy_over_http(pool):
    """monitoring-plugins-contrib"""
    check = unpacked("usr/lib/nagios/plugins/check_haproxy")
    url = f"http://127.0.0.1:{pool.page}/haproxy;csv"
    code, said = run(check, "-u", url)
    assert code == 0 and said.startswith("HAPROXY OK"), said
    pool.servers[0].stop()
    wait_for(lambda: pool.api.status("pool")["s1"] == "DOWN", "s1 is down")
    code, said = run(check, "-u", url)
    assert code == 2 and "Active service 's1' is DOWN on 'pool' proxy" in said, said


def test_munin(pool, folder):
    """munin-plugins-core: it takes what it draws from the name of a link to it."""
    link = folder / "haproxy_backend"
    link.symlink_to(unpacked("usr/share/munin/plugins/haproxy_"))
    where = {"url": f"http://127.0.0.1:{pool.page}/haproxy;csv;norefresh",
             "PERL5LIB": str(unpacked("usr/share/perl5"))}
    _, config = run("perl", link, "config", **where)
    assert {"ss1.label s1", "ss2.label s2"} <= set(config.splitlines()), config
    _, values = run("perl", link, **where)
    assert re.search(r"^ss1\.value \d+$", values, re.M), values


def test_prometheus_haproxy_exporter_over_the_socket(pool, cleanup):
    exporter = unpacked("usr/bin/prometheus-haproxy-exporter")
    port = free_port()
    process = cleanup.enter_context(subprocess.Popen(
        [exporter, f"--haproxy.scrape-uri=unix:{pool.api.endpoint}",
         f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL))
    cleanup.callback(process.kill)

    def scrape():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""
    wait_for(lambda: "haproxy_up 1" in scrape(), "the exporter reads novip's statistics")
    text = scrape()
    assert 'haproxy_server_up{backend="pool",server="s1"} 1' in text
    assert 'haproxy_frontend_connections_total{frontend="pool"}' in text
    assert 'haproxy_exporter_csv_parse_failures_total 0' in text
    pool.servers[0].stop()
    down = 'haproxy_server_up{backend="pool",server="s1"} 0'
    wait_for(lambda: down in scrape(), "the exporter tells that s1 is down")
    assert 'haproxy_server_up{backend="pool",server="s2"} 1' in scrape()
    assert 'haproxy_process_start_time_seconds' in text or 'haproxy_version_info' in text


def test_strict_readers_of_csv(pool):
    """As telegraf reads it: each line has as many cells as the first one, the numbers are numbers,
    and the columns that it makes numbers of are known."""
    with urllib.request.urlopen(f"http://127.0.0.1:{pool.page}/haproxy;csv", timeout=10) as page:
        assert page.headers.get_content_type() == "text/plain"
        over_http = page.read().decode()
    for text in (over_http, pool.api("show stat")):
        assert text.startswith("# ")
        lines = [line for line in text[2:].split("\n") if line]
        header, *rows = csv.reader(lines, strict=True)
        assert {len(row) for row in rows} == {len(header)}
        texts = {"pxname", "svname", "status", "tracked", "check_status", "last_chk", "last_agt",
                 "agent_status", "check_desc", "agent_desc", "addr", "cookie", "mode", "algo", ""}
        for row in rows:
            for name, value in zip(header, row):
                assert name in texts or re.fullmatch(r"-?\d*", value), (name, value)


def test_netcat_from_a_shell(pool):
    """What runbooks say."""
    shell = f"echo 'show servers state pool' | nc -U {pool.api.endpoint} | awk 'NR>2 && NF {{print $4}}'"
    code, said = run("sh", "-c", shell)
    assert (code, said.split()) == (0, ["s1", "s2"])


@pytest.mark.skipif(not shutil.which("hatop"), reason="Debian's hatop is not installed")
def test_hatop(pool):
    """It stops at the first answer that it cannot read."""
    def row(lines, name):
        return next((line for line in lines if re.match(rf"\W*{name} ", line)), "")

    def shows(lines, s1_check):
        return s1_check in row(lines, "s1") and " UP " in row(lines, "s2") \
            and any("HAProxy Version" in line for line in lines)

    with Terminal(["hatop", "-s", pool.api.endpoint], rows=40, columns=160) as terminal:
        terminal.wait_for(lambda lines: shows(lines, "L4OK") and " UP " in row(lines, "s1"),
                          "everything up")
        pool.servers[0].stop()
        terminal.wait_for(lambda lines: shows(lines, "L4CON"), "that s1's check fails")
        terminal.wait_for(lambda lines: " DOWN " in row(lines, "s1"), "that s1 is down")
        terminal.press("q")
        assert terminal.wait_end() == 0
