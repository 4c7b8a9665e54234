"""School facts: the gate tells every fault at once, and the sample's facts are what its maker makes."""

import importlib
import sys

import pandas as pd
import pytest

from edulayout import compliance
from edulayout.errors import MissingFileError, TableError


def table(**columns):
    return pd.DataFrame({"school_id": ["s1", "s2"], **columns})


def test_words_in_both_languages_and_empty_cells():
    made = compliance.check_facts(table(ownership=["普惠性民办", ""], estate=["未移交", None], books=["12", ""]))
    assert made["ownership"].tolist() == ["inclusive", "unknown"]
    assert made["estate"].tolist() == ["pending", "unknown"]
    assert made["books"].isna().tolist() == [False, True]
    assert made.index.name == "school_id"
    assert any("taken as 'unknown'" in note for note in made.attrs["notes"])


def test_every_column_may_be_absent():
    assert compliance.check_facts(table()).shape == (2, 0)


def test_facts_for_one_stage_of_a_nine_year_school():
    made = compliance.check_facts(table(teaching_rooms_m2_primary=[100, 200], classes_junior_high=[9, 12]))
    assert made.loc["s2", "teaching_rooms_m2_primary"] == 200.0


def test_all_faults_at_once():
    broken = table(
        ownership=["crown", "public"],
        pupils_primary=["many", "-3"],
        classes_primary=[1.5, 2],
        site_area_m2=[1, float("inf")],
    )
    with pytest.raises(TableError) as caught:
        compliance.check_facts(broken, schools=pd.DataFrame(index=["s1"]), source="facts.csv")
    text = str(caught.value)
    for told in ("no school has", "crown", "many", "negative", "fractions", "infinite"):
        assert told in text
    assert text.count("facts.csv") == len(caught.value.faults) == 6
    assert "s2" in text


@pytest.mark.parametrize("ids", [["s1", "s1"], ["s1", ""]])
def test_ids_missing_or_twice(ids):
    with pytest.raises(TableError):
        compliance.check_facts(pd.DataFrame({"school_id": ids}))


def test_no_ids_at_all():
    with pytest.raises(TableError, match="no column 'school_id'"):
        compliance.check_facts(pd.DataFrame({"books": [1]}))


@pytest.mark.parametrize(("name", "meant"), [
    ("pupls_primary", "pupils_primary"), ("class_primary", "classes_primary"), ("floor_area_m", "floor_area_m2"),
])  # fmt: skip
def test_a_misspelt_column_is_refused(name, meant):
    with pytest.raises(TableError, match=f"'{name}'(.|\n)*'{meant}'"):
        compliance.check_facts(table(**{name: [1, 2]}))
    # Beside the column itself it is just another one.
    made = compliance.check_facts(table(**{name: [1, 2], meant: [3, 4]}))
    assert made[meant].tolist() == [3, 4]
    assert any(name in note for note in made.attrs["notes"])


def test_an_argument_is_not_changed():
    frame = table(books=["1", "2"])
    before = frame.copy()
    compliance.check_facts(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_read_from_a_file_with_other_names(tmp_path):
    path = tmp_path / "facts.csv"
    path.write_text("XXDM,BAN,XZ,remark\n0101,20,市直,x\n", encoding="gbk")
    made = compliance.read_facts(
        path, columns={"school_id": "XXDM", "classes_primary": "BAN", "ownership": "XZ"},
        values={"ownership": {"市直": "public"}},
    )  # fmt: skip
    assert made.loc["0101"].tolist() == [20.0, "public"]
    assert any("remark" in note for note in made.attrs["notes"])
    assert any("gb18030" in note for note in made.attrs["notes"])


def test_read_names_the_line(tmp_path):
    path = tmp_path / "facts.csv"
    path.write_text("school_id,books\ns1,1\ns2,some\n", encoding="utf-8")
    with pytest.raises(TableError, match="line 3"):
        compliance.read_facts(path)
    with pytest.raises(MissingFileError):
        compliance.read_facts(tmp_path / "none.csv")


def test_read_from_a_workbook(tmp_path):
    pytest.importorskip("openpyxl", reason="writes the workbook")
    path = tmp_path / "facts.xlsx"
    table(books=[12, None], ownership=["公办", "民办"]).to_excel(path, index=False)
    made = compliance.read_facts(path)
    assert made["ownership"].tolist() == ["public", "private"]
    assert made.loc["s1", "books"] == 12.0


# The sample.


def test_the_sample_makes_its_facts_again(sample, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(sample))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    maker = importlib.import_module("city_facts")
    assert maker.write(tmp_path, 2) == {"school_facts.csv": 15}
    assert (tmp_path / "school_facts.csv").read_bytes() == (sample / "school_facts.csv").read_bytes()


def test_the_facts_of_the_sample_fit_its_schools(sample):
    schools = pd.read_csv(sample / "schools.csv", dtype={"school_id": str}).set_index("school_id")
    made = compliance.read_facts(sample / "school_facts.csv", schools=schools)
    assert sorted(made.index) == sorted(schools.index)
    for stage in ("kindergarten", "primary", "junior_high"):
        own = schools.index[schools["kind"] == stage]
        assert (made.loc[own, f"pupils_{stage}"] / schools.loc[own, f"seats_{stage}"]).between(0.8, 1.25).all()
        assert made.loc[made.index.difference(own), f"pupils_{stage}"].isna().all()
    gardens = schools.index[schools["kind"] == "kindergarten"]
    assert set(made.loc[gardens, "ownership"]) == {"public", "inclusive", "private"}
    assert set(made.loc[gardens, "estate"]) == {"no", "handed_over", "pending"}
    text = (sample / "README.md").read_text(encoding="utf-8")
    assert "`school_facts.csv` | 15 | what the existing schools have, all invented" in text
