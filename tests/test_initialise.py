import filecmp
import hashlib
import re
import subprocess
import sys
import tomllib

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from osm_town import Town, two_villages

import edulayout as el
from edulayout.errors import CrsError, InputError, MissingFileError, OutputError
from edulayout.study.initialise import initialise
from edulayout.study.settings import parse_settings, read_settings
from edulayout.tables import locate

FILES = ["GUESSED.md", "demand.gpkg", "districts.gpkg", "schools.csv", "study.toml", "town.osm"]


@pytest.fixture
def extract(tmp_path):
    return two_villages().write(tmp_path / "town.osm")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "study"


def hashes(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def nothing_left(folder):
    assert not folder.exists()
    assert not [name for name in folder.parent.iterdir() if "edulayout" in name.name]


class TestStudyFolder:
    def test_files_and_totals(self, extract, out):
        report = initialise(extract, out)
        assert sorted(file.name for file in out.iterdir()) == FILES
        demand = el.read_demand(out / "demand.gpkg")
        # Westdorf: two houses of 2 storeys, one block of 4, equal footprints: 300 people in shares of 2, 2 and 4.
        assert sorted(demand["population"]) == pytest.approx([75, 75, 90, 150], rel=1e-5)
        assert demand.groupby("district_id")["population"].sum().to_dict() == pytest.approx({"r1": 300, "r2": 90})
        assert report.residents == 390
        assert report.kinds == {"kindergarten": 1, "primary": 1, "unknown": 1}

    def test_tables_pass_the_gate_and_lie_in_the_districts(self, extract, out):
        initialise(extract, out)
        districts = el.read_districts(out / "districts.gpkg")
        schools = el.read_schools(out / "schools.csv", crs="EPSG:4326")
        assert districts["name"].to_dict() == {"r1": "Westdorf", "r2": "Ostdorf"}
        assert schools["kind"].tolist() == ["primary", "kindergarten", "unknown"]
        assert locate(schools.to_crs(districts.crs), districts).tolist() == ["r1", "r1", "r2"]
        demand = el.read_demand(out / "demand.gpkg")
        assert locate(demand, districts).eq(demand["district_id"]).all()

    def test_the_study_file_is_valid_and_says_where_its_numbers_come_from(self, extract, out):
        initialise(extract, out)
        settings = read_settings(out / "study.toml")
        assert settings.study.crs == "EPSG:32632"
        assert settings.study.source == "© OpenStreetMap contributors, ODbL 1.0"
        assert settings.pupils.per_1000_residents == {"kindergarten": 33.8, "primary": 62.0, "junior_high": 30.5}
        assert "Chinese planning ratio, to be replaced by the local one" in settings.pupils.source
        assert settings.inputs.streets.path == "town.osm"
        assert settings.inputs.candidates is None
        assert not settings.plan.quotas

    def test_the_examples_in_the_study_file_hold_when_uncommented(self, extract, out):
        initialise(extract, out)
        text = (out / "study.toml").read_text(encoding="utf-8")
        awake = re.sub(r"^# (candidates =|\[plan|kindergarten =|primary =)", r"\1", text, flags=re.MULTILINE)
        settings = parse_settings(tomllib.loads(awake), source="study.toml")
        assert settings.plan.quotas == {"r1": {"kindergarten": 2, "primary": 1}}
        assert settings.plan.further == {"kindergarten": 1}
        assert settings.inputs.candidates.path == "candidates.gpkg"

    def test_guesses_on_screen_and_in_the_folder(self, extract, out):
        screen = str(initialise(extract, out))
        guesses = (out / "GUESSED.md").read_text(encoding="utf-8")
        for text in (screen, guesses):
            assert "n11 (Haus am See): nothing tells" in re.sub(r"n\d+ \(Haus", "n11 (Haus", text)
            assert 'primary, from the name "Grundschule West"' in text
            assert "house: 2 (3)" in text
            assert "Chinese planning ratio" in text
        assert re.search(r"Westdorf +300 +3 ", screen)
        assert "| r2 | Ostdorf | 90 | Ostdorf 90 | 1 |" in guesses

    def test_own_ratio_and_crs(self, extract, out):
        report = initialise(extract, out, per_1000={"primary": 60}, crs="EPSG:2056")
        settings = read_settings(out / "study.toml")
        assert settings.pupils.per_1000_residents == {"primary": 60.0}
        assert "Chinese" not in (out / "study.toml").read_text(encoding="utf-8")
        assert settings.study.crs == "EPSG:2056"
        assert el.read_demand(out / "demand.gpkg").crs == "EPSG:2056"
        assert report.residents == 390

    def test_named_after_the_area_around_it(self, tmp_path, out):
        town = two_villages()
        town.district(-1, -1, 40, 40, level="2", name="Land")
        town.district(-1, -1, 21, 11, level="6", name='Kreis "Tal"')
        town.district(-1, -1, 11, 11, level="7", name="Halb")
        initialise(town.write(tmp_path / "town.osm"), out)
        assert read_settings(out / "study.toml").study.name == 'Kreis "Tal"'

    def test_names_cannot_break_the_texts(self, tmp_path, out):
        town = two_villages()
        town.node(4, 4, amenity="school", name='<img src=x>\x85 | "\\ $name')
        report = initialise(town.write(tmp_path / "town.osm"), out)
        assert "<img" not in (out / "GUESSED.md").read_text(encoding="utf-8")
        assert "\x85" not in str(report)
        assert '<img src=x>\x85 | "\\ $name' in pd.read_csv(out / "schools.csv")["name"].tolist()

    def test_the_same_bytes_every_time(self, extract, out, tmp_path):
        initialise(extract, out)
        code = "import sys; from edulayout.study.initialise import initialise; initialise(sys.argv[1], sys.argv[2])"
        command = [sys.executable, "-c", code, str(extract), str(tmp_path / "again")]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": "7", "PATH": ""})
        assert hashes(out) == hashes(tmp_path / "again")

    def test_the_clock_of_gdal_is_given_back(self, extract, out):
        initialise(extract, out)
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


class TestSetAside:
    def test_schools_and_places_beyond_the_border(self, tmp_path, out):
        town = two_villages()
        town.node(50, 5, amenity="school", name="Drüben")
        town.node(51, 5, place="village", name="Fern", population="10")
        town.box(52, 5, 52.2, 5.2, building="house")
        report = initialise(town.write(tmp_path / "town.osm"), out)
        said = [str(note) for note in report.notes]
        assert any("schools outside every district, set aside (1)" in line and "Drüben" in line for line in said)
        assert any("places outside every district, set aside (1)" in line and "Fern" in line for line in said)
        assert any("1 dwellings outside every district" in line for line in said)
        assert "Drüben" not in (out / "schools.csv").read_text(encoding="utf-8-sig")
        assert report.residents == 390

    def test_district_without_residents_and_district_without_dwellings(self, tmp_path, out):
        town = two_villages()
        town.district(20, 0, 30, 10, name="Wald")
        town.box(22, 1, 22.2, 1.1, building="house")
        town.district(30, 0, 40, 10, name="Neu", population="50")
        report = initialise(town.write(tmp_path / "town.osm"), out)
        said = [str(note) for note in report.notes]
        assert any("without a population" in line and "(Wald)" in line for line in said)
        assert any("without dwellings" in line and "(Neu): 50 residents" in line for line in said)
        assert el.read_demand(out / "demand.gpkg")["population"].sum() == pytest.approx(390)
        assert len(el.read_districts(out / "districts.gpkg")) == 4

    def test_crowded_district_is_told(self, tmp_path, out):
        town = two_villages()
        town.district(20, 0, 30, 10, name="Eng", population="100000")
        town.box(22, 1, 22.2, 1.1, building="house")
        report = initialise(town.write(tmp_path / "town.osm"), out)
        (crowded,) = [note for note in report.notes if "of floor per resident" in note.what]
        # Houses of 0.2 by 0.1 steps (15.2 m by 11.1 m): 338 m² of floor; Westdorf has four times as much for 300.
        assert crowded.rows == ("r1 (Westdorf): 4.5 m² each", "r2 (Ostdorf): 3.7 m² each", "r3 (Eng): 0.0034 m² each")


class TestBadInput:
    def test_missing_file(self, tmp_path, out):
        with pytest.raises(MissingFileError):
            initialise(tmp_path / "none.osm.pbf", out)
        nothing_left(out)

    def test_cut_short(self, extract, out):
        extract.write_bytes(extract.read_bytes()[: extract.stat().st_size // 2])
        with pytest.raises(InputError, match="cut short"):
            initialise(extract, out)
        nothing_left(out)

    def test_level_that_is_not_there(self, extract, out):
        with pytest.raises(InputError, match=r"a level that is there: 8 \(2\)"):
            initialise(extract, out, admin_level=9)
        nothing_left(out)

    def test_no_population(self, tmp_path, out):
        town = Town()
        town.district(0, 0, 10, 10, name="Dorf")
        town.box(1, 1, 2, 2, building="house")
        town.node(2, 2, amenity="school")
        with pytest.raises(InputError, match="no population") as error:
            initialise(town.write(tmp_path / "town.osm"), out)
        assert "add the tag" in error.value.faults[0].remedy
        nothing_left(out)

    def test_no_dwellings(self, tmp_path, out):
        town = Town()
        town.district(0, 0, 10, 10, name="Dorf", population="10")
        town.node(2, 2, amenity="school")
        with pytest.raises(InputError, match="no residential building"):
            initialise(town.write(tmp_path / "town.osm"), out)

    def test_no_schools(self, tmp_path, out):
        town = Town()
        town.district(0, 0, 10, 10, name="Dorf", population="10")
        town.box(1, 1, 2, 2, building="house")
        with pytest.raises(InputError, match="no school in the districts"):
            initialise(town.write(tmp_path / "town.osm"), out)

    @pytest.mark.parametrize(("crs", "words"), [("EPSG:4326", "metres"), ("EPSG:99999999", "does not know")])
    def test_crs(self, extract, out, crs, words):
        with pytest.raises(CrsError, match=words):
            initialise(extract, out, crs=crs)
        nothing_left(out)

    def test_unknown_stage(self, extract, out):
        with pytest.raises(InputError, match="unknown stages"):
            initialise(extract, out, per_1000={"creche": 3})
        nothing_left(out)

    def test_folder_with_something_else(self, extract, out):
        out.mkdir()
        (out / "mine.txt").write_text("mine")
        with pytest.raises(OutputError):
            initialise(extract, out)
        assert [file.name for file in out.iterdir()] == ["mine.txt"]

    def test_the_work_of_a_planner_is_kept(self, extract, out):
        initialise(extract, out)
        initialise(extract, out)
        edited = (out / "schools.csv").read_text(encoding="utf-8-sig").replace("unknown", "primary")
        (out / "schools.csv").write_text(edited, encoding="utf-8-sig")
        (out / "results").mkdir()
        before = sorted(file.name for file in out.iterdir())
        with pytest.raises(OutputError) as error:
            initialise(extract, out)
        assert error.value.faults[0].rows == ("results", "schools.csv")
        assert sorted(file.name for file in out.iterdir()) == before
        assert (out / "schools.csv").read_text(encoding="utf-8-sig") == edited


RESIDENTS = {
    "Balzers": 4608 + 1532,  # with Mäls
    "Eschen": 4407 + 1357,  # with Nendeln
    "Gamprin": 1654,
    "Mauren": 4138,
    "Planken": 445,
    "Ruggell": 2065,
    "Schaan": 6002,
    "Schellenberg": 1037,
    "Triesen": 5050,
    "Triesenberg": 2634,
    "Vaduz": 5229,
}


@pytest.fixture(scope="module")
def study(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("init") / "liechtenstein"
    extract = real_data / "liechtenstein_osm" / "liechtenstein-latest.osm.pbf"
    return initialise(extract, folder), folder, extract


@pytest.mark.real_data
@pytest.mark.xdist_group("liechtenstein")
class TestLiechtenstein:
    def test_residents_of_each_municipality(self, study):
        report, folder, _ = study
        names = el.read_districts(folder / "districts.gpkg")["name"]
        demand = el.read_demand(folder / "demand.gpkg")
        found = demand.groupby(demand["district_id"].map(names))["population"].sum()
        assert found.to_dict() == pytest.approx(RESIDENTS, rel=1e-9)
        assert report.residents == sum(RESIDENTS.values()) == 40158

    def test_demand_is_legible_and_in_place(self, study):
        _, folder, _ = study
        districts = el.read_districts(folder / "districts.gpkg")
        demand = el.read_demand(folder / "demand.gpkg")
        assert 2000 < len(demand) <= 6000
        assert (demand.geom_type == "Polygon").all()
        assert locate(demand, districts).eq(demand["district_id"]).all()
        assert demand["population"].gt(0).all()
        assert demand["population"].max() < 150

    def test_schools_are_all_inside(self, study):
        report, folder, _ = study
        schools = el.read_schools(folder / "schools.csv", crs="EPSG:4326")
        districts = el.read_districts(folder / "districts.gpkg")
        assert len(schools) == 33
        assert locate(schools.to_crs(districts.crs), districts).ne("").all()
        assert report.overview.set_index("name")["schools"].to_dict() == {
            "Balzers": 2, "Eschen": 4, "Gamprin": 2, "Mauren": 1, "Planken": 1, "Ruggell": 1, "Schaan": 3,
            "Schellenberg": 2, "Triesen": 9, "Triesenberg": 1, "Vaduz": 7,
        }  # fmt: skip

    def test_self_contained_and_named(self, study):
        report, folder, extract = study
        settings = read_settings(folder / "study.toml")
        assert report.name == settings.study.name == "Liechtenstein"
        assert settings.study.crs == "EPSG:32632"
        assert filecmp.cmp(extract, folder / settings.inputs.streets.path, shallow=False)

    def test_reads_with_plain_geopandas(self, study):
        _, folder, _ = study
        assert gpd.read_file(folder / "districts.gpkg")["district_id"].str.startswith("r").all()
