"""Commands of the runtime API that change what the configuration says, and the machine's formats."""

import json
import re
import socket

import pytest

from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.runtime_api import RuntimeApi
from harness.servers import NamedServer, connect, read_line, server_reached, wait_reached
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

# One thread: with more, each starts its own round of the servers.
POOL = DEFAULTS + """
global
    nbthread 1
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1} check inter 200ms
"""


@pytest.fixture
def pool(start_proxy, cleanup):
    """A proxy in front of s1; has a .port, and .s2, a server that it does not know."""
    s1, s2 = (cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2"))
    port = free_port()
    proxy = start_proxy(POOL.format(port=port, s1=s1))
    proxy.port, proxy.s2 = port, s2
    wait_for(lambda: proxy.api.up("pool") == {"s1"}, "s1 is up")
    return proxy


def session_of(port, name):
    """A session of that server."""
    while True:
        client = connect(port)
        if read_line(client) == name:
            return client
        client.close()


def test_a_server_is_added_used_and_deleted(pool):
    api = pool.api
    with connect(pool.port) as before:
        assert read_line(before) == b"s1"
        assert api(f"add server pool/s2 {pool.s2} check inter 200ms") == "New server registered.\n\n"
        assert api.status("pool") == {"s1": "UP", "s2": "MAINT"}
        assert {server_reached(pool.port) for _ in range(4)} == {"s1"}
        assert api("enable server pool/s2") == "\n"
        wait_reached(pool.port, "s2")
        with session_of(pool.port, b"s2") as client:
            assert api("del server pool/s2") == "Only servers in maintenance mode can be deleted.\n\n"
            assert api("disable server pool/s2") == "\n"
            assert "Server still has connections" in api("wait 200ms srv-removable pool/s2")
            assert "Server still has connections" in api("del server pool/s2")
            client.sendall(b"alive\n")
            assert read_line(client) == b"alive"
        assert api("wait 10s srv-removable pool/s2") == "Done.\n\n"
        assert api("del server pool/s2") == "Server deleted.\n\n"
        assert api.status("pool") == {"s1": "UP"}
        assert api(f"add server pool/s2 {pool.s2}") == "New server registered.\n\n"   # once more
        before.sendall(b"never lost\n")
        assert read_line(before) == b"never lost"


def test_a_check_asks_another_port(pool):
    closed = free_port()
    with connect(pool.port) as client:
        assert read_line(client) == b"s1"
        assert pool.api(f"set server pool/s1 check-port {closed}") == "\n"
        wait_for(lambda: pool.api.status("pool")["s1"] == "DOWN", "s1 is down for its checks")
        assert pool.api(f"set server pool/s1 check-addr 127.0.0.1 port {pool.s2.port}") == "\n"
        wait_for(lambda: pool.api.up("pool") == {"s1"}, "s1 is up again")
        client.sendall(b"alive\n")
        assert read_line(client) == b"alive"


def test_a_frontend_is_shut_down_for_good(pool):
    with connect(pool.port) as client:
        assert read_line(client) == b"s1"
        assert pool.api("shutdown frontend pool") == "\n"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", pool.port), timeout=5)
        assert pool.api.stat()["pool", "FRONTEND"]["status"] == "STOP"
        assert "already shut down" in pool.api("shutdown frontend pool")
        assert "previously shut down" in pool.api("enable frontend pool")
        client.sendall(b"alive\n")
        assert read_line(client) == b"alive"


def test_reload_on_the_socket(pool):
    assert pool.api("reload").startswith("Success=1\n--\n")
    good = pool.file.read_text()
    pool.file.write_text(good.replace("check inter", "chekc inter"))
    answer = pool.api("reload")
    assert answer.startswith("Success=0\n--\n") and re.search(r"\.cfg:\d+", answer), answer
    assert "chekc" in answer
    pool.file.write_text(good + f"\nlisten more\n    bind 127.0.0.1:{free_port()}\n"
                                f"    server s2 {pool.s2}\n")
    assert pool.api("@1 reload").startswith("Success=1\n--\n")
    assert ("more", "s2") in pool.api.stat()
    assert re.search(rf"^{pool.pid} +master +2 \[failed: 1\] ", pool.api("show proc"), re.M)


def test_the_masters_socket(start_proxy, cleanup, folder):
    s1 = cleanup.enter_context(NamedServer("s1"))
    master = folder / "master.sock"
    proxy = start_proxy(POOL.format(port=free_port(), s1=s1), "-S", master)
    assert master.stat().st_mode & 0o777 == 0o600
    api = RuntimeApi(master)
    assert str(proxy.pid) in api("show proc")
    assert ("pool", "s1") in api.stat()
    assert api("@1 disable server pool/s1") == "\n"     # level admin
    assert api("@!1 show version").startswith("Can't find the target PID")


def test_formats_for_programs(pool):
    rows = json.loads(pool.api("show stat json"))
    cells = {field["field"]["name"]: field["value"]["value"] for field in rows[1]}
    assert rows[1][0]["objType"] == "Server"
    assert (cells["pxname"], cells["svname"], cells["status"], cells["scur"]) == ("pool", "s1", "UP", 0)
    info = {field["field"]["name"]: field["value"]["value"]
            for field in json.loads(pool.api("show info json"))}
    assert info["Name"] == "HAProxy" and info["Pid"] == pool.pid
    typed = pool.api("show stat typed").splitlines()
    assert "S.2.1.1.svname.1:KNS:str:s1" in typed
    assert f"6.Pid.1:SGP:u32:{pool.pid}" in pool.api("show info typed").splitlines()
    overview = json.loads(pool.api("show overview"))
    assert overview["proxies"][0]["servers"][0]["status"] == "UP"


def test_events_are_listed(pool):
    assert "buf0" in pool.api("show events")
    pool.api("set server pool/s1 health down")
    wait_for(lambda: "pool/s1 is DOWN" in pool.api("show events buf0"), "the event is there")


def test_activity_is_told_by_thread(pool):
    said = dict(line.split(": ", 1) for line in pool.api("show activity").splitlines() if line)
    assert said["thread_id"].startswith("1 (1..") and float(said["date_now"]) > 1_700_000_000
    assert int(said["sessions"].split()[0]) >= 0 and set(said) >= {"accepted", "bytes_in", "held"}
