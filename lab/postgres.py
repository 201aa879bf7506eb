"""PostgreSQL on the nodes, as Debian has it: configuration in /etc/postgresql, data elsewhere."""

import settings
from machine import disk, enter, put, run_in
from progress import LabError, wait_for

VERSION = 15
UNIT = f"postgresql@{VERSION}-main"
CONFIGURATION = f"/etc/postgresql/{VERSION}/main"
DATA = f"/var/lib/postgresql/{VERSION}/main"
PROGRAMS = f"/usr/lib/postgresql/{VERSION}/bin"
SOCKETS = "/var/run/postgresql"
# What a standby, and whoever repairs one, reaches the primary by: the proxy of its own node.
PRIMARY = f"host=127.0.0.1 port={settings.READ_WRITE_PORT} user=postgres dbname=postgres"

# Data states after which a standby goes on by itself.
STANDBY_STATES = ("shut down in recovery", "in archive recovery")


def configure(node):
    """Before the node boots."""
    for name, path in (("postgresql.conf", "conf.d/lab.conf"), ("pg_hba.conf", "pg_hba.conf")):
        text = (settings.FILES / name).read_text().replace("@NODE@", node)
        put(node, f"{CONFIGURATION}/{path}", text)
    # Only PAF starts it; "disabled" would forbid that too.
    put(node, f"{CONFIGURATION}/start.conf", "manual\n")


def start(node):
    run_in(node, "systemctl", "start", UNIT)


def stop(node):
    run_in(node, "systemctl", "stop", UNIT)


def create_primary(node):
    """The cluster that Debian's package made, with what the lab's clients and novip need."""
    start(node)
    create_roles(node)


def create_roles(node):
    sql(node, """
        CREATE ROLE novip LOGIN IN ROLE pg_monitor;
        CREATE TABLE writes (client text, number bigint, PRIMARY KEY (client, number));""")


def create_standby(node):
    wait_for_way(node)
    copy_primary(node)
    start(node)


def wait_for_way(node):
    """novip holds who comes before there is a primary; HAProxy refuses them, or worse."""
    question = ("psql", "-XAtq", "-d", PRIMARY, "-c", "SELECT pg_is_in_recovery()")
    wait_for(f"the way from {node} to the primary",
             lambda: enter(node, *question).stdout.strip() == "f", 30)


def copy_primary(node):
    run_in(node, "find", DATA, "-mindepth", "1", "-delete")
    as_postgres(node, f"{PROGRAMS}/pg_basebackup", "--dbname", PRIMARY, "--pgdata", DATA,
                "--wal-method=stream", "--checkpoint=fast")
    become_standby(node)


def become_standby(node):
    as_postgres(node, "touch", f"{DATA}/standby.signal")


def repair(node):
    """Makes a stopped PostgreSQL a standby of today's primary, whatever it was; says how."""
    state = data_state(node)
    if state in STANDBY_STATES:
        return f"was a standby ({state}): nothing to repair"
    run_in(node, "rm", "-f", f"{DATA}/postmaster.pid")
    wait_for_way(node)
    # The configuration is not in the data directory: pg_rewind must be told where.
    rewind = enter(node, "runuser", "-u", "postgres", "--", f"{PROGRAMS}/pg_rewind",
                   "--target-pgdata", DATA, "--source-server", PRIMARY,
                   "--config-file", f"{CONFIGURATION}/postgresql.conf")
    if rewind.returncode == 0:
        become_standby(node)
        return f"was a primary ({state}): pg_rewind: " + rewind.stderr.strip().splitlines()[-1]
    copy_primary(node)
    return f"was a primary ({state}): pg_rewind cannot: a new base backup"


def data_state(node):
    for line in as_postgres(node, f"{PROGRAMS}/pg_controldata", DATA).splitlines():
        name, _, value = line.partition(":")
        if name == "Database cluster state":
            return value.strip()
    raise LabError(f"{node}: pg_controldata knows no state")


def postmaster(node):
    """The postmaster's process id as the node counts."""
    lines = (disk(node) / DATA.lstrip("/") / "postmaster.pid").read_text().splitlines()
    return int(lines[0])


def is_running(node):
    return enter(node, f"{PROGRAMS}/pg_isready", "-q", "-h", SOCKETS,
                 "-p", settings.POSTGRES_PORT).returncode == 0


def as_postgres(node, *command):
    return run_in(node, "runuser", "-u", "postgres", "--", *command)


def sql(node, statement):
    """What the node's own PostgreSQL answers, without the proxy."""
    return as_postgres(node, "psql", "-XAtq", "-h", SOCKETS, "-p", settings.POSTGRES_PORT,
                       "-v", "ON_ERROR_STOP=1", "-c", statement).strip()
