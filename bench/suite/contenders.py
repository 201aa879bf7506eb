"""What is compared: ways to one and the same server, so that only the way differs."""

import dataclasses
import os
import pathlib
import signal
import subprocess

from common.program import HAPROXY
from harness import settings
from harness.ports import free_port
from harness.process import Process, tail
from harness.proxy import Proxy
from harness.wait import wait_for

import client

ADDRESS = "127.0.0.1"
NFT = pathlib.Path("/usr/sbin/nft")
BARE_RELAY = settings.REPOSITORY / "build" / "bare-relay"
PGBOUNCER = settings.REPOSITORY / "build" / "debian" / "usr" / "sbin" / "pgbouncer"

# novip's and HAProxy's, word for word the same.
PROXY_TEXT = """\
global
    maxconn 9000
{threads}
defaults
    mode tcp
    timeout connect 10s
    timeout client  1h
    timeout server  1h

listen postgres
    bind {address}:{port}
{option}
{servers}
"""

PGBOUNCER_TEXT = """\
[databases]
* = host={host} port={server_port}

[pgbouncer]
listen_addr = {address}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = session
max_client_conn = 9000
default_pool_size = 9000
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
"""


DNAT_TEXT = """\
table inet bench {{
    chain lead {{
        type nat hook output priority -100;
        ip daddr {address} tcp dport {port} dnat ip to {server}
    }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    what: str                               # for the reader of the report
    binary: pathlib.Path | None = None      # None: no proxy
    option: str = ""                        # a line of the proxy section
    threads: int | None = None              # None: as many as it starts by itself


DIRECT = Contender("direct", "no proxy: the server's own port")
RELAY = Contender("novip", "novip's relay", settings.BINARY)
KERNEL = Contender("novip-kernel", "novip with `forward kernel`", settings.BINARY,
                   "forward kernel")
SPLICE = Contender("novip-splice", "novip's relay with `option splice-auto`", settings.BINARY,
                   "option splice-auto")
DEBIANS = Contender("haproxy", "HAProxy, Debian's, with the same configuration", HAPROXY)
BOUNCER = Contender("pgbouncer", "pgbouncer, Debian's, session mode", PGBOUNCER)
CONTENDERS = (DIRECT, RELAY, KERNEL, DEBIANS, BOUNCER)
# What the kernel itself takes, at least; with as many threads as the others start.
BARE = Contender("bare-relay", "a relay over epoll that does nothing else (bare_relay.cpp)",
                 BARE_RELAY, threads=os.cpu_count())
DNAT = Contender("dnat", "a single DNAT rule of nftables, and no process", NFT)
REFERENCES = (BARE, DNAT)
PROXIES = (RELAY, DEBIANS)
SCALING = tuple(dataclasses.replace(contender, name=f"{contender.name}-{threads}", threads=threads,
                                    what=f"{contender.what}, nbthread {threads}")
                for contender in PROXIES for threads in (1, 2))


def missing(contender, folder):
    """Why it cannot take part; None: it can."""
    if contender is DNAT and os.geteuid() != 0:
        return "needs root"
    if contender.binary is None:
        return None
    if not contender.binary.exists():
        return f"{contender.binary} is not there (./dev setup)"
    if contender is not KERNEL:
        return None
    file = folder / "asked.cfg"
    file.write_text(proxy_text(contender, 1, f"    server primary {ADDRESS}:1"))
    done = subprocess.run([contender.binary, "-c", "-f", file], text=True, capture_output=True)
    if done.returncode == 0:
        return None
    return f"this build does not take it: {(done.stdout + done.stderr).strip().splitlines()[0]}"


def proxy_text(contender, port, servers):
    return PROXY_TEXT.format(
        address=ADDRESS, port=port, servers=servers,
        threads=f"    nbthread {contender.threads}" if contender.threads else "",
        option=f"    {contender.option}" if contender.option else "")


class Way:
    """A contender at work in front of a server (address, port): where its clients connect, and the
    process that costs. `servers`: lines of a proxy's configuration, where it is not that one."""

    def __init__(self, contender, server, folder, servers=None):
        self.name, self._contender, self._server = contender.name, contender, server
        self._folder, self._process = folder, None
        self._servers = servers or "    server primary {}:{}".format(*server)
        self.address, self.port = server if contender.binary is None else (ADDRESS, free_port())

    def __enter__(self):
        if self._contender is BOUNCER:
            self._start_pgbouncer()
        elif self._contender is BARE:
            self._start_bare_relay()
        elif self._contender is DNAT:
            self._nft(DNAT_TEXT.format(address=self.address, port=self.port,
                                       server="{}:{}".format(*self._server)))
        elif self._contender.binary:
            text = proxy_text(self._contender, self.port, self._servers)
            self._process = Proxy(self.name, text, self._folder, self._contender.binary).start()
        return self

    def _start_pgbouncer(self):
        file, log = self._folder / "pgbouncer.ini", self._folder / "pgbouncer.log"
        host, server_port = self._server
        users = self._folder / "pgbouncer.users"
        users.write_text('"app" ""\n')
        file.write_text(PGBOUNCER_TEXT.format(address=ADDRESS, port=self.port, host=host,
                                              server_port=server_port, users=users))
        self._process = Process("pgbouncer", [PGBOUNCER, file], log,
                                user=settings.POSTGRES_USER)    # it refuses to run as root
        wait_for(lambda: client.answers(self.address, self.port),
                 f"pgbouncer starts\n{tail(log)}")

    def _start_bare_relay(self):
        log = self._folder / "bare-relay.log"
        self._process = Process("bare-relay", [BARE_RELAY, self.address, self.port, self._server[1],
                                               self._contender.threads], log)
        wait_for(lambda: client.answers(self.address, self.port),
                 f"bare-relay starts\n{tail(log)}")

    def _nft(self, text):
        subprocess.run([NFT, "-f", "-"], input=text, text=True, check=True)

    def __exit__(self, *_):
        if self._contender is DNAT:
            self._nft("delete table inet bench")
        if isinstance(self._process, Process):
            self._process.stop(signal.SIGINT)
        elif self._process:
            self._process.stop()

    @property
    def pid(self):
        """Of its proxy; None: there is none."""
        return self._process and self._process.pid
