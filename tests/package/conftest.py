import pytest

import debian_root


@pytest.fixture(scope="session")
def deb():
    return debian_root.package()


@pytest.fixture(scope="session")
def bare(deb):
    """A Debian without novip."""
    root = debian_root.Debian(deb)
    yield root
    root.remove()


@pytest.fixture(scope="session")
def installed(deb):
    """A Debian with novip, freshly installed; what dpkg said is in `said`."""
    root = debian_root.Debian(deb)
    try:
        root.said = root.install(deb)
        yield root
    finally:
        root.remove()
