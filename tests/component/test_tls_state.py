"""TLS between novip and the REST ports of the nodes, its own agents' or Patroni's."""

import contextlib
import http.client
import os
import socket
import ssl
import subprocess

import pytest

from harness import settings
from harness.ports import free_port
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

AGENT = """
state
    bind 127.0.0.1:{port} mode http {options}
    postgres "{conninfo}"
"""
# One node is enough of a cluster here, and its agent has a port of its own.
POOL = """
cluster pg
    watch {watch}
    node srv1 127.0.0.1:{postgres}
listen pool
    bind 127.0.0.1:{port}
    timeout connect 5s
    cluster pg role primary
"""
# An HAProxy's way to ask the same port.
CHECKED = """
listen checked
    bind 127.0.0.1:{port}
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    option httpchk
    http-check send meth GET uri /primary
    server srv1 127.0.0.1:{agent} check check-ssl ca-file {authority} inter 100ms
"""


@pytest.fixture
def start_agent(start_proxy, native):
    """About srv1, with these options of its `bind`; returns the proxy and its port."""
    def start(options):
        port = free_port()
        return start_proxy(AGENT.format(port=port, options=options,
                                        conninfo=native["srv1"].conninfo)), port
    return start


@pytest.fixture
def start_watcher(start_proxy, native):
    def start(watch):
        return start_proxy(POOL.format(watch=watch, postgres=native.ports.postgres,
                                       port=free_port()))
    return start


def wait_up(watcher):
    wait_for(lambda: watcher.api.status("pool")["srv1"].startswith("UP"),
             "the state is known over TLS")


def wait_down(watcher, why):
    wait_for(lambda: why.replace(" ", "_") in watcher.api("show cluster"), f"it says: {why}")
    assert watcher.api.status("pool")["srv1"].startswith("DOWN")


def ask(port, authority, path="/primary", **chain):
    """An HTTPS client's answer: status and body."""
    context = ssl.create_default_context(cafile=authority.certificate)
    if chain:
        context.load_cert_chain(**chain)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10 * settings.PATIENCE,
                                             context=context)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("source", ["agent", "patroni"])
def test_the_state_comes_over_tls(start_agent, start_watcher, authority, certificate, source):
    """What agents push, what they are asked before each session, and what Patroni is asked."""
    _, port = start_agent(f"ssl crt {certificate}")
    watcher = start_watcher(f"{source} port {port} ssl ca-file {authority.certificate} "
                            "verifyhost localhost")
    wait_up(watcher)


@pytest.mark.parametrize("source", ["agent", "patroni"])
def test_who_is_not_who_he_should_be_is_not_believed(start_agent, start_watcher, authority,
                                                     stranger, certificate, source):
    _, port = start_agent(f"ssl crt {certificate}")
    for options, why in (
            (f"ssl ca-file {stranger.certificate}", "no TLS: its certificate: "),
            (f"ssl ca-file {authority.certificate} verifyhost other",
             "no TLS: its certificate: hostname mismatch"),
            ("", "the connection was closed")):
        watcher = start_watcher(f"{source} port {port} {options}")
        wait_down(watcher, why)
        watcher.stop()


@pytest.mark.parametrize("source", ["agent", "patroni"])
def test_a_certificate_is_for_one_node(start_agent, start_watcher, authority, source):
    """By the node's name, its address, or what `verifyhost` says; not any of the authority's."""
    def watch(certificate, options=""):
        _, port = start_agent(f"ssl crt {certificate}")
        return start_watcher(f"{source} port {port} ssl ca-file {authority.certificate} {options}")

    others = authority.issue("srv2", "srv2", "127.0.0.2")
    for certificate, options in ((authority.issue("srv1", "srv1"), ""),
                                 (authority.issue("by-address", "127.0.0.1"), ""),
                                 (others, "verifyhost srv2")):
        wait_up(watch(certificate, options))
    wait_down(watch(others), "no TLS: its certificate is not for srv1 or 127.0.0.1")


def test_an_agent_in_plain_is_not_believed(start_agent, start_watcher, authority):
    _, port = start_agent("")
    watcher = start_watcher(f"agent port {port} ssl ca-file {authority.certificate}")
    wait_down(watcher, "no TLS: wrong version number")


def test_watchers_show_certificates(start_agent, start_watcher, authority, stranger, certificate):
    _, port = start_agent(f"ssl crt {certificate} ca-file {authority.certificate} verify required")
    trust = f"agent port {port} ssl ca-file {authority.certificate}"
    good, bad = authority.issue("watcher"), stranger.issue("watcher")
    wait_up(start_watcher(f"{trust} crt {good}"))
    for options in ("", f"crt {bad}"):
        watcher = start_watcher(f"{trust} {options}")
        wait_for(lambda: "agent_at" in watcher.api("show cluster"), "it has trouble")
        assert watcher.api.status("pool")["srv1"].startswith("DOWN")
        watcher.stop()
    assert ask(port, authority, certfile=good, keyfile=authority.key_of(good))[0] == 200
    with pytest.raises(OSError):
        ask(port, authority)


def test_other_clients(start_agent, authority, certificate):
    """Monitoring's, by HTTP/1.1; in plain there is nothing to be had."""
    _, port = start_agent(f"ssl crt {certificate}")
    assert ask(port, authority) == (200, ask(port, authority)[1])
    status, body = ask(port, authority, "/patroni")
    assert status == 200 and b'"role"' in body
    context = ssl.create_default_context(cafile=authority.certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", port)) as connection, \
            context.wrap_socket(connection, server_hostname="localhost") as client:
        assert client.selected_alpn_protocol() == "http/1.1"
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * settings.PATIENCE)
    with contextlib.closing(plain), pytest.raises((OSError, http.client.HTTPException)):
        plain.request("GET", "/primary")
        plain.getresponse()


def test_who_begins_no_handshake_keeps_nobody_out(start_agent, authority, certificate, cleanup):
    _, port = start_agent(f"ssl crt {certificate}\n    maxconn 5\n    source-maxconn 5")
    for number in range(10):
        silent = cleanup.enter_context(socket.create_connection(("127.0.0.1", port)))
        if number % 2:
            silent.sendall(b"\x16\x03\x01\x02\x00")     # a hello begins, and does not go on
    assert ask(port, authority)[0] == 200


def test_certificates_are_rotated(start_agent, start_watcher, authority, stranger, folder):
    """By reloads of both, the sections as they are: whoever comes later is shown the new one, and
    the watcher goes on with the new authority."""
    file, trusted = folder / "agent.pem", folder / "trusted.crt"

    def use(issuer):
        issuer.issue("agent", "localhost", "127.0.0.1").rename(file)
        trusted.write_text(issuer.certificate.read_text())

    use(authority)
    agent, port = start_agent(f"ssl crt {file}")
    watcher = start_watcher(f"agent port {port} ssl ca-file {trusted}")
    wait_up(watcher)
    use(stranger)
    for proxy in (agent, watcher):
        assert "Success=1" in proxy.api("reload")
    wait_for(lambda: ask(port, stranger)[0] == 200, "the new certificate is shown")
    # A new connection is needed, and had: the old agent ends, another one takes its port.
    agent.stop()
    wait_for(lambda: watcher.api.status("pool")["srv1"].startswith("DOWN"), "the agent is gone")
    agent.start()
    wait_up(watcher)
    file.write_text("no certificate")
    assert "Success=0" in agent.api("reload")


@pytest.mark.root_only
def test_files_are_read_before_the_chroot(start_agent, start_proxy, native, authority, certificate,
                                          folder):
    """Debian's haproxy.cfg has one; afterwards they are out of reach, and so are keys of root's."""
    jail = folder / "jail"
    jail.mkdir()
    _, port = start_agent(f"ssl crt {certificate}")
    watch = f"agent port {port} ssl ca-file {authority.certificate} crt {authority.issue('watcher')}"
    proxy = start_proxy(
        f"global\n    chroot {jail}\n    user nobody\n"
        + POOL.format(watch=watch, postgres=native.ports.postgres, port=free_port())
        + CHECKED.format(agent=port, port=free_port(), authority=authority.certificate),
        # LeakSanitizer needs /proc, which is out of reach too.
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    wait_up(proxy)
    wait_for(lambda: proxy.api.status("checked")["srv1"].startswith("UP"), "checks go over TLS")


def test_a_check_s_authority_that_is_none_is_told(folder):
    file, empty = folder / "checked.cfg", folder / "empty.pem"
    empty.write_text("no certificate\n")
    file.write_text("defaults\n    mode tcp\n"
                    + CHECKED.format(agent=1, port=free_port(), authority=empty))
    told = subprocess.run([settings.BINARY, "-c", "-f", file], text=True, capture_output=True,
                          timeout=20)
    assert told.returncode == 1
    assert f"{file}:11] : server 'checked/srv1': cannot use ca-file '{empty}'" in told.stderr
