"""Safe ways in a study: coverage with and without, in the table, on screen and in the manifest."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import edulayout as el
from edulayout.errors import InputError, StudyFileError
from edulayout.study.screen import report

RULE = """
[safety.primary]
avoid = ["primary"]
how = "{how}"
extra_metres = {extra}
"""


def with_rule(town, how="forbidden", extra=0):
    """A main road runs from south to north through the town at x = 500, parting b1 and the school from the rest."""
    streets = gpd.read_file(town / "streets.gpkg")
    x = streets.bounds
    middle = (x.minx == x.maxx) & np.isclose(x.minx, x.minx.min() + 500)
    streets.assign(highway=np.where(middle | (x.minx.isna()), "primary", "residential")).to_file(town / "streets.gpkg")
    text = (town / "study.toml").read_text(encoding="utf-8")
    (town / "study.toml").write_text(text + RULE.format(how=how, extra=extra), encoding="utf-8")
    return el.Study.from_file(town / "study.toml")


def whole(result, layout="existing", stage="primary"):
    table = result.coverage.set_index(["layout", "stage", "district_id"])
    return table.loc[(layout, stage, "all")]


def test_a_forbidden_road_leaves_pupils_without_a_way_or_round_its_end(town):
    result = with_rule(town).run()
    row = whole(result)
    # the road is walked round at its ends only, (500, 0) and (500, 1000)
    assert row["mean_metres"] == (200 * 1600 + 300 * 1800 + 40 * 1800) / 640
    assert row["share_covered_safe"] == row["share_covered"] == 100 / 640
    # b2 (900, 900) goes 200 m more, b3 (1500, 500) and b4 (1900, 100) down to y = 0 and up again: 200 m more, too
    assert row["mean_metres_safe"] == pytest.approx((200 * 1800 + 300 * 2000 + 40 * 2000) / 640)


def test_a_price_for_each_crossing(town):
    row = whole(with_rule(town, "anywhere", 5000).run())
    assert row["mean_metres_safe"] >= row["mean_metres"]
    cheap = whole(el.Study.from_file(town / "study.toml").run())
    assert cheap["mean_metres_safe"] == row["mean_metres_safe"]


def test_columns_and_lines_stand_only_where_asked_for(town, tmp_path):
    study = with_rule(town)
    result = study.run(tmp_path / "out")
    coverage = pd.read_csv(tmp_path / "out" / "tables" / "coverage.csv")
    assert list(coverage.columns[-2:]) == ["share_covered_safe", "mean_metres_safe"]
    assert coverage.loc[coverage.stage == "junior_high", "share_covered_safe"].isna().all()
    assert "all, by safe ways" in report(result)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    line = next(line for line in manifest["standards"] if line.startswith("safe way"))
    assert "primary crossed nowhere" in line
    assert "GB 50099-2011 cl. 4.1" in line
    assert "NOT verified" in line
    assert any(line.startswith("safe way") for line in study.check())
    assert manifest["settings"]["safety"]["primary"]["avoid"] == ["primary"]


def test_without_the_section_nothing_changes(town):
    result = el.Study.from_file(town / "study.toml").run()
    assert result.coverage.columns[-1] == "radius_metres"
    assert "safe" not in report(result)


def test_a_rule_that_does_not_fit_is_refused(town):
    text = (town / "study.toml").read_text(encoding="utf-8")
    (town / "study.toml").write_text(text + RULE.format(how="maybe", extra=-1), encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        el.Study.from_file(town / "study.toml")
    assert [fault.source.rsplit(": ", 1)[1] for fault in caught.value.faults] == [
        "safety.primary.how",
        "safety.primary.extra_metres",
    ]
    (town / "study.toml").write_text(text + RULE.format(how="forbidden", extra=0), encoding="utf-8")
    with pytest.raises(InputError, match=r"safety\.primary: classes to avoid"):
        el.Study.from_file(town / "study.toml").check()
    straight = text.replace('streets = "streets.gpkg"', "") + '\n[engine]\nname = "straight"\n'
    (town / "study.toml").write_text(straight + RULE.format(how="forbidden", extra=0), encoding="utf-8")
    with pytest.raises(StudyFileError, match="safety needs streets"):
        el.Study.from_file(town / "study.toml")
