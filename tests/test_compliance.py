"""Compliance, rule by rule, on examples that a reader works out by hand."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

import edulayout as el
from edulayout import compliance, equity, standards
from edulayout.compliance.indicators import coefficient
from edulayout.compliance.judging import margin_of, shortfall_of
from edulayout.errors import InputError, TableError
from edulayout.standards import Range

CRS = "EPSG:4544"


def schools(*rows, **columns):
    """Schools given as id, kind, district, seats by stage; 1 km apart in a line."""
    ids, kinds, districts, seats = zip(*rows, strict=True)
    table = pd.DataFrame({"kind": kinds, "name": [f"学校{i}" for i in ids], "district_id": districts, **columns})
    table = table.assign(name_en=[f"School {i}" for i in ids], status=columns.get("status", "existing"))
    for stage in ("kindergarten", "primary", "junior_high"):
        table[f"seats_{stage}"] = [one.get(stage) for one in seats]
    points = [Point(1000.0 * at, 0) for at in range(len(ids))]
    return gpd.GeoDataFrame(table, geometry=points, crs=CRS).set_index(pd.Index(ids, name="school_id"))


def two(kind="primary", stage=None, seats=(540, 540), **columns):
    """Two schools of a kind: s1 in the east, s2 in the west."""
    stage = stage or kind
    return schools(("s1", kind, "east", {stage: seats[0]}), ("s2", kind, "west", {stage: seats[1]}), **columns)


def facts(**columns):
    return pd.DataFrame(columns, index=pd.Index(["s1", "s2"], name="school_id"))


@pytest.fixture
def demand():
    """Two places: 30 pupils among 1,000 residents in the east, 10 among 500 in the west, of every stage."""
    stages = {f"pupils_{stage}": [30.0, 10.0] for stage in ("kindergarten", "primary", "junior_high")}
    return pd.DataFrame({"population": [1000.0, 500.0], "district_id": ["east", "west"], **stages}, index=["a", "b"])


def rows(table, subject, by="object_id"):
    """The rows on a subject by object; there must be one of each."""
    found = table[table["subject"] == subject].set_index(by)
    assert found.index.is_unique, found.index
    return found


def only(subject, stage, value, **more):
    """A standard of one rule."""
    made = standards.layered([standards.load("in-rte")], overrides={subject: {stage: value}}, reason="a test")
    rule = next(rule for rule in made.rules if (rule.subject, rule.stage) == (subject, stage))
    return replace(made, rules=(replace(rule, **more),))


# Rules on single schools.


def test_class_size(demand):
    table = compliance.check(
        two(), demand, standard=only("class_size", "primary", 45),
        facts=facts(pupils_primary=[540, 600], classes_primary=[12, 12]),
    )  # fmt: skip
    found = rows(table, "class_size")
    assert found.loc["s1", ["found", "margin", "verdict"]].tolist() == [45.0, 0.0, "meets"]
    assert found.loc["s2", ["found", "margin", "verdict", "pupils"]].tolist() == [50.0, -5.0, "fails", 600.0]
    assert found.loc["s2", "shortfall"] == pytest.approx(5 / 45)
    assert found.index.tolist() == ["s2", "s1"]


def test_class_size_is_never_reckoned_from_seats(demand):
    found = rows(compliance.check(two(), demand, standard=only("class_size", "primary", 45)), "class_size")
    assert found["verdict"].tolist() == ["cannot_tell"] * 2
    assert found["reason"].tolist() == ["missing: pupils_primary, classes_primary"] * 2
    zero = facts(pupils_primary=[540, 600], classes_primary=[12, 0])
    found = rows(compliance.check(two(), demand, standard=only("class_size", "primary", 45), facts=zero), "class_size")
    assert found.loc["s2", ["verdict", "reason"]].tolist() == ["cannot_tell", "missing: classes_primary"]


def test_school_size_in_classes(demand):
    table = compliance.check(
        two(seats=(540, 1665)), demand, standard="cn-jianbiao-2002-102", facts=facts(classes_primary=[10, None])
    )
    found = rows(table[table["rule"] == "cn-jianbiao-2002-102/school_classes/primary"], "school_classes")
    assert found.loc["s1", ["found", "required", "margin", "verdict"]].tolist() == [10.0, 12.0, -2.0, "fails"]
    # 1,665 seats of 45 are 37 classes, 7 over the 30 of the standard.
    assert found.loc["s2", ["found", "required", "margin", "verdict"]].tolist() == [37.0, 30.0, -7.0, "fails"]
    assert found.loc["s2", "reason"] == "classes not known: reckoned from seats"


def test_school_size_in_pupils_by_kind(demand):
    made = schools(
        ("s1", "primary", "east", {"primary": 100}), ("s2", "nine_year", "west", {"primary": 1, "junior_high": 1})
    )
    told = facts(pupils_primary=[2100, 1500], pupils_junior_high=[None, 900])
    table = compliance.check(made, demand, standard="cn-quality-balance-2017", facts=told)
    found = table[table["subject"] == "school_pupils"].set_index(["object_id", "strength"])
    assert found["found"].to_dict() == {
        ("s1", "shall"): 2100.0, ("s1", "may"): 2100.0, ("s2", "shall"): 2400.0, ("s2", "may"): 2400.0
    }  # fmt: skip
    assert found["required"].to_dict() == {
        ("s1", "shall"): 2000.0, ("s1", "may"): 2400.0, ("s2", "shall"): 2500.0, ("s2", "may"): 3000.0
    }  # fmt: skip
    assert found.index[found["verdict"] == "fails"].tolist() == [("s1", "shall")]


def test_pupils_not_known_are_seats_and_said_to_be(demand):
    table = compliance.check(two(seats=(2100, None)), demand, standard=only("school_pupils", "primary", 2000))
    found = rows(table, "school_pupils")
    assert found.loc["s1", ["found", "verdict", "reason"]].tolist() == [
        2100.0,
        "fails",
        "pupils not known: seats stand in",
    ]
    assert found.loc["s2", ["verdict", "reason"]].tolist() == ["cannot_tell", "missing: pupils_primary"]


def test_site_area_by_pupil(demand):
    told = facts(pupils_primary=[500, 500], site_area_m2=[7000, 6000])
    found = rows(compliance.check(two(), demand, standard=only("site_area_per_pupil", "primary", 14), facts=told), "site_area_per_pupil")  # fmt: skip
    assert found["found"].to_dict() == {"s1": 14.0, "s2": 12.0}
    assert found["verdict"].to_dict() == {"s1": "meets", "s2": "fails"}


def test_a_planned_school_keeps_the_figure_for_new_ones(demand):
    told = facts(pupils_primary=[500, 500], site_area_m2=[6500, 6500])
    made = two(status=["existing", "planned"])
    table = compliance.check(made, demand, standard="cn-chengdu-2017", facts=told)
    found = rows(table[table["stage"] == "primary"], "site_area_per_pupil")
    assert found["required"].to_dict() == {"s1": 12.6, "s2": 14.0}
    assert found["verdict"].to_dict() == {"s1": "meets", "s2": "fails"}


@pytest.mark.parametrize(
    ("classes", "area", "verdict", "required"),
    [
        (12, 3569, "meets", 3569.0), (12, 3568, "fails", 3569.0), (18, 4684, "meets", 4684.0),
        (15, 3600, "meets", 3569.0), (15, 3500, "fails", 3569.0),
        (6, 3600, "not_applicable", np.nan), (31, 9999, "not_applicable", np.nan),
    ],
)  # fmt: skip
def test_floor_area_by_classes(demand, classes, area, verdict, required):
    told = facts(classes_primary=[classes, classes], floor_area_m2=[area, area])
    table = compliance.check(two(), demand, standard="cn-jianbiao-2002-102", facts=told)
    found = rows(table[table["rule"] == "cn-jianbiao-2002-102/floor_area/primary/basic"], "floor_area")
    assert found.loc["s1", "verdict"] == verdict
    np.testing.assert_equal(found.loc["s1", "required"], required)
    if verdict != "not_applicable":
        assert ("between the figures for 12 and 18" in found.loc["s1", "reason"]) == (classes == 15)


@pytest.mark.parametrize(("classes", "required"), [(18, 4684.0), (15, 3569.0), (None, np.nan), (31, np.nan)])
def test_a_figure_by_size_is_that_of_the_school_where_its_area_is_missing(demand, classes, required):
    told = facts(classes_primary=[classes, classes], floor_area_m2=[np.nan, np.nan])
    made = two(seats=(None, None))
    table = compliance.check(made, demand, standard="cn-jianbiao-2002-102", facts=told)
    found = rows(table[table["rule"] == "cn-jianbiao-2002-102/floor_area/primary/basic"], "floor_area").loc["s1"]
    assert found["verdict"] == "cannot_tell"
    np.testing.assert_equal(found["required"], required)
    assert ("by the number of classes" in found["limit"]) == bool(np.isnan(required))


def test_floor_area_by_pupil(demand):
    told = facts(classes_primary=[12, 12], floor_area_m2=[3569, 3000], pupils_primary=[539, 540])
    table = compliance.check(two(), demand, standard="cn-jianbiao-2002-102", facts=told)
    found = rows(
        table[table["rule"] == "cn-jianbiao-2002-102/floor_area_per_pupil/primary/basic"], "floor_area_per_pupil"
    )
    assert found.loc["s1", "found"] == pytest.approx(3569 / 539)
    assert found["verdict"].to_dict() == {"s1": "meets", "s2": "fails"}
    assert found["status"].unique().tolist() == ["derived"]


def test_nine_year_grades(demand):
    made = schools(
        ("s1", "nine_year", "east", {"primary": 810, "junior_high": 450}),
        ("s2", "nine_year", "west", {"primary": 900, "junior_high": 300}),
    )
    # 27 classes: 18 for grades 1-6. 26 classes: 17.33, so 17 or 18; s2 has 20.
    table = compliance.check(made, demand, standard="cn-gb50099-2011", facts=facts(classes_primary=[18, 20], classes_junior_high=[9, 6]))  # fmt: skip
    found = rows(table, "nine_year_grades", by=["object_id", "stage"])
    assert found["verdict"].to_dict() == {
        ("s1", "primary"): "meets", ("s1", "junior_high"): "meets", ("s2", "primary"): "fails", ("s2", "junior_high"): "fails"
    }  # fmt: skip
    assert found.loc[("s2", "primary"), ["found", "required", "margin"]].tolist() == [20.0, 18.0, -2.0]
    by_seats = compliance.check(made, demand, standard="cn-gb50099-2011")
    assert rows(by_seats, "nine_year_grades", by=["object_id", "stage"])["found"].to_dict() == {
        ("s1", "primary"): 18.0, ("s1", "junior_high"): 9.0, ("s2", "primary"): 20.0, ("s2", "junior_high"): 6.0
    }  # fmt: skip


def test_estate_kindergartens(demand):
    made = schools(*((f"k{n}", "kindergarten", "east", {"kindergarten": 90}) for n in range(5)))
    told = pd.DataFrame(
        {
            "estate": ["已移交", "pending", "no", "", "handed_over"],
            "ownership": ["公办", "private", "private", "public", ""],
        },
        index=pd.Index(made.index, name="school_id"),
    )
    table = compliance.check(made, demand, standard="cn-estate-kindergartens-2019", facts=told)
    assert rows(table, "estate_handed_over")["verdict"].to_dict() == {
        "k0": "meets", "k1": "fails", "k3": "cannot_tell", "k4": "meets"
    }  # fmt: skip
    use = rows(table, "estate_not_for_profit")
    assert use["verdict"].to_dict() == {"k0": "meets", "k1": "fails", "k3": "cannot_tell", "k4": "cannot_tell"}
    assert use.loc[["k3", "k4"], "reason"].tolist() == ["missing: estate", "missing: ownership"]


# Rules on where pupils live.


def dense(values, demand, ids=("s1", "s2")):
    return el.TravelCosts.from_dense(values, demand_ids=list(demand.index), school_ids=list(ids), unit="metres")


def test_service_radius(demand):
    costs = dense([[500.0, np.inf], [np.inf, 500.1]], demand)
    found = rows(compliance.check(two(), demand, standard=only("service_radius", "primary", 500), costs=costs), "service_radius")  # fmt: skip
    assert found["found"].to_dict() == {"all": 0.75, "east": 1.0, "west": 0.0}
    assert found["pupils"].to_dict() == {"all": 10.0, "east": 0.0, "west": 10.0}
    assert found["verdict"].to_dict() == {"all": "fails", "east": "meets", "west": "fails"}
    assert found.loc["all", ["object_type", "name", "required"]].tolist() == ["city", "Whole city", 1.0]


def test_service_radius_of_a_range_decides_by_its_far_end(demand):
    costs = dense([[500.0, np.inf], [np.inf, 300.0]], demand)
    found = rows(compliance.check(two("kindergarten"), demand, standard=only("service_radius", "kindergarten", [300, 500]), costs=costs), "service_radius")  # fmt: skip
    assert found.loc["all", ["found", "verdict"]].tolist() == [1.0, "meets"]
    assert "300–500" in found.loc["all", "limit"]


def test_a_share_within_the_radius_may_suffice(demand):
    rules = standards.layered(
        standards.load("in-rte"), overrides={"share_within_radius": {"primary": 0.7}}, reason="our target"
    )
    costs = dense([[900.0, np.inf], [np.inf, 1500.0]], demand)
    found = rows(
        compliance.check(two(), demand, standard=rules, costs=costs), "service_radius", by=["object_id", "stage"]
    )
    assert found.loc[("all", "primary"), ["found", "required", "verdict"]].tolist() == [0.75, 0.7, "meets"]
    assert "our target" in found.loc[("all", "primary"), "reason"]


def test_coverage_stands_in_for_costs_at_the_same_radius_only(demand):
    coverage = pd.DataFrame(
        {"layout": "existing", "stage": "primary", "district_id": ["east", "all"], "pupils": [30.0, 40.0],
         "share_covered": [1.0, 0.75], "radius_metres": 500.0}
    )  # fmt: skip
    asked = {"coverage": coverage, "layout": "existing"}
    found = rows(
        compliance.check(two(), demand, standard=only("service_radius", "primary", 500), **asked), "service_radius"
    )
    assert found["found"].to_dict() == {"all": 0.75, "east": 1.0}
    other = rows(
        compliance.check(two(), demand, standard=only("service_radius", "primary", 600), **asked), "service_radius"
    )
    assert other.loc["all", ["verdict", "reason"]].tolist() == ["cannot_tell", "missing: costs, or coverage at 600 m"]


def test_costs_that_cannot_tell(demand):
    rule = only("service_radius", "primary", 500)
    short = replace(dense([[100.0, np.inf], [np.inf, 100.0]], demand), cutoff=400.0)
    assert rows(compliance.check(two(), demand, standard=rule, costs=short), "service_radius")["reason"].tolist() == [
        "missing: costs beyond 400"
    ]
    minutes = el.TravelCosts.from_dense([[1.0, 2.0], [2.0, 1.0]], demand_ids=["a", "b"], school_ids=["s1", "s2"], unit="minutes")  # fmt: skip
    assert rows(compliance.check(two(), demand, standard=rule, costs=minutes), "service_radius")[
        "verdict"
    ].tolist() == ["cannot_tell"]
    table = compliance.check(two(), demand, standard=only("walking_time", "primary", 1), costs=minutes)
    assert rows(table, "walking_time").loc["all", "found"] == 1.0


def test_a_safe_way_is_measured_by_safe_costs(demand):
    plain, safe = dense([[10.0, 10.0], [10.0, 10.0]], demand), dense([[10.0, 10.0], [9999.0, 9999.0]], demand)
    table = compliance.check(two(), demand, standard="uk-1996", costs=plain, safe_costs={"primary": safe})
    found = table[table["stage"] == "primary"].groupby("object_id")["found"].unique()
    assert found["all"].tolist() == [0.75]
    assert "safe ways" in compliance.check(two(), demand, standard="uk-1996", costs=plain)["reason"].iloc[0]


def test_main_roads(demand):
    plain = dense([[400.0, np.inf], [np.inf, 600.0]], demand)
    safe = dense([[400.0, np.inf], [np.inf, 900.0]], demand)
    rule = only("main_road_crossing", "primary", 0)
    found = rows(compliance.check(two(), demand, standard=rule, costs=plain, safe_costs={"primary": safe}), "main_road_crossing")  # fmt: skip
    assert found["found"].to_dict() == {"all": 0.25, "east": 0.0, "west": 1.0}
    assert found["verdict"].to_dict() == {"all": "fails", "east": "meets", "west": "fails"}
    assert found["pupils"].to_dict() == {"all": 10.0, "east": 0.0, "west": 10.0}


def test_main_roads_from_coverage_are_a_lower_bound(demand):
    coverage = pd.DataFrame(
        {"stage": "primary", "district_id": ["east", "west"], "pupils": [30.0, 10.0], "share_covered": [0.8, 0.5],
         "share_covered_safe": [0.5, 0.5], "radius_metres": 500.0}
    )  # fmt: skip
    found = rows(compliance.check(two(), demand, standard=only("main_road_crossing", "primary", 0), coverage=coverage), "main_road_crossing")  # fmt: skip
    assert found.loc["east", "found"] == pytest.approx(0.3)
    assert found["verdict"].to_dict() == {"east": "fails", "west": "cannot_tell"}
    assert compliance.check(two(), demand, standard=only("main_road_crossing", "primary", 0))["verdict"].tolist() == ["cannot_tell"]  # fmt: skip


def test_seats_by_residents(demand):
    found = rows(compliance.check(two(seats=(60, 20)), demand, standard=only("seats_per_1000", "primary", 50)), "seats_per_1000")  # fmt: skip
    assert found["found"].to_dict() == {"all": pytest.approx(80 / 1.5), "east": 60.0, "west": 40.0}
    assert found["verdict"].to_dict() == {"all": "meets", "east": "meets", "west": "fails"}
    # 500 residents at 50 would have 25 seats; 5 are missing.
    assert found.loc["west", "pupils"] == 5.0


@pytest.mark.parametrize("name", ["cn-xuancheng-2020", "cn-gb50180-2018"])
def test_a_demand_without_districts_is_judged_for_the_city_alone(demand, name):
    places = demand.drop(columns="district_id")
    table = compliance.check(two(), places, standard=name, costs=dense([[100, 900], [900, 100]], places))
    assert set(table["object_type"]) <= {"city", "school"}
    assert (table["verdict"] != "not_applicable").any()
    with_districts = compliance.check(two(), demand, standard=name, costs=dense([[100, 900], [900, 100]], demand))
    city = with_districts[with_districts["object_type"] == "city"].set_index("rule")["found"]
    pd.testing.assert_series_equal(table[table["object_type"] == "city"].set_index("rule")["found"], city[table.loc[table["object_type"] == "city", "rule"]])  # fmt: skip


def test_assigned_pupils_are_said_to_be(demand):
    told = facts(pupils_primary=[540, 600], classes_primary=[12, 12])
    table = compliance.check(two(), demand, standard=only("class_size", "primary", 45), facts=told, assigned=True)
    assert set(rows(table, "class_size")["reason"]) == {"pupils as the layout assigns them"}
    plain = compliance.check(two(), demand, standard=only("class_size", "primary", 45), facts=told)
    assert set(rows(plain, "class_size")["reason"]) == {""}


def test_seats_not_known(demand):
    found = rows(compliance.check(two(seats=(90, None)), demand, standard=only("seats_per_1000", "primary", 50)), "seats_per_1000")  # fmt: skip
    assert found["verdict"].to_dict() == {"all": "meets", "east": "meets", "west": "cannot_tell"}
    assert found.loc["all", "reason"] == "at least: 1 school(s) did not state seats_primary"


def test_secondary_seats_are_of_junior_and_senior_schools(demand):
    made = two("junior_high", seats=(60, 40)).assign(seats_senior_high=[None, None])
    table = compliance.check(made, demand, standard="cn-chengdu-2017")
    found = rows(table, "secondary_seats_per_1000")
    assert found.loc["all", "found"] == pytest.approx(100 / 1.5)
    assert found.loc["all", "verdict"] == "meets"


def test_a_stage_that_nobody_attends_does_not_apply(demand):
    table = compliance.check(two(), demand, standard="cn-xuancheng-2020")
    senior = table[table["stage"] == "senior_high"]
    assert senior[["verdict", "reason"]].to_numpy().tolist() == [["not_applicable", "the tables have no such stage"]]


# How schools lie to each other.


def test_spacing(demand):
    made = schools(*((f"s{n}", "primary", "east", {}) for n in (1, 2, 3)))
    made.loc["s3", "geometry"] = Point(1300, 400)
    found = rows(compliance.check(made, demand, standard=only("school_spacing", "primary", 500)), "school_spacing")
    assert found["found"].to_dict() == {"s1": 1000.0, "s2": 500.0, "s3": 500.0}
    assert set(found["verdict"]) == {"meets"}
    assert found.loc["s1", "reason"] == "nearest: School s2"


def test_overlap_of_service_areas(demand):
    areas = gpd.GeoDataFrame(
        {"stage": "primary", "school_id": ["s1", "s2", "s9"], "layout": "existing"},
        geometry=[box(0, 0, 10, 10), box(5, 0, 25, 10), box(0, 0, 99, 99)], crs=CRS,
    )  # fmt: skip
    rule = only("service_area_overlap", "primary", 0.3)
    found = rows(compliance.check(two(), demand, standard=rule, service_areas=areas), "service_area_overlap")
    assert found["found"].to_dict() == {"s1": 0.5, "s2": 0.25}
    assert found["verdict"].to_dict() == {"s1": "fails", "s2": "meets"}
    assert (
        rows(compliance.check(two(), demand, standard=rule), "service_area_overlap")["reason"].tolist()
        == ["missing: service_areas"] * 2
    )


coordinates = st.tuples(st.integers(0, 60), st.integers(0, 60))


@settings(max_examples=25, deadline=None)
@given(st.lists(coordinates, min_size=2, max_size=9))
def test_spacing_and_overlap_by_brute_force(spots):
    ids = [f"s{n}" for n in range(len(spots))]
    made = schools(*((name, "primary", "east", {}) for name in ids)).set_geometry(
        gpd.GeoSeries([Point(xy) for xy in spots], index=ids, crs=CRS)
    )
    circles = [Point(xy).buffer(10.0) for xy in spots]
    areas = gpd.GeoDataFrame({"stage": "primary", "school_id": ids}, geometry=circles, crs=CRS)
    people = pd.DataFrame({"population": [1.0], "pupils_primary": [1.0]}, index=["a"])
    rules = standards.layered(
        only("school_spacing", "primary", 20), overrides={"service_area_overlap": {"primary": 0.25}}, reason="a test"
    )
    table = compliance.check(made, people, standard=rules, service_areas=areas)
    for at, name in enumerate(ids):
        others = [number for number in range(len(ids)) if number != at]
        nearest = min(np.hypot(spots[at][0] - spots[n][0], spots[at][1] - spots[n][1]) for n in others)
        shared = circles[at].intersection(shapely.union_all([circles[n] for n in others])).area / circles[at].area
        assert rows(table, "school_spacing").loc[name, "found"] == pytest.approx(nearest)
        assert rows(table, "service_area_overlap").loc[name, "found"] == pytest.approx(shared, abs=1e-9)


def test_one_school_has_no_neighbour(demand):
    table = compliance.check(two().iloc[:1], demand, standard=only("school_spacing", "primary", 500))
    assert table[["verdict", "reason"]].to_numpy().tolist() == [["not_applicable", "only one school of the stage"]]


# Evaluations of balance.

# For 1,000 pupils exactly what the primary school of the quality balance must have.
EXACT = {
    "teachers_above_required_degree": 42.0, "backbone_teachers": 10.0, "sports_and_arts_teachers": 9.0,
    "teaching_rooms_m2": 4500.0, "sports_grounds_m2": 7500.0, "equipment_yuan": 2_000_000.0, "networked_classrooms": 23.0,
}  # fmt: skip


def indicators(**changed):
    """Facts of two schools of 1,000 pupils: the first has exactly what it must, the second what is changed."""
    return facts(
        pupils_primary=[1000.0, 1000.0], **{name: [value, changed.get(name, value)] for name, value in EXACT.items()}
    )


@pytest.mark.parametrize("name", list(EXACT))
def test_each_of_the_seven_indicators(demand, name):
    table = compliance.check(
        two(), demand, standard="cn-quality-balance-2017", facts=indicators(**{name: EXACT[name] * 0.9})
    )
    subject = name.removesuffix("_m2").removesuffix("_yuan")
    found = rows(table, subject, by=["object_id", "stage"]).xs("primary", level="stage")
    assert found["verdict"].to_dict() == {"s1": "meets", "s2": "fails"}
    assert found.loc["s1", "margin"] == 0.0
    assert found.loc["s2", "shortfall"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("changed", "met", "share", "verdicts"),
    [
        ({}, 7, 1.0, ("meets", "meets")),
        ({"sports_grounds_m2": 6375.0}, 6, 0.85, ("meets", "meets")),
        ({"sports_grounds_m2": 6374.0}, 6, 6374 / 7500, ("meets", "fails")),
        ({"sports_grounds_m2": 7400.0, "backbone_teachers": 9.0}, 5, 0.9, ("fails", "meets")),
    ],
)
def test_six_of_seven_and_the_last_at_85_per_cent(demand, changed, met, share, verdicts):
    table = compliance.check(two(), demand, standard="cn-quality-balance-2017", facts=indicators(**changed))
    table = table[(table["object_id"] == "s2") & (table["stage"] == "primary")].set_index("subject")
    assert table.loc["indicators_met", "found"] == met
    assert table.loc["share_of_missed_indicator", "found"] == pytest.approx(share)
    assert (table.loc["indicators_met", "verdict"], table.loc["share_of_missed_indicator", "verdict"]) == verdicts


@pytest.mark.parametrize(
    ("changed", "verdicts"),
    [
        ({"books": None, "networked_classrooms": None}, ("meets", "cannot_tell")),
        ({"networked_classrooms": None, "backbone_teachers": 9.0}, ("cannot_tell", "cannot_tell")),
        ({"networked_classrooms": None, "backbone_teachers": 9.0, "equipment_yuan": 1.0}, ("fails", "fails")),
    ],
)
def test_unknown_indicators_leave_open_only_what_they_can_change(demand, changed, verdicts):
    table = compliance.check(two(), demand, standard="cn-quality-balance-2017", facts=indicators(**changed))
    table = table[(table["object_id"] == "s2") & (table["stage"] == "primary")].set_index("subject")
    assert (table.loc["indicators_met", "verdict"], table.loc["share_of_missed_indicator", "verdict"]) == verdicts
    assert table.loc["networked_classrooms", "reason"] == "missing: networked_classrooms"


def test_variation_of_each_indicator(demand):
    told = indicators(sports_grounds_m2=30_000.0)
    table = compliance.check(two(), demand, standard="cn-quality-balance-2017", facts=told)
    found = table[(table["subject"] == "coefficient_of_variation") & (table["stage"] == "primary")].set_index("reason")
    assert len(found) == 7
    # 7.5 and 30 m², as many pupils each: 11.25 / 18.75.
    assert found.loc["Sports grounds and halls", ["found", "required", "verdict"]].tolist() == [0.6, 0.5, "fails"]
    assert found.drop("Sports grounds and halls")["found"].tolist() == [0.0] * 6
    assert set(found["object_type"]) == {"city"}


def test_variation_names_the_school_that_did_not_tell(demand):
    table = compliance.check(
        two(), demand, standard="cn-quality-balance-2017", facts=indicators(sports_grounds_m2=None)
    )
    row = table[(table["subject"] == "coefficient_of_variation") & (table["verdict"] == "cannot_tell") & (table["stage"] == "primary")]  # fmt: skip
    assert row["reason"].tolist() == ["Sports grounds and halls; missing: sports_grounds_m2 of 1 school(s): s2"]


def test_composite_of_the_basic_balance(demand):
    eight = ("teaching_rooms_m2", "sports_grounds_m2", "equipment_yuan", "computers", "books", "teachers",
             "teachers_above_required_degree", "mid_or_higher_rank_teachers")  # fmt: skip
    told = facts(pupils_primary=[100, 100], **{name: [100, 100] for name in eight}) * 1.0
    told.loc["s2", "books"] = 400.0
    told.loc["s2", "teachers"] = 400.0
    table = compliance.check(two(), demand, standard="cn-basic-balance-2012", facts=told)
    row = table[table["stage"] == "primary"].iloc[0]
    # Two of eight vary by 0.6, six not at all: 1.2 / 8.
    assert row["found"] == pytest.approx(0.15)
    assert row[["verdict", "status", "required"]].tolist() == ["meets", "memory", 0.65]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.integers(1, 3000)), min_size=2, max_size=8))
def test_the_coefficient_is_that_of_equity(pairs):
    values, weights = np.array([one for one, _ in pairs]), np.array([float(two) for _, two in pairs])
    expected = equity.coefficient_of_variation(values, weights)
    assert coefficient(values, weights) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert coefficient(values[::-1].copy(), weights[::-1].copy()) == coefficient(values, weights)


# Preschool policy.


def test_shares_of_kindergartens(demand):
    told = facts(pupils_kindergarten=[60, 40], ownership=["public", "inclusive"])
    table = compliance.check(two("kindergarten"), demand, standard="cn-preschool-2018", facts=told)
    public, inclusive = rows(table, "public_share"), rows(table, "inclusive_share")
    assert public["found"].to_dict() == {"all": 0.6, "east": 1.0, "west": 0.0}
    assert public["verdict"].to_dict() == {"all": "meets", "east": "meets", "west": "fails"}
    assert public.loc["west", "pupils"] == 20.0
    assert inclusive["found"].tolist() == [1.0] * 3


def test_shares_leave_open_what_is_missing(demand):
    told = facts(pupils_kindergarten=[60, 40], ownership=["public", ""])
    table = compliance.check(two("kindergarten"), demand, standard="cn-preschool-2018", facts=told)
    found = rows(table, "public_share")
    assert found["verdict"].to_dict() == {"all": "cannot_tell", "east": "meets", "west": "cannot_tell"}
    assert found.loc["all", "reason"] == "missing: pupils_kindergarten, ownership of 1 school(s): s2"


# The table.


def test_failures_come_first_by_shortfall_times_pupils(demand):
    # 5/45 too many for 1,000 pupils are 111; 11/45 for 448 are 109.5, for 560 they are 137.
    for pupils, classes, first in ((448, 8, ["s1", "s2"]), (560, 10, ["s2", "s1"])):
        told = facts(pupils_primary=[1000, pupils], classes_primary=[20, classes])
        table = compliance.check(two(), demand, standard="cn-gb50099-2011", facts=told)
        failed = table[table["verdict"] == "fails"]
        assert failed["object_id"].tolist() == first
        order = ["fails", "cannot_tell", "meets", "not_applicable"]
        ranks = [order.index(word) for word in table["verdict"]]
        assert ranks == sorted(ranks)
        assert tuple(table.columns) == compliance.COLUMNS


def test_the_order_of_the_rows_that_come_in_changes_nothing(demand):
    told = facts(pupils_primary=[1000, 560], classes_primary=[20, 10])
    costs = dense([[400.0, 900.0], [800.0, 700.0]], demand)
    asked = {"standard": ["cn-gb50180-2018", "cn-quality-balance-2017"]}
    one = compliance.check(two(), demand, facts=told, costs=costs, **asked)
    other = compliance.check(two().iloc[::-1], demand.iloc[::-1], facts=told.iloc[::-1], costs=costs, **asked)
    pd.testing.assert_frame_equal(one, other)


@settings(max_examples=60)
@given(
    st.floats(0, 1e5),
    st.one_of(st.floats(0.01, 1e5), st.tuples(st.floats(0.01, 1e5), st.floats(0.01, 1e5))),
    st.sampled_from(["at_most", "at_least", "within"]),
)
def test_the_margin_is_negative_where_and_only_where_the_rule_is_broken(found, value, bound):
    low, high = sorted(value) if isinstance(value, tuple) else (value, value)
    required = Range(low, high) if isinstance(value, tuple) else value
    margin = margin_of(found, required, bound)
    # A range that bounds from one side decides by its lenient end.
    broken = {"at_most": found > high, "at_least": found < low, "within": not low <= found <= high}[bound]
    near = min(abs(found - low), abs(found - high)) <= 1e-9 * max(1.0, found)
    assert near or (margin < 0) == broken
    short = shortfall_of(margin, found, required)
    assert (short > 0) == (margin < 0)


def test_verdicts_and_margins_agree_in_every_row(demand):
    told = indicators(sports_grounds_m2=100.0).assign(classes_primary=[20.0, 25.0])
    costs = dense([[400.0, 900.0], [800.0, 700.0]], demand)
    table = compliance.check(
        two(),
        demand,
        standard=["cn-gb50180-2018", "cn-gb50099-2011", "cn-quality-balance-2017"],
        facts=told,
        costs=costs,
    )
    judged = table[table["verdict"].isin(["fails", "meets"])]
    assert len(judged) > 20
    assert ((judged["margin"] < 0) == (judged["verdict"] == "fails")).all()
    assert ((judged["shortfall"] > 0) == (judged["verdict"] == "fails")).all()
    assert table.loc[~table.index.isin(judged.index), "margin"].isna().all()
    open_ = table[table["verdict"] == "cannot_tell"]
    assert open_["reason"].str.contains("missing|at least").all()


def test_both_languages(demand):
    told = facts(pupils_primary=[600, 540], classes_primary=[12, None])
    english, chinese = (
        compliance.check(two(), demand, standard="cn-gb50099-2011", facts=told, language=one) for one in ("en", "zh")
    )
    same = ["rule", "object_id", "found", "margin", "verdict"]
    pd.testing.assert_frame_equal(
        english[same].sort_values(same[:2], ignore_index=True), chinese[same].sort_values(same[:2], ignore_index=True)
    )
    row = chinese[chinese["verdict"] == "fails"].iloc[0]
    assert row[["label", "name", "limit", "clause"]].tolist() == ["班额", "学校s1", "不大于 45 人/班", "第 3.0.1 条"]
    assert "缺少：classes_primary" in set(chinese["reason"])
    with pytest.raises(InputError, match="en or zh"):
        compliance.check(two(), demand, standard="in-rte", language="fr")


def test_a_replaced_value_shows_its_reason(demand):
    rules = standards.layered("cn-gb50099-2011", overrides={"class_size": {"primary": 40}}, reason="small classes")
    table = compliance.check(
        two(), demand, standard=rules, facts=facts(pupils_primary=[42, 40], classes_primary=[1, 1])
    )
    row = table[table["verdict"] == "fails"].iloc[0]
    assert row["status"] == "chosen"
    assert row["note"].startswith("set by the study in place of 45: small classes")


def test_layouts_and_closed_schools(demand):
    long = pd.concat([two().iloc[:1].assign(layout="existing"), two().assign(layout="planned")])
    rule = only("school_pupils", "primary", 2000)
    assert set(compliance.check(long, demand, standard=rule, layout="planned")["object_id"]) == {"s1", "s2"}
    assert set(compliance.check(long.reset_index(), demand, standard=rule, layout="existing")["object_id"]) == {"s1"}
    with pytest.raises(InputError, match="one of: existing, planned"):
        compliance.check(long, demand, standard=rule)
    shut = two(status=["closed", "existing"])
    assert set(compliance.check(shut, demand, standard=rule)["object_id"]) == {"s2"}


def test_nothing_is_changed(demand):
    made, told = two(), facts(pupils_primary=[600, 540])
    before = made.copy(), demand.copy(), told.copy()
    compliance.check(made, demand, standard="cn-gb50099-2011", facts=told)
    for one, other in zip((made, demand, told), before, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_what_the_tables_cannot_tell_is_said_once(demand):
    table = compliance.check(two(), demand, standard="cn-gb50099-2011")
    assert rows(table, "railway_distance").loc["all", ["object_type", "verdict"]].tolist() == ["city", "cannot_tell"]
    assert "living_circle_walk" not in set(compliance.check(two(), demand, standard="cn-gb50180-2018")["subject"])


def test_faults_of_the_tables(demand):
    with pytest.raises(InputError) as caught:
        compliance.check(two().drop(columns="kind"), demand.drop(columns="population"), standard="in-rte")
    assert len(caught.value.faults) == 2
    costs = dense([[1.0], [1.0]], demand, ids=["s1"])
    with pytest.raises(InputError, match="schools without costs"):
        compliance.check(two(), demand, standard="in-rte", costs=costs)
    with pytest.raises(InputError, match="other places"):
        compliance.check(
            two(), demand.rename(index={"a": "z"}), standard="in-rte", costs=dense([[1.0] * 2] * 2, demand)
        )
    with pytest.raises(TableError, match="no school has"):
        compliance.check(two().iloc[:1], demand, standard="in-rte", facts=facts(pupils_primary=[1, 1]))
    with pytest.raises(InputError, match="stand twice"):
        compliance.check(pd.concat([two(), two()]), demand, standard="in-rte")


# Marks for the map, counts for the report.


def test_marks_count_what_a_school_fails(demand):
    told = indicators(sports_grounds_m2=7000.0).assign(classes_primary=[23.0, 20.0])
    table = compliance.check(two(), demand, standard=["cn-gb50099-2011", "cn-quality-balance-2017"], facts=told)
    found = compliance.marks(table)
    # s2 has 50 in a class (asked by two documents, counted once); its sports grounds may be the seventh indicator.
    assert found.loc["s2", ["failed", "worst", "worst_subject"]].tolist() == [1, "Class size", "class_size"]
    assert found.loc["s1", ["failed", "worst"]].tolist() == [0, ""]
    assert found.index.tolist() == ["s2", "s1"]
    worse = compliance.marks(compliance.check(two(), demand, standard="cn-quality-balance-2017", facts=indicators(sports_grounds_m2=1.0)))  # fmt: skip
    assert worse.loc["s2", "failed"] == 2
    assert worse.loc["s2", "worst_subject"] in {"sports_grounds", "share_of_missed_indicator"}


def test_a_rule_from_memory_marks_no_school(demand):
    told = facts(site_area_m2=[100.0, 100.0], classes_kindergarten=[9, 9])
    table = compliance.check(two("kindergarten"), demand, standard="cn-gb50180-2018", facts=told)
    assert set(table.loc[table["subject"] == "site_area", "verdict"]) == {"fails"}
    assert compliance.marks(table)["failed"].tolist() == [0, 0]


def test_summary_counts_every_row_once(demand):
    table = compliance.check(two(), demand, standard="cn-gb50099-2011", facts=facts(pupils_primary=[600, 540], classes_primary=[12, 12]))  # fmt: skip
    counts = compliance.summary(table)
    assert counts[["fails", "cannot_tell", "meets", "not_applicable"]].to_numpy().sum() == len(table)
    first = counts.iloc[0]
    assert first[["label", "fails", "meets", "pupils"]].tolist() == ["Class size", 1, 1, 600.0]
    shown = compliance.worded(counts, language="zh")
    assert {"规则", "不符合", "无法判定"} <= set(shown.columns)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_table_for_people_has_no_codes(demand, language):
    table = compliance.check(two(), demand, standard=["cn-gb50099-2011", "cn-jianbiao-2002-102"], language=language)
    shown = compliance.worded(table.assign(layout="planned"), language=language)
    assert len(shown) == len(table)
    cells = {str(cell) for column in shown.columns for cell in shown[column]}
    assert not cells & {"cannot_tell", "unstated", "junior_high", "pupils_per_class", "secondary", "not_applicable"}
    assert shown.columns[0] == {"en": "Layout", "zh": "布局方案"}[language]
