"""Land kept free in the main job: by hand on the town, whose streets run every 100 m."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
from conftest import X0, Y0, write_csv
from shapely import box

import edulayout as el
from edulayout.errors import InputError, StudyFileError, TableError
from edulayout.reserve import read_buildings, read_sites

SECTION = """
[reserve]
layout = "existing"
seats_to_come = "%s"
site_area_per_pupil = { primary = 10, junior_high = 10 }
square_metres_per_class = { primary = 100 }
least_classes = { primary = 2 }
highest_floor = { primary = 4 }
least_width_metres = 5
reason = "ours"
"""


def area(path, rows, **columns):
    shapes = [box(X0 + west, Y0 + south, X0 + east, Y0 + north) for west, south, east, north in rows]
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4544").to_file(path, driver="GPKG", engine="pyogrio")


@pytest.fixture
def reserved(town):
    # The site takes the western third of a block of 84 m between the verges of its streets.
    area(town / "sites.gpkg", [(108, 108, 136, 192)], school_id=["s1"], seats_to_come_primary=[200.0])
    area(town / "permits.gpkg", [(150, 108, 160, 192)], area_id=["P7"], name=["Hotel"])
    (town / "idle.csv").write_text(
        "candidate_id,floor_area_m2,floor\nc1,650,2\nc3,,1\nc4,500,6\nc2,150,1\n", encoding="utf-8"
    )
    path = town / "study.toml"
    inputs = 'streets = "streets.gpkg"\nsites = "sites.gpkg"\npermits = "permits.gpkg"\nidle = "idle.csv"'
    path.write_text(path.read_text(encoding="utf-8").replace('streets = "streets.gpkg"', inputs), encoding="utf-8")
    return town


def study_of(town, by="column"):
    path = town / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + SECTION % by, encoding="utf-8")
    return el.Study.from_file(path)


def test_land_for_the_seats_to_come(reserved):
    (row,) = study_of(reserved).run().tables["reserve"].itertuples()
    # 200 seats × 10 m² = 2,000 m²: 24 m of the block's 56 × 84 m beside the site, found to the metre.
    assert (row.verdict, row.seats_to_come, row.needed_m2, row.short_m2) == ("enough", 200.0, 2000.0, 0.0)
    assert row.ring_metres == 24.0
    assert row.free_m2 == pytest.approx(24 * 84)
    assert row.site_m2 == pytest.approx(28 * 84)


def test_what_is_permitted_there_is_a_conflict(reserved):
    made = study_of(reserved).run()
    (row,) = made.tables["reserve_conflicts"].itertuples()
    assert (row.school_id, row.claim, row.claim_id, row.name) == ("s1", "permit", "P7", "Hotel")
    assert row.overlap_m2 == pytest.approx(10 * 84)
    assert made.layers["reserve_conflicts"].geometry.area.sum() == pytest.approx(840)
    assert made.layers["reserve"]["school_id"].tolist() == ["s1"]
    assert any("1 conflicts" in note for note in made.notes)


def test_seats_that_lack_in_the_district_are_shared(reserved):
    # 540 seats for the 300 pupils of the west: nothing lacks there. (The east lacks 340, but has no school.)
    (row,) = study_of(reserved, "gap").run().tables["reserve"].itertuples()
    assert (row.verdict, row.needed_m2) == ("not needed", 0.0)


def test_land_that_is_built_up_is_not_free(reserved):
    area(reserved / "built.gpkg", [(136, 108, 400, 192)])
    path = reserved / "study.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('idle = "idle.csv"', 'idle = "idle.csv"\nbuilt_up = "built.gpkg"'),
        encoding="utf-8",
    )
    made = study_of(reserved).run()
    (row,) = made.tables["reserve"].itertuples()
    assert (row.verdict, row.free_m2, row.short_m2) == ("none", 0.0, 2000.0)
    assert row.taken_built_up_m2 > 0
    assert any("roads, built up, other sites" in note for note in made.notes)


def test_without_a_polygon_or_a_rule_nobody_can_tell(reserved):
    few = "school_id,name,kind,status,seats_primary,x,y"
    write_csv(reserved / "schools.csv", few, [("s1", "One", "primary", "existing", 100, 100, 100)])
    study = study_of(reserved, "gap")
    (row,) = replace(study, sites=None).run().tables["reserve"].itertuples()
    assert (row.verdict, row.why, row.needed_m2) == ("cannot tell", "no polygon of its site", 2000.0)
    ruleless = {**study.reserve, "site_area_per_pupil": {}, "square_metres_per_class": {}}
    made = replace(study, reserve=ruleless).run()
    (row,) = made.tables["reserve"].itertuples()
    assert (row.verdict, row.why) == ("cannot tell", "need not known")
    assert any("no rule on the site area for a pupil" in note for note in made.notes)
    assert "idle_buildings" not in made.tables


def test_a_standard_gives_the_rule_with_its_status(reserved):
    study = study_of(reserved)
    asked = {**study.reserve, "site_area_per_pupil": {}}
    made = replace(study, reserve=asked, standards={"sets": ["cn-chengdu-2017"]}).run()
    (row,) = made.tables["reserve"].itertuples()
    assert row.needed_m2 == 200 * 14
    assert any("14 m² of site for a pupil" in note and "status: secondary" in note for note in made.notes)


def test_idle_buildings_are_rated(reserved):
    table = study_of(reserved).run().tables["idle_buildings"].query("stage == 'primary'").set_index("candidate_id")
    # c1 is 100 m from b2 (200 pupils, no school near), and has room for six classes of 45.
    assert table.loc["c1", ["verdict", "classes", "seats", "unmet_near", "pupils_served"]].tolist() == [
        "suitable",
        6,
        270,
        200.0,
        200.0,
    ]
    assert table["verdict"].to_dict() == {
        "c1": "suitable",
        "c2": "too small",
        "c3": "cannot tell: floor area",
        "c4": "too high",
    }


def test_own_values_need_a_reason(reserved):
    path = reserved / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + SECTION.replace('reason = "ours"', "") % "gap", encoding="utf-8")
    with pytest.raises(StudyFileError, match="need a reason"):
        el.Study.from_file(path)


def test_faults_of_the_readers(tmp_path, reserved):
    area(tmp_path / "twice.gpkg", [(0, 0, 9, 9), (20, 0, 29, 9)], school_id=["a", "a"])
    with pytest.raises(TableError, match="duplicate ids"):
        read_sites(tmp_path / "twice.gpkg")
    (tmp_path / "idle.csv").write_text("candidate_id,floor_area_m2\nc1,-5\nc9,7\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_buildings(tmp_path / "idle.csv", candidates=pd.DataFrame(index=["c1"]))
    assert "c9" in str(caught.value)
    assert "floor_area_m2" in str(caught.value)
    (reserved / "idle.csv").write_text("candidate_id,area\nc1,5\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column candidate_id or floor_area_m2"):
        study_of(reserved)


def test_own_land_comes_first_where_the_study_says_so(reserved):
    study = study_of(reserved)
    # 540 seats ask for 1,080 m² at 2 m² each; the site of 28 m × 84 m has 1,272 m² beyond that, the new seats ask 400.
    asked = {**study.reserve, "site_area_per_pupil": {"primary": 2.0}}
    (without,) = replace(study, reserve=asked).run().tables["reserve"].itertuples()
    assert (without.verdict, without.needed_m2, without.around_m2) == ("enough", 400.0, 400.0)
    assert without.spare_m2 == pytest.approx(28 * 84 - 1080)
    (own,) = replace(study, reserve={**asked, "own_land_first": True}).run().tables["reserve"].itertuples()
    assert (own.verdict, own.needed_m2, own.around_m2) == ("not needed", 400.0, 0.0)


def test_who_needs_no_land_needs_no_polygon(reserved):
    study = replace(study_of(reserved, "gap"), sites=None)
    (row,) = study.run().tables["reserve"].itertuples()
    assert (row.verdict, row.why) == ("not needed", "")
