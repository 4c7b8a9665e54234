"""A study writes the sheets that its section `[sheets]` asks for, and says early what is wrong with it."""

import json

import pypdf
import pytest

from edulayout import Study, maps
from edulayout.errors import InputError

ASKED = """
[sheets]
types = ["existing", "coverage"]
stages = ["primary"]
atlas = ["existing"]
formats = ["pdf", "svg"]
paper = "A4"
sheet_number = "JY"
organisation = "某院"
"""


@pytest.fixture
def study_file(town):
    path = town / "study.toml"
    path.write_text(path.read_text("utf-8") + ASKED, encoding="utf-8")
    return path


def test_a_run_writes_its_sheets_and_lists_them(study_file, tmp_path):
    Study.from_file(study_file).run(out=tmp_path / "results")
    names = {path.name for path in (tmp_path / "results" / "sheets").iterdir()}
    assert names == {"existing.pdf", "existing.svg", "coverage_primary.pdf", "coverage_primary.svg", "atlas.pdf"}
    listed = [
        entry["path"] for entry in json.loads((tmp_path / "results" / "manifest.json").read_text("utf-8"))["outputs"]
    ]
    assert {f"sheets/{name}" for name in names} <= set(listed)
    text = pypdf.PdfReader(tmp_path / "results" / "sheets" / "coverage_primary.pdf").pages[0].extract_text()
    assert "JY-02" in text
    assert "某院" in text
    assert "not verified in the original" in " ".join(text.split()), "the status of the standard stands on the sheet"


def test_results_draw_themselves(town):
    result = Study.from_file(town / "study.toml").run()
    made = maps.sheet(result, "planned", paper="A4")
    assert made.title == "Planned siting of schools"
    assert result.source_line


def test_mistakes_are_told_before_the_run(study_file):
    study_file.write_text(study_file.read_text("utf-8").replace('"coverage"]', '"covrage"]'), encoding="utf-8")
    with pytest.raises(InputError, match=r"sheets\.types\.1"):
        Study.from_file(study_file)
