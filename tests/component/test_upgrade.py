"""Another process takes over: its listening sockets are the predecessor's, and nobody is refused."""

import array
import os
import signal
import socket
import subprocess
import sys

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.process import Process
from harness.runtime_api import RuntimeApi
from harness.servers import NamedServer, connect, read_line, server_reached
from harness.settings import scaled
from harness.short_sessions import ShortSessions
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

FILE = DEFAULTS + """
global
    stats socket {folder}/sock level admin expose-fd listeners
    stats socket {folder}/{own} level admin
listen pool
    bind 127.0.0.1:{port}
    server s1 {server}
"""


class Generations:
    """Processes that follow one another on the same port."""

    def __init__(self, folder, cleanup):
        self.folder, self.port, self._cleanup = folder, free_port(), cleanup
        self.server = cleanup.enter_context(NamedServer("s1"))
        self.running = []

    def start(self, *arguments, binary=settings.BINARY, command=(), **options):
        name = f"g{len(self.running) + 1}"
        file = self.folder / f"{name}.cfg"
        file.write_text(FILE.format(folder=self.folder, own=name, port=self.port,
                                    server=self.server))
        process = Process(name, [*command, binary, "-f", file, "-db", *arguments],
                          self.folder / f"{name}.log", **options)
        self._cleanup.callback(process.stop)
        self.running.append(process)
        api = RuntimeApi(self.folder / name)
        wait_for(lambda: "Name:" in api("show info"), f"{name} starts")
        return process

    def follow(self, **options):
        """One that takes over from the latest, as an upgrade does."""
        old = self.running[-1]
        return self.start("-x", self.folder / "sock", "-sf", old.pid, **options)


@pytest.fixture
def generations(folder, cleanup):
    return Generations(folder, cleanup)


def test_nobody_is_refused_under_load(generations):
    generations.start()
    with connect(generations.port) as long:
        assert read_line(long) == b"s1"
        for _ in range(3):
            with ShortSessions("127.0.0.1", generations.port, scaled(3000)) as short:
                generations.follow()
                result = short.result()
            assert result == {"ok": result["ok"]} and result["ok"] >= scaled(3000)
        first, *others, last = generations.running
        wait_for(lambda: not any(process.running for process in others), "those between ended")
        long.sendall(b"still there?\n")
        assert read_line(long) == b"still there?" and first.running
    assert first.wait() == 0 and last.running
    assert f"Pid: {last.pid}\n" in RuntimeApi(generations.folder / "sock")("show info")


@pytest.mark.skipif(not os.access("/usr/sbin/haproxy", os.X_OK), reason="needs HAProxy")
def test_from_haproxy_and_back(generations):
    """HAProxy's own format."""
    generations.start(binary="/usr/sbin/haproxy")
    with ShortSessions("127.0.0.1", generations.port, scaled(1000)) as short:
        generations.follow()
        generations.follow(binary="/usr/sbin/haproxy")
        result = short.result()
    assert result == {"ok": result["ok"]}
    assert server_reached(generations.port) == "s1"


def test_without_expose_fd_nothing_is_given(generations):
    process = generations.start()
    done = subprocess.run([settings.BINARY, "-db", "-f", generations.folder / "g1.cfg", "-x",
                           generations.folder / "g1", "-sf", str(process.pid)],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "expose-fd listeners" in done.stderr
    assert server_reached(generations.port) == "s1"


class ServiceManager:
    """What systemd does: it keeps the descriptors that a service gives it."""

    def __init__(self, path):
        self.path, self.kept = path, []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(10 * settings.PATIENCE)

    def listen_until(self, word):
        """The messages up to the first with `word`."""
        said = ""
        while word not in said:
            text, control, *_ = self._socket.recvmsg(4096, socket.CMSG_SPACE(253 * 4))
            message = text.decode()
            if "FDSTOREREMOVE=1" in message:
                self.forget()
            for _, _, data in control:
                assert "FDSTORE=1" in message and "FDNAME=" in message
                descriptors = array.array("i")
                descriptors.frombytes(data)
                self.kept += descriptors
            said += message + "\n"
        return said

    def forget(self):
        for descriptor in self.kept:
            os.close(descriptor)
        self.kept = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.forget()
        self._socket.close()


# Descriptors from 3 on, and the variables that say so.
GIVE = """
import os, sys
given = [os.dup(int(number)) for number in sys.argv[1].split(",")]
moved = [os.dup2(os.dup(number), 900 + i) for i, number in enumerate(given)]
for i, number in enumerate(moved):
    os.dup2(number, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(moved)),
                  LISTEN_FDNAMES=":".join(["novip-listener"] * len(moved)))
os.closerange(900, 900 + len(moved))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_systemd_keeps_the_sockets_over_a_restart(generations, cleanup):
    manager = cleanup.enter_context(ServiceManager(generations.folder / "notify"))
    environment = {**os.environ, "NOTIFY_SOCKET": str(manager.path)}
    old = generations.start(env=environment)
    manager.listen_until("READY=1")
    assert manager.kept
    old.stop()
    # Nobody runs, and a client is not refused but waits.
    with connect(generations.port) as client:
        numbers = ",".join(str(number) for number in manager.kept)
        generations.start(env=environment, pass_fds=manager.kept,
                          command=[sys.executable, "-c", GIVE, numbers])
        assert read_line(client) == b"s1"
    manager.listen_until("READY=1")
    # A reload is told, too.
    generations.running[-1].send(signal.SIGHUP)
    said = manager.listen_until("READY=1")
    assert "RELOADING=1\nMONOTONIC_USEC=" in said and manager.kept
