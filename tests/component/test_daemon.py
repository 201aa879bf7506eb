"""A good citizen among daemons: -D, signals, privileges, systemd, inherited sockets."""

import grp
import os
import pathlib
import pwd
import signal
import socket
import subprocess

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port, free_row
from harness.runtime_api import RuntimeApi
from harness.servers import NamedServer, connect, read_line, server_reached
from harness.wait import wait_for

POOL = DEFAULTS + """
global
    stats socket {folder}/sock
    {more}
listen pool
    bind {bind}
    server s1 {server}
"""


@pytest.fixture
def s1(cleanup):
    return cleanup.enter_context(NamedServer("s1"))


@pytest.fixture
def daemon(folder, s1, cleanup):
    """Starts a daemon with -D; its port, and its process id from the pidfile."""
    def start(more="", arguments=(), port=None):
        port = port or free_port()
        file, pidfile = folder / "d.cfg", folder / "pid"
        file.write_text(POOL.format(folder=folder, more=more, bind=f"127.0.0.1:{port}", server=s1))
        cleanup.callback(end_by, pidfile)
        done = subprocess.run([settings.BINARY, "-D", "-f", file, "-p", pidfile, *arguments],
                              timeout=20, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return port, int(pidfile.read_text())
    return start


def end_by(pidfile):
    """An orderly end leaves it empty, or takes it away."""
    if pidfile.exists() and (text := pidfile.read_text().strip()):
        end(int(text))


def end(pid):
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    try:
        wait_for(lambda: not is_running(pid), f"process {pid} ends")
    except AssertionError:
        os.kill(pid, signal.SIGKILL)
        raise


def is_running(pid):
    try:
        return not status_of(pid)["State"].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def test_daemon_serves_detached_and_stops_on_sigterm(daemon, folder):
    port, pid = daemon()
    assert pid != os.getpid()
    wait_for(lambda: os.getsid(pid) != os.getsid(0), "it has a session of its own")
    assert server_reached(port) == "s1"
    assert int(RuntimeApi(folder / "sock").info()["Pid"]) == pid
    end(pid)
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_a_successor_takes_over_and_sessions_finish(daemon, folder):
    """-sf, as init scripts reload HAProxy: the same port, stats socket and pidfile."""
    port, old = daemon()
    with connect(port) as client:
        read_line(client)
        _, new = daemon(arguments=("-sf", str(old)), port=port)
        assert new != old
        wait_for(lambda: RuntimeApi(folder / "sock").info().get("Pid") == str(new), "it answers")
        assert server_reached(port) == "s1"
        client.sendall(b"still served\n")
        assert read_line(client) == b"still served"
        assert is_running(old)
    wait_for(lambda: not is_running(old), "the old process ends")
    assert int((folder / "pid").read_text()) == new
    assert server_reached(port) == "s1"


@pytest.mark.novip_only     # HAProxy has a master before the one that serves
def test_under_systemd_nothing_goes_to_the_background(folder, s1):
    """Debian's haproxy.cfg says `daemon`, and its unit says -Ws."""
    text = POOL.format(folder=folder, more="daemon", bind=f"127.0.0.1:{free_port()}", server=s1)
    file = folder / "d.cfg"
    file.write_text(text)
    process = subprocess.Popen([settings.BINARY, "-Ws", "-f", file], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: RuntimeApi(folder / "sock").info().get("Pid") == str(process.pid),
                 "it serves")
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.root_only
def test_daemon_drops_privileges_into_a_chroot(daemon, folder):
    jail = folder / "jail"
    jail.mkdir()
    port, pid = daemon(f"user nobody\n    group nogroup\n    chroot {jail}")
    assert server_reached(port) == "s1"
    status = status_of(pid)
    uid, gid = pwd.getpwnam("nobody").pw_uid, grp.getgrnam("nogroup").gr_gid
    assert status["Uid"].split() == [str(uid)] * 4
    assert status["Gid"].split() == [str(gid)] * 4
    assert status["Groups"].split() in ([], [str(gid)])
    assert os.readlink(f"/proc/{pid}/root") == str(jail)


def test_sigterm_ends_sessions_at_once(start_proxy, folder, s1):
    port = free_port()
    proxy = start_proxy(POOL.format(folder=folder, more="", bind=f"127.0.0.1:{port}", server=s1))
    with connect(port) as client:
        read_line(client)
        proxy.send(signal.SIGTERM)
        proxy.wait(5)
        try:
            assert client.recv(1) == b""
        except ConnectionResetError:
            pass


def test_sigusr1_lets_sessions_finish(start_proxy, folder, s1):
    port = free_port()
    proxy = start_proxy(POOL.format(folder=folder, more="", bind=f"127.0.0.1:{port}", server=s1))
    with connect(port) as client:
        read_line(client)
        proxy.send(signal.SIGUSR1)

        def refused():
            try:
                connect(port).close()
            except ConnectionRefusedError:
                return True
        wait_for(refused, "new clients are refused")
        client.sendall(b"still served\n")
        assert read_line(client) == b"still served"
        assert proxy.running
    assert proxy.wait(5) == 0


def test_hard_stop_after_ends_a_soft_stop(start_proxy, folder, s1):
    port = free_port()
    proxy = start_proxy(POOL.format(folder=folder, more="hard-stop-after 200ms",
                                    bind=f"127.0.0.1:{port}", server=s1))
    with connect(port) as client:
        read_line(client)
        proxy.send(signal.SIGUSR1)
        proxy.wait(10)
        assert client.recv(1) == b""


def test_systemd_is_told_when_ready(folder, s1, cleanup):
    file, port = folder / "d.cfg", free_port()
    file.write_text(POOL.format(folder=folder, more="", bind=f"127.0.0.1:{port}", server=s1))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(folder / "notify"))
        notify.settimeout(10)
        child = subprocess.Popen([settings.BINARY, "-Ws", "-f", file],
                                 env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")})
        cleanup.callback(child.wait, 10)
        cleanup.callback(child.terminate)
        while b"READY=1" not in notify.recv(4096).split(b"\n"):
            pass    # HAProxy first says RELOADING=1
    assert server_reached(port) == "s1"


def test_inherited_listener(start_proxy, folder, s1):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        start_proxy(POOL.format(folder=folder, more="", bind=f"fd@{listener.fileno()}", server=s1),
                    pass_fds=[listener.fileno()])
        assert server_reached(listener.getsockname()[1]) == "s1"


def test_unix_socket_listener(start_proxy, folder, s1):
    path = folder / "clients"
    start_proxy(POOL.format(folder=folder, more="", bind=f"unix@{path} mode 600", server=s1))
    assert path.stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        assert read_line(client) == b"s1"


def test_server_on_a_unix_socket(start_proxy, folder):
    """A proxy in front of a proxy, through a Unix socket."""
    path, port = folder / "inner", free_port()
    with NamedServer("s1") as server:
        start_proxy(POOL.format(folder=folder, more="", bind=f"127.0.0.1:{port}",
                                server=f"unix@{path}")
                    + f"\nlisten inner\n    bind unix@{path}\n    server s1 {server}\n")
        assert server_reached(port) == "s1"


def test_every_form_of_bind(start_proxy, folder, s1):
    first = free_row(3)
    star, six = free_port("0.0.0.0"), free_port("127.0.0.1", "::1")
    binds = f"127.0.0.1:{first}-{first + 2}\n    bind *:{star}\n    bind [::1]:{six}"
    start_proxy(POOL.format(folder=folder, more="", bind=binds, server=s1))
    for port in (first, first + 1, first + 2, star):
        assert server_reached(port) == "s1"
    with connect(six, "::1") as client:
        assert read_line(client) == b"s1"
