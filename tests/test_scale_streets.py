"""Street tiles: stored once, put together around a box, the same distances bit for bit."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scale_town import CRS, in_memory, written
from shapely import LineString, box

import edulayout as el
from edulayout.errors import CrsError, InputError, MissingFileError
from edulayout.scale import Access, Coverage, Nearest, StreetTiles, tile_streets
from edulayout.streets.travel import Travel

SIDE = 3000


def street_lines(seed=4):
    """A crooked grid with gaps, so that ways wind, and long streets cross many tiles."""
    random = np.random.default_rng(seed)
    steps = np.arange(0, SIDE + 1, 150)
    x, y = np.meshgrid(steps + 0.0, steps + 0.0)
    x, y = x + random.uniform(-40, 40, x.shape), y + random.uniform(-40, 40, y.shape)
    lines = []
    for i in range(len(steps)):
        for j in range(len(steps)):
            for k, m in ((i + 1, j), (i, j + 1)):
                if max(k, m) < len(steps) and random.uniform() < 0.8:
                    middle = (x[i, j] + x[k, m]) / 2 + random.uniform(-30, 30), (y[i, j] + y[k, m]) / 2
                    lines.append(LineString([(x[i, j], y[i, j]), middle, (x[k, m], y[k, m])]))
    lines.append(LineString([(-500, -300), (SIDE + 500, SIDE + 300)]))
    return lines


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    root = tmp_path_factory.mktemp("streets")
    random = np.random.default_rng(9)
    lines = gpd.GeoSeries(street_lines(), crs=CRS)
    river = gpd.GeoSeries([box(1400, -100, 1430, SIDE)], crs=CRS)
    streets = el.Streets.from_lines(lines).with_snap_limit(120).with_barriers(river)
    cells = pd.DataFrame({"id": np.arange(1500), "x": random.uniform(-200, SIDE + 200, 1500), "y": random.uniform(0, SIDE, 1500),
                          "pupils_primary": random.lognormal(1, 1, 1500)})  # fmt: skip
    schools = gpd.GeoDataFrame(
        {"seats_primary": random.integers(100, 900, 40).astype(float)},
        geometry=gpd.points_from_xy(*random.uniform(-100, SIDE + 100, (2, 40))),
        index=pd.Index([f"s{k:02d}" for k in range(40)], name="school_id"),
        crs=CRS,
    )
    tiles = tile_streets(streets, root / "tiles", tile_metres=400)
    return streets, tiles, cells, schools, written(cells, root / "cells")


def test_every_edge_is_stored_once_and_borders_are_shared(town):
    streets, tiles, *_ = town
    assert len(tiles.tiles) > 30
    assert sum(tile.edges for tile in tiles.tiles) == streets.graph.edges
    whole = tiles.around((-1e6, -1e6, 1e6, 1e6)).graph
    for name, array in streets.graph.arrays().items():
        assert (whole.arrays()[name] == array).all(), name


def test_a_part_knows_its_nodes_by_their_place(town):
    streets, tiles, *_ = town
    part = tiles.around((600, 600, 1100, 1100)).graph
    assert 0 < part.edges < streets.graph.edges / 4
    known = set(zip(streets.graph.x, streets.graph.y, strict=True))
    assert set(zip(part.x, part.y, strict=True)) <= known
    assert tiles.around((9e6, 9e6, 9.1e6, 9.1e6)) is None


@pytest.mark.parametrize("tile_cells", [150, 5000])
def test_results_along_streets_are_those_of_the_whole_network(tile_cells, town, tmp_path):
    streets, tiles, table, schools, folder = town
    decay = el.decay.Linear(800)
    access = Access("primary", decay=decay)
    plan = el.scale.plan(folder, schools, cutoff=800, crs=CRS, streets=tiles.folder, tile_cells=tile_cells)
    result = el.scale.run(plan, [Coverage("primary", radius=500, cutoff=800), Nearest("primary", k=2, cutoff=800), access], out=tmp_path / "out")  # fmt: skip
    cells = result.cells().set_index("id").loc[table.id]
    demand = in_memory(table)
    costs = el.travel_costs(demand, schools, engine=streets, cutoff=800)
    least, _ = costs.nearest()
    assert 0.3 < np.isfinite(least).mean() < 1
    assert (cells.cost_primary_800.to_numpy() == least.astype(np.float32)).all()
    expected = el.access.e2sfca(costs, demand.pupils_primary, schools.seats_primary, decay=decay)
    assert (cells[access.column].to_numpy() == expected.to_numpy()).all()
    near = el.nearest_schools(demand, schools, engine=streets, k=2, cutoff=800)
    for rank in (1, 2):
        own = near[near["rank"] == rank].set_index("demand_id")
        got = cells[cells[f"nearest_primary_{rank}_id"].notna()]
        own = own.loc[got.index.astype(str)]
        assert (own.school_id.to_numpy() == got[f"nearest_primary_{rank}_id"].to_numpy()).all()
        assert (own.cost.to_numpy() == got[f"nearest_primary_{rank}_cost"].to_numpy()).all()


def test_minutes_reach_as_far_as_the_fastest_street(town, tmp_path):
    _, _, table, schools, folder = town
    random = np.random.default_rng(3)
    lines = gpd.GeoDataFrame(geometry=street_lines(), crs=CRS)
    lines["ahead"] = random.choice([1 / 80, 1 / 250, 1 / 600], len(lines))
    lines["back"] = np.where(random.uniform(size=len(lines)) < 0.2, np.inf, lines.ahead)
    streets = el.Streets.from_lines(lines, pace_columns=("ahead", "back"), travel=Travel("drive", "minutes", 1 / 80))
    tiles = tile_streets(streets, tmp_path / "tiles", tile_metres=500)
    plan = el.scale.plan(folder, schools, cutoff=3, crs=CRS, streets=tiles.folder, tile_cells=200)
    assert plan.unit == "minutes"
    assert plan.halo(3) == pytest.approx(1800)
    result = el.scale.run(plan, [Coverage("primary", radius=2, cutoff=3)], out=tmp_path / "out")
    least, _ = el.travel_costs(in_memory(table), schools, engine=streets, cutoff=3).nearest()
    cells = result.cells().set_index("id").loc[table.id]
    assert (cells.cost_primary_3.to_numpy() == least.astype(np.float32)).all()


def test_where_no_street_is_nobody_arrives(town, tmp_path):
    _, tiles, table, schools, _ = town
    folder = written(table.assign(x=table.x + np.where(table.id < 700, 5e5, 0)), tmp_path / "cells")
    plan = el.scale.plan(folder, schools, cutoff=800, crs=CRS, streets=tiles.folder, tile_cells=400)
    result = el.scale.run(plan, [Coverage("primary", radius=500), Access("primary", decay=el.decay.Binary(500))], out=tmp_path / "out")  # fmt: skip
    cells = result.cells().set_index("id")
    assert np.isinf(cells.cost_primary_500[:700]).all()
    assert (cells.e2sfca_primary_500[:700] == 0).all()
    assert np.isfinite(cells.cost_primary_500[700:]).any()


def test_an_edge_shorter_than_its_line_is_refused(tmp_path):
    nodes = pd.DataFrame({"x": [0.0, 300.0], "y": [0.0, 400.0]}, index=["a", "b"])
    edges = pd.DataFrame({"from": ["a"], "to": ["b"], "length": [400.0]})
    streets = el.Streets.from_edges(nodes, edges, crs=CRS, min_component_metres=0)
    with pytest.raises(InputError, match="shorter than the straight line"):
        tile_streets(streets, tmp_path / "tiles")
    assert not (tmp_path / "tiles").exists()


def test_folders_that_are_no_street_tiles(town, tmp_path):
    _, tiles, _, schools, folder = town
    with pytest.raises(MissingFileError):
        StreetTiles.load(tmp_path)
    (tmp_path / "index.json").write_text('{"format": "other"}')
    with pytest.raises(InputError, match="format other"):
        StreetTiles.load(tmp_path)
    with pytest.raises(CrsError, match="another CRS"):
        el.scale.plan(folder, schools.set_crs("EPSG:4543", allow_override=True), cutoff=800, crs="EPSG:4543", streets=tiles.folder)  # fmt: skip
