"""A new configuration in the same process: nobody is lost, nobody is refused, and whoever was there
before is still cut when it is time."""

import contextlib
import re
import signal
import socket
import time

import psycopg
import pytest

from harness.clients import sqlstate_of_its_end
from harness.configurations import cluster_section
from harness.ports import free_port, is_free
from harness.runtime_api import RuntimeApi
from harness.servers import NamedServer, connect, read_line, server_reached, wait_reached
from harness.settings import scaled
from harness.short_sessions import ShortSessions
from harness.wait import wait_for
from harness.wire import Wire, startup_packet

pytestmark = pytest.mark.novip_only

DEFAULTS = """
global
    {more}
defaults
    mode tcp
    timeout connect 5s
    timeout client  {timeout}
    timeout server  1m
    retries 3
"""


class Reloaded:
    """A proxy whose file is written anew, and what a `reload` of it says."""

    def __init__(self, start_proxy, body, **options):
        self.port = free_port()
        self.proxy = start_proxy(self._text(body, **options))
        self._end = self.proxy.file.read_text().split("\n\nglobal\n")[-1]

    def _text(self, body, more="", timeout="1m"):
        return DEFAULTS.format(more=more, timeout=timeout) + body.replace("PORT", str(self.port))

    def write(self, body, **options):
        self.proxy.file.write_text(f"{self._text(body, **options)}\n\nglobal\n{self._end}")

    def reload(self, body, **options):
        self.write(body, **options)
        answer = self.proxy.api("reload")
        assert answer.startswith("Success=1\n"), answer
        return answer

    def refused(self, body, **options):
        self.write(body, **options)
        answer = self.proxy.api("reload")
        assert answer.startswith("Success=0\n"), answer
        return answer


@pytest.fixture
def servers(cleanup):
    return [cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2")]


def pool(*lines, name="pool", bind="127.0.0.1:PORT"):
    body = "".join(f"    {line}\n" for line in (f"bind {bind}", *lines))
    return f"listen {name}\n{body}"


def echoes(client):
    client.sendall(b"still there?\n")
    return read_line(client) == b"still there?"


def session_of(cleanup, port):
    """A long one, and the server it is on."""
    client = cleanup.enter_context(connect(port))
    return client, read_line(client).decode()


def test_under_load_none_is_lost(start_proxy, servers, cleanup):
    """10,000 sessions come and go, 200 stay, and the file changes again and again."""
    def file(number):
        weights = (1 + number % 7, 1 + number % 5)
        return pool(*(f"server {server.name} {server} check inter 100 weight {weight}"
                      for server, weight in zip(servers, weights)))

    test = Reloaded(start_proxy, file(0))
    wait_for(lambda: test.proxy.api.up("pool") == {"s1", "s2"}, "the servers are up")
    long = [session_of(cleanup, test.port)[0] for _ in range(scaled(200))]
    count, loads = scaled(10_000), 0
    with ShortSessions("127.0.0.1", test.port, count) as short:
        while short.going_on():
            loads += 1
            test.reload(file(loads), timeout=f"{60 + loads % 3}s")
            time.sleep(0.05)
        result = short.result()
    assert result == {"ok": result["ok"]} and result["ok"] >= count
    assert loads >= 2
    assert all(echoes(client) for client in long)

    def counted(column):
        return int(test.proxy.api.stat()["pool", "FRONTEND"][column])

    assert counted("stot") == result["ok"] + len(long)
    wait_for(lambda: counted("scur") == len(long), "the others' ends are counted")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2])
def test_a_signal_reloads_too(start_proxy, servers, number):
    s1, s2 = servers
    test = Reloaded(start_proxy, pool(f"server s1 {s1}"))
    test.write(pool(f"server s2 {s2}"))
    test.proxy.send(number)
    wait_reached(test.port, "s2")


def test_old_sessions_are_cut_when_their_server_goes_down(start_proxy, servers, cleanup):
    """HAProxy strands them: only its new process checks."""
    s1, s2 = servers
    line = "server {0.name} {0} check inter 100 fall 1 rise 1 on-marked-down shutdown-sessions"
    test = Reloaded(start_proxy, pool(line.format(s1)))
    old, _ = session_of(cleanup, test.port)
    test.reload(pool(line.format(s1), line.format(s2)), timeout="2m")
    assert echoes(old)
    s1._server.shutdown()       # no longer listens, but goes on with whom it has
    s1._server.server_close()
    wait_for(lambda: test.proxy.api.up("pool") == {"s2"}, "s1 is down")
    assert old.recv(1) == b""
    assert server_reached(test.port) == "s2"


def test_sessions_of_a_removed_server_are_cut_too(start_proxy, servers, cleanup):
    """And those of a removed proxy, whose port closes at once."""
    s1, s2 = servers
    line = "server {0.name} {0} check inter 100 fall 1 rise 1 on-marked-down shutdown-sessions"
    other = free_port()
    test = Reloaded(start_proxy, pool(line.format(s1)) +
                    pool(line.format(s1), name="other", bind=f"127.0.0.1:{other}"))
    in_pool, _ = session_of(cleanup, test.port)
    in_other, _ = session_of(cleanup, other)
    test.reload(pool(line.format(s2)))
    wait_for(lambda: is_free("127.0.0.1", other), "the port of the removed proxy is free")
    wait_reached(test.port, "s2")
    assert echoes(in_pool)
    assert echoes(in_other)
    assert test.proxy.api.status("pool")["s1"].startswith("DRAIN")
    s1._server.shutdown()
    s1._server.server_close()
    assert in_pool.recv(1) == b"" and in_other.recv(1) == b""
    # What is gone is not shown any more.
    for gone in (("pool", "s1"), ("other", "FRONTEND")):
        wait_for(lambda: gone not in test.proxy.api.stat(), f"{gone} is gone")


def test_a_bad_file_changes_nothing(start_proxy, servers, cleanup):
    s1, s2 = servers
    test = Reloaded(start_proxy, pool(f"server s1 {s1}"))
    old, _ = session_of(cleanup, test.port)
    wrong = pool(f"server s2 {s2}", "blance leastconn")
    answer = test.refused(wrong)
    line = test.proxy.file.read_text().splitlines().index("    blance leastconn") + 1
    assert f"[{test.proxy.file}:{line}]" in answer and "did you mean 'balance'?" in answer
    assert f"[{test.proxy.file}:{line}]" in test.proxy.log.read_text()
    assert server_reached(test.port) == "s1" and echoes(old)


def test_an_address_that_cannot_be_opened_changes_nothing(start_proxy, servers):
    s1, s2 = servers
    test = Reloaded(start_proxy, pool(f"server s1 {s1}"))
    also_new = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = test.refused(pool(f"server s2 {s2}", f"bind 127.0.0.1:{also_new}",
                                   f"bind {where}"))
    assert re.search(rf"{test.proxy.file}:\d+\] : proxy 'pool': cannot listen on {where}", answer)
    assert server_reached(test.port) == "s1"
    assert is_free("127.0.0.1", also_new)


def test_what_only_a_restart_changes_is_named(start_proxy, servers):
    test = Reloaded(start_proxy, pool(f"server s1 {servers[0]}"))
    answer = test.reload(pool(f"server s1 {servers[0]}"), more="nbthread 7\n    chroot /tmp")
    assert "only a restart changes chroot, nbthread" in answer


def test_servers_proxies_and_binds_come_and_go(start_proxy, servers, cleanup):
    s1, s2 = servers
    test = Reloaded(start_proxy, pool(f"server a {s1}"))
    more, other = free_port(), free_port()
    old, _ = session_of(cleanup, test.port)
    # Another server at the same address, one more bind, one more proxy.
    test.reload(pool(f"server a {s2}", f"bind 127.0.0.1:{more}") +
                pool(f"server b {s1}", name="other", bind=f"127.0.0.1:{other}"))
    for port, name in ((test.port, "s2"), (more, "s2"), (other, "s1")):
        wait_reached(port, name)
    assert echoes(old)
    # The bind is moved to the other proxy, in the order that is the other way round.
    test.reload(pool(f"server b {s1}", name="other", bind=f"127.0.0.1:{more}") +
                pool(f"server a {s2}"))
    wait_reached(more, "s1")
    assert server_reached(test.port) == "s2"
    wait_for(lambda: is_free("127.0.0.1", other), "the bind that is gone is free")
    assert echoes(old)


def test_states_and_counters_survive(start_proxy, servers):
    s1, s2 = servers
    lines = [f"server {server.name} {server} check inter 100 weight 10" for server in servers]
    test = Reloaded(start_proxy, pool(*lines))
    api = test.proxy.api
    wait_for(lambda: api.up("pool") == {"s1", "s2"}, "the servers are up")
    for _ in range(10):
        server_reached(test.port)
    api("set server pool/s2 state maint")
    api("set weight pool/s1 3")
    before = api.stat()
    test.reload(pool(*reversed(lines)), timeout="2m")
    after = api.stat()
    for server, columns in (("s1", ("stot", "weight", "status", "chkfail", "lbtot")),
                            ("s2", ("stot", "status")), ("FRONTEND", ("stot", "bin", "bout"))):
        for column in columns:
            assert after["pool", server][column] == before["pool", server][column]
    assert after["pool", "s1"]["weight"] == "3" and after["pool", "s2"]["status"] == "MAINT"
    assert server_reached(test.port) == "s1"
    # What the file now says otherwise, it says.
    test.reload(pool(*(line.replace("weight 10", "weight 20") for line in lines)))
    assert api.stat()["pool", "s1"]["weight"] == "20"


def test_a_server_that_is_checked_otherwise_is_not_known(start_proxy, servers, cleanup):
    """It takes nobody until its first check, but keeps whom it has until then."""
    s1, _ = servers
    test = Reloaded(start_proxy, pool(f"server s1 {s1} check inter 100"))
    old, _ = session_of(cleanup, test.port)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        line = f"server s1 {s1} check inter 100 port {nobody.getsockname()[1]}"
        test.reload(pool(line + " on-marked-down shutdown-sessions"))
        assert server_reached(test.port) == ""
        assert old.recv(1) == b""


def leading_to(server, state="enabled"):
    return f"frontend pool\n    bind 127.0.0.1:PORT\n    default_backend b\n" \
           f"backend b\n    {state}\n    server s1 {server}\n"


def test_a_disabled_backend_takes_nobody(start_proxy, servers):
    """Nobody checks its servers any more."""
    s1, _ = servers
    test = Reloaded(start_proxy, leading_to(s1))
    assert server_reached(test.port) == "s1"
    test.reload(leading_to(s1, "disabled"))
    assert server_reached(test.port) == ""
    assert "Name:" in test.proxy.api("show info")
    test.reload(leading_to(s1))
    assert server_reached(test.port) == "s1"


def test_a_disabled_backend_with_tls_takes_nobody(start_proxy, native):
    """Its clients are heard first: in PostgreSQL, TLS is asked for in the first packet."""
    postgres = native["srv1"].postgres
    server = f"{postgres.address}:{postgres.port} ssl verify none"
    test = Reloaded(start_proxy, leading_to(server))
    for state in ("enabled", "disabled", "enabled"):
        test.reload(leading_to(server, state))
        with Wire("127.0.0.1", test.port) as client:
            client.send(startup_packet())
            if state == "enabled":
                client.wait_ready()
            else:
                assert client.error()["C"] == "57P03"


# ---- role pools ---------------------------------------------------------------------------------

def session_in(pool_of):
    session = pool_of.connect(sslmode="disable")    # an end within TLS cannot be told
    return session, pool_of.name_of(session)


def reload_pool(test, change):
    """With the file as `change` makes it."""
    text = test.proxy.file.read_text()
    test.proxy.file.write_text(change(text))
    answer = test.proxy.api("reload")
    assert answer.startswith("Success=1\n"), answer


def harmless(text):
    return text.replace("listen pool\n", "listen pool\n    timeout queue 7s\n")


def other_cluster(text):
    """Its section is another one, so that it is watched anew."""
    return text.replace("cluster pg\n    watch", "cluster pg\n    interval 40ms\n    watch")


def without_srv2(text):
    return re.sub(r"    node srv2 .*\n", "", text)


@pytest.mark.parametrize("change", [harmless, other_cluster, without_srv2])
def test_a_role_change_cuts_sessions_from_before(start_pool, native, change):
    """PostgreSQL goes on with them: it is novip that ends them. Those of a node that the file has no
    more too, which takes nobody else."""
    test = start_pool("cluster pg role standby", "balance first")
    session, name = session_in(test)
    with session:
        assert name == "srv2"
        reload_pool(test, change)
        assert test.name_of(session) == "srv2"
        assert test.reached_by(4) == {"srv3" if change is without_srv2 else "srv2"}
        native["srv1"].postgres.stop("fast")
        native["srv2"].postgres.promote()
        assert sqlstate_of_its_end(session) == "57P01"
    wait_for(lambda: test.reached() == "srv3", "clients reach srv3")


@pytest.mark.parametrize("change", [harmless, other_cluster])
def test_who_is_held_stays_held(start_pool, native, cleanup, change):
    native["srv1"].postgres.stop("fast")
    test = start_pool("cluster pg role primary", "hold 30s")
    clients = [cleanup.enter_context(contextlib.closing(client)) for client in hold(test, 5)]
    for _ in range(3):
        reload_pool(test, change)
    assert test.proxy.api("show sess").count("held") == 5
    native["srv2"].postgres.promote()
    for client in clients:
        client.wait_ready()


def hold(test, count):
    clients = [Wire(test.address, test.port) for _ in range(count)]
    for client in clients:
        client.send(startup_packet())
    wait_for(lambda: test.proxy.api("show sess").count("held") == count, "they are held")
    return clients


# ---- the other ports ----------------------------------------------------------------------------

STATE = """state
    bind 127.0.0.1:{}
    postgres "host=127.0.0.1 port=1 dbname=app"
"""


def test_the_other_ports_come_and_go(start_proxy, servers, folder):
    """The state service's, the page's and another stats socket; and they are kept, too."""
    body = pool(f"server s1 {servers[0]}")
    test = Reloaded(start_proxy, body)
    text, other, page = free_port(), free_port(), free_port()
    more = f"stats socket {folder}/more level user"
    pages = f"listen page\n    mode http\n    bind 127.0.0.1:{page}\n    stats enable\n" \
            "    stats uri /\n"
    test.reload(body + STATE.format(text) + pages, more=more)
    socket_added = RuntimeApi(folder / "more")
    with connect(text) as client:
        assert client.recv(100).startswith(b"unavailable")
    assert "Name:" in socket_added("show info")
    with connect(page) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: page\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        # A connection goes on, and the port stays.
        test.reload(body + STATE.format(other) + pages)
        client.sendall(b"GET /;csv HTTP/1.1\r\nHost: page\r\n\r\n")
        wait_for(lambda: b"pool,FRONTEND" in client.recv(65536), "the page answers on")
    with connect(other) as client:
        assert client.recv(100).startswith(b"unavailable")
    assert is_free("127.0.0.1", text)
    with pytest.raises(OSError):
        socket_added("show info")
    test.reload(body)
    assert is_free("127.0.0.1", other) and is_free("127.0.0.1", page)


def test_a_cluster_goes_while_there_is_a_session(start_proxy, native):
    """It is not watched any more; the session goes on, and statistics are told."""
    rest = f"listen rest\n    bind 127.0.0.1:{free_port()}\n    server s 127.0.0.1:1\n"
    own = "listen pool\n    bind 127.0.0.1:PORT\n    cluster pg role primary\n"
    test = Reloaded(start_proxy, cluster_section(native) + own + rest)
    wait_for(lambda: test.proxy.api.up("pool") == {"srv1"}, "the primary is known")
    with psycopg.connect(host="127.0.0.1", port=test.port, dbname="app", user="app") as session:
        test.reload(rest)
        rows = test.proxy.api.stat()
        assert rows["pool", "srv1"]["scur"] == "1"
        assert session.execute("SELECT 1").fetchone() == (1,)
    wait_for(lambda: ("pool", "srv1") not in test.proxy.api.stat(), "it is gone with its session")
