"""The same commands to novip and to HAProxy itself, on the same configuration: the same answers."""

import os
import pathlib
import re

import pytest

from harness import settings
from harness.ports import free_port
from harness.proxy import Proxy
from harness.runtime_api import RuntimeApi
from harness.servers import NamedServer, connect, read_line
from harness.wait import wait_for

HAPROXY = pathlib.Path("/usr/sbin/haproxy")

pytestmark = [pytest.mark.novip_only,
              pytest.mark.skipif(not os.access(HAPROXY, os.X_OK), reason="needs HAProxy")]

CONFIGURATION = """
global
    nbthread 2
    maxconn 200
    stats socket {folder}/{name}.user level user
    stats socket {folder}/{name}.operator level operator
defaults
    mode tcp
    timeout connect 5s
    timeout client  1m
    timeout server  1m
listen pool
    bind 127.0.0.1:{pool}
    server s1 {s1} check inter 200ms
    server s2 {s2} check inter 200ms weight 10 backup
    server plain {s2} weight 5
frontend front
    bind 127.0.0.1:{front}
    default_backend back
backend back
    balance static-rr
    server b1 {s1}
    server b2 {s1} disabled
"""

# One line a command, after the level of the socket it is given on. In this order, on one process.
SAME = r"""
admin    show stat 99 4 1
admin    show stat nope 4 1
admin    show servers state pool
admin    show servers state nope
admin    show servers state front
admin    show servers conn nope
admin    show backend
user     show cli level
operator show cli level
admin    set severity-output number;show cli level
admin    show cli sockets
admin    show startup-logs
admin    show env nope
user     show env HOME
user     show sess
admin    show sess
admin    show sess 0x1
admin    show errors nope
admin    show resolvers nope
admin    get weight
admin    get weight pool
admin    get weight pool/
admin    get weight pool/s1
admin    get weight #2/#1
admin    get weight #2/#9
admin    get weight #9/#1
admin    get weight pool/nope
admin    get weight front/s1
user     get weight pool/s1
admin    set severity-output string;get weight pool/nope
admin    set severity-output number;get weight pool/s1
admin    set severity-output number;set weight pool/s1 300
admin    set severity-output number;set server pool/s1 addr 127.0.0.1
admin    set severity-output nonsense
admin    set severity-output
admin    set weight
admin    set weight pool/s1
admin    set weight pool/s1 -1
admin    set weight pool/s1 5x
admin    set weight pool/s1 x
admin    set weight pool/s1 -5%
admin    set weight pool/s1 50%
admin    set weight pool/s1 100%
admin    set weight pool/s2 30000%
admin    get weight pool/s2
admin    set weight pool/s2 100%
admin    set weight back/b1 5
admin    set weight back/b1 0
admin    set weight back/b1 1
operator set weight pool/s1 1
admin    set server pool
admin    set server pool/s1 state
admin    set server pool/s1 state READY
admin    set server pool/s1 health
admin    set server pool/s1 health up
admin    set server pool/s1 agent up
admin    set server pool/s1 weight
admin    set server pool/s1 weight 1
admin    set server pool/s1 addr
admin    set server pool/s1 addr nonsense
admin    set server pool/s1 addr 127.0.0.1
admin    set server pool/s1 addr 127.0.0.1 port
admin    set server pool/s1 addr 127.0.0.1 port x
admin    set server pool/s1 fqdn
admin    set server pool/s1 check-port
admin    set server pool/s1 check-port x
admin    set server pool/s1 check-port 70000
admin    set server pool/plain check-port 5
admin    set server pool/s1 check-addr
admin    set server pool/s1 check-addr nonsense
admin    set server pool/plain check-addr 127.0.0.1
admin    set server pool/s1 agent-addr
admin    set server pool/s1 agent-addr 127.0.0.1
admin    set server pool/s1 agent-port
admin    set server pool/s1 agent-port 1
operator set server pool/s1 state ready
admin    enable server
admin    enable server pool/nope
admin    enable server pool/s1
admin    enable health pool/plain
admin    enable health pool/s1
admin    enable agent pool/s1
admin    disable agent pool/s1
admin    enable frontend
admin    enable frontend nope
admin    enable frontend front
admin    enable frontend back
admin    disable frontend front
admin    disable frontend front
admin    enable frontend front
operator disable frontend front
operator disable server pool/s1
admin    set maxconn server
admin    set maxconn server pool/s1
admin    set maxconn server pool/s1 x
admin    set maxconn server pool/s1 10
admin    set maxconn server pool/s1 0
admin    set maxconn frontend
admin    set maxconn frontend front
admin    set maxconn frontend front -1
admin    set maxconn frontend front 10
admin    set maxconn frontend nope 10
admin    set maxconn global 100000000
admin    set maxconn global 100
operator set maxconn global 100
admin    set timeout cli
admin    set timeout cli x
admin    set timeout cli 0
admin    set timeout cli 60
user     set timeout cli 60
admin    set timeout nonsense 5
admin    shutdown session
admin    shutdown session x
admin    shutdown session 0x1
admin    shutdown sessions server
admin    shutdown sessions server pool/nope
admin    shutdown sessions server pool/s1
operator shutdown session 0x1
admin    shutdown frontend
admin    shutdown frontend nope
admin    clear counters
admin    clear counters all
operator clear counters
operator clear counters all
user     clear counters
admin    add server
admin    add server pool/
admin    add server nope/x 127.0.0.1:1
admin    add server pool/s1 127.0.0.1:1
admin    add server pool/new
admin    add server pool/new 127.0.0.1:1 nonsense
admin    add server back/new 127.0.0.1:1
admin    add server pool/new 127.0.0.1:1
admin    set severity-output number;add server pool/new2 127.0.0.1:1
operator add server pool/new3 127.0.0.1:1
admin    del server pool/nope
admin    del server pool/s1
admin    del server pool/new
admin    set severity-output number;del server pool/new2
operator del server pool/new
admin    operator;show cli level;set weight pool/s1 1
admin    user;show cli level;show env HOME
user     operator;show cli level
admin    expert-mode
admin    expert-mode on;expert-mode
admin    expert-mode nonsense;expert-mode
operator expert-mode on
admin    experimental-mode on;experimental-mode
admin    show cli level\r
admin    show   cli   level  
admin    get weight pool/s1;get weight pool/nope;get weight pool/s1
admin    quit;show backend
admin    prompt;show backend;quit
admin    prompt;prompt;show backend
admin    show backend\nshow backend
admin    prompt\nshow backend\nshow cli level\nquit
"""

# Where novip answers something else, and why.
DIFFERENT = [
    ("admin show sess nonsense", "Session not found.",
     "HAProxy reads 0 and shows every session"),
    ("admin set server pool/s1 addr 127.0.0.1 port 70000", "problem converting port '70000'",
     "HAProxy takes it modulo 65536"),
    ("admin set maxconn server pool/s1 -5", "maxconn string empty or preceded by garbage",
     "HAProxy takes it, as no limit"),
    ("admin set maxconn frontend front x", "Integer value expected.", "HAProxy takes it, as 0"),
    ("admin add server pool/new3 nonsense", "an address in numbers is expected",
     "HAProxy adds a server without an address"),
    ("admin @1 show backend", "# name", "a worker of HAProxy has no master's commands"),
]

# Columns of `show stat` that differ: times, and what novip does not measure.
NOT_COMPARED = {"lastchg", "downtime", "check_duration", "last_chk", "lastsess", "addr", "rate",
                "rate_max", "need_conn_est", "srv_icur", "src_ilim", "idle_conn_cur", "safe_conn_cur", "used_conn_cur",
                "connect", "reuse", "cache_lookups", "cache_hits"}


class Pair:
    """Both of them, and what one answers."""

    def __init__(self, folder, stack):
        servers = {name: stack.enter_context(NamedServer(name)) for name in ("s1", "s2")}
        self.proxies, self.ports = {}, {}
        self._folder = folder
        for name, binary in (("haproxy", HAPROXY), ("novip", settings.BINARY)):
            self.ports[name] = free_port()
            text = CONFIGURATION.format(folder=folder, name=name, pool=self.ports[name],
                                        front=free_port(), **servers)
            proxy = Proxy(name, text, folder, binary)
            self.proxies[name] = proxy
            stack.callback(proxy.stop)
            proxy.start()
        for proxy in self.proxies.values():
            wait_for(lambda: proxy.api.up("pool") == {"s1", "s2"}, f"{proxy.name} knows both")

    def ask(self, name, line):
        level, command = line.split(maxsplit=1)
        endpoint = self.proxies[name].api.endpoint if level == "admin" else \
            self._folder / f"{name}.{level}"
        return RuntimeApi(endpoint)(command.replace("\\n", "\n").replace("\\r", "\r"))


@pytest.fixture
def pair(folder, cleanup):
    return Pair(folder, cleanup)


def comparable(answer, name):
    """Without ports, names and times of one run. HAProxy leaves the empty line out after some
    refusals; novip never does."""
    answer = answer.replace(f"/{name}.", "/PROXY.")
    answer = re.sub(r"(127\.0\.0\.1[: ])\d{4,5}\b", r"\1PORT", answer)
    answer = re.sub(r"^(\d+ \w+ \d+ \w+ \S+ \d \d \d+ \d+) \d+", r"\1 AGE", answer, flags=re.M)
    answer = re.sub(r" \d{4,5} - 0 0 - - 0$", " PORT - 0 0 - - 0", answer, flags=re.M)
    if answer.startswith("# pxname"):    # novip has no columns of TLS and HTTP/2
        answer = "\n".join(",".join(line.split(",")[:100]) for line in answer.split("\n"))
    answer = re.sub(r"^0x[0-9a-f]+: .* fe=GLOBAL .*\n", "", answer, flags=re.M)   # the socket's own
    return answer.rstrip("\n")


def test_answers_are_the_same(pair):
    lines = [line for line in SAME.splitlines() if line]
    differing = []

    def both(line):
        return [comparable(pair.ask(name, line), name) for name in ("haproxy", "novip")]

    for line in lines:
        haproxy, novip = both(line)
        if haproxy != novip and "show servers state" in line:   # a check of one was under way
            haproxy, novip = both(line)
        if haproxy != novip:
            differing.append(f"{line}\n  HAProxy: {haproxy!r}\n  novip:   {novip!r}")
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize("line, answer, why", DIFFERENT)
def test_answers_that_differ_on_purpose(pair, line, answer, why):
    assert answer in pair.ask("novip", line), why
    assert comparable(pair.ask("haproxy", line), "haproxy") != \
        comparable(pair.ask("novip", line), "novip"), "no longer: compare it above"


@pytest.mark.parametrize("arguments", ["", " up", " no-maint", " 2 1 -1", " 2 4 1", " pool 4 -1",
                                       " -1 1 -1", " -1 2 0", " nonsense"])
def test_statistics_are_the_same(pair, arguments):
    def cells(name):
        answer = pair.ask(name, f"admin show stat{arguments}")
        under_way = answer.replace(",* ", ",")      # a check is
        header, *rows = [line.split(",") for line in under_way[2:].splitlines() if line]
        return [{column: value for column, value in zip(header[:100], row)
                 if column not in NOT_COMPARED} for row in rows]
    assert cells("novip") == cells("haproxy")


def test_typed_statistics_have_the_same_types(pair):
    def fields(name):
        found = {}
        for line in pair.ask(name, "admin show stat -1 7 -1 typed").splitlines():
            if line:
                place, tags, kind, _ = line.split(":", 3)
                found[place.rsplit(".", 1)[0]] = (tags, kind)
        return found
    haproxy, novip = fields("haproxy"), fields("novip")
    assert novip and {place: haproxy[place] for place in novip} == novip


TIMES = [f"{name}{end}" for end in ("", "_max") for name in ("qtime", "ctime", "rtime", "ttime")]


def times_of(proxy):
    """{("BACKEND", "ttime_max"): 1234, …}; what is empty is None."""
    return {(server, column): int(row[column]) if row[column] else None
            for (name, server), row in proxy.api.stat().items() if name == "pool"
            for column in TIMES}


@pytest.mark.parametrize("name", ["haproxy", "novip"])
def test_times_of_sessions_and_their_maxima(pair, name):
    proxy = pair.proxies[name]
    assert set(times_of(proxy).values()) == {0, None}

    def after_a_session_of_a_second():
        with connect(pair.ports[name]) as client:
            read_line(client)
            wait_for(lambda: re.search(r"age=([2-9]|\d\d)s", proxy.api("show sess")),
                     "a second has passed")
        return wait_for(lambda: (now := times_of(proxy))["BACKEND", "ttime"] and now, "it is counted")

    try:
        after = after_a_session_of_a_second()
    except AssertionError:
        if name == "novip":
            raise
        # HAProxy 2.6 was seen, once, to count nothing for ten seconds.
        print(proxy.api("show sess all"), proxy.api("show stat"))
        proxy.api("clear counters all")
        after = after_a_session_of_a_second()
    rows = [row for row, column in after if column == "ttime_max" and after[row, column]]
    assert len(rows) == 2 and rows[1] == "BACKEND"     # and its server
    for row in rows:
        assert 1000 <= after[row, "ttime_max"] == after[row, "ttime"] < 60_000
        assert all(after[row, column] < 1000 for column in TIMES if "ttime" not in column)
    assert after["FRONTEND", "ttime_max"] is None
    proxy.api("clear counters")
    cleared = times_of(proxy)
    assert cleared["BACKEND", "ttime"] == after["BACKEND", "ttime"]
    assert {cleared[row, "ttime_max"] for row in rows} == {0}
    proxy.api("clear counters all")
    assert set(times_of(proxy).values()) == {0, None}


@pytest.mark.parametrize("name", ["haproxy", "novip"])
def test_sessions_that_reach_no_server_have_no_times(pair, name):
    proxy = pair.proxies[name]
    for server in ("s1", "s2", "plain"):
        proxy.api(f"disable server pool/{server}")
    with connect(pair.ports[name]) as client:
        assert client.recv(1) == b""
    wait_for(lambda: proxy.api.stat()["pool", "FRONTEND"]["scur"] == "0", "its session is over")
    assert set(times_of(proxy).values()) == {0, None}


# What scripts look for in `show sess <id>`.
# "age=?": HAProxy, when its clock has just been put back.
DETAILS = re.compile(r"""0x[0-9a-f]+: \[\d\d/\w{3}/\d{4}:[\d:]{8}\.\d{6}\] id=\d+ proto=tcpv4 source=(?P<client>\S+)
(?:.*?\n)?  frontend=pool \(id=2 mode=tcp\), listener=\? \(id=1\) addr=(?P<came_to>\S+)
  backend=pool \(id=2 mode=tcp\) addr=(?P<from>127\.0\.0\.1:\d+)
  server=(?P<server>\w+) \(id=\d\) addr=(?P<to>127\.0\.0\.1:\d+)
  task=\S+ \([^\n]*age=(?:\d+s|\?)\)
(?:.*?\n)?  req=[^\n]*total=6\)
(?:.*?\n)?  res=[^\n]*total=(?P<sent>\d+)\)
.*?\n\n""", re.S)


@pytest.mark.parametrize("name", ["haproxy", "novip"])
def test_one_session_in_detail(pair, name):
    api = pair.proxies[name].api
    with connect(pair.ports[name]) as client:
        server = read_line(client)
        client.sendall(b"hello\n")
        assert read_line(client) == b"hello"
        row = next(line for line in api("show sess").splitlines() if "fe=pool" in line)
        for answer in (api(f"show sess {row.split(':')[0]}"), api("show sess all")):
            said = DETAILS.match(answer[answer.index(row.split(":")[0]):])
            assert said, answer
            assert name == "haproxy" or "age=?" not in answer
            assert said["client"] == "%s:%d" % client.getsockname()
            assert said["came_to"] == "%s:%d" % client.getpeername()
            assert said["server"].encode() in (server, b"plain")
            assert int(said["sent"]) == len(server) + 1 + len("hello\n")
