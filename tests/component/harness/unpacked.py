"""Programs of packages that would start a daemon when installed: ./dev setup only unpacks them."""

import pathlib

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "build/debian"


def unpacked(path):
    """What a package would install at `path`, below the root."""
    found = FOLDER / path
    if not found.exists():
        pytest.skip(f"{path} is not unpacked: ./dev setup")
    return found
