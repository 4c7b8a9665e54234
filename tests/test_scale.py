"""Out of core: by hand, against the functions in memory and plain SQL, and the same bits for any tiles."""

import json

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scale_town import CRS, DECAY, MEASURES, in_memory, province, written
from shapely import Point

import edulayout as el
from edulayout.errors import CrsError, InputError, MissingFileError, OutputError
from edulayout.scale import METHODS, Access, Coverage, Equity, Nearest, SeatBalance
from edulayout.scale.cells import found
from edulayout.scale.sums import exact_sums
from edulayout.stages import kinds_serving


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    table, schools = province()
    return table, schools, written(table, tmp_path_factory.mktemp("scale") / "cells")


@pytest.fixture(scope="module")
def whole(town, tmp_path_factory):
    """The province as one tile."""
    plan = el.scale.plan(town[2], town[1], cutoff=900, crs=CRS)
    assert len(plan.tiles) == 1
    return el.scale.run(plan, MEASURES, out=tmp_path_factory.mktemp("whole") / "out")


def serving(schools):
    return schools[schools.kind.isin(kinds_serving("primary")) & (schools.status != "closed")]


# by hand


def test_two_cells_one_school_by_hand(tmp_path):
    cells = pd.DataFrame(
        {"id": ["a", "b", "c"], "x": [0.0, 300, 2000], "y": [0.0, 0, 0], "pupils_primary": [30.0, 10, 5]}
    )
    folder = written(cells, tmp_path / "cells", files=1)
    school = gpd.GeoDataFrame(
        {"kind": ["primary"], "seats_primary": [20.0]}, geometry=[Point(0, 400)], index=["s"], crs=CRS
    )
    access = Access("primary", decay=el.decay.Binary(500))
    plan = el.scale.plan(folder, school, cutoff=500, crs=CRS, tile_cells=1)
    assert len(plan.tiles) == 3
    result = el.scale.run(plan, [Coverage("primary", radius=400, cutoff=500), access, Nearest("primary", cutoff=500)], out=tmp_path / "out")  # fmt: skip
    cells = result.cells()
    assert cells.id.tolist() == ["a", "b", "c"]
    assert cells.cost_primary_500.tolist() == [400, 500, np.inf]
    assert cells.e2sfca_primary_500.tolist() == [0.5, 0.5, 0]
    assert cells.nearest_primary_1_id.tolist()[:2] == ["s", "s"]
    assert pd.isna(cells.nearest_primary_1_id[2])
    row = result.tables["coverage_primary_400"].loc["all"]
    assert (row.pupils, row.pupils_covered, row.pupils_unreachable, row.mean_metres) == (45, 30, 5, 425)


def test_results_are_geoparquet(whole, town):
    table, _, _ = town
    part = gpd.read_parquet(next((whole.folder / "cells").glob("*.parquet")))
    assert part.crs == CRS
    assert len(part) == len(table)
    own = table.set_index("id").loc[part.id]
    assert (part.geometry.x.to_numpy() == own.x.to_numpy()).all()


# against the functions in memory


def test_coverage_is_that_in_memory(whole, town):
    table, schools, _ = town
    demand = in_memory(table)
    costs = el.travel_costs(demand, serving(schools), engine=el.Straight(), cutoff=900)
    expected = el.coverage.summary(
        costs,
        demand.assign(district_id=demand.district_id.replace("", None)),
        stage="primary",
        radius=400,
        by="district_id",
    )
    found = whole.tables["coverage_primary_400"]
    assert sorted(found.index) == sorted(expected.index)
    expected = expected.loc[found.index]
    exact = ["pupils", "pupils_covered", "share_covered", "max_metres", "pupils_unreachable", "mean_metres"]
    pd.testing.assert_frame_equal(found[exact], expected[exact], check_exact=True, check_names=False)
    for name in ("median_metres", "p95_metres"):
        over = found[name] - expected[name]
        assert ((over >= 0) & (over <= found.quantile_step_metres)).all()
    least, _ = costs.nearest()
    cells = whole.cells().set_index("id").loc[table.id]
    assert (cells.cost_primary_900.to_numpy() == least.astype(np.float32)).all()


@pytest.mark.parametrize("method", METHODS)
def test_access_is_that_in_memory_bit_for_bit(method, town, tmp_path):
    table, schools, folder = town
    demand, serve = in_memory(table), serving(schools)
    costs = el.travel_costs(demand, serve, engine=el.Straight(), cutoff=DECAY.reach)
    expected = getattr(el.access, method)(costs, demand.pupils_primary, serve.seats_primary, decay=DECAY)
    measure = Access("primary", method=method, decay=DECAY)
    plan = el.scale.plan(folder, schools, cutoff=1200, crs=CRS, tile_cells=500)
    result = el.scale.run(plan, [measure, Coverage("primary", radius=1200)], out=tmp_path / "out")
    cells = result.cells().set_index("id").loc[table.id]
    assert (cells[measure.column].to_numpy() == expected.to_numpy()).all()


def test_nearest_is_that_in_memory(whole, town):
    table, schools, _ = town
    expected = el.nearest_schools(in_memory(table), serving(schools), engine=el.Straight(), k=3, cutoff=900)
    cells = whole.cells()
    for rank in (1, 2, 3):
        own = expected[expected["rank"] == rank]
        got = cells[cells[f"nearest_primary_{rank}_id"].notna()].set_index("id")
        own = own.set_index(own.demand_id.astype(int)).loc[got.index]
        assert (got[f"nearest_primary_{rank}_id"].to_numpy() == own.school_id.to_numpy()).all()
        assert (got[f"nearest_primary_{rank}_cost"].to_numpy() == own.cost.to_numpy()).all()


def test_equity_is_that_in_memory_within_its_bound(whole, town):
    table, _, _ = town
    values = whole.cells().set_index("id").loc[table.id, "e2sfca_primary_900"].to_numpy()
    pupils = table.pupils_primary.to_numpy()
    row = whole.tables["equity_e2sfca_primary_900"].loc["all"]
    gini = el.equity.gini(values, pupils)
    assert row.gini_at_least - 1e-12 <= gini <= row.gini_at_most + 1e-12
    assert row.gini_at_most - row.gini_at_least < 1e-5
    assert row.theil == pytest.approx(el.equity.theil(values, pupils), rel=1e-8)
    assert row.atkinson == pytest.approx(el.equity.atkinson(values, pupils), rel=1e-8)
    assert row.coefficient_of_variation == pytest.approx(el.equity.coefficient_of_variation(values, pupils), rel=1e-8)
    assert row.palma == pytest.approx(el.equity.palma(values, pupils), rel=2 * row.quantile_bound)
    order = np.argsort(values)
    running = np.cumsum(pupils[order])
    median = values[order][np.searchsorted(running, running[-1] / 2)]
    assert row["median"] == pytest.approx(median, rel=row.quantile_bound)


def test_seats_are_those_in_memory(whole, town):
    table, schools, _ = town
    expected = el.seats.balance(in_memory(table), schools, stage="primary")
    pd.testing.assert_frame_equal(whole.tables["seats_primary"], expected, check_exact=True)


# against plain SQL


def test_plain_sql_agrees(whole, town):
    table, schools, _ = town
    serve = serving(schools)
    sites = pd.DataFrame(serve.geometry.get_coordinates()).assign(seats=serve.seats_primary)
    database = duckdb.connect()
    database.register("cells", table)
    database.register("places", sites)
    sql = """
        WITH sites AS (SELECT row_number() OVER () AS school, * FROM places),
        pairs AS (SELECT c.id, c.pupils_primary AS pupils, s.school, s.seats,
                         (c.x - s.x) * (c.x - s.x) + (c.y - s.y) * (c.y - s.y) AS square
                  FROM cells c JOIN sites s ON (c.x - s.x) * (c.x - s.x) + (c.y - s.y) * (c.y - s.y) <= 900 * 900),
        weighed AS (SELECT *, (exp(-0.5 * square / 810000) - exp(-0.5)) / (1 - exp(-0.5)) AS w FROM pairs),
        ratio AS (SELECT school, any_value(seats) / nullif(sum(w * pupils), 0) AS r FROM weighed GROUP BY school)
        SELECT id, min(square) AS square, coalesce(sum(w * r), 0) AS access
        FROM weighed JOIN ratio USING (school) GROUP BY id ORDER BY id
    """
    expected = database.sql(sql).df()
    cells = whole.cells()
    near = cells[np.isfinite(cells.cost_primary_900)]
    assert (near.id.to_numpy() == expected.id.to_numpy()).all()
    assert ((near.cost_primary_900 <= 400).to_numpy() == (expected.square <= 400 * 400).to_numpy()).all()
    np.testing.assert_allclose(near.e2sfca_primary_900, expected.access, rtol=1e-4, atol=1e-6)


# the same bits


@pytest.mark.parametrize("tile_cells", [200, 700, 2000])
def test_tile_size_changes_no_bit(tile_cells, town, whole, tmp_path):
    plan = el.scale.plan(town[2], town[1], cutoff=900, crs=CRS, tile_cells=tile_cells)
    assert len(plan.tiles) > 1
    assert sum(tile.cells for tile in plan.tiles) == len(town[0])
    assert el.scale.run(plan, MEASURES, out=tmp_path / "out").digest() == whole.digest()


def test_files_and_pair_limits_change_no_bit(town, whole, tmp_path, monkeypatch):
    monkeypatch.setattr("edulayout.scale.tasks.PAIRS_MOST", 500)
    shuffled = town[0].sample(frac=1.0, random_state=3)
    hive = tmp_path / "hive"
    for name, part in shuffled.groupby("district_id"):
        (hive / f"district_id={name}").mkdir(parents=True)
        part.drop(columns="district_id").to_parquet(hive / f"district_id={name}" / "a.parquet", index=False)
    plan = el.scale.plan(hive, town[1], cutoff=900, crs=CRS, tile_cells=900)
    assert el.scale.run(plan, MEASURES, out=tmp_path / "out").digest() == whole.digest()


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_geoparquet_input_changes_no_bit(encoding, town, whole, tmp_path):
    frame = gpd.GeoDataFrame(
        town[0].drop(columns=["x", "y"]), geometry=gpd.points_from_xy(town[0].x, town[0].y), crs=CRS
    )
    (tmp_path / "cells").mkdir()
    frame.to_parquet(tmp_path / "cells" / "a.parquet", index=False, geometry_encoding=encoding)
    plan = el.scale.plan(tmp_path / "cells", town[1], cutoff=900, tile_cells=900)
    assert el.scale.run(plan, MEASURES, out=tmp_path / "out").digest() == whole.digest()


@pytest.mark.parametrize("geometry", [False, True])
def test_shuffled_cells_are_arranged(geometry, town, whole, tmp_path):
    shuffled = town[0].sample(frac=1.0, random_state=3)
    if geometry:
        places = gpd.points_from_xy(shuffled.x, shuffled.y)
        shuffled = gpd.GeoDataFrame(shuffled.drop(columns=["x", "y"]), geometry=places, crs=CRS)
    (tmp_path / "cells").mkdir()
    shuffled.to_parquet(tmp_path / "cells" / "a.parquet", row_group_size=1000, index=False)
    given = {"cutoff": 900, "crs": None if geometry else CRS, "tile_cells": 300}
    before = el.scale.plan(tmp_path / "cells", town[1], **given)
    assert before.reads > 8 * len(town[0])
    assert "`arrange` them" in repr(before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edulayout.scale.arranging.GROUP_ROWS", 50)
        folder = el.scale.arrange(tmp_path / "cells", tmp_path / "arranged", square_metres=256)
    after = el.scale.plan(folder, town[1], **given)
    assert after.reads < before.reads / 3
    assert el.scale.run(after, MEASURES, out=tmp_path / "out").digest() == whole.digest()


@pytest.mark.parametrize("measure", MEASURES[:3], ids=lambda one: one.column)
def test_tiles_without_halo_are_found_out(measure, town, tmp_path, monkeypatch):
    plan = el.scale.plan(town[2], town[1], cutoff=900, crs=CRS, tile_cells=700)
    right = el.scale.run(plan, [measure], out=tmp_path / "right").digest()
    monkeypatch.setattr("edulayout.scale.tasks.wider", lambda box, metres: box)
    assert el.scale.run(plan, [measure], out=tmp_path / "broken").digest() != right


def test_tiles_cover_the_plane_once(town):
    plan = el.scale.plan(town[2], town[1], cutoff=900, crs=CRS, tile_cells=200)
    random = np.random.default_rng(2)
    x, y = random.uniform(-1e5, 1e5, (2, 5000))
    x[:2500] = np.floor(x[:2500] / 256) * 256
    owners = sum(
        ((x >= l) & (x < r) & (y >= b) & (y < t)).astype(int)
        for l, b, r, t in (tile.box for tile in plan.tiles)  # noqa: E741
    )
    assert (owners == 1).all()


def test_another_input_is_another_plan(town, tmp_path):
    table, schools, folder = town
    plan = el.scale.plan(folder, schools, cutoff=900, crs=CRS)
    moved = written(table.assign(x=table.x + (table.id == 7)), tmp_path / "moved")
    others = [
        el.scale.plan(folder, schools, cutoff=901, crs=CRS),
        el.scale.plan(folder, schools.iloc[1:], cutoff=900, crs=CRS),
        el.scale.plan(moved, schools, cutoff=900, crs=CRS),
    ]
    assert len({plan.hash, *(one.hash for one in others)}) == 4
    assert el.scale.plan(folder, schools, cutoff=900, crs=CRS).hash == plan.hash


# going on after a kill


def test_a_run_goes_on_where_it_stopped(town, whole, tmp_path):
    plan = el.scale.plan(town[2], town[1], cutoff=900, crs=CRS, tile_cells=500)
    out = tmp_path / "out"
    done = []

    def stop(step, at, total):
        done.append(step)
        if step.startswith("cells") and at == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        el.scale.run(plan, MEASURES, out=out, progress=stop)
    before = {path.name: path.stat().st_mtime_ns for path in (out / "cells").iterdir()}
    assert len(before) == 3
    result = el.scale.run(plan, MEASURES, out=out)
    after = {path.name: path.stat().st_mtime_ns for path in (out / "cells").iterdir()}
    assert before.items() <= after.items()
    assert result.digest() == whole.digest()


def test_results_of_something_else_are_not_overwritten(town, tmp_path):
    plan = el.scale.plan(town[2], town[1], cutoff=900, crs=CRS)
    el.scale.run(plan, MEASURES[:1], out=tmp_path / "out")
    with pytest.raises(OutputError, match="results of something else"):
        el.scale.run(plan, MEASURES[1:2], out=tmp_path / "out")


# faults


def test_faults_are_told_together(town, tmp_path):
    _, schools, folder = town
    plan = el.scale.plan(folder, schools.assign(seats_primary=np.nan), cutoff=900, crs=CRS)
    asked = [Coverage("junior_high", radius=300), Access("primary", decay=el.decay.Binary(950))]
    with pytest.raises(InputError) as caught:
        el.scale.run(plan, asked, out=tmp_path / "out")
    text = str(caught.value)
    assert "pupils_junior_high" in text
    assert "950 metres far" in text
    assert "seats_primary" in text
    assert not (tmp_path / "out").exists()


def test_negative_pupils_are_named(town, tmp_path):
    table, schools, _ = town
    folder = written(
        table.assign(pupils_primary=np.where(table.id == 17, -1.0, table.pupils_primary)), tmp_path / "cells"
    )
    plan = el.scale.plan(folder, schools, cutoff=900, crs=CRS)
    with pytest.raises(InputError, match="rows:     17"):
        el.scale.run(plan, MEASURES[:1], out=tmp_path / "out")


def test_inputs_that_cannot_be(town, tmp_path):
    table, schools, folder = town
    with pytest.raises(MissingFileError):
        el.scale.plan(tmp_path / "nothing", schools, cutoff=900, crs=CRS)
    with pytest.raises(CrsError, match="no CRS"):
        el.scale.plan(folder, schools, cutoff=900)
    with pytest.raises(CrsError, match="while the schools"):
        el.scale.plan(folder, schools, cutoff=900, crs="EPSG:4543")
    holes = table.assign(x=np.where(table.id < 2, np.nan, table.x)).sort_values("id")
    (tmp_path / "holes").mkdir()
    holes.to_parquet(tmp_path / "holes" / "a.parquet")
    with pytest.raises(InputError, match="2 cells without a place"):
        el.scale.plan(tmp_path / "holes", schools, cutoff=900, crs=CRS)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "a.parquet").write_bytes((folder / "part0.parquet").read_bytes()[:-20])
    with pytest.raises(InputError, match="whole Parquet"):
        found(tmp_path / "cut")


@pytest.mark.parametrize("made", [
    lambda: Coverage("primary", radius=0), lambda: Coverage("prime", radius=1), lambda: Nearest("primary", cutoff=1, k=0),
    lambda: Coverage("primary", radius=2, cutoff=1), lambda: Access("primary", decay=el.decay.Gaussian(3)),
    lambda: Access("primary", decay=DECAY, method="raam"), lambda: Equity(MEASURES[2], epsilon=1), lambda: SeatBalance("x"),
])  # fmt: skip
def test_measures_that_cannot_be(made):
    with pytest.raises(InputError):
        made()


# sums


def test_exact_sums_of_parts_add_up():
    random = np.random.default_rng(0)
    values, codes = random.lognormal(10, 4, 1000), random.integers(0, 3, 1000)
    whole = exact_sums(values, codes, 3)
    parts = [exact_sums(values[part], codes[part], 3) for part in np.array_split(random.permutation(1000), 7)]
    assert whole == [sum(column) for column in zip(*parts, strict=True)]
    assert [one / 2**30 for one in whole] == pytest.approx(np.bincount(codes, values))


def test_summary_file_holds_the_tables(whole):
    told = json.loads((whole.folder / "summary.json").read_text())
    assert told["tables"]["coverage_primary_400"]["all"]["pupils"] == whole.tables["coverage_primary_400"].pupils["all"]
