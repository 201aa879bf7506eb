"""Real PostgreSQL instances in a temporary folder."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

import psycopg

from harness import settings
from harness.process import Process, tail
from harness.settings import postgres_program
from harness.wait import wait_for

CONFIGURATION = """\
listen_addresses = '{listen}'
port = {port}
unix_socket_directories = '{sockets}'
ssl = on
wal_level = replica
hot_standby = on
max_connections = 2100
shared_buffers = 64MB
dynamic_shared_memory_type = mmap
fsync = off
wal_keep_size = 64MB
wal_retrieve_retry_interval = 200ms
primary_conninfo = '{upstream} user={name} application_name={name}'
log_line_prefix = '%m [%p] %r '
"""

# The deck rejects an instance that would replicate from itself by its address; here every
# connection comes from loopback, so each node replicates under a name of its own. The role novip
# must give its password: it is for `watch pgsql`.
PASSWORD = "of the role novip"
ACCESS = """\
local all,replication all trust
host all novip {clients} scram-sha-256
host replication {name} {clients} reject
host all,replication all {clients} trust
host all all ::/0 trust
"""


def _run(*command, **options):
    user = settings.POSTGRES_USER
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, cwd="/",
                          **identity, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout


def make_template(folder, node_names):
    """A data folder that every instance is copied from: roles, a database and a certificate."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    give_to_postgres(folder)
    data = folder / "data"
    _run(postgres_program("initdb"), "-D", data, "-U", "postgres", "-A", "trust",
         "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    _run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "7", "-subj", "/CN=novip", "-keyout", data / "server.key",
         "-out", data / "server.crt")
    roles = "".join(f"CREATE ROLE {name} LOGIN REPLICATION;\n" for name in node_names)
    roles += f"CREATE ROLE novip LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_monitor;\n"
    _run(postgres_program("postgres"), "--single", "-D", data, "postgres",
         input=roles + "CREATE ROLE app LOGIN;\nCREATE DATABASE app OWNER app;\n"
                       "CREATE DATABASE production OWNER app;\n")
    return data


def give_to_postgres(path):
    if settings.POSTGRES_USER:
        shutil.chown(path, settings.POSTGRES_USER, settings.POSTGRES_USER)


def _send(pid, number):
    with contextlib.suppress(ProcessLookupError):   # it was about to end
        os.kill(pid, number)


def _is_alive(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Postgres:
    """One instance; `upstream` says where it replicates from, in libpq's words;
    `network`: the namespace that it is in."""

    def __init__(self, name, address, port, folder, upstream, network=None):
        self.name, self.address, self.port = name, address, port
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        # A socket folder and a database with this name: answers of the state service must not
        # take it for a role (an error message of libpq repeats both).
        self.sockets = self.folder / "production"
        self.log = self.folder / "postgres.log"
        self._values = dict(name=name, port=port, sockets=self.sockets,
                            listen="*" if network else address,
                            upstream=upstream, clients=f"{address}/8")
        self._network = network
        self._process = None
        self._hung = []
        self._orphans = []

    def create(self, template):
        """Copies `template`; whatever was there is gone."""
        self._clear()
        subprocess.run(["cp", "-a", template, self.data], check=True)
        self._configure()

    def clone(self, source):
        """A base backup of the instance `source`; whatever was there is gone."""
        self._clear()
        _run(postgres_program("pg_basebackup"), "-D", self.data, "-h", source.sockets,
             "-p", source.port, "-U", "postgres", "-c", "fast", "-X", "stream", "--no-sync")
        self._configure()

    def _clear(self):
        self.stop("immediate")
        wait_for(lambda: not any(_is_alive(pid) for pid in self._orphans),
                 f"the processes of PostgreSQL {self.name} end")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.sockets.mkdir(parents=True)
        give_to_postgres(self.folder)
        give_to_postgres(self.sockets)

    def _configure(self):
        (self.data / "postgresql.conf").write_text(CONFIGURATION.format(**self._values))
        (self.data / "pg_hba.conf").write_text(ACCESS.format(**self._values))

    def make_standby(self):
        """At its next start it follows a primary."""
        mark = self.data / "standby.signal"
        mark.touch()
        give_to_postgres(mark)

    def start(self):
        """Returns once it answers."""
        self._process = Process(self.name, [postgres_program("postgres"), "-D", self.data],
                                self.log, user=settings.POSTGRES_USER,
                                network=self._network)
        wait_for(self._answers, f"PostgreSQL {self.name} starts", 30)

    def _answers(self):
        if not self._process.running:
            raise RuntimeError(f"PostgreSQL {self.name} ended:\n{tail(self.log)}")
        return self.value("SELECT true")

    @property
    def running(self):
        return self._process is not None and self._process.running

    def stop(self, mode="fast"):
        """As `pg_ctl stop -m MODE -w`."""
        if self.running:
            self.resume()
            number = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
            self._process.stop(number, seconds=30)

    def crash(self):
        """SIGKILL of the postmaster: its processes see that and end by themselves."""
        self._orphans = self._children()
        self._process.stop(signal.SIGKILL)

    def destroy(self):
        """SIGKILL of every process, frozen or not, as a fencing device does it."""
        self._orphans = self._children()
        self._process.send(signal.SIGKILL)      # first: it would restart the others
        for pid in self._orphans:
            _send(pid, signal.SIGKILL)
        self._process.wait()
        self._hung = []

    def hang(self):
        """Freezes every process of the instance: sockets stay open, nothing answers."""
        self._process.send(signal.SIGSTOP)
        self._hung = self.processes()
        self._send_hung(signal.SIGSTOP)

    def resume(self):
        self._send_hung(signal.SIGCONT)
        self._hung = []

    def _send_hung(self, number):
        for pid in self._hung:
            _send(pid, number)

    def processes(self):
        """The process ids of the postmaster, which is the first, and of its children."""
        return [self._process.pid, *self._children()]

    def _children(self):
        children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    # -- what it says ---------------------------------------------------------------------------

    def connect(self, **options):
        """A superuser's connection that goes around the proxy."""
        return psycopg.connect(host=str(self.sockets), port=self.port, user="postgres",
                               connect_timeout=5 * settings.PATIENCE, autocommit=True,
                               **{"dbname": "postgres", **options})

    def rows(self, query, *values):
        with self.connect() as connection:
            return connection.execute(query, values or None).fetchall()

    def value(self, query, *values):
        return self.rows(query, *values)[0][0]

    def is_standby(self):
        return self.value("SELECT pg_is_in_recovery()")

    def promote(self):
        self.value("SELECT pg_promote()")

    def followers(self):
        """Names of the instances that stream from this one."""
        return {name for name, in self.rows("SELECT application_name FROM pg_stat_replication "
                                            "WHERE state = 'streaming'")}

    def last_checkpoint(self):
        """Of a stopped instance: where its shutdown checkpoint is in the WAL."""
        text = _run(postgres_program("pg_controldata"), "-D", self.data)
        return re.search(r"^Latest checkpoint location:\s+(\S+)", text, re.M)[1]

    def received(self):
        """Where a standby's WAL ends, in bytes."""
        return self.value("SELECT pg_last_wal_receive_lsn() - '0/0'")

    def has_received(self, lsn):
        return self.value("SELECT pg_last_wal_receive_lsn() > %s::pg_lsn", lsn)


class CancelsInVain:
    """Which nodes of a cluster were asked, since then, to cancel what is not theirs."""

    def __init__(self, cluster):
        self._nodes = {node.name: (node.postgres.log, node.postgres.log.stat().st_size)
                       for node in cluster.nodes}

    def __call__(self):
        return {name for name, (log, size) in self._nodes.items()
                if b"in cancel request did not match any process" in log.read_bytes()[size:]}
