"""What every test may ask for: the real data, a browser, the sample."""

import os
import shutil
from pathlib import Path

import pytest

STRICT = os.environ.get("EDULAYOUT_STRICT") == "1"
"""Set by .ci/run: what would be skipped for want of a browser or of the real data fails there."""


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="run the long oracles too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="a long oracle: pytest --run-slow"))


def skip_or_fail(reason):
    if STRICT:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def real_data():
    root = Path(os.environ.get("EDULAYOUT_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (root / "README.md").exists():
        skip_or_fail("no real data: set EDULAYOUT_REAL_DATA to their folder")
    return root


@pytest.fixture(scope="session")
def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return skip_or_fail("no Chromium on this machine")


@pytest.fixture(scope="session")
def sample():
    return Path(__file__).parents[1] / "sample_data" / "four_districts"
