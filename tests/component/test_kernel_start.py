"""`forward kernel` beside a running network: what it refuses, whom it makes wait, what it keeps."""

import pathlib
import socket
import subprocess
import time

import pytest

from harness import settings
from harness.network import Network
from harness.process import Process
from harness.proxy import Proxy
from harness.wait import wait_for

pytestmark = [pytest.mark.novip_only, pytest.mark.root_only]

CONFIGURATION = """
defaults
    timeout connect 1s
    timeout client  1m
    timeout server  1m

listen web
    bind 127.0.0.1:6000
    forward kernel
    {hold}
    server one 127.0.0.1:6001 check inter 50ms fall 1 rise 1
"""


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        yield network


@pytest.fixture
def start(folder, network):
    """Starts novip in the network of srv1."""
    started = []

    def start(text, **options):
        proxy = Proxy(f"proxy{len(started)}", text, folder)
        started.append(proxy)
        proxy.start(network=network.namespace("srv1"), **options)
        # Whoever comes before the rules is relayed.
        wait_for(lambda: "goto" in network.run("srv1", "nft", "list", "ruleset"), "rules are there")
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


def refusal(folder, text, *before):
    file = folder / "refused.cfg"
    file.write_text(text)
    done = subprocess.run([*before, settings.BINARY, "-db", "-f", file], text=True,
                          capture_output=True, timeout=20)
    assert done.returncode == 1
    return done.stderr


def test_without_the_capability_nothing_is_started(folder):
    text = CONFIGURATION.format(hold="hold off")
    without = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")
    message = refusal(folder, text, *without)
    assert "needs CAP_NET_ADMIN" in message and "nothing was started" in message


def connect(network, seconds):
    """Connects in srv1's network; "refused", or "timeout" after so long, or None."""
    with network.inside("srv1"):
        client = socket.socket()
    client.settimeout(seconds)
    try:
        client.connect(("127.0.0.1", 6000))
        return None
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    finally:
        client.close()


def test_who_is_held_too_long_is_refused(start, network):
    start(CONFIGURATION.format(hold="hold 2s"))
    began = time.monotonic()
    assert connect(network, 20) == "refused"
    assert time.monotonic() - began >= 2


def test_without_hold_clients_are_refused_at_once(start, network):
    start(CONFIGURATION.format(hold="hold off"))
    began = time.monotonic()
    assert connect(network, 20) == "refused"
    assert time.monotonic() - began < 10       # not 30 s, which is what is held for without it


def reset(connection):
    """Whether it was reset, within a while."""
    connection.settimeout(5 * settings.PATIENCE)
    try:
        connection.recv(1)
        return False
    except (ConnectionResetError, ConnectionAbortedError):
        return True


def test_the_operator_ends_sessions_and_the_server_goes_on_listening(start, network, cleanup):
    """Both ends are of this machine: neither may lose more than the connection."""
    with network.inside("srv1"):
        server = cleanup.enter_context(socket.create_server(("127.0.0.1", 6001)))
    server.settimeout(5 * settings.PATIENCE)
    proxy = start(CONFIGURATION.format(hold="hold 20s").replace("check inter 50ms fall 1 rise 1", ""))
    for _ in range(3):
        with network.inside("srv1"):
            client = cleanup.enter_context(
                socket.create_connection(("127.0.0.1", 6000), 5 * settings.PATIENCE))
        accepted = cleanup.enter_context(server.accept()[0])
        client.sendall(b"x")
        assert accepted.recv(1) == b"x"
        assert "web" not in proxy.api("show sess")      # it is the kernel's
        proxy.api("shutdown sessions server web/one")
        assert reset(client) and reset(accepted)


def test_as_another_user_it_keeps_the_capability(start, network, cleanup, folder):
    text = CONFIGURATION.format(hold="hold 20s") + "\nglobal\n    user postgres\n    group postgres\n"
    proxy = start(text)
    status = pathlib.Path(f"/proc/{proxy.pid}/status").read_text()
    assert "\nCapEff:\t0000000000003000\n" in status        # CAP_NET_ADMIN, CAP_NET_RAW
    server = Process("server", ["/usr/bin/python3", "-m", "http.server", "6001", "--bind",
                                "127.0.0.1"], folder / "server.log",
                     network=network.namespace("srv1"))
    cleanup.callback(server.stop)
    wait_for(lambda: proxy.api.up("web") == {"one"}, "the server is up")
    wait_for(lambda: connect(network, 3) is None, "the rules follow")
    assert "dnat ip to 127.0.0.1:6001" in network.run("srv1", "nft", "list", "ruleset")


@pytest.mark.parametrize("name", ["", "global\n    node another\n"])
def test_two_do_not_share_a_network(start, network, folder, name):
    """They would end each other's sessions."""
    start(CONFIGURATION.format(hold="hold off"))
    other = name + CONFIGURATION.format(hold="hold off").replace("6000", "6010")
    message = refusal(folder, other, "nsenter", f"--net={network.namespace('srv1')}", "--")
    assert "a network namespace of its own" in message and "nothing was started" in message
