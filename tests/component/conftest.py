import contextlib
import functools
import itertools
import os
import pathlib
import resource
import signal
import tempfile

import pytest

from harness import configurations, settings
from harness.cluster import running_cluster
from harness.pool import Pool
from harness.process import tail
from harness.proxy import Proxy
from harness.syslog import SyslogReceiver
from harness.tls import Authority

FOLDERS = itertools.count(1)

# The clusters that tests share, in the order of the tests: one runs at a time, since it takes
# processor time though nobody looks at it.
SHARED = ("shared_kernel", "shared_cluster", "shared_native")
STARTED = {}    # those of them that have been started


@pytest.hookimpl(tryfirst=True)     # before pytest-timeout's own, which looks at the option
def pytest_configure(config):
    # A terminated run must end its PostgreSQL too: fixtures are torn down as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # A pytest worker is given the option as its controller has it by now.
    is_chosen = config.option.timeout is not None or "PYTEST_TIMEOUT" in os.environ
    if settings.PATIENCE > 1 and not is_chosen:
        config.option.timeout = float(config.getini("timeout")) * settings.PATIENCE


def pytest_report_header(config):
    return (f"proxy: {settings.BINARY}, scale {settings.SCALE:g}"
            + (", on a machine slow to fork" if settings.SLOW_TO_FORK else ""))


def pytest_collection_modifyitems(items):
    if not settings.BINARY.exists():
        pytest.exit(f"no {settings.BINARY}: build it first (./dev build), or set NOVIP_BINARY", 2)
    for item in items:
        if settings.IS_HAPROXY and item.get_closest_marker("novip_only"):
            item.add_marker(pytest.mark.skip(reason="novip only"))
        if os.geteuid() != 0 and item.get_closest_marker("root_only"):
            item.add_marker(pytest.mark.skip(reason="needs root"))
    items.sort(key=lambda item: [name in item.fixturenames for name in reversed(SHARED)])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure comes with the tail of every log that was written to since the test began."""
    report = (yield).get_result()
    folder = item.funcargs.get("run_folder") if hasattr(item, "funcargs") else None
    if report.failed and folder:
        for log in sorted(folder.rglob("*.log")):
            if log.stat().st_mtime >= item.began and log.stat().st_size:
                report.sections.append((f"{log.relative_to(folder)}", tail(log)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    with tempfile.TemporaryFile() as now:   # the file system's clock, as the logs will have
        item.began = os.fstat(now.fileno()).st_mtime
    for name, cluster in STARTED.items():
        if name not in item.fixturenames:
            cluster.stop()      # whoever uses it next restores it


@pytest.fixture(scope="session")
def run_folder():
    with tempfile.TemporaryDirectory(prefix="novip-tests-") as name:
        os.chmod(name, 0o755)   # PostgreSQL runs as another user
        yield pathlib.Path(name)


@pytest.fixture
def folder(run_folder):
    """An empty folder of this test; its path is short, because those of Unix sockets must be."""
    path = run_folder / f"t{next(FOLDERS)}"
    path.mkdir()
    return path


@pytest.fixture(scope="session")
def shared_cluster(run_folder):
    with running_cluster(run_folder / "deck", configurations.deck()) as cluster:
        STARTED["shared_cluster"] = cluster
        yield cluster


@pytest.fixture(scope="session")
def shared_native(run_folder):
    with running_cluster(run_folder / "native", configurations.native()) as cluster:
        STARTED["shared_native"] = cluster
        yield cluster


@pytest.fixture
def cluster(shared_cluster):
    """The deck's cluster: srv1 is the primary, srv2 and srv3 are standbys, everything settled."""
    with shared_cluster.in_order():
        yield shared_cluster


@pytest.fixture
def native(shared_native):
    """The same with novip's own configuration."""
    with shared_native.in_order():
        yield shared_native


@pytest.fixture
def start_pool(start_proxy, native):
    """Starts a proxy of its own with one role pool in front of `native`: harness.pool.Pool."""
    return functools.partial(Pool, start_proxy, native)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="module")
def certificate(authority):
    """novip's own, with its key, for clients of this machine."""
    return authority.issue("novip", "localhost", "127.0.0.1")


@pytest.fixture
def start_proxy(folder):
    """Starts a proxy on a configuration; it is stopped, and its end examined, after the test.
    `binary`: another than the one under test."""
    started = []

    def start(configuration, *arguments, binary=settings.BINARY, **options):
        proxy = Proxy(f"proxy{len(started) + 1}", configuration, folder, binary)
        started.append(proxy)
        return proxy.start(*arguments, **options)

    yield start
    failures = []
    for proxy in started:
        try:
            proxy.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def cleanup():
    """A contextlib.ExitStack: what a test starts is given to it, to be closed at its end."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def syslog(folder):
    with SyslogReceiver(folder / "syslog") as receiver:
        yield receiver
