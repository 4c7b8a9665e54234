import pytest

from edulayout.errors import MissingFileError, StudyFileError
from edulayout.study.settings import parse_settings, read_settings

GOOD = {
    "study": {"name": "x", "crs": "EPSG:4544"},
    "inputs": {"districts": "d.gpkg", "schools": {"path": "s.csv", "crs": "EPSG:4490"}, "demand": "b.gpkg", "streets": "n.gpkg"},
}  # fmt: skip


def test_a_bare_path_will_do():
    settings = parse_settings(GOOD, source="study.toml")
    assert settings.inputs.districts.path == "d.gpkg"
    assert settings.inputs.schools.crs == "EPSG:4490"
    assert settings.inputs.candidates is None


def test_three_mistakes_are_three_faults():
    bad = {**GOOD, "siting": {"gap": 2.0}, "plan": {"quotas": {"a": {"primry": 1}}, "further": {"primary": -1}}}
    with pytest.raises(StudyFileError) as caught:
        parse_settings(bad, source="study.toml")
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    for path in ("study.toml: siting.gap", "study.toml: plan.quotas.a.primry", "study.toml: plan.further.primary"):
        assert path in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"study": {"name": "x"}}, "study.crs: nothing"),
        ({"study": {"name": "x", "crs": "EPSG:4326"}}, "in degrees or feet"),
        ({"study": {"name": "x", "crs": "EPSG:0815"}}, "PROJ does not know"),
        ({"studdy": {}}, "a name that no study has"),
        ({"engine": {"name": "car"}}, "engine.name"),
        ({"radii": {"override": {"primary": 600}}}, "needs a reason"),
        ({"inputs": {**GOOD["inputs"], "streets": None}}, "needs inputs.streets"),
    ],
)
def test_each_mistake_is_named(change, words):
    with pytest.raises(StudyFileError, match=words.replace(".", r"\.")):
        parse_settings({**GOOD, **change}, source="study.toml")


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        read_settings(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_text("[study\n")
    with pytest.raises(StudyFileError, match="line 1"):
        read_settings(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_bytes("[study]\nname = '四片区'\n".encode("gbk"))
    with pytest.raises(StudyFileError, match="UTF-8"):
        read_settings(tmp_path / "study.toml")
