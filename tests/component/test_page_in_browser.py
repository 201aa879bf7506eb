"""The statistics page as somebody sees it: in a real Chromium, live, with orders clicked."""

import os

import psycopg
import pytest

from harness.browser import Browser
from harness.configurations import cluster_section
from harness.ports import free_ports
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

POOLS = """
listen prod
    bind 127.0.0.1:{prod}
    cluster pg role primary
    hold 30s

listen stdby
    bind 127.0.0.1:{stdby}
    balance roundrobin
    cluster pg role standby
    hold 30s

listen stats
    mode http
    bind 127.0.0.1:{page}
    stats enable
    stats uri /
    stats refresh 1s
    stats admin if TRUE
    timeout client 1m
    {more}
"""

# What the picture says each node is: {"srv1": "primary", …}.
ROLES = """Object.fromEntries([...document.querySelectorAll("#picture g")]
    .filter((card) => card.querySelector(".pill-text") && !card.classList.contains("pool"))
    .map((card) => [card.querySelector(".title").textContent,
                    card.querySelector(".pill-text").textContent]))"""
BEFORE = {"srv1": "primary", "srv2": "standby", "srv3": "standby"}
AFTER = {"srv1": "standby", "srv2": "primary", "srv3": "standby"}

# The spans of each node's lane of the time line: {"srv1": ["primary", "standby"], …}.
LANES = """(() => {
  const lanes = {};
  for (const rect of document.querySelectorAll("#lanes rect:not(.lane)")) {
    const hint = rect.textContent.match(/^(\\w+): (\\w+) since/);
    if (hint) (lanes[hint[1]] ||= []).push(hint[2]);
  }
  return lanes;
})()"""

TABLE = """[...document.querySelectorAll("#tables section")]
    .find((one) => one.querySelector("h2").textContent === "{pool}")"""
# What the table says of a server: "DRAIN 3s", of "stdby" and "srv2"; "" while there is no table.
ROW = """(() => {{
  const row = [...({table})?.querySelectorAll("tbody tr") ?? []]
      .find((one) => one.querySelector("td").textContent === "{server}");
  return row ? row.querySelectorAll("td")[1].textContent : "";
}})()"""


def show(tab, name):
    """For somebody who wants to see it: NOVIP_SCREENSHOTS is a folder for pictures of the page."""
    if pictures := os.environ.get("NOVIP_SCREENSHOTS"):
        tab.screenshot(f"{pictures}/{name}.png")


@pytest.fixture
def browser(folder):
    with Browser(folder) as browser:
        yield browser


class Watched:
    """A proxy of its own in front of the cluster, and its page in a tab."""

    def __init__(self, start_proxy, cluster, browser, more=""):
        self.prod, self.stdby, self.page = free_ports(3)
        pools = POOLS.format(prod=self.prod, stdby=self.stdby, page=self.page, more=more)
        self.proxy = start_proxy(cluster_section(cluster) + pools)
        wait_for(lambda: self.proxy.api.up("stdby") == {"srv2", "srv3"}, "the standbys are known")
        self._browser = browser

    def open(self, user="", **look):
        tab = self._browser.open(f"http://{user}127.0.0.1:{self.page}/", **look)
        wait_for(lambda: tab.run(ROLES) == BEFORE, "the page shows the cluster")
        return tab

    def clean(self, tab):
        """Nothing was asked of any other host, and the console is empty."""
        own = f"http://127.0.0.1:{self.page}/"
        assert [url for url in tab.requests if not url.startswith((own, "data:"))] == []
        assert tab.complaints == []

    def order(self, tab, pool, server, action):
        """As an operator gives it: the box before the server, the choice, the button."""
        table = TABLE.format(pool=pool)

        def element(selector):
            return f"({table}).querySelector('{selector}')"
        box = element(f'input[value="{server}"]')

        def chosen():       # until it is, the table may be drawn anew in between
            if not tab.run(f"{box}.checked"):
                tab.click(box)
            return tab.run(f"{box}.checked")
        wait_for(lambda: tab.run(f"!!({table})"), "the table is there")
        wait_for(chosen, "the box is checked")
        tab.run(f"{element('select')}.value = '{action}'")
        tab.click(element("button"))
        wait_for(lambda: "processed successfully" in (tab.text(".notice") or ""),
                 "the page says it is done")

    def reached(self):
        """The address of the server that a client of the standbys gets."""
        with psycopg.connect(host="127.0.0.1", port=self.stdby, dbname="app", user="app") as session:
            return session.execute("SELECT host(inet_server_addr())").fetchone()[0]

    def row(self, tab, pool, server):
        return tab.run(ROW.format(table=TABLE.format(pool=pool), server=server))


@pytest.fixture
def watched(start_proxy, native, browser):
    return Watched(start_proxy, native, browser)


def test_a_switchover_is_seen_live(native, watched):
    tab = watched.open()
    tab.run("window.notReloaded = true")
    events = tab.run("document.querySelectorAll('#events li').length")
    native.switchover(to=native["srv2"])
    wait_for(lambda: tab.run(ROLES) == AFTER, "the picture shows the new roles")
    wait_for(lambda: (tab.text("#verdict h1") or "").startswith("srv2 is primary"),
             "the verdict names the new primary")
    wait_for(lambda: tab.run(LANES).get("srv2", [])[-2:] == ["standby", "primary"] and
             tab.run(LANES).get("srv1", [])[-1:] == ["standby"], "the time line shows it")
    assert tab.run("document.querySelectorAll('#events li').length") > events
    assert "srv2" in tab.text("#events")
    wait_for(lambda: watched.row(tab, "prod", "srv2").startswith("UP") and
             not watched.row(tab, "prod", "srv1").startswith("UP"), "the table follows")
    assert tab.run("window.notReloaded"), "the page was loaded again"
    watched.clean(tab)
    show(tab, "switchover")
    native.wait_settled()


def test_an_order_is_clicked_and_in_effect(watched):
    tab = watched.open()
    watched.order(tab, "stdby", "srv2", "drain")
    assert watched.proxy.api.status("stdby")["srv2"].startswith("DRAIN")
    assert {watched.reached() for _ in range(4)} == {"127.0.0.13"}
    wait_for(lambda: watched.row(tab, "stdby", "srv2").startswith("DRAIN"), "the page shows it")
    show(tab, "drained")
    watched.order(tab, "stdby", "srv2", "ready")
    wait_for(lambda: watched.proxy.api.status("stdby")["srv2"] == "UP", "srv2 is ready")
    wait_for(lambda: watched.reached() == "127.0.0.12", "clients get it again")
    wait_for(lambda: watched.row(tab, "stdby", "srv2").startswith("UP"), "the page shows that, too")
    watched.clean(tab)


def test_who_gave_the_password_in_the_address(start_proxy, native, browser):
    watched = Watched(start_proxy, native, browser, "stats auth dba:secret")
    tab = watched.open("dba:secret@")
    watched.order(tab, "stdby", "srv3", "drain")
    assert watched.proxy.api.status("stdby")["srv3"].startswith("DRAIN")
    wait_for(lambda: watched.row(tab, "stdby", "srv3").startswith("DRAIN"), "the page is live")
    wait_for(lambda: "dba at 127.0.0.1" in tab.text("#events"), "its time line says who")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_looks(watched, scheme, width):
    tab = watched.open(width=width, scheme=scheme)
    wait_for(lambda: tab.run("document.querySelectorAll('#plots canvas').length") == 3,
             "the plots are drawn")
    assert tab.overflow() <= 0
    ground = tab.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(ground) < 64) == (scheme == "dark")
    watched.clean(tab)
    show(tab, f"{scheme}-{width}")
