"""The report as a run writes it."""

import json

import pytest

from edulayout.study.study import Study


@pytest.fixture
def result(town):
    return Study.from_file(town / "study.toml").run()


def test_the_folder_holds_the_report_and_the_manifest_names_it(town, tmp_path):
    out = tmp_path / "out"
    result = Study.from_file(town / "study.toml").run(out)
    page = (out / "report.html").read_text("utf-8")
    assert page == result.report().html
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert "report.html" in [entry["path"] for entry in manifest["outputs"]]
    for entry in manifest["inputs"]:
        assert entry["sha256"] in page
    for name, version in manifest["versions"].items():
        assert f"{name} {version}" in page
    assert "edulayout run study.toml" in page
    assert str(tmp_path) not in page


def test_every_table_of_the_run_is_named(result):
    page = result.report().html
    for name in result.tables:
        assert f"tables/{name}.csv" in page


def test_the_proofs_are_those_of_the_table(result):
    page = result.report().html
    sentences = result.siting.query("district_id == 'all'")["proven"]
    assert len(sentences) >= 2
    for sentence in sentences:
        assert sentence.replace(" %", "\u00a0%") in page


def test_a_study_may_ask_for_no_report(town, tmp_path):
    study = town / "study.toml"
    study.write_text(study.read_text("utf-8") + "\n[outputs]\nreport = false\n", "utf-8")
    Study.from_file(study).run(tmp_path / "out")
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_radius_of_the_study_and_safe_ways_are_told(town):
    study = town / "study.toml"
    text = study.read_text("utf-8") + '\n[radii]\noverride = { primary = 600 }\nreason = "two bridges only"\n'
    study.write_text(text, "utf-8")
    page = Study.from_file(study).run().report().html
    assert "two bridges only" in page
    assert "in place of GB 50180-2018" in page


def test_the_chinese_study_has_a_chinese_report(town):
    study = town / "study.toml"
    study.write_text(
        study.read_text("utf-8").replace('crs = "EPSG:4544"', 'crs = "EPSG:4544"\nlanguage = "zh"', 1), "utf-8"
    )
    page = Study.from_file(study).run().report().html
    assert '<html lang="zh-Hans">' in page
    assert "摘要" in page
    assert "规划" in page


def test_the_report_shows_itself_in_a_notebook(result):
    assert result.report()._repr_html_().startswith('<iframe title="report"')
