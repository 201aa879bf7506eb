"""`hold`: while there is no server for them clients wait, in order, and not for ever."""

import concurrent.futures
import itertools
import re
import time

import pytest

from harness.pool import held
from harness.settings import PATIENCE, SCALE, scaled, sessions_at_once
from harness.wait import wait_for
from harness.wire import SSL_REQUEST, Wire, startup_packet

pytestmark = pytest.mark.novip_only

HELD = re.compile(r"src=[\d.]+:(\d+) .* age=(\d+)s .* state=held .* worker=(\d+)")


@pytest.fixture
def no_primary(native):
    """srv1 is stopped, and every proxy knows."""
    native["srv1"].postgres.stop("fast")
    for node in native.nodes:
        wait_for(lambda: not node.proxy.api.up("prod"), f"{node.name} has no primary")
    return native


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_who_comes_without_a_primary_waits_for_it(no_primary, mode):
    node = no_primary["srv3"]
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        coming = threads.submit(node.connect, "prod", sslmode=mode, connect_timeout=30)
        wait_for(lambda: held(node.proxy) >= 1, "the client is held")
        assert not coming.done()
        no_primary["srv2"].postgres.promote()
        promoted = time.monotonic()
        with coming.result(10 * PATIENCE) as session:
            assert time.monotonic() - promoted < 5 * PATIENCE
            assert session.execute("SELECT host(inet_server_addr())").fetchone() == ("127.0.0.12",)


def held_by_port(proxy):
    """The clients that wait, by their ports: for how many seconds, and on which worker."""
    return {int(port): (int(age), worker)
            for port, age, worker in HELD.findall(proxy.api("show sess"))}


def test_a_thousand_who_are_held_are_served(no_primary):
    """After ten seconds without a primary: nobody is refused, and who came first is served first.
    Forking a thousand times takes PostgreSQL three seconds on two cores that others use too."""
    node, count, gap = no_primary["srv2"], sessions_at_once(1000), scaled(10)
    memory = node.proxy.memory()
    clients = [Wire(node.address, node.ports.prod) for _ in range(count)]
    try:
        for client in clients:
            client.send(startup_packet())

        def all_held():
            held = held_by_port(node.proxy)
            return {client: held[client.port] for client in clients if client.port in held}

        wait_for(lambda: len(all_held()) == count, "all are held", 20)
        if SCALE >= 1:      # sanitizers need more
            assert node.proxy.memory() - memory < count * 4096
        wait_for(lambda: min(age for age, _ in all_held().values()) >= gap,
                 "the gap is over", gap + 10)
        workers = {client: worker for client, (_, worker) in all_held().items()}
        assert len(workers) == count
        node.postgres.promote()
        promoted = time.monotonic()
        for client in clients:
            client.wait_ready()
        assert time.monotonic() - promoted < 10 * PATIENCE
    finally:
        for client in clients:
            client.close()
    for worker in set(workers.values()):
        forked = [client.backend for client in clients if workers[client] == worker]
        # Process ids begin anew once they have reached the highest.
        assert sum(later < earlier for earlier, later in itertools.pairwise(forked)) <= 1, forked


@pytest.mark.parametrize("first", [b"", SSL_REQUEST], ids=["plain", "tls"])
def test_past_the_limit_there_is_a_sentence(no_primary, start_pool, first):
    pool = start_pool("cluster pg role primary", "hold 700ms")
    began = time.monotonic()
    with Wire(pool.address, pool.port) as client:
        if first:
            client.send(first)
            assert client.read(1) == b"N"       # an error could not be told before encryption
        client.send(startup_packet())
        error = client.error()
        assert client.at_end()
    assert 0.6 < time.monotonic() - began < 5 * PATIENCE
    assert (error["S"], error["C"]) == ("FATAL", "57P03")
    assert " " in error["M"]


def test_without_hold_the_sentence_comes_at_once(no_primary, start_pool):
    pool = start_pool("cluster pg role primary", "hold off")
    began = time.monotonic()
    with Wire(pool.address, pool.port) as client:
        client.send(startup_packet())
        assert client.error()["C"] == "57P03"
    assert time.monotonic() - began < 10       # not 30 s, which is what is held for without it


def test_who_leaves_while_held_is_forgotten(no_primary, start_pool):
    pool = start_pool("cluster pg role primary", "hold 60s")
    clients = [Wire(pool.address, pool.port) for _ in range(5)]
    for client in clients:
        client.send(startup_packet())
    wait_for(lambda: held(pool.proxy) == 5, "all are held")
    for client in clients:
        client.close()
    wait_for(lambda: held(pool.proxy) == 0, "nobody is held", 2)
    assert pool.proxy.api.stat()["pool", "FRONTEND"]["scur"] == "0"


def test_a_standby_that_starts_is_waited_for(native, start_pool):
    """Its pool is empty for as long as the restart takes: nobody is refused."""
    pool = start_pool("cluster pg role standby", "hold 30s")
    native["srv3"].postgres.stop("fast")
    pool.wait_reached("srv2")
    native["srv2"].postgres.stop("fast")
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        coming = threads.submit(pool.reached)
        wait_for(lambda: held(pool.proxy) >= 1, "the client is held")
        native["srv2"].postgres.start()
        assert coming.result(20 * PATIENCE) == "srv2"
