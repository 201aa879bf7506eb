"""/metrics: HAProxy's names and novip's own, as Prometheus and its tools take them; the alert rules
and the Grafana board that come with novip ask for nothing that is not there."""

import datetime
import json
import pathlib
import re
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.process import Process
from harness.servers import NamedServer, server_reached
from harness.unpacked import unpacked
from harness.wait import wait_for

MONITORING = pathlib.Path(__file__).resolve().parents[2] / "packaging/monitoring"

HAPROXY = pathlib.Path("/usr/sbin/haproxy")

EXPORTER = DEFAULTS + """
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1} check inter 200ms
    server s2 {s2} check inter 200ms backup
frontend stats
    mode http
    bind 127.0.0.1:{page}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats auth dba:secret
"""

# What HAProxy tells of things that novip does not have.
NOT_HERE = re.compile(
    r"haproxy_process_(.*(ssl|zlib|http_comp|pool_).*|recv_logs_total|spliced_bytes_out_total"
    r"|failed_resolutions)"
    r"|haproxy_backend_max_(connect|queue|response|total)_time_seconds"
    r"|haproxy_server_(max_(connect|queue|response|total)_time_seconds|check_code)")


def metrics_of(address, port, query=""):
    with urllib.request.urlopen(f"http://{address}:{port}/metrics{query}", timeout=10) as answer:
        return answer.read().decode()


def families(text):
    """{name: type}"""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))


def labels(text):
    """{(family, label names)}"""
    return {(name, tuple(re.findall(r"(\w+)=\"", inside)))
            for name, inside in re.findall(r"^(\w+)\{(.*)\} ", text, re.M)}


@pytest.fixture
def exporter(start_proxy, cleanup):
    """Starts a proxy, of novip or HAProxy, and gives what it tells at /metrics after a session."""
    s1, s2 = (cleanup.enter_context(NamedServer(name)) for name in ("s1", "s2"))

    def start(binary):
        port, page = free_port(), free_port()
        text = EXPORTER.format(port=port, page=page, s1=s1, s2=s2)
        proxy = start_proxy(text, binary=binary)
        proxy.page = page
        wait_for(lambda: server_reached(port) == "s1", "the first session")
        wait_for(lambda: 'haproxy_server_check_status{proxy="pool",server="s1",state="L4OK"} 1'
                 in metrics_of("127.0.0.1", page), "the first check")
        return proxy
    return start


@pytest.mark.novip_only
def test_names_types_and_labels_are_those_of_haproxy(exporter):
    theirs = metrics_of("127.0.0.1", exporter(HAPROXY).page)
    ours = metrics_of("127.0.0.1", exporter(settings.BINARY).page)
    missing = {name: kind for name, kind in families(theirs).items()
               if families(ours).get(name) != kind and not NOT_HERE.fullmatch(name)}
    assert not missing
    known = {pair for pair in labels(theirs) if not NOT_HERE.fullmatch(pair[0])}
    assert known <= labels(ours), known - labels(ours)
    invented = {name for name in families(ours)
                if name.startswith("haproxy_")} - set(families(theirs))
    assert not invented


@pytest.mark.novip_only
def test_the_exporter_is_for_everybody_and_takes_scopes(exporter):
    page = exporter(settings.BINARY).page
    only_servers = families(metrics_of("127.0.0.1", page, "?scope=server"))
    assert only_servers and all(name.startswith("haproxy_server_") for name in only_servers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        metrics_of("127.0.0.1", page, "?scope=nonsense")
    assert refused.value.code == 400
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{page}/haproxy?stats", timeout=10)
    assert refused.value.code == 401    # the page still asks who it is


# Prometheus writes its parameters encoded; the others are how HAProxy takes what people type.
QUERIES = ("", "scope=%2A", "scope=*", "scope", "scope=", "scope=&scope=server", "scope=server",
           "scope=serv%65r", "sc%6Fpe=server", "scope=server%zz", "other=%4", "other=1", "no-maint",
           "scope=server&scope=backend", "scope=server&scope", "scope=server&scope=", "scope=*&scope=",
           "scope=+server", "scope=server;no-maint", "scope==", "&&", "scope=listener",
           "scope=sticktable", "scopes=server")


def answer_to(page, query):
    """The status, and which scopes are told of: (200, {"server"})."""
    try:
        text = metrics_of("127.0.0.1", page, f"?{query}")
    except urllib.error.HTTPError as refused:
        return refused.code, set()
    return 200, set(re.findall(r"^# TYPE haproxy_([a-z]+)_", text, re.M))


@pytest.mark.novip_only
def test_queries_are_taken_as_haproxy_takes_them(exporter):
    theirs, ours = (exporter(binary).page for binary in (HAPROXY, settings.BINARY))
    assert ({query: answer_to(ours, query) for query in QUERIES} ==
            {query: answer_to(theirs, query) for query in QUERIES})


def promtool(*arguments, **options):
    done = subprocess.run([unpacked("usr/bin/promtool"), *arguments], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    return done.returncode, done.stdout


@pytest.mark.novip_only
def test_promtool_has_nothing_to_say_of_our_own_names(native):
    node = native["srv1"]
    text = metrics_of(node.address, node.ports.stats)
    own = "".join(line for line in text.splitlines(True)
                  if re.match(r"(# \w+ )?novip_", line))
    assert promtool("check", "metrics", input=own) == (0, "")
    # HAProxy's own names break some of its rules of style, and must not be changed; all else is
    # well: exit status 3 is style.
    code, said = promtool("check", "metrics", input=text)
    assert code in (0, 3) and "error while linting" not in said
    assert all(line.startswith("haproxy_") for line in said.splitlines()), said


@pytest.mark.novip_only
def test_alert_rules(tmp_path):
    code, said = promtool("check", "rules", MONITORING / "novip-alerts.yml")
    assert code == 0, said
    code, said = promtool("test", "rules", MONITORING / "novip-alerts-test.yml")
    assert code == 0, said


def names_asked_for(text):
    return set(re.findall(r"\b((?:novip|haproxy)_[a-z_]+)\b", text)) - {"novip_alerts"}


@pytest.mark.novip_only
@pytest.mark.parametrize("file", ["novip-alerts.yml", "novip-grafana.json"])
def test_rules_and_board_ask_for_what_there_is(native, file):
    node = native["srv1"]
    there = set(families(metrics_of(node.address, node.ports.stats)))
    asked = names_asked_for((MONITORING / file).read_text())
    assert asked and asked <= there, asked - there


class Prometheus:
    """A real one, which scrapes every node's /metrics and evaluates our rules and queries."""

    def __init__(self, folder, nodes):
        self.folder, self.port = folder, free_port()
        targets = [f"{node.address}:{node.ports.stats}" for node in nodes]
        configuration = {
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms",
                       "evaluation_interval": "200ms"},
            "rule_files": [str(MONITORING / "novip-alerts.yml")],
            "scrape_configs": [{"job_name": "novip", "static_configs": [{"targets": targets}]}]}
        (folder / "prometheus.yml").write_text(json.dumps(configuration))   # JSON is YAML

    def __enter__(self):
        self._process = Process(
            "prometheus", [unpacked("usr/bin/prometheus"),
                           f"--config.file={self.folder}/prometheus.yml",
                           f"--storage.tsdb.path={self.folder}/data",
                           f"--web.listen-address=127.0.0.1:{self.port}"],
            self.folder / "prometheus.log")
        return self

    def __exit__(self, *_):
        self._process.stop()

    def _ask(self, path):
        """The data of the answer, or None while it cannot answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}",
                                        timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def query(self, expression):
        """[({label: value}, number)], or None."""
        data = self._ask("query?" + urllib.parse.urlencode({"query": expression}))
        return data and [(one["metric"], float(one["value"][1])) for one in data["result"]]

    def rules(self):
        """What became of each rule when it was evaluated last, or None."""
        data = self._ask("rules")
        return data and [rule for group in data["groups"] for rule in group["rules"]]


def seconds_of(time_of_day):
    """Since 1970; Prometheus writes nanoseconds, of which Python reads none too many."""
    return datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", time_of_day)).timestamp()


def expressions_of_the_board():
    board = json.loads((MONITORING / "novip-grafana.json").read_text())
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield (target["expr"].replace("$job", "novip").replace("$instance", ".*")
                   .replace("$__rate_interval", "1m"))


@pytest.mark.novip_only
def test_prometheus_follows_a_switchover(native, folder):
    with Prometheus(folder, native.nodes) as prometheus:
        wait_for(lambda: [value for _, value in prometheus.query('up{job="novip"}') or []]
                 == [1, 1, 1], "prometheus scrapes all three", 20)

        def primaries():
            return {labels["node"] for labels, _ in prometheus.query(
                'novip_cluster_node_role{role="primary"} == 1') or []}
        wait_for(lambda: primaries() == {"srv1"}, "prometheus sees the primary")
        for expression in expressions_of_the_board():
            # A counter's rate takes two scrapes.
            wait_for(lambda: prometheus.query(expression), f"the board's {expression} shows "
                     "something", 20)
        native.switchover(native["srv2"])
        wait_for(lambda: primaries() == {"srv2"}, "prometheus sees the new primary", 20)
        moved = time.time()

        def calm():
            rules = prometheus.rules()
            return rules and all(
                rule["health"] == "ok" and rule["state"] != "firing" and
                seconds_of(rule["lastEvaluation"]) > moved for rule in rules)
        wait_for(calm, "every rule is evaluated again, and none fires")
