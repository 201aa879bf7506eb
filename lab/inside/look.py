"""Runs in a node, prints JSON: its PostgreSQL, and where the node's ports lead to now."""

import json
import socket
import sys

import psycopg

STATE = """
SELECT pg_is_in_recovery() AS in_recovery,
       CASE WHEN pg_is_in_recovery() THEN greatest(
              (SELECT timeline_id FROM pg_control_checkpoint()),
              (SELECT received_tli FROM pg_stat_wal_receiver))
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
       END AS timeline,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn() END::text AS lsn"""
FOLLOWERS = """
SELECT application_name AS name, state, sync_state, host(client_addr) AS proxy,
       pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint AS lag
FROM pg_stat_replication"""
RECEIVER = "SELECT status, sender_host AS host, sender_port AS port FROM pg_stat_wal_receiver"


def rows(connection, query):
    cursor = connection.execute(query)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def local_state(port):
    with psycopg.connect(host="/var/run/postgresql", port=port, user="postgres", dbname="postgres",
                         connect_timeout=2) as connection:
        state = rows(connection, STATE)[0]
        state["followers"] = [] if state["in_recovery"] else rows(connection, FOLLOWERS)
        receivers = rows(connection, RECEIVER)
        state["receiver"] = receivers[0] if receivers else None
        return state


def destination(port):
    """The address of the server that a client of this node's port gets."""
    with psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres",
                         connect_timeout=2) as connection:
        return connection.execute("SELECT host(inet_server_addr())").fetchone()[0]


def attempt(what, *arguments):
    try:
        return {"value": what(*arguments)}
    except (psycopg.Error, OSError) as error:
        return {"error": str(error).strip().splitlines()[0]}


def ask_novip():
    """{node: role} as this node's novip knows it."""
    with socket.socket(socket.AF_UNIX) as admin:
        admin.settimeout(2)
        admin.connect("/run/novip/novip.sock")
        admin.sendall(b"show cluster\n")
        lines = admin.makefile().read().splitlines()
    pools = next((i for i, line in enumerate(lines) if line.startswith("# pool")), len(lines))
    return {"roles": dict(line.split()[:2] for line in lines[:pools]
                          if line and not line.startswith("#")),
            "alerts": [line[2:] for line in lines if line.startswith("# ALERT")]}


read_write, read_only, postgres = (int(word) for word in sys.argv[1:])
print(json.dumps({"postgres": attempt(local_state, postgres),
                  "novip": attempt(ask_novip),
                  "read_write": attempt(destination, read_write),
                  "read_only": attempt(destination, read_only)}))
