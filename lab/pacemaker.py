"""Pacemaker with Corosync, PAF and fencing: the manager of the original architecture. cluster.py
says what a manager is asked."""

import os
import xml.etree.ElementTree as xml

import machine
import postgres
import settings
from cluster import View
from machine import enter, everywhere, put, put_file, run_in
from progress import LabError, say, wait_for

RESOURCE = "pgsqld"
CLONE = f"{RESOURCE}-clone"
UNITS = ("corosync", "pacemaker")
FENCES = True

FENCING = """<primitive id="fence-{node}" class="stonith" type="fence_lab">
      <instance_attributes id="fence-{node}-params">
        <nvpair id="fence-{node}-plug" name="plug" value="{node}"/>
        <nvpair id="fence-{node}-hosts" name="pcmk_host_list" value="{node}"/>
        <nvpair id="fence-{node}-check" name="pcmk_host_check" value="static-list"/>
      </instance_attributes>
      <operations>
        <op id="fence-{node}-monitor" name="monitor" interval="60s" timeout="20s"/>
      </operations>
    </primitive>"""
AVOIDING = '<rsc_location id="fence-{node}-elsewhere" rsc="fence-{node}" node="{node}" ' \
           'score="-INFINITY"/>'

# While Pacemaker starts for the first time. With nobody to wait for, it elects a coordinator at
# once, not after 20 s; the configuration proper replaces it.
FIRST_CIB = """<cib crm_feature_set="3.1.0" validate-with="pacemaker-3.9" epoch="1" num_updates="0"
 admin_epoch="0"><configuration><crm_config>
  <cluster_property_set id="cib-bootstrap-options">
   <nvpair id="opt-dc-deadtime" name="dc-deadtime" value="2s"/>
  </cluster_property_set>
 </crm_config><nodes/><resources/><constraints/></configuration><status/></cib>
"""


def configure(nodes):
    """Before the nodes boot."""
    key = os.urandom(256)       # what Corosync encrypts with
    for node in nodes:
        postgres.configure(node)
        put_file(node, "/etc/corosync/corosync.conf", "corosync.conf")
        put(node, "/etc/corosync/authkey", key, mode=0o400)
        put_file(node, "/usr/sbin/fence_lab", "fence_lab", mode=0o755)


def bring_up():
    """Corosync first: novip may ask it for quorum, and Pacemaker is to have all its peers from its
    first second. Then PostgreSQL by hand: a primary and two copies of it, made through the proxies,
    and stopped in order. Then Pacemaker takes over."""
    first, *others = settings.DATABASES
    say("Corosync")
    everywhere(lambda node: run_in(node, "systemctl", "start", "corosync"), settings.DATABASES)
    wait_for("quorum of all nodes", lambda: all(
        members(node) == len(settings.DATABASES) for node in settings.DATABASES), 30)
    say(f"PostgreSQL: a primary on {first}, standbys through their own proxies")
    postgres.create_primary(first)
    everywhere(postgres.create_standby, others)
    for node in settings.DATABASES:
        postgres.stop(node)
    say("Pacemaker")
    everywhere(start_first_time, settings.DATABASES)
    wait_for("Pacemaker on all nodes", lambda: (view := see()) and view.quorum
             and set(view.online) == set(settings.DATABASES), 60)
    say("Pacemaker takes over: fencing, PAF")
    push_configuration(first)


def members(node):
    """How many nodes Corosync sees."""
    votes = [line for line in enter(node, "corosync-quorumtool", "-s").stdout.splitlines()
             if line.startswith("Total votes:")]
    return int(votes[0].split()[-1]) if votes else 0


def start_first_time(node):
    put(node, "/var/lib/pacemaker/cib/cib.xml", FIRST_CIB, mode=0o600)
    run_in(node, "chown", "hacluster:haclient", "/var/lib/pacemaker/cib/cib.xml")
    run_in(node, "systemctl", "start", "pacemaker")


def join(node):
    """A node that was fenced: what is on its disk is repaired, then it is let in. (Pacemaker is
    not started at boot: somebody is to look first. One who does not repair is fenced again.)"""
    if not postgres.is_running(node):
        say(f"PostgreSQL of {node} {postgres.repair(node)}")
    run_in(node, "systemctl", "start", *UNITS)
    wait_for(f"{node} online", lambda: (now := see()) and node in now.online, 60)
    say(f"{node} is online")
    forget_failures(node)


def leave(node):
    """The node's Pacemaker and Corosync end in order."""
    run_in(node, "systemctl", "stop", *reversed(UNITS))


def forget_that_they_left(nodes, seen_from):
    """Pacemaker 2.1.5 on a node without quorum remembers that others asked to be shut down: it
    would have them end again as soon as they are back."""
    for node in nodes:
        run_in(seen_from, "attrd_updater", "--delete", "--name", "shutdown", "--node", node)


def forget_failures(node):
    run_in(node, "crm_resource", "--cleanup", "--resource", CLONE, "--node", node)


def settle(node):
    """Waits until Pacemaker has done all it means to do."""
    run_in(node, "crm_resource", "--wait", "--timeout", "60s")


def push_configuration(node):
    text = (settings.FILES / "cib.xml").read_text()
    for mark, template in (("@FENCING@", FENCING), ("@AVOIDING@", AVOIDING)):
        text = text.replace(mark, "\n    ".join(
            template.format(node=name) for name in settings.DATABASES))
    run_in(node, "crm_attribute", "--type", "crm_config", "--name", "dc-deadtime", "--delete")
    run_in(node, "cibadmin", "--modify", "--allow-create", "--xml-pipe", input=text)


def see(node=None):
    """What the node's Pacemaker sees; without a node, what the first one with quorum sees. None
    where nobody answers."""
    if node is None:
        views = [view for name in settings.DATABASES if (view := see(name))]
        return next((view for view in views if view.quorum), views[0] if views else None)
    if not machine.is_up(node):
        return None
    try:
        told = enter(node, "crm_mon", "--output-as=xml", "--one-shot", "--show-node-attributes")
        return parse(node, xml.fromstring(told.stdout)) if told.returncode == 0 else None
    except (LabError, xml.ParseError):
        return None


def parse(seen_from, tree):
    view = View(seen_from)
    coordinator = tree.find("./summary/current_dc")
    if coordinator is not None and coordinator.get("present") == "true":
        view.coordinator = coordinator.get("name")
        view.quorum = coordinator.get("with_quorum") == "true"
    for node in tree.findall("./nodes/node"):
        for state in ("online", "standby", "unclean"):
            if node.get(state) == "true":
                getattr(view, state).append(node.get("name"))
    for resource in tree.findall(f".//resource[@id='{RESOURCE}']"):
        role, node = resource.get("role"), resource.find("node")
        if node is not None and resource.get("failed") != "true":
            if role in ("Promoted", "Master"):
                view.promoted.append(node.get("name"))
            elif role in ("Started", "Unpromoted", "Slave"):
                view.started.append(node.get("name"))
    for node in tree.findall("./node_attributes/node"):
        for attribute in node.findall(f"attribute[@name='master-{RESOURCE}']"):
            view.scores[node.get("name")] = int(attribute.get("value"))
    return view


def move(node):
    """Asks for the primary on `node`; returns at once. With --wait it would silently do nothing."""
    run_in(node, "crm_resource", "--move", "--promoted", "--resource", CLONE, "--node", node)


def clear():
    run_in(see().seen_from, "crm_resource", "--clear", "--resource", CLONE)


def migrate_after(failures):
    """After how many failures PostgreSQL leaves a node; None: as configured."""
    change = ["--delete-parameter", "migration-threshold"] if failures is None else \
        ["--set-parameter", "migration-threshold", "--parameter-value", failures]
    node = see().seen_from
    run_in(node, "crm_resource", "--meta", "--resource", RESOURCE, *change)
    settle(node)


def leave_alone(on):
    """Maintenance mode: resources run on, whatever becomes of Pacemaker and Corosync."""
    node = see().seen_from
    run_in(node, "crm_attribute", "--type", "crm_config", "--name", "maintenance-mode",
           *(("--update", "true") if on else ("--delete",)))
    settle(node)
