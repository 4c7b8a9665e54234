"""What every test may ask for: the real data, a browser, the sample."""

import os
import shutil
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import LineString, box

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


X0, Y0 = 592_000.0, 3_495_000.0
TOWN_TOML = """
[study]
name = "Two halves"
note = "made for tests"
crs = "EPSG:4544"

[inputs]
districts = "districts.gpkg"
schools = { path = "schools.csv", crs = "EPSG:4544" }
demand = { path = "demand.csv", crs = "EPSG:4544" }
candidates = { path = "candidates.csv", crs = "EPSG:4544" }
streets = "streets.gpkg"

[pupils]
per_1000_residents = { primary = 100.0, junior_high = 50.0 }
source = "made up"

[plan.quotas.west]
primary = 2

[plan.quotas.east]
primary = 1

[plan.further]
nine_year = 1

[plan.classes]
primary = 12
"""


@pytest.fixture
def town(tmp_path):
    """A town of two districts, 2 km × 1 km, streets every 100 m, four places, one school, four parcels."""
    folder = tmp_path / "town"
    folder.mkdir()
    halves = gpd.GeoDataFrame(
        {"district_id": ["west", "east"], "name": ["西", "东"]},
        geometry=[box(X0, Y0, X0 + 1000, Y0 + 1000), box(X0 + 1000, Y0, X0 + 2000, Y0 + 1000)],
        crs="EPSG:4544",
    )
    across = [LineString([(X0 + x, Y0 + y) for x in range(0, 2001, 100)]) for y in range(0, 1001, 100)]
    along = [LineString([(X0 + x, Y0 + y) for y in range(0, 1001, 100)]) for x in range(0, 2001, 100)]
    halves.to_file(folder / "districts.gpkg", engine="pyogrio")
    gpd.GeoDataFrame(geometry=across + along, crs="EPSG:4544").to_file(folder / "streets.gpkg", engine="pyogrio")
    write_csv(folder / "schools.csv", "school_id,name,kind,status,seats_primary,x,y", [("s1", "One", "primary", "existing", 540, 100, 100)])  # fmt: skip
    write_csv(folder / "demand.csv", "demand_id,population,x,y", [("b1", 1000, 100, 100), ("b2", 2000, 900, 900), ("b3", 3000, 1500, 500), ("b4", 400, 1900, 100)])  # fmt: skip
    write_csv(folder / "candidates.csv", "candidate_id,name,kinds,area_m2,x,y", [
        ("c1", "A", "primary", 20000, 900, 800), ("c2", "B", "primary;nine_year", 30000, 200, 900),
        ("c3", "C", "primary;nine_year", 30000, 1500, 500), ("c4", "D", "primary", 20000, 1900, 900),
    ])  # fmt: skip
    (folder / "study.toml").write_text(TOWN_TOML, encoding="utf-8")
    return folder


def write_csv(path, header, rows):
    """Write rows whose last two cells are metres from the town's corner."""
    lines = [header] + [",".join(map(str, (*row[:-2], X0 + row[-2], Y0 + row[-1]))) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
