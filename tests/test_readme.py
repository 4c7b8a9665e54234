"""The README keeps its promises: its commands, its study file and its Python example work as written."""

import re
import shutil
import tomllib
from pathlib import Path

import edulayout as el
from edulayout.study.settings import parse_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_two_commands():
    assert block("sh") == [
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/edulayout demo\n",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest\n",
    ]


def test_the_study_file_is_valid():
    (text,) = block("toml")
    settings = parse_settings(tomllib.loads(text), source="README.md")
    assert settings.plan.quotas["jiangbei"]["kindergarten"] == 8


def test_the_python_example_runs(sample, tmp_path, monkeypatch):
    for name in ("districts.gpkg", "schools.csv", "blocks.gpkg", "candidates.geojson", "streets.gpkg"):
        shutil.copy(sample / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    (code,) = block("python")
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    table = names["result"].coverage
    assert table["layout"].unique().tolist() == ["existing", "planned"]
    assert len(code.splitlines()) < 15


def test_links_and_versions_agree():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"version: {el.__version__}\n" in citation
    assert f"## {el.__version__}" in (ROOT / "CHANGELOG.md").read_text()
