"""Who may ask the agent: `allow`, `token-file`, and limits for each source."""

import base64
import concurrent.futures
import contextlib
import http.client
import os
import re
import secrets
import shutil
import socket
import subprocess

import psycopg
import pytest

from harness import settings
from harness.configurations import DEFAULTS, cluster_section
from harness.durations import Durations
from harness.flood import flood, slow_clients
from harness.ports import free_port, free_ports
from harness.rest import status
from harness.runtime_api import read_all
from harness.settings import scaled
from harness.wait import wait_for
from harness.wire import Wire, startup_packet

pytestmark = pytest.mark.novip_only

# Each has a secret of its own: of a page, of its users, and of novip at PostgreSQL.
SECRETS = DEFAULTS + """
global
    log {log} local0
userlist people
    user ann insecure-password hush-hush1
listen auth
    mode http
    bind 127.0.0.1:{auth}
    stats uri /
    stats auth ann:hush-hush2
listen list
    mode http
    bind 127.0.0.1:{list}
    stats uri /
    stats http-request auth unless {{ http_auth(people) }}
state
    bind 127.0.0.1:{state}
    postgres "host=127.0.0.1 port={nobody} user=novip password=hush-hush3"
"""

STATE = """
global
    log {log} local0
state
    bind 127.0.0.1:{text}
    bind 127.0.0.1:{http} mode http
    postgres "{conninfo}"
{lines}
"""


class Agent:
    """A state service of its own about one node of `cluster`."""

    def __init__(self, start_proxy, node, syslog, *lines, start=True):
        self.text, self.http = free_port(), free_port()
        self.configuration = STATE.format(
            log=syslog.udp, text=self.text, http=self.http, conninfo=node.conninfo,
            lines="".join(f"    {line}\n" for line in lines))
        self.proxy = start_proxy(self.configuration)

    def ask(self, source="127.0.0.1"):
        """The text port's answer to a client of that address."""
        with socket.socket() as connection:
            connection.settimeout(10 * settings.PATIENCE)
            connection.bind((source, 0))
            try:
                connection.connect(("127.0.0.1", self.text))
                return read_all(connection).decode()
            except ConnectionResetError:
                return ""

    def status(self, path="/primary", source="127.0.0.1", **headers):
        """The HTTP status; None when it hangs up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, 10 * settings.PATIENCE,
                                                source_address=(source, 0))
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        except (http.client.RemoteDisconnected, ConnectionError):
            return None
        finally:
            connection.close()


@pytest.fixture
def token(folder):
    path = folder / "token"
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32) + "\n")
    return path


def test_only_those_who_are_allowed(start_proxy, native, syslog):
    agent = Agent(start_proxy, native["srv1"], syslog, "allow 127.0.0.1 127.1.0.0/16",
                  "allow 127.2.0.1")
    for source in ("127.0.0.1", "127.1.2.3", "127.2.0.1"):
        assert (agent.ask(source), agent.status(source=source)) == ("production\n", 200)
    for source in ("127.0.0.2", "127.2.0.2"):
        assert (agent.ask(source), agent.status(source=source)) == ("", None)
    assert syslog.wait_line(re.compile(
        r"the state port refused 127\.0\.0\.2: 'allow' does not name it"))


def test_a_source_that_connects_too_often(start_proxy, native, syslog):
    agent = Agent(start_proxy, native["srv1"], syslog, "source-rate 20")
    answers = [agent.ask() for _ in range(200)]
    assert set(answers) == {"production\n", ""}
    assert agent.ask("127.0.0.2") == "production\n"     # others are not to blame
    wait_for(lambda: agent.ask() == "production\n", "a second later it may again", 5)
    assert syslog.wait_line(re.compile(
        r"the state port refused 127\.0\.0\.1: it connects more often than 'source-rate' allows"))


def test_a_token_for_http(start_proxy, native, syslog, token):
    agent = Agent(start_proxy, native["srv1"], syslog, f"token-file {token}")
    right = f"Bearer {token.read_text().strip()}"
    for path in ("/primary", "/patroni", "/metrics", "/events", "/state?fresh", "/no-such-path"):
        assert agent.status(path) == 401
        assert agent.status(path, Authorization=right[:-1]) == 401
    assert agent.status(Authorization=right) == 200
    assert agent.ask() == "production\n"    # has no room for one
    assert syslog.wait_line(re.compile(
        r"the state port refused 127\.0\.0\.1: it does not show the token of 'token-file'"))
    # Nobody is told what it is.
    secret = right.removeprefix("Bearer ")
    told = subprocess.run([settings.BINARY, "-c", "-V", "-f", agent.proxy.file], text=True,
                          capture_output=True, timeout=20)
    assert told.returncode == 0 and str(token) in told.stdout
    for text in (told.stdout + told.stderr, agent.proxy.log.read_text(), agent.proxy.api("show env"),
                 agent.proxy.api("show cluster"), agent.proxy.api("show info"),
                 *(line for _, line in syslog.lines)):
        assert secret not in text


def test_a_cluster_whose_agents_want_a_token(start_proxy, native, syslog, token, cleanup, folder):
    agents = {node.name: Agent(start_proxy, node, syslog, f"token-file {token}")
              for node in native.nodes}
    wrong = folder / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("x" * 40)
    # Each agent has a port of its own here: one cluster section for each, in one file.
    agent = agents["srv1"]
    port = free_port()
    section = (f"cluster pg\n    watch agent port {agent.http} {{}}\n"
               f"    node srv1 127.0.0.1:{native.ports.postgres}\n"
               f"listen pool\n    bind 127.0.0.1:{port}\n    cluster pg role primary\n")
    for option, state, why in (
            (f"token-file {token}", "UP", ""),
            (f"token-file {wrong}", "DOWN", "it refuses our token"),
            ("", "DOWN", "it wants a token")):
        proxy = start_proxy(section.format(option))
        wait_for(lambda: proxy.api.status("pool")["srv1"].startswith(state), f"srv1 is {state}")
        wait_for(lambda: why.replace(" ", "_") in proxy.api("show cluster"), "it says why")
        proxy.stop()


@pytest.mark.parametrize("mode, message", [
    (0o644, r"'token-file': '.*' may be used by others \(mode 0644\): chmod 600 it"),
    (0o660, r"may be used by others \(mode 0660\)"),
])
def test_a_token_that_others_may_read_is_refused(folder, token, mode, message):
    token.chmod(mode)
    file = folder / "state.cfg"
    file.write_text(f"state\n    bind 127.0.0.1:{free_port()} mode http\n    postgres \"port=1\"\n"
                    f"    token-file {token}\n")
    told = subprocess.run([settings.BINARY, "-c", "-f", file], text=True, capture_output=True,
                          timeout=20)
    assert told.returncode == 1
    assert re.search(message, told.stderr), told.stderr


def test_silent_clients_keep_nobody_out_of_rest(start_proxy, native, syslog):
    agent = Agent(start_proxy, native["srv1"], syslog, "maxconn 20")
    with slow_clients("127.0.0.1", agent.http, 100, sources=50):
        for _ in range(20):
            assert agent.status() == 200


def test_subscribers_keep_nobody_out_of_rest(start_proxy, native, syslog, cleanup):
    """From as many addresses as it takes to fill all places."""
    agent = Agent(start_proxy, native["srv1"], syslog, "maxconn 20")
    subscribers = []
    for number in range(40):
        client = cleanup.enter_context(socket.socket())
        client.settimeout(10 * settings.PATIENCE)
        client.bind((f"127.3.0.{1 + number % 8}", 0))
        client.connect(("127.0.0.1", agent.http))
        client.sendall(b"GET /events HTTP/1.1\r\n\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        subscribers.append(client)
    for _ in range(20):
        assert agent.status() == 200
    assert b"data: " in subscribers[-1].recv(4096)


def test_silent_clients_keep_no_operator_out(start_proxy):
    """Ten connections is all that the runtime API has; who says nothing gives way, and a socket of
    this machine has places of its own."""
    port = free_port()
    proxy = start_proxy(f"global\n    stats socket 127.0.0.1:{port}\n"
                        f"listen l\n    bind 127.0.0.1:{free_port()}\n    server s 127.0.0.1:1\n")
    silent = []
    try:
        for _ in range(50):
            silent.append(socket.create_connection(("127.0.0.1", port), 10))
        with socket.create_connection(("127.0.0.1", port), 5 * settings.PATIENCE) as operator:
            operator.sendall(b"show info\n")
            assert b"Name: " in read_all(operator)
        assert "Name: " in proxy.api("show info")
    finally:
        for connection in silent:
            connection.close()


def test_silent_clients_keep_nobody_out_of_a_pool(start_proxy, native, syslog):
    port = free_port()
    proxy = start_proxy(f"global\n    log {syslog.udp} local0\n    maxconn 40\n    maxstarting 8\n"
                        f"    nbthread 1\n{cluster_section(native)}"
                        f"listen few\n    bind 127.0.0.1:{port}\n    log global\n"
                        f"    cluster pg role primary\n")
    silent = []
    try:
        for _ in range(100):
            silent.append(socket.create_connection(("127.0.0.1", port), 10))
        with psycopg.connect(host="127.0.0.1", port=port, dbname="app", user="app") as session:
            assert session.execute("SELECT 1").fetchone() == (1,)
        wait_for(lambda: int(proxy.api.info()["CurrConns"]) <= 8, "the oldest were closed")
    finally:
        for connection in silent:
            connection.close()
    assert syslog.wait_line(re.compile(
        r"Proxy few: more than 8 clients of a thread have connected and say nothing \(maxstarting\); "
        r"those that are silent for a second are closed, such as one from 127\.0\.0\.1"))


@pytest.mark.parametrize("bind, lines, header", [
    ("", "maxconn 20", b""),
    ("maxconn 20", "", b""),
    ("accept-proxy", "maxconn 20", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"),
], ids=["frontend", "bind", "PROXY header"])
def test_silent_clients_give_way_at_every_limit(start_proxy, native, syslog, cleanup, bind, lines,
                                                header):
    """Those in the backlog too, each after a second, until it is the turn of who speaks."""
    port = free_port()
    start_proxy(f"global\n    log {syslog.udp} local0\n{cluster_section(native)}"
                f"listen few\n    bind 127.0.0.1:{port} {bind}\n    {lines}\n    log global\n"
                f"    cluster pg role primary\n")
    for _ in range(50):
        cleanup.enter_context(socket.create_connection(("127.0.0.1", port), 10))
    with Wire("127.0.0.1", port) as client:
        client.send(header + startup_packet())
        client.wait_ready()
    assert syslog.wait_line(re.compile(
        r"Proxy few: clients wait for a place \(maxconn\) while others have connected and say "
        r"nothing; those that are silent for a second are closed, such as one from 127\.0\.0\.1"))


def test_silent_clients_of_another_port_give_way_to_the_process(start_proxy, native, cleanup):
    one, other = free_ports(2)
    start_proxy(f"global\n    maxconn 20\n    maxstarting 1000\n{cluster_section(native)}"
                f"listen one\n    bind 127.0.0.1:{one}\n    cluster pg role primary\n"
                f"listen other\n    bind 127.0.0.1:{other}\n    cluster pg role primary\n")
    for _ in range(30):
        cleanup.enter_context(socket.create_connection(("127.0.0.1", one), 10))
    with Wire("127.0.0.1", other) as client:
        client.send(startup_packet())
        client.wait_ready()


def test_who_waits_at_a_full_bind_ends_nobody_of_another(start_proxy, native, cleanup):
    """That would free no place of it."""
    full, other = free_ports(2)
    start_proxy(f"{cluster_section(native)}listen few\n    bind 127.0.0.1:{full} maxconn 2\n"
                f"    bind 127.0.0.1:{other}\n    cluster pg role primary\n")
    for _ in range(2):
        session = cleanup.enter_context(Wire("127.0.0.1", full))
        session.send(startup_packet())
        session.wait_ready()
    silent = cleanup.enter_context(Wire("127.0.0.1", other, seconds=2))
    cleanup.enter_context(Wire("127.0.0.1", full)).send(startup_packet())
    with pytest.raises(TimeoutError):
        silent.read(1)


def test_a_client_that_says_nothing_is_closed(start_proxy, native):
    port = free_port()
    start_proxy(f"{cluster_section(native)}listen pool\n    bind 127.0.0.1:{port}\n"
                f"    cluster pg role primary\n    timeout client-hs 200ms\n")
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        assert client.recv(1) == b""


@pytest.mark.root_only
@pytest.mark.parametrize("more, dumpable", [("", False), ("global\n    set-dumpable\n", True)])
def test_nobody_else_can_look_into_its_memory(start_proxy, folder, more, dumpable):
    """No core file, and no debugger of the same user: its files in /proc belong to root then."""
    if not dumpable and settings.SCALE < 1:
        pytest.skip("the harness sets it: LeakSanitizer has to look")
    folder.chmod(0o777)
    proxy = start_proxy(f"{more}listen l\n    bind 127.0.0.1:{free_port()}\n"
                        f"    server s 127.0.0.1:1\n", user="nobody")
    assert (os.stat(f"/proc/{proxy.pid}/environ").st_uid != 0) == dumpable


def test_secrets_of_the_environment_are_not_shown(start_proxy):
    proxy = start_proxy(f"listen l\n    bind 127.0.0.1:{free_port()}\n    server s 127.0.0.1:1\n",
                        env={**os.environ, "PGPASSWORD": "hush-hush", "MY_TOKEN": "hush-hush",
                             "SHOWN": "yes"})
    shown = proxy.api("show env")
    assert "hush-hush" not in shown and "PGPASSWORD=(not shown)" in shown and "SHOWN=yes" in shown


def test_passwords_of_the_configuration_are_not_shown(start_proxy, syslog):
    ports = dict(zip(("auth", "list", "state", "nobody"), free_ports(4)))
    proxy = start_proxy(SECRETS.format(log=syslog.udp, **ports))
    failed = syslog.wait_line(re.compile("PostgreSQL at .* is now unavailable.*"))
    for page, secret in (("auth", "hush-hush2"), ("list", "hush-hush1")):
        for password, answer in ((secret, 200), (secret + "!", 401)):
            header = "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()
            connection = http.client.HTTPConnection("127.0.0.1", ports[page], timeout=20)
            with contextlib.closing(connection):
                connection.request("GET", "/;csv", headers={"Authorization": header})
                assert connection.getresponse().status == answer
    assert proxy.api("reload").startswith("Success=1")
    checked = subprocess.run([settings.BINARY, "-c", "-V", "-f", proxy.file], text=True,
                             capture_output=True, timeout=20)
    assert checked.returncode == 0 and "user=novip" in checked.stdout
    for text in (checked.stdout + checked.stderr, proxy.log.read_text(), failed[0],
                 *(proxy.api(f"show {what}") for what in ("startup-logs", "env", "info", "stat")),
                 *(line for _, line in syslog.lines)):
        assert "hush" not in text


@pytest.mark.timeout(120)
def test_a_flood_and_slow_clients_at_once(native, cleanup):
    """REST is flooded while a thousand clients hold half a request each: whoever asks is answered
    in bounded time, and sessions through the proxy go on."""
    node, seconds = native["srv1"], 4
    cleanup.enter_context(slow_clients(node.address, node.ports.rest, scaled(1000)))
    request = "GET /primary HTTP/1.0\r\n\r\n"
    queries, asked = Durations(), Durations()
    with concurrent.futures.ThreadPoolExecutor(1) as threads, node.connect("prod") as session:
        running = threads.submit(flood, node.address, node.ports.rest, seconds, request=request)
        while not running.done():
            with queries.one():
                session.execute("SELECT 1")
            if len(queries) % 50 == 0:
                with asked.one():
                    assert status(node, "/primary") == 200
        answers = running.result()
    served = sum(count for answer, count in answers.items() if answer.startswith("HTTP/1.0 200"))
    print(f"{served / seconds:.0f} requests/s of {answers.total() / seconds:.0f}; queries: {queries}; "
          f"answers of REST: {asked}")
    assert served > 100 * seconds * settings.SCALE
    assert queries.usual < 0.5 * settings.PATIENCE and max(queries) < 5 * settings.PATIENCE
    assert max(asked) < 5 * settings.PATIENCE
    assert native["srv2"].proxy.api.up("prod") == {"srv1"}      # its subscription held


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_the_unit_keeps_it_confined():
    """systemd's own judgement of packaging/novip.service: 0 is no exposure, 10 is all."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=17",
                           settings.REPOSITORY / "packaging" / "novip.service"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
