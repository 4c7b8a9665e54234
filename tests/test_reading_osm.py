import math

import geopandas as gpd
import pytest
from osm_town import Town, two_villages
from shapely import LineString, box

from edulayout.errors import InputError, MissingFileError
from edulayout.reading.osm import read_buildings, read_districts, read_places, read_schools
from edulayout.reading.osm.districts import districts_from
from edulayout.reading.osm.extract import scan
from edulayout.reading.osm.kinds import _table, is_day_care, kind_of, stages_in
from edulayout.reading.osm.places import places_from, population_of, residents
from edulayout.reading.osm.schools import notes_on, schools_from
from edulayout.stages import KINDS, STAGES


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "town.osm"


def said(notes, words):
    """The rows of the one note that holds these words."""
    (note,) = (note for note in notes if words in note.what)
    return note.rows


class TestDistricts:
    def test_relations_and_closed_ways_of_one_level(self, town, path):
        town.district(0, 0, 10, 10, name="Nord", name__en="North", population="1 200")
        town.box(10, 0, 20, 10, boundary="administrative", admin_level="8", name="Süd")
        town.district(0, 0, 20, 10, level="6", name="Kreis")
        districts = read_districts(town.write(path))
        assert districts.index.tolist() == ["r1", "w2"]
        assert districts["name"].tolist() == ["Nord", "Süd"]
        assert districts["name_en"].tolist() == ["North", ""]
        assert districts["population"].tolist()[0] == 1200
        assert math.isnan(districts["population"].tolist()[1])
        assert districts.geometry["r1"].equals(box(9.5, 47.1, 9.51, 47.11))
        assert districts.crs == "EPSG:4326"

    def test_unnamed_parts_and_unnamed_strangers(self, town, path):
        town.district(0, 0, 10, 10, name="Nord")
        part = town.box(2, 2, 3, 3, boundary="administrative", admin_level="8")
        stranger = town.box(12, 2, 13, 3, boundary="administrative", admin_level="8")
        districts, notes = districts_from(scan(town.write(path), ("boundary",)), admin_level=8)
        assert districts.index.tolist() == ["r1"]
        assert said(notes, "parts of a named district") == (f"{part} in Nord",)
        assert said(notes, "unnamed areas") == (stranger,)

    def test_the_same_ground_twice_is_one_district(self, town, path):
        ring = town.box(0, 0, 10, 10, boundary="administrative", admin_level="8", name="Nord")
        town.relation([(ring, "outer")], type="boundary", boundary="administrative", admin_level="8", name="Nord")
        districts, notes = districts_from(scan(town.write(path), ("boundary",)), admin_level=8)
        assert districts.index.tolist() == ["r1"]
        assert said(notes, "parts of a named district") == (f"{ring} (Nord) in Nord",)

    def test_two_exclaves_make_a_multipolygon(self, town, path):
        rings = [(town.box(0, 0, 1, 1), "outer"), (town.box(5, 5, 6, 6), "outer")]
        town.relation(rings, type="boundary", boundary="administrative", admin_level="8", name="Zwei")
        assert read_districts(town.write(path)).geom_type.tolist() == ["MultiPolygon"]

    def test_cut_off_neighbour_is_listed(self, town, path):
        town.district(0, 0, 10, 10, name="Nord")
        open_line = town.way([town.node(10, 0), town.node(20, 0)])
        town.relation([(open_line, "outer")], type="boundary", boundary="administrative", admin_level="8", name="Aus")
        _, notes = districts_from(scan(town.write(path), ("boundary",)), admin_level=8)
        assert said(notes, "cuts off") == ("r2 (Aus)",)

    def test_missing_level_lists_those_there(self, town, path):
        town.district(0, 0, 10, 10, level="6", name="Kreis")
        town.district(0, 0, 5, 5, level="9", name="Ort")
        town.district(5, 5, 9, 9, level="9", name="Dorf")
        with pytest.raises(InputError, match=r"level 8") as error:
            read_districts(town.write(path))
        assert error.value.faults[0].remedy == "choose a level that is there: 6 (1), 9 (2)"

    def test_no_boundaries_at_all(self, town, path):
        town.node(0, 0, amenity="school")
        with pytest.raises(InputError, match="take an extract that holds whole boundaries"):
            read_districts(town.write(path))


class TestSchools:
    def test_points_areas_and_relations(self, town, path):
        town.node(1, 1, amenity="school", name="Grundschule", name__en="Primary")
        town.box(3, 3, 4, 4, amenity="kindergarten", capacity="60")
        rings = [(town.box(6, 6, 7, 7), "outer"), (town.box(8, 8, 9, 9), "outer")]
        town.relation(rings, type="multipolygon", amenity="school", isced__level="2")
        schools = read_schools(town.write(path))
        assert schools["kind"].to_dict() == {"n1": "primary", "w1": "kindergarten", "r1": "junior_high"}
        assert schools["name_en"].tolist() == ["Primary", "", ""]
        assert schools["seats_kindergarten"].fillna(-1).tolist() == [-1, 60, -1]
        assert (schools.geom_type == "Point").all()
        assert box(9.503, 47.103, 9.504, 47.104).contains(schools.geometry["w1"])

    def test_a_campus_its_buildings_and_points_are_one_school(self, town, path):
        campus = town.box(0, 0, 4, 4, amenity="school", name="Campus")
        inner = town.box(1, 1, 2, 2, amenity="school", building="school", name="Primarschule")
        innermost = town.box(1.2, 1.2, 1.4, 1.4, amenity="school")
        point = town.node(3, 3, amenity="school", name="Realschule")
        other = town.node(3.5, 3.5, amenity="kindergarten", name="Kita")
        outside = town.node(5, 5, amenity="school")
        found = scan(town.write(path), ("amenity", "building"))
        schools = schools_from(found)
        table = read_schools(path)
        assert set(table.index) == {campus, other, outside}
        assert table["origin"][campus] == f"osm:{campus};{inner};{innermost};{point}"
        assert table["kind"].to_dict() == {campus: "nine_year", other: "kindergarten", outside: "unknown"}
        assert said(notes_on(schools, found), "merged") == (
            f"{campus} (Campus) with {inner} (Primarschule), {innermost}, {point} (Realschule)",
        )

    def test_way_and_relation_of_the_same_shape_are_one(self, town, path):
        ring = town.box(0, 0, 4, 4, amenity="school", name="Schule")
        relation = town.relation([(ring, "outer")], type="multipolygon", amenity="school", name="Schule")
        assert read_schools(town.write(path))["origin"].tolist() == [f"osm:{relation};{ring}"]

    def test_a_site_groups_its_members(self, town, path):
        one = town.box(0, 0, 1, 1, building="school", name="Primarschule A")
        two = town.box(5, 5, 6, 6, amenity="school")
        site = town.relation([(one, ""), (two, "")], type="site", amenity="school", name="Standort")
        schools = read_schools(town.write(path))
        assert schools["origin"].to_dict() == {site: f"osm:{site};{two}"}
        assert schools["kind"].tolist() == ["primary"]

    def test_a_site_without_its_members_is_listed(self, town, path):
        site = town.relation([("w77", "")], type="site", amenity="school", name="Fern")
        found = scan(town.write(path), ("amenity", "building"))
        assert said(notes_on(schools_from(found), found), "not whole") == (f"{site} (Fern)",)

    def test_open_line_keeps_its_place(self, town, path):
        line = town.way([town.node(0, 0), town.node(2, 0)], amenity="school", name="Grundschule")
        assert read_schools(town.write(path)).geometry[line].distance(LineString([(9.5, 47.1), (9.502, 47.1)])) < 1e-9

    def test_broken_multipolygon_is_listed(self, town, path):
        town.node(0, 0, amenity="school")
        line = town.way([town.node(0, 0), town.node(2, 0)])
        broken = town.relation([(line, "outer")], type="multipolygon", amenity="school", name="Halb")
        found = scan(town.write(path), ("amenity", "building"))
        assert said(notes_on(schools_from(found), found), "not whole") == (f"{broken} (Halb)",)

    def test_buildings_name_a_nameless_campus_and_tell_its_kind(self, town, path):
        campus = town.box(0, 0, 4, 4, amenity="school")
        town.box(1, 1, 2, 2, building="school", name="Primarschule Balz")
        town.box(2, 2, 3, 3, building="yes", leisure="sports_centre", name="Gymnasium")
        schools = read_schools(town.write(path))
        assert schools.loc[campus, ["name", "kind", "evidence"]].tolist() == [
            "Primarschule Balz", "primary", 'buildings named "Primarschule Balz"',
        ]  # fmt: skip

    def test_nameless_and_untold_is_described_and_listed(self, town, path):
        town.node(0, 0, amenity="school", addr__street="Am Bach", addr__housenumber="3")
        town.node(1, 0, amenity="kindergarten")
        found = scan(town.write(path), ("amenity", "building"))
        notes = notes_on(schools_from(found), found)
        assert read_schools(path)["name"].tolist() == ["Unnamed school, Am Bach 3", "Unnamed kindergarten n2"]
        assert said(notes, "unknown kind") == ("n1 (Unnamed school, Am Bach 3): nothing tells",)
        assert len(said(notes, "without a name")) == 2

    def test_school_buildings_without_amenity_are_hinted_at(self, town, path):
        town.box(0, 0, 4, 4, amenity="school", name="Grundschule")
        town.box(1, 1, 2, 2, building="school")
        preschool = town.box(2, 2, 3, 3, building="kindergarten")
        lonely = town.box(7, 7, 8, 8, building="school", name="Alt")
        found = scan(town.write(path), ("amenity", "building"))
        assert said(notes_on(schools_from(found), found), "no amenity covers") == (preschool, f"{lonely} (Alt)")

    def test_disused_is_closed_and_lifecycle_prefix_is_no_school(self, town, path):
        town.node(0, 0, amenity="school", disused="yes")
        town.node(1, 0, disused__amenity="school")
        town.node(2, 0, amenity="music_school")
        assert read_schools(town.write(path))["status"].to_dict() == {"n1": "closed"}

    def test_two_amenities_in_one_tag(self, town, path):
        town.node(0, 0, amenity="school;kindergarten", name="Primarschule")
        assert read_schools(town.write(path))["kind"].tolist() == ["primary"]


class TestKinds:
    @pytest.mark.parametrize(
        ("tags", "kind"),
        [
            ({"isced:level": "0"}, "kindergarten"),
            ({"isced:level": "1"}, "primary"),
            ({"isced:level": "1;2"}, "nine_year"),
            ({"isced:level": "0-2"}, "nine_year"),
            ({"isced:level": "2, 3"}, "junior_high"),
            ({"isced:level": "3", "school": "primary"}, "senior_high"),
            ({"isced:level": "yes", "school": "primary"}, "primary"),
            ({"school": "primary;secondary"}, "nine_year"),
            ({"school": "Lower Secondary"}, "junior_high"),
            ({"grades": "1-6"}, "primary"),
            ({"grades": "K-5"}, "primary"),
            ({"grades": "5-9"}, "junior_high"),
            ({"grades": "1-9"}, "nine_year"),
            ({"grades": "1-2"}, "primary"),
            ({"grades": "10-12", "name": "Grundschule"}, "senior_high"),
            ({"grades": "all"}, "unknown"),
            ({"name": "École élémentaire Jules Ferry"}, "primary"),
            ({"name": "Scuola media Dante"}, "junior_high"),
            ({"name": "CEIP Cervantes"}, "primary"),
            ({"name": "阆中市第一小学"}, "primary"),
            ({"name": "七里初级中学"}, "junior_high"),
            ({"name": "高级中学"}, "senior_high"),
            ({"name": "江南九年一贯制学校"}, "nine_year"),
            ({"name": "职业高级中学"}, "unknown"),
            ({"name": "Schule", "name:en": "Primary School"}, "primary"),
            ({"name": "Kreismusikschule"}, "unknown"),
            ({"name": "Weiterführende Schulen (Oberschule und Realschule)"}, "junior_high"),
            ({"name": "Gymnasium"}, "junior_high"),
        ],
    )
    def test_table(self, tags, kind):
        assert kind_of([{"amenity": "school"} | tags]).kind == kind

    def test_longer_words_win(self):
        assert stages_in("Senior High School") == {"senior_high"}
        assert stages_in("Junior High School") == {"junior_high"}
        assert stages_in("高级中学") == {"senior_high"}

    def test_what_one_kind_cannot_say_is_kept_beside_it(self):
        guess = kind_of([{"amenity": "school", "name": "Kindergarten und Primarschule"}])
        assert (guess.kind, guess.beyond, guess.certain) == ("primary", ("kindergarten",), False)

    def test_tags_are_certain_and_names_are_not(self):
        assert kind_of([{"amenity": "school", "isced:level": "1"}]).certain
        assert kind_of([{"amenity": "kindergarten", "name": "Primarschule"}]).kind == "kindergarten"

    def test_music_school_is_of_no_stage_even_with_school_buildings(self):
        guess = kind_of([{"amenity": "school", "name": "Musikschule"}], building_names=["Primarschule"])
        assert (guess.kind, guess.evidence) == ("unknown", 'of no stage: music, by the name "Musikschule"')

    def test_day_care(self):
        assert is_day_care({"nursery": "yes"})
        assert not is_day_care({"nursery": "yes", "preschool": "yes"})
        assert not is_day_care({"name": "Kindergarten Nikita"})

    def test_the_table_speaks_of_known_stages_only(self):
        table = _table()
        used = {stage for part in ("isced", "school", "words") for stages in table[part].values() for stage in stages}
        assert used == set(STAGES) == set(table["grades"])
        assert set(KINDS) >= {"primary"}


class TestPlaces:
    def test_settlements_only_and_once(self, town, path):
        town.node(1, 1, place="village", name="Dorf", population="1,200")
        town.node(2, 2, place="country", name="Land", population="99999")
        town.node(3, 3, place="village", name="Viele", population="many")
        town.box(0, 0, 4, 4, place="village", name="Dorf", population="1200")
        town.node(9, 9, place="village", name="Dorf", population="7")
        town.node(8, 8, place="hamlet", name="Leer")
        places, notes = places_from(scan(town.write(path), ("place",)))
        assert places["population"].to_dict() == {"n1": 1200.0, "n8": 7.0}
        assert said(notes, "stand twice") == ("w1 (Dorf) as n1",)
        assert said(notes, "no number") == ("n3 (Viele)",)
        assert said(notes, "for comparison") == ("n2 (Land): 99999",)

    @pytest.mark.parametrize(
        ("text", "number"),
        [("445", 445), ("1'357", 1357), ("1 234 567", 1234567), ("12.5", 12.5), ("~500", None), ("", None),
         ("1,5", None), ("-3", None), ("1234 (2010)", None)],
    )  # fmt: skip
    def test_population(self, text, number):
        found = population_of({"population": text})
        assert math.isnan(found) if number is None else found == number

    def test_residents_by_precedence(self, town, path):
        town.district(0, 0, 10, 10, name="Eigen", population="1000")
        town.district(10, 0, 20, 10, name="Summe")
        town.district(20, 0, 30, 10, name="Viertel")
        town.district(30, 0, 40, 10, name="Leer")
        for x, place, count in [(5, "village", 3), (11, "village", 10), (12, "hamlet", 20), (13, "suburb", 9),
                                (21, "suburb", 4), (22, "quarter", 5), (50, "village", 6)]:  # fmt: skip
            town.node(x, 5, place=place, name=f"P{x}", population=count)
        extract = scan(town.write(path), ("boundary", "place"))
        people = residents(districts_from(extract, admin_level=8)[0], places_from(extract)[0])
        assert people.population.tolist() == [1000, 30, 9, 0]
        assert people.source.tolist() == ["the boundary's own tag", "P11 10 + P12 20", "P21 4 + P22 5", ""]
        assert [row.split()[1] for row in said(people.notes, "outside every district")] == ["(P50):"]
        assert [row.split()[1] for row in said(people.notes, "counted already")] == ["(P5):", "(P13):"]
        assert said(people.notes, "sum of several") == ("r2 (Summe): P11 10 + P12 20", "r3 (Viertel): P21 4 + P22 5")


class TestBuildings:
    def test_types_uses_and_land(self, town, path):
        house = town.box(0, 0, 0.2, 0.2, building="house")
        shop = town.box(1, 0, 1.2, 0.2, building="house", shop="bakery")
        plain = town.box(2, 0, 2.2, 0.2, building="yes")
        for x, tags in [(3, {"building": "yes", "shop": "bakery"}), (4, {"building": "garage"}),
                        (11, {"building": "yes"}), (12, {"building": "yes"})]:  # fmt: skip
            town.box(x, 0, x + 0.2, 0.2, **tags)
        town.box(5, 0, 5.02, 0.02, building="yes")
        farm = town.box(13, 0, 13.2, 0.2, building="farm")
        town.box(10, -1, 11.9, 1, landuse="industrial")
        town.box(11.95, -1, 12.5, 1, amenity="school")
        town.box(12.9, -1, 13.5, 1, landuse="farmyard")
        assert read_buildings(town.write(path)).index.tolist() == [house, shop, plain, farm]

    def test_floor_area_is_footprint_times_storeys(self, town, path):
        counted = town.box(0, 0, 1, 1, building="apartments", building__levels="5")
        assumed = town.box(2, 0, 3, 1, building="apartments", building__levels="EG")
        buildings = read_buildings(town.write(path))
        footprint = gpd.GeoSeries([box(9.5, 47.1, 9.501, 47.101)], crs=4326).to_crs(32632).area[0]
        assert footprint == pytest.approx(75.9 * 111.2, rel=0.01)
        assert buildings["floor_m2"].to_dict() == pytest.approx(
            {counted: 5 * footprint, assumed: 4 * footprint}, rel=1e-3
        )
        assert buildings["storeys_counted"].tolist() == [True, False]

    def test_the_median_stands_in_where_enough_were_counted(self, town, path):
        for x in range(20):
            town.box(x, 0, x + 0.5, 0.5, building="house", building__levels=str(3 if x < 12 else 9))
        unknown = town.box(30, 0, 30.5, 0.5, building="house")
        assert read_buildings(town.write(path))["storeys"][unknown] == 3

    def test_no_building(self, town, path):
        town.node(0, 0, amenity="school")
        assert read_buildings(town.write(path)).empty


class TestBadFiles:
    def test_missing(self, tmp_path):
        with pytest.raises(MissingFileError, match="no such file"):
            read_schools(tmp_path / "none.osm.pbf")

    @pytest.mark.parametrize("name", ["words.osm", "words.osm.pbf", "words.csv"])
    def test_something_else(self, tmp_path, name):
        (tmp_path / name).write_text("just words\n" * 50)
        with pytest.raises(InputError, match="cannot be read as OpenStreetMap data"):
            read_schools(tmp_path / name)

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
    def test_cut_short(self, path, share):
        content = two_villages().write(path).read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match="cut short"):
            read_schools(path)

    def test_nodes_that_are_not_in_the_file(self, path):
        path.write_text(
            '<osm version="0.6"><node id="1" lon="9.5" lat="47.1"><tag k="amenity" v="school"/></node>'
            '<way id="1"><nd ref="1"/><nd ref="8"/><nd ref="9"/><nd ref="1"/><tag k="amenity" v="school"/></way>'
            '<way id="2"><nd ref="8"/><nd ref="9"/><tag k="amenity" v="school"/></way></osm>'
        )
        found = scan(path, ("amenity", "building"))
        assert [feature.osm_id for feature in found.features] == ["n1"]
        assert said(notes_on(schools_from(found), found), "not whole") == ("w1", "w2")

    def test_progress_is_told(self, path):
        seen = []
        read_schools(two_villages().write(path), progress=lambda *step: seen.append(step))
        assert seen == [("reading the extract", 0, 1), ("reading the extract", 1, 1)]


MERGED = {
    # A building or point inside the campus of the same amenity: one school, not two.
    "w44963532": "w491382992",  # Kindergaten "Schule": the building on its campus
    "w128189096": "w1059826968",  # KiTa Bahnhofstrasse: the building on its campus
    "n2121293470": "w399316446",  # Kita: the point on its campus
    "w384588465": "w480527181",  # Rebera-Süd and
    "w1057972977": "w480527181",  # Rebera-Nord: two buildings of the kindergarten Rebera
}
UNKNOWN = {
    "n280027006": "formatio Privatschule",
    "n3577175472": "Liechtensteinische Musikschule",
    "w165334601": "Kleinschule Planken",
    "w351947261": "Unnamed school w351947261",
    "w399316127": "Ebenholz",
    "w456179483": "Schulzentrum Unterland",
}


@pytest.fixture
def folder(real_data):
    return real_data / "liechtenstein_osm"


@pytest.fixture
def extract(folder):
    return folder / "liechtenstein-latest.osm.pbf"


@pytest.mark.real_data
class TestLiechtenstein:
    def test_every_school_of_the_reference_once(self, folder, extract):
        reference = gpd.read_file(folder / "schools.gpkg")
        ids = reference["osm_type"].str[0] + reference["osm_id"].astype(str)
        schools = read_schools(extract)
        origins = schools["origin"].str.removeprefix("osm:").str.split(";").explode()
        assert sorted(origins) == sorted(ids)
        merged = {part: school for school, part in origins.items() if school != part}
        assert merged == MERGED
        assert len(schools) == 38 - len(MERGED)

    def test_the_places_are_those_of_the_reference(self, folder, extract):
        reference = gpd.read_file(folder / "schools.gpkg")
        reference.index = reference["osm_type"].str[0] + reference["osm_id"].astype(str)
        schools = read_schools(extract)
        near = schools.to_crs(32632).distance(reference.geometry.to_crs(32632)[schools.index])
        assert near.max() < 60  # both are points of the same areas

    def test_kinds(self, extract):
        schools = read_schools(extract)
        assert schools["kind"].value_counts().to_dict() == {
            "kindergarten": 15, "primary": 9, "unknown": 6, "junior_high": 2, "nine_year": 1,
        }  # fmt: skip
        assert schools.loc[schools["kind"] == "unknown", "name"].to_dict() == UNKNOWN

    def test_eleven_municipalities(self, folder, extract):
        reference = gpd.read_file(folder / "admin.gpkg")
        named = reference[(reference["admin_level"] == "8") & reference["name"].notna()]
        districts, notes = districts_from(scan(extract, ("boundary",)), admin_level=8)
        assert sorted(districts["name"]) == sorted(named["name"])
        assert len(districts) == 11
        own = districts.set_index("name").geometry
        assert own.geom_equals(named.set_index("name").geometry[own.index]).all()
        assert said(notes, "parts of a named") == (
            "w75393799 in Vaduz", "w75393812 in Schaan", "w75393803 in Vaduz", "w75393820 in Planken",
        )  # fmt: skip

    def test_settlements(self, folder, extract):
        reference = gpd.read_file(folder / "places.gpkg").query("place != 'country'")
        expected = dict(zip("n" + reference["osm_id"].astype(str), reference["population"].astype(float), strict=True))
        assert read_places(extract)["population"].to_dict() == expected
        assert sum(expected.values()) == 40158

    def test_half_a_file_is_refused(self, extract, tmp_path):
        half = tmp_path / "half.osm.pbf"
        half.write_bytes(extract.read_bytes()[: extract.stat().st_size // 2])
        with pytest.raises(InputError, match="cut short"):
            read_schools(half)

    def test_levels_are_listed(self, extract):
        with pytest.raises(InputError, match=r"2 \(1\), 6 \(2\), 8 \(11\)"):
            read_districts(extract, admin_level=7)


@pytest.mark.real_data
def test_monaco_and_andorra_read_too(real_data):
    folder = real_data / "monaco_andorra_osm"
    assert read_districts(folder / "andorra.osm.pbf", admin_level=7)["name"].tolist()[:2] == [
        "Andorra la Vella",
        "Encamp",
    ]
    assert read_schools(folder / "monaco.osm.gz")["kind"].to_dict() == {
        "n280489204": "unknown", "w104863462": "senior_high",
    }  # fmt: skip
