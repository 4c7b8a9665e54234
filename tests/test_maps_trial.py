"""What if: costs embedded without loss, a choice measured in the browser as Python measures it, saved and read again."""

import json
import random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from test_maps import CRS, HOSTILE, RADII, X, Y, city, embedded, opened_bundle
from test_maps_browser import browser, choose, open_page, spot, text  # noqa: F401 - fixtures

import edulayout as el
from edulayout import maps
from edulayout.errors import InputError, MissingFileError
from edulayout.maps import bundle, trial
from edulayout.stages import KINDS

NEW_SEATS = {
    "kindergarten": {"kindergarten": 270.0},
    "primary": {"primary": 1080.0},
    "nine_year": {"primary": 810.0, "junior_high": 450.0},
}


def restored(told):
    """Costs out of their packed form, by the rule that the page follows."""
    rows, columns, left = told["rows"], told["columns"], told["left"].reshape(len(told["rows"]), -1)
    steps = np.cumsum(np.cumsum(left.astype(np.int64), axis=0), axis=1)
    cells = (steps & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    metres = np.where(cells == -1, np.float32(np.inf), (cells / 2**14).astype(np.float32))
    plain = (cells != -1) & ((cells <= 512 * 2**14) | (cells >= 131071 * 2**14))
    metres[plain] = told["plain"]
    found = np.empty_like(metres)
    found[np.ix_(rows, columns)] = metres
    return found


COSTS = st.one_of(
    st.sampled_from([0.0, 512.0, 512.00006, 511.99997, 131071.0, 131070.99, 2e6, np.inf]),
    st.floats(0, 200_000, width=32),
    st.floats(0, 1, width=32),
)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(st.lists(COSTS, min_size=width, max_size=width), min_size=1, max_size=6)
    ),
    st.randoms(),
)
def test_packed_costs_are_the_same_to_the_last_bit(array, rnd):
    dense = np.array(array, dtype=np.float32)
    costs = el.TravelCosts.from_dense(
        dense,
        demand_ids=[f"d{i}" for i in range(len(dense))],
        school_ids=[f"s{i}" for i in range(dense.shape[1])],
        unit="metres",
    )
    order = tuple(np.array(rnd.sample(range(size), size)) for size in dense.shape)
    told = opened_bundle(bundle.bundle(trial.packed(costs, order)))
    assert restored(told).tobytes() == dense.tobytes()


def choosable(count=12, sites=14, seed=4):
    """A town whose schools and candidates may be chosen among, its costs straight."""
    rng = np.random.default_rng(seed)
    tables = city(count, name=HOSTILE)
    demand = tables["demand"]
    demand["pupils_kindergarten"] = rng.uniform(0, 9, len(demand))
    demand["pupils_primary"] = rng.uniform(0, 15, len(demand)) * (rng.random(len(demand)) < 0.8)
    demand["district_id"] = np.where(demand.geometry.centroid.x < X + 50 * count, "west", "east")
    schools = tables["schools"].assign(seats_primary=[np.nan, 540.0, np.nan, 540.0, np.nan])
    schools["district_id"] = np.where(schools.geometry.x < X + 50 * count, "west", "east")
    places = rng.uniform(0, 100 * count, (sites, 2)) + np.array([X, Y])
    allowed = ["kindergarten", "primary", "kindergarten;primary", "primary;nine_year"]
    candidates = gpd.GeoDataFrame(
        {"kinds": [allowed[i % 4] for i in range(sites)], "name": [f"Parcel {i}" for i in range(sites)],
         "district_id": np.where(places[:, 0] < X + 50 * count, "west", "east"), "chosen_layout": "", "chosen_kind": ""},
        geometry=[Point(xy) for xy in places], index=pd.Index([f"c{i:02d}" for i in range(sites)], name="candidate_id"), crs=CRS,
    )  # fmt: skip
    # the planned kindergarten of the layout stands on a candidate, as in a study
    candidates = pd.concat([candidates, gpd.GeoDataFrame(
        {"kinds": ["kindergarten"], "name": ["Depot"], "district_id": ["east"], "chosen_layout": ["planned"], "chosen_kind": ["kindergarten"]},
        geometry=[Point(X + 850, Y + 350)], index=pd.Index(["k2"], name="candidate_id"), crs=CRS)])  # fmt: skip
    tables |= {"schools": schools, "candidates": candidates}
    first = schools.drop_duplicates("school_id").set_index("school_id")
    every = pd.concat([first[["geometry"]], candidates.loc[~candidates.index.isin(first.index), ["geometry"]]])
    costs = el.travel_costs(demand, every, engine=el.Straight(), cutoff=1_000.0)
    costs = el.TravelCosts(
        costs.indptr, costs.indices, costs.values, costs.demand_ids, costs.school_ids, "metres", "straight"
    )
    return tables, costs


def chosen_page(tables, costs, **options):
    return maps.page(
        maps.explore(**tables, what_if=maps.Trial(costs, new_seats=NEW_SEATS), engine="straight", **options)
    )


def test_the_page_holds_sites_districts_and_exact_pupils():
    tables, costs = choosable()
    told = embedded(chosen_page(tables, costs))["trial"]
    assert [site["id"] for site in told["sites"]] == sorted(costs.school_ids)
    assert told["pupils"]["primary"].tobytes() == tables["demand"]["pupils_primary"].to_numpy().tobytes()
    assert [told["groups"][number] for number in told["group"]] == tables["demand"]["district_id"].tolist()
    ordered = costs.select_schools(sorted(costs.school_ids))
    dense = np.full(ordered.shape, np.inf, np.float32)
    dense[ordered.row_numbers(), ordered.indices] = ordered.values
    assert restored(told["costs"]).tobytes() == dense.tobytes()
    assert told["seats"]["planned"]["k2"] == {"kindergarten": 180.0}
    assert "primary" not in told["seats"]["planned"]["k2"], "what is not stated is missing, not nought"


def test_costs_that_do_not_fit_are_refused():
    tables, costs = choosable()
    with pytest.raises(InputError, match="no costs to some sites"):
        chosen_page(tables, costs.select_schools(["k1", "p1", "k2"]))
    minutes = el.TravelCosts(
        costs.indptr, costs.indices, costs.values, costs.demand_ids, costs.school_ids, "minutes", "table"
    )
    with pytest.raises(InputError, match="minutes"):
        chosen_page(tables, minutes)
    turned = {**tables, "demand": tables["demand"].iloc[::-1]}
    with pytest.raises(InputError, match="same order"):
        chosen_page(turned, costs)


def test_too_many_costs_are_refused(monkeypatch):
    monkeypatch.setattr(trial, "MOST_PAIRS", 100)
    tables, costs = choosable()
    with pytest.raises(InputError, match="at most 100"):
        chosen_page(tables, costs)


# ---- the same numbers in the browser ------------------------------------------------------------------------------


def measured(tables, costs, opened, radii):
    """What Python says of a choice: the open sites by id and kind."""
    first = tables["schools"].drop_duplicates("school_id").set_index("school_id")
    known = tables["schools"][tables["schools"]["layout"] == "planned"].set_index("school_id")
    rows = []
    for name, kind in opened.items():
        own = name in first.index and first.loc[name, "kind"] == kind
        seats = known.loc[name] if own else NEW_SEATS.get(kind, {})
        district = (
            first.loc[name, "district_id"] if name in first.index else tables["candidates"].loc[name, "district_id"]
        )
        rows.append({"school_id": name, "kind": kind, "district_id": district,
                     "seats_kindergarten": seats.get("kindergarten" if not own else "seats_kindergarten", np.nan),
                     "seats_primary": seats.get("primary" if not own else "seats_primary", np.nan)})  # fmt: skip
    schools = pd.DataFrame(rows).set_index("school_id")
    found = {}
    for stage in RADII:
        serving = sorted(name for name, kind in opened.items() if stage in KINDS[kind].stages)
        covered = el.coverage.summary(
            costs.select_schools(serving), tables["demand"], stage=stage, radius=radii[stage], by="district_id"
        )
        found[stage] = covered.join(
            el.seats.balance(tables["demand"], schools, stage=stage)[["seats", "schools_unknown", "gap_at_most"]]
        )
    return found


def compare(page, tables, costs, opened, radii):
    told = page.evaluate(
        """() => { const chart = document.querySelector(".folium-map").edulayout;
        return Object.fromEntries(chart.data.stages.map((stage) => [stage.name, chart.trial.coverage(stage)])); }"""
    )
    for stage, table in measured(tables, costs, opened, radii).items():
        rows = {row["district"]: row for row in told[stage]}
        assert set(rows) == set(table.index)
        for district, row in table.iterrows():
            mine = rows[district]
            assert mine["pupils"] == pytest.approx(row["pupils"], rel=1e-9)
            assert mine["share_covered"] == pytest.approx(row["share_covered"], rel=1e-9)
            assert (mine["mean_metres"] if mine["mean_metres"] is not None else np.nan) == pytest.approx(
                row["mean_metres"], rel=1e-9, nan_ok=True
            )
            assert mine["unreachable"] == pytest.approx(row["pupils_unreachable"], rel=1e-9, abs=1e-9)
            assert (mine["seats"], mine["unknown"]) == (pytest.approx(row["seats"]), row["schools_unknown"])
            assert mine["short"] == pytest.approx(row["gap_at_most"], rel=1e-9, abs=1e-9)


@pytest.mark.browser
def test_random_choices_are_measured_as_python_measures_them(open_page):  # noqa: F811
    tables, costs = choosable()
    page = open_page(chosen_page(tables, costs))
    draw = random.Random(11)
    kinds = {name: entry.split(";") for name, entry in tables["candidates"]["kinds"].items()}
    for _ in range(6):
        opened = {name: draw.choice(kinds[name]) for name in draw.sample(sorted(kinds), draw.randint(2, 9))}
        opened |= {
            name: kind
            for name, kind in (("k1", "kindergarten"), ("p1", "primary"))
            if draw.random() < 0.6 or kind not in opened.values()
        }
        radii = {stage: float(draw.choice([radius, 250, 612.5])) for stage, radius in RADII.items()}
        page.evaluate(
            """([opened, radii]) => { const { trial, data } = document.querySelector(".folium-map").edulayout;
            trial.kinds = trial.sites.map((site) => opened[site.id] || "");
            data.stages.forEach((stage) => trial.setRadius(stage, radii[stage.name])); }""",
            [opened, radii],
        )
        compare(page, tables, costs, opened, radii)


@pytest.mark.browser
def test_ties_and_layouts_agree_with_the_tables(open_page):  # noqa: F811
    """Unchanged, a choice is the layout that it began with: the same schools nearest, the same shares."""
    tables, costs = choosable()
    page = open_page(chosen_page(tables, costs))
    told = page.evaluate(
        """() => { const chart = document.querySelector(".folium-map").edulayout, { trial } = chart; trial.start(1);
        return chart.data.stages.map((stage) => { const reach = trial.reach(stage); return [stage.name, [...reach.school].map((number) => number < 0 ? "" : chart.school(number).id)]; }); }"""
    )
    planned = tables["schools"][tables["schools"]["layout"] == "planned"]
    for stage, nearest in told:
        ids = sorted(planned.loc[planned["kind"] == stage, "school_id"])
        _, column = costs.select_schools(ids).nearest()
        assert nearest == [ids[number] if number >= 0 else "" for number in column]


@pytest.mark.browser
def test_trying_saving_and_loading_a_choice(open_page, tmp_path):  # noqa: F811
    tables, costs = choosable()
    page = open_page(chosen_page(tables, costs))
    choose(page, "stage", "Kindergarten")
    page.click("button[name=begin]")
    assert "No changes yet" in text(page, ".el-try")
    before = text(page, ".el-big strong")
    page.select_option("select[name=open]", label="Parcel 4 – Kindergarten")
    page.click("button[name=open_go]")
    assert "+ " in text(page, ".el-changes")
    assert text(page, ".el-big strong") != before
    page.mouse.click(*spot(page, *(np.array(tables["candidates"].geometry["c06"].coords[0]) - (X, Y))))
    page.click(".el-dock .el-button:has-text('Open: Kindergarten')")
    page.locator(".el-school[title*='New Moon'] svg").click()
    page.click(".el-dock .el-button:has-text('Close this school')")
    assert page.locator(".el-changes li").count() == 3
    page.fill("input[name=radius]", "450")
    page.keyboard.press("Tab")
    assert "within 450 m" in text(page, ".el-colours")
    with page.expect_download() as waiting:
        page.click("button[name=save]")
    waiting.value.save_as(tmp_path / "choice.json")
    choice = maps.read_choice(tmp_path / "choice.json")
    assert choice.opened == {"c04": "kindergarten", "c06": "kindergarten"}, "New Moon was planned on a candidate: k2"
    assert choice.closed == ()
    assert choice.radius_metres == {"kindergarten": 450.0}
    assert choice.base == "planned"
    kept = text(page, ".el-figures")
    page.locator(".el-changes .el-button").first.click()
    page.click("button[name=reset]")
    assert text(page, ".el-figures") != kept
    page.set_input_files("input[name=choice]", tmp_path / "choice.json")
    page.wait_for_function("(kept) => document.querySelector('.el-figures').textContent === kept", arg=kept)
    (tmp_path / "other.json").write_text(
        '{"format": "edulayout choice 1", "opened": [{"candidate_id": "zz", "kind": "primary"}], "closed": []}'
    )
    page.set_input_files("input[name=choice]", tmp_path / "other.json")
    page.wait_for_function("() => document.querySelector('.el-try').textContent.includes('does not have')")
    page.select_option("select[name=shut]", index=1)
    page.click("button[name=shut_go]")
    assert text(page, ".el-figures") != kept


@pytest.mark.browser
def test_a_closed_school_can_be_opened_again(open_page):  # noqa: F811
    tables, costs = choosable()
    page = open_page(chosen_page(tables, costs, language="zh"))
    page.click("button[name=begin]")
    before = text(page, ".el-figures")
    page.select_option("select[name=shut]", index=1)
    page.click("button[name=shut_go]")
    assert "已停办" in text(page, ".el-signs")
    page.locator(".el-faint svg").first.click()
    page.click("text=恢复开办")
    assert text(page, ".el-figures") == before


@pytest.mark.browser
def test_a_card_tells_what_happens_without_the_school(open_page):  # noqa: F811
    tables, costs = choosable()
    page = open_page(chosen_page(tables, costs))
    choose(page, "stage", "Kindergarten")
    page.locator(".el-school svg").first.click()
    assert "Without this school" in text(page, ".el-dock")
    assert "100% to" in text(page, ".el-dock"), "there are two kindergartens: all go to the other"


# ---- the file -----------------------------------------------------------------------------------------------------


def choice_file(tmp_path, **content):
    path = tmp_path / "choice.json"
    path.write_text(json.dumps({"format": "edulayout choice 1", **content}), "utf-8")
    return path


def test_a_choice_is_read(tmp_path):
    path = choice_file(
        tmp_path,
        opened=[{"candidate_id": "c1", "kind": "nine_year"}],
        closed=["s9"],
        radius_metres={"primary": 600},
        base="planned",
        study="Town",
    )
    choice = maps.read_choice(path)
    assert choice == maps.Choice({"c1": "nine_year"}, ("s9",), {"primary": 600.0}, "planned", "Town")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"opened": [{"candidate_id": "c1", "kind": "college"}]}, "opened"),
        ({"opened": [{"candidate_id": 1, "kind": "primary"}]}, "opened"),
        ({"opened": [{"candidate_id": "c1", "kind": ["primary"]}]}, "opened"),
        ({"opened": [{"candidate_id": "c1", "kind": "primary"}] * 2}, "opened"),
        ({"opened": {"c1": "primary"}}, "opened"),
        ({"closed": ["s1", "s1"]}, "closed"),
        ({"closed": "s1"}, "closed"),
        ({"radius_metres": {"primary": -1}}, "radius_metres"),
        ({"radius_metres": {"college": 100}}, "radius_metres"),
        ({"radius_metres": {"primary": True}}, "radius_metres"),
        ({"base": 3}, "base, study"),
    ],
)
def test_a_faulty_choice_is_refused(tmp_path, content, where):
    with pytest.raises(InputError, match=f"choice.json: {where}"):
        maps.read_choice(choice_file(tmp_path, **content))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "other"}', "\x00\xff", "1" * 20])
def test_another_file_is_no_choice(tmp_path, content):
    path = tmp_path / "choice.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match="edulayout choice 1"):
        maps.read_choice(path)
    with pytest.raises(MissingFileError):
        maps.read_choice(tmp_path / "none.json")


def test_all_faults_of_a_choice_come_together(tmp_path):
    with pytest.raises(InputError) as caught:
        maps.read_choice(choice_file(tmp_path, opened=[3], closed=4, radius_metres=5, base=6))
    assert len(caught.value.faults) == 4


# ---- a run of the choice ------------------------------------------------------------------------------------------


def with_choice(town, choice):
    (town / "choice.json").write_text(json.dumps({"format": "edulayout choice 1", **choice}), "utf-8")
    study = town / "study.toml"
    study.write_text(
        study.read_text("utf-8").replace("[plan.quotas.west]", '[plan]\nchoice = "choice.json"\n\n[plan.quotas.west]'),
        "utf-8",
    )
    return el.Study.from_file(study)


def test_a_run_plans_what_was_chosen(town):
    choice = {
        "opened": [{"candidate_id": "c2", "kind": "nine_year"}, {"candidate_id": "c4", "kind": "primary"}],
        "closed": ["s1"],
        "radius_metres": {"primary": 800},
    }
    result = with_choice(town, choice).run()
    planned = result.schools[result.schools["layout"] == "planned"]
    assert dict(zip(planned["school_id"], planned["kind"], strict=True)) == {"c2": "nine_year", "c4": "primary"}
    assert set(result.schools["layout"]) == {"existing", "planned"}
    assert result.candidates["chosen_kind"].to_dict() == {"c1": "", "c2": "nine_year", "c3": "", "c4": "primary"}
    assert any("tried with 800 m for primary; measured with 500 m" in rule for rule in result.rules)
    walked = result.costs.select_schools(["c2", "c4"]).nearest()[0]
    assert result.demand["metres_primary_planned"].to_numpy() == pytest.approx(walked)


def test_a_choice_of_another_town_is_refused(town):
    choice = {
        "opened": [{"candidate_id": "zz", "kind": "primary"}, {"candidate_id": "c1", "kind": "nine_year"}],
        "closed": ["s7"],
    }
    with pytest.raises(InputError) as caught:
        with_choice(town, choice).check()
    assert [fault.rows for fault in caught.value.faults] == [("zz",), ("c1 (nine_year)",), ("s7",)]


@pytest.mark.browser
def test_what_the_page_saves_the_run_measures_alike(town, open_page, tmp_path):  # noqa: F811
    """The whole way: a run's map, a choice made in it, the run of that choice."""
    page = open_page(maps.page(el.Study.from_file(town / "study.toml").run().map()))
    page.click("button[name=begin]")
    page.select_option("select[name=open]", index=1)
    page.click("button[name=open_go]")
    page.select_option("select[name=shut]", index=1)
    page.click("button[name=shut_go]")
    with page.expect_download() as waiting:
        page.click("button[name=save]")
    waiting.value.save_as(tmp_path / "saved.json")
    told = page.evaluate(
        "() => { const chart = document.querySelector('.folium-map').edulayout; return chart.data.stages.map((stage) => [stage.name, chart.trial.coverage(stage)]); }"
    )
    result = with_choice(town, json.loads((tmp_path / "saved.json").read_text("utf-8"))).run()
    table = result.coverage[result.coverage["layout"] == "planned"].set_index(["stage", "district_id"])
    for stage, rows in told:
        for row in rows:
            mine = table.loc[(stage, row["district"])]
            assert row["share_covered"] == pytest.approx(mine["share_covered"], rel=1e-9)
            walked = np.nan if row["mean_metres"] is None else row["mean_metres"]
            assert walked == pytest.approx(mine["mean_metres"], rel=1e-9, nan_ok=True)
