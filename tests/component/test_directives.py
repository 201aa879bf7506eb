"""Directives that decide who is let in and where to, as HAProxy does with the same file."""

import re
import subprocess

import pytest

from harness import settings
from harness.name_server import NameServer
from harness.ports import free_port
from harness.servers import NamedServer, connect, read_line, server_reached, wait_reached
from harness.wait import wait_for

HAPROXY = "/usr/sbin/haproxy"
DEFAULTS = """
global
    nbthread 2
defaults
    mode tcp
    timeout connect 1s
    timeout client  1m
    timeout server  1m
"""


@pytest.fixture
def servers(cleanup):
    return {name: cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2", "s3")}


def reached_from(port, source):
    with connect(port, source=source) as client:
        return read_line(client).decode()


# ---- stick-table ---------------------------------------------------------------------------------

def test_stick_on_src(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(DEFAULTS + f"""
listen pool
    bind 127.0.0.1:{port}
    balance roundrobin
    stick-table type ip size 100 expire 30m
    stick on src
    server s1 {servers["s1"]}
    server s2 {servers["s2"]}
""")
    first = {source: reached_from(port, source) for source in ("127.0.0.1", "127.0.0.2")}
    for _ in range(6):
        for source, server in first.items():
            assert reached_from(port, source) == server
    # A server that is drained keeps those who are its own, as in HAProxy; one in maintenance does not.
    own = first["127.0.0.1"]
    other = {"s1": "s2", "s2": "s1"}[own]
    proxy.api(f"set server pool/{own} state drain")
    wait_for(lambda: reached_from(port, "127.0.0.9") == other, "strangers go elsewhere")
    assert reached_from(port, "127.0.0.1") == own
    proxy.api(f"set server pool/{own} state maint")
    wait_for(lambda: reached_from(port, "127.0.0.1") == other, "its own clients go elsewhere")
    proxy.api(f"set server pool/{own} state ready")
    wait_for(lambda: proxy.api.stat()["pool", own]["status"] == "no check", "it is back")
    assert [reached_from(port, "127.0.0.1") for _ in range(4)] == [other] * 4

    table = proxy.api("show table pool")
    assert table.startswith("# table: pool, type: ip, size:100, used:3\n")
    entry = re.compile(r"^0x[0-9a-f]+: key=(\S+) use=0 exp=(\d+) server_id=(\d) server_key=(\S+)$")
    entries = {m[1]: m for m in map(entry.match, table.splitlines()[1:]) if m}
    assert entries["127.0.0.1"][4] == other and "s" + entries["127.0.0.1"][3] == other
    assert 1_700_000 < int(entries["127.0.0.1"][2]) <= 1_800_000
    assert proxy.api("clear table pool key 127.0.0.1") == "\n"
    assert "used:2\n" in proxy.api("show table")
    assert proxy.api("clear table pool") == "\n"
    assert proxy.api("show table") == "# table: pool, type: ip, size:100, used:0\n\n"
    assert proxy.api("show table nowhere") == "No such table\n\n"


def test_one_entry_for_all_stays_on_the_server_that_took_over(start_proxy, servers):
    """The common pair of lines that keeps a primary from coming back by itself."""
    port = free_port()
    proxy = start_proxy(DEFAULTS + f"""
listen pool
    bind 127.0.0.1:{port}
    stick-table type ip size 1
    stick on dst
    server s1 {servers["s1"]}
    server s2 {servers["s2"]} backup
""")
    assert server_reached(port) == "s1"
    proxy.api("set server pool/s1 state maint")
    wait_reached(port, "s2")
    proxy.api("set server pool/s1 state ready")
    wait_for(lambda: proxy.api.stat()["pool", "s1"]["status"] == "no check", "s1 is back")
    assert [reached_from(port, f"127.0.0.{i}") for i in range(1, 9)] == ["s2"] * 8


@pytest.mark.novip_only
def test_the_table_survives_a_reload(start_proxy, servers):
    port = free_port()
    body = DEFAULTS + f"""
listen pool
    bind 127.0.0.1:{port}
    stick-table type ip size 100
    stick on src
    server s1 {servers["s1"]}
    server s2 {servers["s2"]}
"""
    proxy = start_proxy(body)
    own = server_reached(port)
    with open(proxy.file, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert "Success" in proxy.api("reload")
    assert [server_reached(port) for _ in range(6)] == [own] * 6


# ---- conditions ----------------------------------------------------------------------------------

def test_nbsrv_rejects_while_there_are_too_few_servers(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(DEFAULTS + f"""
frontend in
    bind 127.0.0.1:{port}
    acl pool_dead nbsrv(pool) lt 1
    tcp-request connection reject if pool_dead
    default_backend pool
backend pool
    server s1 {servers["s1"]}
""")
    assert server_reached(port) == "s1"
    proxy.api("set server pool/s1 state maint")

    def is_rejected():
        with connect(port) as client:
            try:
                return client.recv(1) is None
            except ConnectionResetError:
                return True
    wait_for(is_rejected, "clients are refused with a reset")
    assert int(proxy.api.stat()["in", "FRONTEND"]["dcon"]) >= 1
    proxy.api("set server pool/s1 state ready")
    wait_reached(port, "s1")


def test_where_a_client_is_led(start_proxy, servers):
    port, other_port = free_port(), free_port()
    proxy = start_proxy(DEFAULTS + f"""
frontend in
    bind 127.0.0.1:{port}
    bind 127.0.0.1:{other_port}
    acl batch src 127.0.0.2 127.0.0.16/28
    tcp-request connection reject if {{ src 127.0.0.3 }}
    tcp-request content reject if {{ src 127.0.0.4 }} !{{ dst_port {port} }}
    use_backend three if batch {{ nbsrv(three) ge 1 }} or {{ dst_port {other_port} }}
    default_backend one
backend one
    server s1 {servers["s1"]}
    server s2 {servers["s2"]}
    use-server s2 if {{ src 127.0.0.5 }}
    use-server s1 unless {{ src 127.0.0.5 }}
backend three
    server s3 {servers["s3"]}
""")
    assert reached_from(port, "127.0.0.1") == "s1"
    assert [reached_from(port, "127.0.0.5") for _ in range(3)] == ["s2"] * 3
    assert reached_from(port, "127.0.0.2") == reached_from(port, "127.0.0.17") == "s3"
    assert reached_from(other_port, "127.0.0.1") == "s3"
    with pytest.raises(ConnectionResetError):
        reached_from(port, "127.0.0.3")
    assert reached_from(port, "127.0.0.4") == "s1"
    assert reached_from(other_port, "127.0.0.4") == ""
    row = proxy.api.stat()["in", "FRONTEND"]
    assert (row["dcon"], row["dreq"]) == ("1", "1")
    proxy.api("set server three/s3 state maint")
    wait_for(lambda: reached_from(port, "127.0.0.2") == "s1", "the rule follows the servers")


# ---- slowstart -----------------------------------------------------------------------------------

def test_slowstart(start_proxy, servers):
    port = free_port()
    proxy = start_proxy(DEFAULTS.replace("nbthread 2", "nbthread 1") + f"""
listen pool
    bind 127.0.0.1:{port}
    balance roundrobin
    server s1 {servers["s1"]}
    server s2 {servers["s2"]} slowstart 1h
""")
    assert {server_reached(port) for _ in range(4)} == {"s1", "s2"}     # none at start
    proxy.api("set server pool/s2 state maint")
    wait_for(lambda: [server_reached(port) for _ in range(4)] == ["s1"] * 4, "s2 is out")
    proxy.api("set server pool/s2 state ready")
    wait_for(lambda: proxy.api.stat()["pool", "s2"]["throttle"] != "", "s2 is on its way up")
    shares = [server_reached(port) for _ in range(34)]
    assert 1 <= shares.count("s2") <= 3
    assert int(proxy.api.stat()["pool", "s2"]["throttle"]) < 20


# ---- server-template -----------------------------------------------------------------------------

def test_a_template_has_the_addresses_of_a_name(start_proxy, cleanup):
    """Each server another one; those that there is none for are in maintenance."""
    target = free_port("127.0.0.11", "127.0.0.12", "127.0.0.13")
    for i in (1, 2, 3):
        cleanup.enter_context(NamedServer(f"s{i}", address=f"127.0.0.1{i}", port=target))
    names = cleanup.enter_context(NameServer(["127.0.0.11", "127.0.0.12"]))
    port = free_port()
    proxy = start_proxy(DEFAULTS + f"""
resolvers local
    nameserver ns1 127.0.0.1:{names.port}
    hold valid 200ms
    hold obsolete 0s
    timeout resolve 200ms
    timeout retry 200ms
listen pool
    bind 127.0.0.1:{port}
    server-template pg 3 pg.test:{target} check inter 200ms resolvers local init-addr none
""")

    def reached():
        return {server_reached(port) for _ in range(6)}

    wait_for(lambda: reached() == {"s1", "s2"}, "both addresses have a server")
    statuses = proxy.api.status("pool").values()
    assert sorted(status.split()[0] for status in statuses) == ["MAINT", "UP", "UP"]
    names.addresses = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]
    wait_for(lambda: reached() == {"s1", "s2", "s3"}, "a third one joins")
    names.addresses = ["127.0.0.13"]
    wait_for(lambda: reached() == {"s3"}, "two of them leave", seconds=20)


# ---- conditional blocks --------------------------------------------------------------------------

def test_conditional_blocks(start_proxy, servers):
    port = free_port()
    start_proxy(DEFAULTS + f"""
listen pool
    bind 127.0.0.1:{port}
.if defined(NOVIP_TEST_NOWHERE) || version_before(2.4)
    no such keyword
    server s1 {servers["s1"]}
.elif streq("$NOVIP_TEST_SITE",east) && feature(OPENSSL)
    server s2 {servers["s2"]}
.else
    server s3 {servers["s3"]}
.endif
""", env={"NOVIP_TEST_SITE": "east", "PATH": "/usr/bin:/bin"})
    assert server_reached(port) == "s2"


# ---- verdicts ------------------------------------------------------------------------------------

# In a `listen` section with two servers, and what HAProxy says of it.
LINES = """
log-format "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts"
log-format "%{+Q}o %ci %{-Q}cp %%"
log-format "%ci %HM"
log-format "%nope"
log-format "%ci %"
log-format "%{+Q"
log-format %ci %cp
stick-table type ip size 1
stick-table type ip size 200k expire 30m nopurge
stick-table type ip
stick-table size 10
stick-table type ip size zero
stick-table type nothing size 10
stick on src
stick-table type ip size 1;stick on dst
stick-table type ip size 1;stick match src;stick store-request src if { src 10.0.0.0/8 }
stick-table type ip size 1;stick on nothing
acl dead nbsrv(a) lt 1
acl dead nbsrv(nowhere) lt 1
acl dead nbsrv(a) lt x
acl dead nosuchcriterion
acl local src 10.0.0.0/8 127.0.0.1 ::1
acl local src 10.0.0.0/99
acl dead nbsrv(a) lt 1;tcp-request connection reject if dead
tcp-request connection reject if dead
tcp-request connection reject if { nbsrv(a) lt 1 } or !{ src 127.0.0.1 }
tcp-request connection reject if { nbsrv(a) lt 1
tcp-request connection reject unless TRUE
tcp-request connection nothing
tcp-request content reject if FALSE
tcp-request session accept if LOCALHOST
tcp-request inspect-delay 5s
use_backend other if { nbsrv(other) ge 1 }
use_backend nowhere if TRUE
use-server s1 if { src 127.0.0.1 }
use-server nowhere if TRUE
server-template t 1-3 localhost:5432
server-template t 3 127.0.0.1:5432 check
server-template t 0 127.0.0.1:5432
server-template t 3-1 127.0.0.1:5432
server-template s 1 127.0.0.1:5432
server s3 127.0.0.1:3 slowstart 10s
server s3 127.0.0.1:3 slowstart soon
server s3 127.0.0.1:3 non-stick
.if defined(HOME);option tcpka;.endif
.if 0;nonsense;.else;option tcpka;.endif
.if nonsense;.endif
.if streq(a);.endif
.if 1
.endif
.else
.if (0 || 1) && !0;option tcpka;.endif
userlist u
userlist
userlist u;userlist u
userlist u;user a insecure-password b
userlist u;user a password nothash!
userlist u;user a
userlist u;user a insecure-password b;user a insecure-password c
userlist u;user a insecure-password b groups g
userlist u;group g users a
userlist u;group g users a;user a insecure-password b
userlist u;user a insecure-password b groups g;group g
userlist u;group g;group g
userlist u;group g members a
userlist u;user a secret b
PAGE stats http-request auth unless { http_auth(u) }
PAGE acl known http_auth(u);stats http-request auth unless known
PAGE stats http-request auth realm Ours if !{ http_auth_group(u) g }
PAGE stats http-request auth unless { http_auth(nobody) }
PAGE stats http-request auth unless { http_auth }
PAGE stats http-request deny unless { src 127.0.0.0/8 };stats http-request allow
PAGE stats http-request nothing
PAGE stats auth a:b;stats http-request auth unless { http_auth(u) }
PAGE stats http-request auth unless unknown
PAGE stats admin if { http_auth_group(u) g }
PAGE stats admin if LOCALHOST
PAGE stats admin if unknown
PAGE stats admin
PAGE http-request auth unless { http_auth(u) }
PAGE http-request auth realm Ours if TRUE
PAGE http-request auth realm
.alert "not here"
.notice "all is well"
.warning "look here"
.nothing
""".strip().splitlines()


# A statistics page after a userlist.
PAGE = ("userlist u;user a insecure-password b groups g;group g;listen st;bind 127.0.0.1:3;"
        "mode http;stats enable;")


def verdict(binary, folder, line):
    file = folder / "verdict.cfg"
    file.write_text(DEFAULTS + f"""
backend other
    server s1 127.0.0.1:1
listen a
    bind 127.0.0.1:{free_port()}
    server s1 127.0.0.1:1
    server s2 127.0.0.1:2
""" + "".join(f"    {part}\n" for part in line.replace("PAGE ", PAGE).split(";")))
    done = subprocess.run([binary, "-c", "-f", file], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode, done.stderr


@pytest.mark.novip_only
def test_verdicts_are_haproxys(folder):
    different = []
    for line in LINES[::round(1 / settings.SCALE)]:
        expected, _ = verdict(HAPROXY, folder, line)
        found, said = verdict(settings.BINARY, folder, line)
        if found != expected:
            different.append((line, expected, found, said))
        if found != 0:
            assert "verdict.cfg:" in said, (line, said)
    assert not different
