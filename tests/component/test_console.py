"""`novip status` and `novip top`, which ask a running novip through its stats socket."""

import json
import os
import subprocess

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.servers import NamedServer
from harness.terminal import Terminal
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

PLAIN = DEFAULTS + """
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1} check inter 200ms
    server s2 {s2} check inter 200ms
"""


def status(*arguments, **environment):
    return subprocess.run([settings.BINARY, "status", *map(str, arguments)], text=True,
                          capture_output=True, timeout=20, env={**os.environ, **environment})


def socket_of(node):
    return node.proxy.api.endpoint


def wait_status(socket, code):
    """The output once the exit status is `code`."""
    wait_for(lambda: status("--socket", socket).returncode == code, f"the exit status is {code}")
    return status("--socket", socket).stdout


def cells(lines, *first):
    """The words of the line that begins with those words."""
    return next((line.split() for line in lines if line.split()[:len(first)] == list(first)), [])


def overview_of(socket):
    return json.loads(status("--json", "--socket", socket).stdout)


def wait_followed(socket):
    """Until the primary has told who streams from it, which it is asked less often."""
    wait_for(lambda: [node["upstream"] for node in overview_of(socket)["clusters"][0]["nodes"]] ==
             [None, "srv1", "srv1"], "it is known who replicates from whom")


def test_status_of_a_cluster_that_is_well(native):
    wait_followed(socket_of(native["srv1"]))
    lines = wait_status(socket_of(native["srv1"]), 0).splitlines()
    assert lines[0].startswith("novip ") and lines[1].startswith("well  srv1 is primary")
    assert "cluster pg  primary srv1" in lines
    assert cells(lines, "srv1", "primary")
    assert cells(lines, "srv2", "standby")[-1] == "srv1"    # from whom it replicates
    address, ports = native["srv1"].address, native["srv1"].ports
    assert cells(lines, "prod")[1:6] == [f"{address}:{ports.prod}", "primary", "of", "pg", "OPEN"]


def test_status_as_json(native):
    wait_followed(socket_of(native["srv1"]))
    overview = overview_of(socket_of(native["srv1"]))
    assert overview["verdict"]["health"] == "well"
    cluster, = overview["clusters"]
    assert cluster["primary"] == "srv1"
    assert {node["name"]: (node["role"], node["upstream"]) for node in cluster["nodes"]} == {
        "srv1": ("primary", None), "srv2": ("standby", "srv1"), "srv3": ("standby", "srv1")}


def test_status_finds_the_socket(native):
    node = native["srv1"]
    wait_status(socket_of(node), 0)
    assert status("-f", node.proxy.file).returncode == 0
    assert status(NOVIP_SOCKET=str(socket_of(node))).returncode == 0
    assert status("--socket", f"{node.address}:{node.ports.api}").returncode == 0


def test_a_standby_that_is_gone_degrades_and_a_primary_that_is_gone_is_an_outage(native):
    socket = socket_of(native["srv3"])
    native["srv2"].postgres.stop("immediate")
    assert "srv2" in wait_status(socket, 1)
    native["srv1"].postgres.stop("immediate")
    assert "no primary" in wait_status(socket, 2)


def test_nobody_to_ask(folder):
    for arguments, complaint in [
            (["--socket", folder / "none"], "no answer from unix:"),
            (["--socket", f"127.0.0.1:{free_port()}"], "Connection refused"),
            (["--socket", "nonsense"], "is no socket"),
            (["-f", folder / "none.cfg"], "none.cfg"),
            (["--nonsense"], "unknown option")]:
        done = status(*arguments)
        assert (done.returncode, done.stdout) == (3, ""), arguments
        assert complaint in done.stderr


def test_plain_backends(start_proxy, cleanup):
    s1, s2 = (cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2"))
    proxy = start_proxy(PLAIN.format(port=free_port(), s1=s1, s2=s2))
    lines = wait_status(proxy.api.endpoint, 0).splitlines()
    assert cells(lines, "s1")[2:4] == ["L4OK", "UP"]
    s2.stop()
    lines = wait_status(proxy.api.endpoint, 1).splitlines()
    assert cells(lines, "s2")[2:4] == ["L4CON", "DOWN"]
    s1.stop()
    assert "pool has no server" in wait_status(proxy.api.endpoint, 2)


def test_top_follows_a_promotion(native):
    with Terminal([settings.BINARY, "top", "--socket", socket_of(native["srv3"])],
                  rows=50) as top:
        top.wait_for(lambda lines: "cluster pg  primary srv1" in lines, "the primary")
        native.switchover(native["srv2"])
        top.wait_for(lambda lines: "cluster pg  primary srv2" in lines and
                     cells(lines, "srv1", "standby") and cells(lines, "srv2", "primary"),
                     "the new primary", 30)
        top.wait_for(lambda lines: any("srv2 is now primary" in line for line in lines),
                     "the event")
        top.wait_for(lambda lines: lines[1].startswith("well"), "that all is well", 30)
        assert top.is_coloured()
        top.press("q")
        assert top.wait_end() == 0


def test_top_on_a_small_terminal_without_colour(native):
    with Terminal([settings.BINARY, "top", "-f", native["srv1"].proxy.file], term="vt100") as top:
        top.wait_for(lambda lines: cells(lines, "stdby") and lines[-1].startswith("q quit"),
                     "the ports and the keys")
        assert not top.is_coloured()
        top.press("h")
        top.wait_for(lambda lines: lines[0] == "novip top", "the help")
        top.press("h")
        top.press("s")
        top.wait_for(lambda lines: "order: sessions" in lines[-1], "another order")
        top.resize(8, 40)
        top.wait_for(lambda lines: lines[0].startswith("novip ") and "q quit" in lines[-1],
                     "a smaller screen")
        top.press("j")
        top.wait_for(lambda lines: not lines[0].startswith("novip "), "what is below")
        top.resize(24, 80)
        top.wait_for(lambda lines: lines[-1].startswith("q quit") and cells(lines, "stdby"),
                     "all of it again")
        top.press("q")
        assert top.wait_end() == 0


def test_top_outlives_novip(start_proxy, cleanup):
    server = cleanup.enter_context(NamedServer("s1"))
    proxy = start_proxy(PLAIN.format(port=free_port(), s1=server, s2=server))
    with Terminal([settings.BINARY, "top", "--socket", proxy.api.endpoint]) as top:
        top.wait_for(lambda lines: cells(lines, "pool"), "the ports")
        proxy.stop()
        top.wait_for(lambda lines: "no answer" in lines[0] and cells(lines, "pool"),
                     "that it does not answer, and what it said last")
        top.press("q")
        assert top.wait_end() == 3


def test_top_needs_a_terminal(native):
    done = subprocess.run([settings.BINARY, "top", "--socket", socket_of(native["srv1"])],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 3 and "novip status" in done.stderr
