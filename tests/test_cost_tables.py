"""Long tables of costs: from files and from other programs, and what is wrong with them."""

import sys
from importlib.util import find_spec

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

import edulayout as el
from edulayout.engines import long_tables
from edulayout.errors import InputError, MissingExtraError, MissingFileError

METRIC = "EPSG:4544"


def places(*ids):
    return gpd.GeoSeries([Point(0, 0)] * len(ids), index=list(ids), crs=METRIC)


def cost(table, demand=("01", "02"), schools=("s", "t")):
    found = table.costs(places(*demand), places(*schools))
    return [found.indptr.tolist(), found.indices.tolist(), found.values.tolist()]


EXPECTED = [[0, 2, 3], [0, 1, 0], [5.0, 0.0, 7.5]]


@pytest.mark.parametrize(
    ("header", "options"),
    [
        ("from,to,cost", {}),
        ("from_id,to_id,travel_time", {"preset": "r5"}),
        ("from_id,to_id,travel_time_p50", {"preset": "r5"}),
        ("起点,终点,分钟", {"columns": {"from": "起点", "to": "终点", "cost": "分钟"}}),
    ],
)
def test_a_csv_keeps_ids_as_text_and_empty_cells_as_unreachable(tmp_path, header, options):
    path = tmp_path / "costs.csv"
    path.write_text(f"{header}\n01,s,5\n01,t,0\n02,s,7.5\n02,t,\n", encoding="utf-8")
    table = el.CostTable.read(path, unit="minutes", **options)
    assert table.unit == "minutes"
    assert cost(table) == EXPECTED


def test_presets_turn_seconds_and_kilometres():
    ends = {"from_index": ["01", "01", "02"], "to_index": ["s", "t", "s"]}
    valhalla = pd.DataFrame({**ends, "time": [300.0, 0.0, 450.0], "distance": [0.005, 0.0, 0.0075]})
    for unit in ("minutes", "metres"):
        assert cost(el.CostTable.from_table(valhalla, preset="valhalla", unit=unit)) == EXPECTED
    osrm = valhalla.set_axis(["source", "destination", "duration", "distance"], axis=1).assign(distance=[5.0, 0.0, 7.5])
    for unit in ("minutes", "metres"):
        assert cost(el.CostTable.from_table(osrm, preset="osrm", unit=unit)) == EXPECTED


@pytest.mark.parametrize(
    ("answer", "unit"),
    [
        ({"durations": [[300, 0], [450, None]]}, "minutes"),
        ({"distances": [[5, 0], [7.5, None]]}, "metres"),
        ({"sources_to_targets": [[{"time": 300}, {"time": 0}], [{"time": 450}, {"time": None}]]}, "minutes"),
        (
            {
                "sources_to_targets": [
                    [{"distance": 0.005}, {"distance": 0}],
                    [{"distance": 0.0075}, {"distance": None}],
                ]
            },
            "metres",
        ),
    ],
)
def test_answers_of_osrm_and_valhalla(answer, unit):
    table = el.CostTable.from_answer(answer, demand_ids=["01", "02"], school_ids=["s", "t"], unit=unit)
    assert cost(table) == EXPECTED


def test_faults_say_what_is_there(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        el.CostTable.read(tmp_path / "none.csv", unit="minutes")
    path = tmp_path / "costs.csv"
    path.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(InputError, match="the columns a, b, c"):
        el.CostTable.read(path, unit="minutes")
    path.write_text("from,to,cost\n1,2,near\n1,3,4\n")
    with pytest.raises(InputError, match="'near'") as caught:
        el.CostTable.read(path, unit="minutes")
    assert caught.value.faults[0].rows == ("line 2",)
    path.rename(tmp_path / "costs.xlsx")
    with pytest.raises(InputError, match=r"\.parquet"):
        el.CostTable.read(tmp_path / "costs.xlsx", unit="minutes")
    with pytest.raises(InputError, match="'r5' in metres"):
        el.CostTable.from_table(pd.DataFrame(), preset="r5", unit="metres")
    with pytest.raises(InputError, match="2 × 1, demand × schools"):
        el.CostTable.from_answer({"durations": [[1, 2]]}, demand_ids=["a", "b"], school_ids=["s"], unit="minutes")
    with pytest.raises(InputError, match="answer with code"):
        el.CostTable.from_answer({"code": "Ok"}, demand_ids=["a"], school_ids=["s"], unit="minutes")


def test_parquet_without_pyarrow_names_the_command(tmp_path, monkeypatch):
    path = tmp_path / "costs.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setattr(long_tables, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="pip install pyarrow"):
        el.CostTable.read(path, unit="minutes")


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_belo_horizonte(real_data):
    folder = real_data / "belo_horizonte"
    table = el.CostTable.read(folder / "travel_matrix.parquet", preset="r5", unit="minutes")
    assert len(table.pairs) == 748_437
    cells = gpd.read_file(folder / "grid_bho.gpkg").set_index("id").to_crs("EPSG:31983")
    costs = el.travel_costs(cells, cells, engine=table, cutoff=45)
    within = table.pairs[table.pairs <= 45]
    assert costs.pairs == len(within)
    assert costs.to_series().sum() == pytest.approx(within.sum())
    assert "pyarrow" in sys.modules
