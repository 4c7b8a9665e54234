"""The sample is what its README says, and `make.py` makes it again."""

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

QUOTAS = {
    "jiangbei": {"kindergarten": 8, "primary": 7, "junior_high": 4},
    "qili": {"kindergarten": 11, "primary": 6, "junior_high": 3},
    "jiangnan": {"kindergarten": 6, "primary": 3, "junior_high": 3},
    "jiangdong": {"kindergarten": 5, "primary": 2, "junior_high": 1},
}
FURTHER = {"kindergarten": 7, "primary": 4, "nine_year": 1}
LEAST_AREA = {"kindergarten": 3_000, "primary": 12_000, "junior_high": 17_000, "nine_year": 25_000}
GEOPACKAGES = ("districts.gpkg", "blocks.gpkg", "streets.gpkg")
TEXTS = (
    "schools.csv", "school_facts.csv", "candidates.geojson", "river.geojson", "ages.csv", "births.csv", "fertility.csv",
    "mortality.csv", "migration.csv", "housing.csv", "projects.csv", "payments.csv", "grades.csv", "idle.csv",
    "sites.geojson", "permits.geojson",
)  # fmt: skip

pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module")
def districts(sample):
    return gpd.read_file(sample / "districts.gpkg").set_index("district_id")


@pytest.fixture(scope="module")
def blocks(sample):
    return gpd.read_file(sample / "blocks.gpkg").set_index("demand_id")


@pytest.fixture(scope="module")
def streets(sample):
    return gpd.read_file(sample / "streets.gpkg").set_index("street_id")


@pytest.fixture(scope="module")
def river(sample):
    return gpd.read_file(sample / "river.geojson").to_crs("EPSG:4544").geometry.iloc[0]


@pytest.fixture(scope="module")
def schools(sample):
    table = pd.read_csv(sample / "schools.csv", dtype={"school_id": "string"}).set_index("school_id")
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table.lon, table.lat), crs="EPSG:4490").to_crs(
        "EPSG:4544"
    )


@pytest.fixture(scope="module")
def candidates(sample):
    return gpd.read_file(sample / "candidates.geojson").to_crs("EPSG:4544").set_index("candidate_id")


@pytest.fixture(scope="module")
def study(sample):
    return tomllib.loads((sample / "study.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ends(streets):
    tips = np.array([(line.coords[0], line.coords[-1]) for line in streets.geometry])
    nodes, number = np.unique(tips.reshape(-1, 2), axis=0, return_inverse=True)
    return nodes, number.reshape(-1, 2)


def district_of(places, districts):
    inside = {name: shape.covers(places.values) for name, shape in districts.geometry.items()}
    assert (sum(inside.values()) == 1).all(), "each place lies in exactly one district"
    return pd.Series(np.select(list(inside.values()), list(inside), default=""), places.index)


@pytest.mark.slow
def test_the_script_makes_the_committed_files_again(sample, tmp_path):
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    subprocess.run(
        [sys.executable, sample / "make.py", "--out", tmp_path], check=True, env=environment, capture_output=True
    )
    for name in GEOPACKAGES:
        assert_geodataframe_equal(gpd.read_file(tmp_path / name), gpd.read_file(sample / name))
    for name in TEXTS:
        assert (tmp_path / name).read_bytes() == (sample / name).read_bytes(), name
    for name in GEOPACKAGES:
        made, committed = (tmp_path / name).read_bytes(), (sample / name).read_bytes()
        # Bytes 96 to 99 of an SQLite file name the version that wrote it; another one may lay the pages out otherwise.
        if made[96:100] == committed[96:100] and len(made) == len(committed):
            assert made == committed, name


def test_the_readme_counts_the_rows(sample, blocks, streets, ends):
    text = (sample / "README.md").read_text(encoding="utf-8")
    assert f"| `blocks.gpkg` | {len(blocks):,} |" in text
    assert f"| `streets.gpkg` | {len(streets):,} | streets between {len(ends[0]):,} nodes" in text


def test_the_files_are_small(sample):
    assert sum(file.stat().st_size for file in sample.iterdir() if file.is_file()) < 6_000_000


def test_four_named_districts(districts):
    assert districts.crs.to_epsg() == 4544
    assert districts.name.to_dict() == {
        "jiangbei": "江北片区", "qili": "七里新区", "jiangnan": "江南片区", "jiangdong": "江东片区"
    }  # fmt: skip
    assert list(districts.name_en) == ["Jiangbei", "Qili New Area", "Jiangnan", "Jiangdong"]
    assert districts.to_crs("EPSG:4490").union_all().covers(shapely.Point(105.97, 31.58))


def test_districts_tile_the_city(districts):
    assert districts.is_valid.all()
    assert (districts.geom_type == "Polygon").all()
    whole = districts.union_all()
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert whole.area == pytest.approx(districts.area.sum(), abs=1e-6)


def test_district_borders_share_their_vertices(districts):
    corners = [set(shape.exterior.coords) for shape in districts.geometry]
    for one in range(4):
        for two in range(one):
            border = districts.geometry.iloc[one].exterior & districts.geometry.iloc[two].exterior
            shared = {xy for line in shapely.get_parts(border) for xy in line.coords}
            assert shared == corners[one] & corners[two]


def test_the_river_parts_jiangbei_from_the_others(districts, river):
    jiangbei = districts.geometry["jiangbei"]
    for other in ("qili", "jiangnan", "jiangdong"):
        border = jiangbei & districts.geometry[other]
        assert border.length > 1_000
        assert river.buffer(0.1).covers(border), other
    middle = shapely.union_all([jiangbei & districts.geometry[other] for other in ("qili", "jiangnan", "jiangdong")])
    assert 220 < river.area / middle.length < 290


def test_quotas_are_the_reports(study):
    assert study["plan"]["quotas"] == QUOTAS
    assert study["plan"]["further"] == FURTHER
    assert study["study"]["crs"] == "EPSG:4544"
    assert "schematic" in study["study"]["note"].lower()
    assert study["pupils"]["per_1000_residents"] == {"kindergarten": 33.8, "primary": 62.0, "junior_high": 30.5}


def test_the_study_names_files_that_exist(study, sample):
    paths = [entry["path"] if isinstance(entry, dict) else entry for entry in study["inputs"].values()]
    assert len(paths) == 17
    assert all((sample / path).is_file() for path in paths)


def test_existing_schools_stay_below_every_quota(schools, districts):
    assert len(schools) == 15
    assert set(schools.kind) == {"kindergarten", "primary", "junior_high"}
    assert (schools.status == "existing").all()
    assert schools[["name", "name_en"]].notna().all(axis=None)
    counts = Counter(zip(district_of(schools.geometry, districts), schools.kind, strict=True))
    for district, quota in QUOTAS.items():
        for kind, number in quota.items():
            assert counts[district, kind] < number, (district, kind)


def test_seats_stand_where_the_stage_is_served(schools):
    for stage in ("kindergarten", "primary", "junior_high"):
        served = schools.kind == stage
        assert (schools.loc[served, f"seats_{stage}"] > 0).all()
        assert schools.loc[~served, f"seats_{stage}"].isna().all()


def test_four_bridges_and_nothing_else_cross_the_river(streets, river):
    crossing = streets[streets.intersects(river)]
    assert sorted(crossing.name_en) == ["Dongjin Bridge", "Nanjin Bridge", "Qili Bridge", "Xijin Bridge"]
    assert crossing.name.str.endswith("大桥").all()
    assert crossing.bridge.eq("yes").all()
    assert streets.bridge.notna().sum() == 4


def test_the_four_bridges_join_jiangbei_to_the_other_three(streets, districts):
    bridges = streets[streets.bridge.notna()]
    over = Counter(
        frozenset(
            districts.index[districts.intersects(shapely.Point(tip))][0] for tip in (line.coords[0], line.coords[-1])
        )
        for line in bridges.geometry
    )
    assert over == {
        frozenset({"jiangbei", "qili"}): 2, frozenset({"jiangbei", "jiangnan"}): 1, frozenset({"jiangbei", "jiangdong"}): 1
    }  # fmt: skip


def test_streets_are_one_network_of_some_6000_nodes(streets, ends):
    nodes, pairs = ends
    assert 5_400 < len(nodes) < 6_600
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(nodes), len(nodes)))
    assert connected_components(links, directed=False)[0] == 1
    assert {"trunk", "primary", "secondary", "tertiary", "residential", "footway", "steps"} == set(streets.highway)
    assert (
        streets.loc[streets.highway.isin(["trunk", "primary", "secondary"]), ["name", "name_en"]].notna().all(axis=None)
    )


def test_streets_meet_only_at_their_ends(streets, ends):
    nodes, _ = ends
    assert streets.is_simple.all()
    lines = streets.geometry.values
    one, two = shapely.STRtree(lines).query(lines, predicate="intersects")
    meeting = shapely.intersection(lines[one[one < two]], lines[two[one < two]])
    spots = shapely.get_coordinates(meeting)
    known = {tuple(node) for node in nodes.tolist()}
    assert len(spots) > 10_000
    assert all(tuple(spot) in known for spot in spots.tolist())
    assert set(shapely.get_type_id(shapely.get_parts(meeting)).tolist()) == {0}


def test_blocks_hold_the_residents(blocks, districts):
    assert 3_600 < len(blocks) < 4_400
    assert blocks.index.is_unique
    assert blocks.population.dtype.kind == "i"
    assert blocks.population.min() > 0
    assert blocks.population.sum() == pytest.approx(300_000, rel=0.02)
    residents = blocks.population.groupby(district_of(blocks.representative_point(), districts)).sum()
    assert residents.to_dict() == {"jiangbei": 106_400, "jiangdong": 39_700, "jiangnan": 57_800, "qili": 95_900}


def test_blocks_are_sound_polygons_of_town_size(blocks):
    assert blocks.is_valid.all()
    assert (blocks.geom_type == "Polygon").all()
    across = 2 * shapely.minimum_bounding_radius(blocks.geometry.values)
    assert ((across > 55) & (across < 150)).mean() > 0.97
    assert (blocks.population / blocks.area * 10_000).max() < 1_200


def test_blocks_and_parcels_do_not_overlap(blocks, candidates):
    places = np.concatenate([blocks.geometry.values, candidates.geometry.values])
    one, two = shapely.STRtree(places).query(places, predicate="intersects")
    overlap = shapely.area(shapely.intersection(places[one[one < two]], places[two[one < two]]))
    assert overlap.sum() == 0


def test_blocks_and_parcels_lie_off_the_river_and_front_on_a_street(blocks, candidates, streets, river):
    places = np.concatenate([blocks.geometry.values, candidates.geometry.values])
    assert not shapely.intersects(places, river).any()
    tree = shapely.STRtree(streets.geometry.values)
    centres = shapely.point_on_surface(places)
    _, away = tree.query_nearest(centres, return_distance=True, all_matches=False)
    assert away.max() < 150
    assert not shapely.area(places[tree.query(places, predicate="intersects")[0]]).any()


def test_candidates_have_room_for_their_kinds(candidates):
    assert len(candidates) == 150
    assert set(candidates.land) == {"planned_land", "idle_building"}
    assert candidates.index.is_unique
    for row in candidates.itertuples():
        assert row.area_m2 >= max(LEAST_AREA[kind] for kind in row.kinds.split(";")), row.Index
        assert row.geometry.area == pytest.approx(row.area_m2, abs=5)
    assert candidates[["name", "name_en"]].notna().all(axis=None)
    assert not candidates.name.duplicated().any()


def test_every_district_has_twice_the_candidates_that_it_needs(candidates, schools, districts):
    own = district_of(candidates.geometry, districts)
    existing = Counter(zip(district_of(schools.geometry, districts), schools.kind, strict=True))
    for district, quota in QUOTAS.items():
        kinds = candidates.kinds[own == district].str.split(";")
        for kind, number in quota.items():
            assert kinds.map(lambda allowed, kind=kind: kind in allowed).sum() >= 2 * (
                number - existing[district, kind]
            )
    for kind, number in FURTHER.items():
        assert candidates.kinds.str.split(";").map(lambda allowed, kind=kind: kind in allowed).sum() >= 10 * number


def test_geojson_is_wgs84_and_counterclockwise(sample):
    for name in ("river.geojson", "candidates.geojson"):
        collection = json.loads((sample / name).read_text(encoding="utf-8"))
        rings = [np.array(feature["geometry"]["coordinates"][0]) for feature in collection["features"]]
        assert all(shapely.LinearRing(ring).is_ccw for ring in rings), name
        lon, lat = np.vstack(rings).T
        assert 105.9 < lon.min() < lon.max() < 106.05
        assert 31.5 < lat.min() < lat.max() < 31.65
