"""The runtime API, as operators and their tools use it."""

import re
import subprocess

import pytest

from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.runtime_api import RuntimeApi, parse_csv, read_all
from harness.servers import NamedServer, connect, read_line, server_reached, wait_reached
from harness.wait import wait_for

# `show stat` of HAProxy 2.6 up to column 102; later ones may differ.
COLUMNS = """
pxname svname qcur qmax scur smax slim stot bin bout dreq dresp ereq econ eresp wretr wredis status
weight act bck chkfail chkdown lastchg downtime qlimit pid iid sid throttle lbtot tracked type rate
rate_lim rate_max check_status check_code check_duration hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx
hrsp_5xx hrsp_other hanafail req_rate req_rate_max req_tot cli_abrt srv_abrt comp_in comp_out
comp_byp comp_rsp lastsess last_chk last_agt qtime ctime rtime ttime agent_status agent_code
agent_duration check_desc agent_desc check_rise check_fall check_health agent_rise agent_fall
agent_health addr cookie mode algo conn_rate conn_rate_max conn_tot intercepted dcon dses wrew
connect reuse cache_lookups cache_hits srv_icur src_ilim qtime_max ctime_max rtime_max ttime_max
eint idle_conn_cur safe_conn_cur used_conn_cur need_conn_est uweight
""".split()

# One thread: with more, each starts its own round of the servers.
POOL = DEFAULTS + """
global
    nbthread 1
    stats socket ipv4@127.0.0.1:{api}
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1} check inter 200ms
    server s2 {s2} check inter 200ms
"""


@pytest.fixture
def pool(start_proxy, cleanup):
    """A proxy in front of two servers, s1 being next; has a .port, and a .tcp_api of operator level
    besides its own."""
    s1, s2 = (cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2"))
    port, api = free_port(), free_port()
    proxy = start_proxy(POOL.format(port=port, api=api, s1=s1, s2=s2))
    proxy.port, proxy.tcp_api = port, RuntimeApi(("127.0.0.1", api))
    wait_for(lambda: proxy.api.up("pool") == {"s1", "s2"}, "both servers are up")
    wait_reached(port, "s2")    # and s1 is next
    return proxy


def test_as_the_deck_shows_it(cluster):
    """echo "show stat" | nc -U /var/lib/haproxy/stats; echo "show stat" | ncat 10.20.30.51 9999"""
    node = cluster["srv1"]
    for command in (["nc", "-U", node.folder / "stats"],
                    ["ncat", node.address, str(node.ports.api)]):
        done = subprocess.run(command, input="show stat\n", text=True, capture_output=True,
                              timeout=20)
        stat = parse_csv(done.stdout)
        assert stat["prod", "FRONTEND"]["status"] == "OPEN"
        assert stat["prod", "srv1"]["status"] == "UP"
        assert stat["prod", "srv2"]["status"] == "DOWN"
        assert stat["stdby", "srv1"]["status"] == "DOWN"
        assert stat["stdby", "BACKEND"]["act"] == "2"


def test_show_stat_is_the_csv_that_tools_expect(pool):
    text = pool.api("show stat")
    assert text.startswith("# pxname,") and text.endswith("\n\n")
    lines = text.splitlines()[:-1]
    assert lines[0][2:].split(",")[:len(COLUMNS)] == COLUMNS
    assert all(line.endswith(",") for line in lines)
    assert len({line.count(",") for line in lines}) == 1
    assert list(parse_csv(text)) == [("pool", "FRONTEND"), ("pool", "s1"), ("pool", "s2"),
                                     ("pool", "BACKEND")]
    for line in lines[1:]:
        for column, value in list(zip(COLUMNS, line.split(",")))[2:51]:
            if column not in ("status", "check_status"):
                assert re.fullmatch(r"-?\d*", value), (column, value)


def test_show_stat_counts_sessions_and_bytes(pool):
    def count(server):
        row = pool.api.stat()["pool", server]
        return [int(row[column]) for column in ("scur", "stot", "bin", "bout")]

    wait_for(lambda: count("FRONTEND")[0] == 0, "earlier sessions end")
    before = {name: count(name) for name in ("s1", "BACKEND", "FRONTEND")}
    with connect(pool.port) as client:
        assert read_line(client) == b"s1"
        client.sendall(b"12345\n")
        assert read_line(client) == b"12345"
        assert [count(name)[0] for name in before] == [1, 1, 1]
    for name, earlier in before.items():
        wait_for(lambda: [now - then for now, then in zip(count(name), earlier)] == [0, 1, 6, 9],
                 f"one session, 6 bytes and 9 bytes of {name}")


def test_show_info(pool):
    info = pool.api.info()
    for name in ("Version", "Release_date", "Nbproc", "Process_num", "Pid", "Uptime", "Uptime_sec",
                 "Maxconn", "CurrConns", "Maxpipes", "PipesUsed", "Tasks", "Run_queue", "Idle_pct",
                 "node"):
        assert name in info, name
    assert info["Name"] == "HAProxy"    # tools refuse anything else
    assert int(info["Pid"]) == pool.pid


def test_show_servers_state(pool):
    version, header, *servers = pool.api("show servers state").splitlines()
    assert version == "1"
    assert header.startswith("# be_id be_name srv_id srv_name srv_addr srv_op_state ")
    assert [line.split()[1:5] for line in servers if line] == [["pool", "1", "s1", "127.0.0.1"],
                                                               ["pool", "2", "s2", "127.0.0.1"]]
    assert {len(line.split()) for line in servers if line} == {25}


def test_show_sess_lists_clients(pool):
    with connect(pool.port) as client:
        read_line(client)
        host, port = client.getsockname()
        line = next(line for line in pool.api("show sess").splitlines()
                    if f"src={host}:{port}" in line)
        assert "fe=pool" in line and "srv=s1" in line


def test_disable_server_keeps_its_sessions_and_takes_no_new_ones(pool):
    with connect(pool.port) as client:
        assert read_line(client) == b"s1"
        assert pool.api("disable server pool/s1") == "\n"
        assert pool.api.status("pool") == {"s1": "MAINT", "s2": "UP"}
        assert {server_reached(pool.port) for _ in range(4)} == {"s2"}
        client.sendall(b"still here\n")
        assert read_line(client) == b"still here"
    assert pool.api("enable server pool/s1") == "\n"
    wait_reached(pool.port, "s1")
    assert {server_reached(pool.port) for _ in range(4)} == {"s1", "s2"}


def test_set_server_state(pool):
    assert pool.api("set server pool/s1 state drain") == "\n"
    assert pool.api.status("pool")["s1"].startswith("DRAIN")
    assert {server_reached(pool.port) for _ in range(4)} == {"s2"}
    assert pool.api("set server pool/s1 state maint") == "\n"
    assert pool.api.status("pool")["s1"] == "MAINT"
    assert pool.api("set server pool/s1 state ready") == "\n"
    wait_for(lambda: "s1" in pool.api.up("pool"), "s1 comes back")


def test_weights(pool):
    assert pool.api("get weight pool/s1") == "1 (initial 1)\n\n"
    assert pool.api("set weight pool/s1 3") == "\n"
    assert pool.api("get weight pool/s1") == "3 (initial 1)\n\n"
    reached = [server_reached(pool.port) for _ in range(8)]
    assert (reached.count("s1"), reached.count("s2")) == (6, 2)
    assert pool.api("set server pool/s1 weight 0") == "\n"
    assert {server_reached(pool.port) for _ in range(4)} == {"s2"}


def test_shutdown_sessions_of_a_server(pool):
    with connect(pool.port) as first:
        assert read_line(first) == b"s1"
        with connect(pool.port) as second:
            assert read_line(second) == b"s2"
            assert pool.api("shutdown sessions server pool/s1") == "\n"
            assert first.recv(1) == b""
            second.sendall(b"alive\n")
            assert read_line(second) == b"alive"


@pytest.mark.parametrize("command, answer", [
    ("disable server nope/s1", "No such backend."),
    ("disable server pool/nope", "No such server."),
    ("disable server pool", "Require 'backend/server'."),
    ("set server pool/s1 state bad",
     "'set server <srv> state' expects 'ready', 'drain' and 'maint'."),
    ("set weight pool/s1 257", "Absolute weight can only be between 0 and 256 inclusive."),
    ("enable agent pool/s1", "Agent was not configured on this server, cannot enable."),
])
def test_refusals_in_the_words_that_tools_know(pool, command, answer):
    assert pool.api(command).strip() == answer


def test_severity_is_told_when_asked_for(pool):
    answer = pool.api("set severity-output number;disable server nope/s1")
    assert answer.endswith("\n[3]: No such backend.\n\n")


def test_unknown_commands_get_help(pool):
    assert pool.api("frobnicate").startswith("Unknown command")
    assert "show stat" in pool.api("help")


def test_the_default_level_reads_but_does_not_change(pool):
    assert pool.tcp_api.stat().keys() == pool.api.stat().keys()
    assert pool.tcp_api("disable server pool/s1") == "Permission denied\n\n"
    assert pool.api.status("pool")["s1"] == "UP"


def test_several_commands_on_a_line_and_crlf(pool):
    answer = pool.api("show info;show stat\r")
    assert "Name: HAProxy\n" in answer and "\n# pxname," in answer


def test_prompt_keeps_the_connection(pool):
    with pool.api.connect() as connection:
        connection.sendall(b"prompt\n")
        answers = b""
        for command in (b"show info\n", b"show stat\n"):
            while not answers.endswith(b"\n> "):
                answers += connection.recv(65536)
            connection.sendall(command)
            answers = b""
        connection.sendall(b"quit\n")
        rest = read_all(connection)
    assert b"# pxname," in rest


def test_without_prompt_it_closes_after_the_answer(pool):
    with pool.api.connect() as connection:
        connection.sendall(b"show info\n")
        assert read_all(connection).endswith(b"\n\n")


def test_an_endless_line_is_not_kept(pool):
    with pool.api.connect() as connection:
        connection.settimeout(1)
        with pytest.raises(OSError):        # closed, or no longer read
            for _ in range(1000):
                connection.sendall(b"x" * 65536)
    assert pool.api.info()["Name"] == "HAProxy"
