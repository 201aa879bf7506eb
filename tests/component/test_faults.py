"""What breaks around novip, and what the operator reads of it."""

import contextlib
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

import psycopg
import pytest

from harness import settings
from harness.clients import Opener
from harness.configurations import cluster_section
from harness.durations import Durations
from harness.ports import free_port
from harness.process import Process
from harness.runtime_api import RuntimeApi
from harness.servers import NamedServer, connect, read_line, server_reached
from harness.settings import scaled
from harness.short_sessions import ShortSessions
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

POOL = """
global
    log {log} local0
    nbthread 1
    {more}
defaults
    mode tcp
    log global
    timeout connect 5s
    timeout client  1m
    timeout server  1m
listen pool
    bind 127.0.0.1:{port}
    server s1 {server}
"""


@pytest.fixture
def s1(cleanup):
    return cleanup.enter_context(NamedServer("s1"))


def pool(log, port, server, more=""):
    return POOL.format(log=log, port=port, server=server, more=more)


@contextlib.contextmanager
def limited(pid, what, amount):
    """A limit of a running process, and back."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (amount, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


@contextlib.contextmanager
def many_clients(port, count):
    """Clients that connect and wait, whether they are served or not."""
    clients = []
    try:
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            clients.append(client)
        yield clients
    finally:
        for client in clients:
            client.close()


# ---- what a process has so much of ---------------------------------------------------------------

@pytest.mark.skipif(settings.SCALE < 1, reason="UBSan asks a pipe whether an object is there")
def test_out_of_descriptors(start_proxy, syslog, s1):
    """Sessions go on, operators are answered, clients wait in the backlog and are served after."""
    port = free_port()
    proxy = start_proxy(pool(syslog.udp, port, s1))
    used = max(int(name) for name in os.listdir(f"/proc/{proxy.pid}/fd"))
    with connect(port) as first, proxy.api.connect() as operator:
        assert read_line(first) == b"s1"
        operator.sendall(b"prompt\n")
        assert operator.recv(100)
        with limited(proxy.pid, resource.RLIMIT_NOFILE, used + 14), many_clients(port, 40):
            assert syslog.wait_line(re.compile(
                r"<128>.*Proxy pool reached process FD limit\. Please check 'ulimit-n'"))
            first.sendall(b"still here\n")
            assert read_line(first) == b"still here"
            operator.sendall(b"show info\n")
            assert b"Name: HAProxy" in operator.recv(4096)
        wait_for(lambda: server_reached(port) == "s1", "clients are served again")


@pytest.mark.skipif(settings.SCALE < 1, reason="sanitizers have an allocator of their own")
def test_out_of_memory(start_proxy, syslog, native):
    """No more data pages from the kernel (RLIMIT_DATA): who is there stays, who comes waits."""
    port = free_port()
    proxy = start_proxy(f"global\n    log {syslog.udp} local0\n    nbthread 1\n    maxconn 20000\n"
                        f"    maxstarting 20000\n{cluster_section(native)}"
                        f"listen pool\n    bind 127.0.0.1:{port}\n    log global\n"
                        f"    cluster pg role primary\n")

    def data():
        text = pathlib.Path(f"/proc/{proxy.pid}/status").read_text()
        return int(re.search(r"^VmData:\s+(\d+) kB", text, re.M)[1]) * 1024

    with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app") as session:
        with limited(proxy.pid, resource.RLIMIT_DATA, data() + (256 << 10)), \
                many_clients(port, 6000):
            assert syslog.wait_line(re.compile(
                r"<128>.*Proxy pool reached system memory limit\."), 30)
            assert session.execute("SELECT 1").fetchone() == (1,)
            assert "Name: HAProxy" in proxy.api("show info")
        assert session.execute("SELECT 2").fetchone() == (2,)

    def serves():
        with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app",
                             connect_timeout=5) as again:
            return again.execute("SELECT 3").fetchone() == (3,)
    wait_for(serves, "clients are served again", 20)


# ---- logs ----------------------------------------------------------------------------------------

def dropped(proxy_api):
    return int(proxy_api.info()["DroppedLogs"])


class Foreground:
    """novip with its standard output and error where a test wants them."""

    def __init__(self, folder, configuration, output):
        self.api = RuntimeApi(folder / "sock")
        file = folder / "f.cfg"
        file.write_text(f"{configuration}\nglobal\n    stats socket {self.api.endpoint} level admin\n"
                        + ("    set-dumpable\n" if settings.SCALE < 1 else ""))
        self._child = subprocess.Popen([settings.BINARY, "-f", file, "-db"], stdout=output,
                                       stderr=output, cwd="/")

    def __enter__(self):
        wait_for(lambda: "Name:" in self.api("show info"), "it starts")
        return self

    def __exit__(self, *_):
        self._child.terminate()
        try:
            assert self._child.wait(10 * settings.PATIENCE) in (0, 143, -15)
        finally:
            self._child.kill()
            self._child.wait()


def test_nobody_reads_its_log(folder, s1):
    """Standard output and error are a pipe that is full: lines are dropped, and counted."""
    port = free_port()
    reader, writer = os.pipe()
    try:
        with Foreground(folder, pool("stdout format raw", port, s1), writer) as novip:
            for _ in range(scaled(2000)):
                assert server_reached(port) == "s1"
            if settings.SCALE >= 1:
                assert dropped(novip.api) > 0
            novip.api("disable server pool/s1")     # notices go to standard error too
            novip.api("enable server pool/s1")
            wait_for(lambda: server_reached(port) == "s1", "it serves")
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.root_only
def test_the_disk_of_its_log_is_full(folder, s1):
    port, disk = free_port(), folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], check=True)
    try:
        with (disk / "log").open("ab") as log, \
                Foreground(folder, pool("stdout format raw", port, s1), log) as novip:
            for _ in range(500):
                assert server_reached(port) == "s1"
            assert dropped(novip.api) > 0
            assert shutil.disk_usage(disk).free == 0
            os.truncate(disk / "log", 0)    # as an operator does
            before = dropped(novip.api)
            assert server_reached(port) == "s1"
            wait_for(lambda: (disk / "log").stat().st_size > 0, "lines are written again")
            assert dropped(novip.api) == before
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


# ---- clocks and names ----------------------------------------------------------------------------

FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


@pytest.mark.skipif(settings.SCALE < 1, reason="a sanitizer wants to be preloaded first")
@pytest.mark.skipif(FAKETIME is None, reason="needs Debian's package faketime")
def test_the_wall_clock_jumps(start_proxy, native, folder, syslog):
    """Leases are on the monotonic clock: to jump by hours, either way, makes nobody unknown and
    cuts nobody."""
    port, offset = free_port(), folder / "offset"
    offset.write_text("+0")
    proxy = start_proxy(
        f"global\n    log {syslog.udp} local0\n{cluster_section(native)}"
        f"listen pool\n    bind 127.0.0.1:{port}\n    log global\n    option tcplog\n"
        f"    cluster pg role primary\n    timeout client 30s\n",
        env={**os.environ, "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(offset),
             "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})

    def year():
        """As its log line has it."""
        with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app"):
            pass
        return int(syslog.wait_line(re.compile(r"\[\d\d/\w{3}/(\d{4}):.* pool pool/srv1 "))[1])

    with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app") as session:
        present = year()
        for jump, expected in (("+800d", (present + 2, present + 3)),
                               ("-800d", (present - 3, present - 2))):
            offset.write_text(jump)
            assert year() in expected, "the jump is real"
            assert session.execute("SELECT 1").fetchone() == (1,)
            assert proxy.api.up("pool") == {"srv1"}
    assert not [line for _, line in syslog.lines if "DOWN" in line or "unknown" in line]


def test_names_cannot_be_looked_up(start_proxy, syslog, s1):
    """A name server that never answers: the server has no address, which is said, and the rest of
    the configuration works."""
    port, other = free_port(), free_port()
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        proxy = start_proxy(
            "resolvers dns\n"
            f"    nameserver n1 127.0.0.1:{silent.getsockname()[1]}\n"
            "    resolve_retries 1\n    timeout resolve 200ms\n    timeout retry 100ms\n"
            "    hold timeout 300ms\n    hold other 300ms\n"
            + pool(syslog.udp, other, s1)
            + f"listen named\n    bind 127.0.0.1:{port}\n"
              "    server n1 db.invalid:5434 check resolvers dns init-addr none\n")
        assert server_reached(port) == ""
        assert server_reached(other) == "s1"
        assert proxy.api.status("named")["n1"].startswith("MAINT")
        asked = Durations()
        for _ in range(20):
            with asked.one():
                assert "Name:" in proxy.api("show info")
        assert asked.usual < 0.5 * settings.PATIENCE
        assert "n1" in proxy.api("show servers state named")
        with contextlib.suppress(BlockingIOError):
            while silent.recv(512, socket.MSG_DONTWAIT):
                pass
        silent.settimeout(5 * settings.PATIENCE)
        assert b"invalid" in silent.recv(512)       # it goes on asking


# ---- killed --------------------------------------------------------------------------------------

def test_killed_and_started_again(start_proxy, folder, s1, cleanup):
    """What it left behind, a socket's file and a port, is in nobody's way."""
    port = free_port()
    configuration = pool("127.0.0.1:9", port, s1, f"stats socket {folder}/sock level admin")
    file = folder / "k.cfg"
    file.write_text(configuration)
    for attempt in range(scaled(10)):
        process = Process("k", [settings.BINARY, "-f", file, "-db"], folder / "k.log")
        cleanup.callback(process.stop)
        api = RuntimeApi(folder / "sock")
        wait_for(lambda: "Name:" in api("show info"), "it starts")
        with connect(port) as session:
            assert read_line(session) == b"s1"
            if attempt % 2:     # in the middle of a reload
                process.send(signal.SIGHUP)
            process.send(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            with pytest.raises((ConnectionError, EOFError, AssertionError)):
                session.sendall(b"x\n")
                if not session.recv(1):
                    raise EOFError


def test_killed_at_any_moment(native, start_proxy, folder, cleanup):
    """While it starts, reads its file again, and serves clients that come and go: the next one
    starts and serves."""
    port, socket_file = free_port(), folder / "any"
    configuration = (f"global\n    stats socket {socket_file} level admin\n"
                     f"{cluster_section(native)}listen pool\n    bind 127.0.0.1:{port}\n"
                     f"    cluster pg role primary\n    hold 5s\n")
    file = folder / "any.cfg"
    file.write_text(configuration)

    def start():
        process = Process("any", [settings.BINARY, "-f", file, "-db"], folder / "any.log")
        cleanup.callback(process.stop)
        return process

    with ShortSessions("127.0.0.1", port, 1_000_000):     # whatever becomes of them
        for attempt in range(scaled(20)):
            process = start()
            time.sleep(random.uniform(0, 0.4 * settings.PATIENCE))
            if attempt % 2:
                process.send(signal.SIGHUP)
            process.send(signal.SIGKILL)
            assert process.wait() in (-signal.SIGKILL, -signal.SIGHUP)
    process = start()
    wait_for(lambda: "Name:" in RuntimeApi(socket_file)("show info"), "it starts")
    with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app") as session:
        assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)


def test_a_killed_agent_is_unknown_within_the_lease(native):
    """The node's own novip is killed, its PostgreSQL lives: nobody can say what it is, so nobody is
    sent there."""
    srv1, srv2, srv3 = native.nodes
    assert srv1.proxy.api.up("stdby") == {"srv2", "srv3"}
    with Opener([srv1, srv3], "prod") as clients:      # srv2's own clients end with their proxy
        srv2.proxy.send(signal.SIGKILL)
        wait_for(lambda: srv1.proxy.api.up("stdby") == {"srv3"}, "srv2 is left", 5)
    log = srv1.proxy.log.read_text()
    assert re.search(r"Server stdby/srv2 is DOWN", log), log[-2000:]
    assert clients.sessions and not clients.failures
    srv2.proxy.wait()
    srv2.proxy._process = None      # it ended as it was to
    srv2.start_proxy()
    wait_for(lambda: srv1.proxy.api.up("stdby") == {"srv2", "srv3"}, "srv2 is back", 10)
