"""Standards as data: every file keeps its schema, layers lie over each other, nothing unverified is shown as fact."""

import unicodedata
from dataclasses import FrozenInstanceError

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from edulayout import standards
from edulayout.cli import cli
from edulayout.errors import InputError, MissingFileError
from edulayout.stages import STAGES
from edulayout.standards import Range

HEAD = """
name = "own"
document = "Own rules"
title = "Own rules"
title_zh = "自定"
jurisdiction = "Here"
jurisdiction_zh = "此地"
[sources]
1 = "a letter"
"""
RULE = """
[[rule]]
subject = "class_size"
stage = "primary"
value = 40
strength = "should"
clause = "1"
status = "verified"
source = "1"
"""
ASKED = ("cn-gb50180-2018", "cn-gb50099-2011", "cn-jgj39", "cn-jianbiao-2002-102", "cn-jianbiao-109-2008",
         "cn-quality-balance-2017", "cn-basic-balance-2012", "in-rte", "uk-1996")  # fmt: skip


@pytest.fixture(params=standards.names())
def each(request):
    return standards.load(request.param)


def own(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_set_asked_for_is_there():
    assert set(ASKED) <= set(standards.names())


def test_every_file_keeps_the_schema(each):
    assert each.rules
    assert each.sets == (each.name,)
    known = standards.subjects()
    for rule in each.rules:
        assert rule.subject in known
        assert rule.unit == known[rule.subject][0]
        assert rule.stage in {"", *STAGES}
        assert rule.clause
        assert rule.clause_zh
        assert rule.document == each.document
        assert rule.jurisdiction == each.jurisdiction
        assert rule.origin == each.name


def test_every_file_is_named_after_its_set(each):
    assert each.name in standards.names()


def test_nothing_is_called_verified_that_nobody_verified(each):
    for rule in each.rules:
        assert rule.status in {"read", "secondary", "derived", "memory"}
        assert f"NOT verified in the original, status: {rule.status}" in rule.citation


def test_what_was_read_names_where(each):
    for rule in each.rules:
        if rule.status in {"read", "secondary"}:
            assert rule.source, f"{rule}"


def test_every_word_is_there_in_both_languages(each):
    for rule in each.rules:
        for language in ("en", "zh"):
            assert rule.demand(language)
            assert standards.terms(language)["subject"][rule.subject]
            assert standards.terms(language)["status"][rule.status]
        assert bool(rule.note) == bool(rule.note_zh)
    for part in standards.terms("en"):
        assert standards.terms("en")[part].keys() == standards.terms("zh")[part].keys()


# Values, each from the facts as gathered.


@pytest.mark.parametrize(
    ("name", "subject", "stage", "value", "status"),
    [
        ("cn-gb50180-2018", "service_radius", "kindergarten", 300.0, "secondary"),
        ("cn-gb50180-2018", "school_classes", "primary", 36.0, "memory"),
        ("cn-gb50099-2011", "class_size", "primary", 45.0, "read"),
        ("cn-gb50099-2011", "class_size", "junior_high", 50.0, "read"),
        ("cn-gb50099-2011", "main_road_crossing", "primary", 0.0, "secondary"),
        ("cn-jgj39", "service_radius", "kindergarten", Range(300.0, 500.0), "secondary"),
        ("cn-jgj39", "size_large", "kindergarten", Range(9.0, 12.0), "read"),
        ("cn-jianbiao-2002-102", "class_size", "primary", 45.0, "read"),
        ("cn-jianbiao-109-2008", "school_classes", "junior_high", Range(12.0, 24.0), "read"),
        ("cn-quality-balance-2017", "sports_grounds", "junior_high", 10.2, "secondary"),
        ("cn-quality-balance-2017", "coefficient_of_variation", "junior_high", 0.45, "secondary"),
        ("cn-basic-balance-2012", "mean_coefficient_of_variation", "primary", 0.65, "memory"),
        ("cn-preschool-2018", "inclusive_share", "kindergarten", 0.8, "secondary"),
        ("cn-preschool-2025", "inclusive_share", "kindergarten", 0.85, "memory"),
        ("cn-preschool-county", "gross_enrolment", "kindergarten", 0.85, "secondary"),
        ("cn-chengdu-2017", "seats_per_1000", "primary", Range(60.0, 64.0), "secondary"),
        ("cn-chengdu-2017", "secondary_seats_per_1000", "", Range(62.0, 66.0), "secondary"),
        ("cn-fujian-2013", "service_radius", "kindergarten", Range(100.0, 300.0), "secondary"),
        ("cn-xuancheng-2020", "seats_per_1000", "junior_high", 30.5, "derived"),
        ("in-rte", "service_radius", "junior_high", 3000.0, "read"),
        ("uk-1996", "service_radius", "junior_high", 3 * 1609.344, "secondary"),
    ],
)  # fmt: skip
def test_values(name, subject, stage, value, status):
    rule = standards.load(name).find(subject, stage)
    assert (rule.value, rule.status) == (value, status)


def test_size_caps_of_the_quality_balance():
    rules = standards.load("cn-quality-balance-2017")
    plain, local = rules.find_all("school_pupils", "primary", kind="primary")
    assert (plain.value, plain.strength, local.value, local.strength) == (2000.0, "shall", 2400.0, "may")
    assert [rule.value for rule in rules.find_all("school_pupils", "primary", kind="nine_year")] == [2500.0, 3000.0]


def test_living_circles():
    found = {
        rule.minutes: rule.value
        for rule in standards.load("cn-gb50180-2018").rules
        if rule.subject == "living_circle_residents"
    }
    assert found == {15: Range(50000.0, 100000.0), 10: Range(15000.0, 25000.0), 5: Range(5000.0, 12000.0)}


def test_floor_area_by_classes_and_its_quotients():
    rules = standards.load("cn-jianbiao-2002-102")
    sizes = {("primary", "primary"): 45, ("junior_high", "junior_high"): 50}
    pupils = {18: 840, 27: 1260, 36: 1680, 45: 2100}
    for stage, kind in [*sizes, ("", "nine_year")]:
        for level in ("basic", "planning"):
            whole = [
                r for r in rules.rules if (r.subject, r.stage, r.kind, r.level) == ("floor_area", stage, kind, level)
            ]
            each = [
                r
                for r in rules.rules
                if (r.subject, r.stage, r.kind, r.level) == ("floor_area_per_pupil", stage, kind, level)
            ]
            assert len(whole) == len(each) == 4
            for total, quotient in zip(whole, each, strict=True):
                classes = int(total.classes.low)
                count = pupils[classes] if kind == "nine_year" else classes * sizes[stage, kind]
                assert quotient.classes == total.classes
                assert quotient.status == "derived"
                assert quotient.value == round(total.value / count, 2)
    assert rules.find("floor_area", "primary", kind="primary", classes=24).value == 5812.0


def test_xuancheng_follows_from_its_seats():
    rules = standards.load("cn-xuancheng-2020")
    seats = {"kindergarten": 35580, "primary": 65250, "junior_high": 32100, "senior_high": 25650}
    for stage, number in seats.items():
        assert rules.find("seats_per_1000", stage).value == pytest.approx(number / 1053, abs=0.05)


def test_nine_year_grades():
    rules = standards.load("cn-gb50099-2011")
    assert [rules.find("nine_year_grades", stage).value for stage in ("primary", "junior_high")] == [6.0, 3.0]


# Rules and ranges.


def test_a_rule_reads_as_before():
    rule = standards.load("cn-gb50180-2018").find("service_radius", "primary")
    assert str(rule) == (
        "service_radius primary: 500 metres — 不宜大于 (should not exceed); GB 50180-2018, table 5.0.3 or 5.0.2: the "
        "sources disagree on the label (NOT verified in the original, status: secondary)"
    )
    with pytest.raises(FrozenInstanceError):
        rule.value = 1.0


def test_find_tells_kinds_and_sizes_apart():
    rules = standards.load("cn-jianbiao-2002-102")
    assert rules.find("school_classes", "primary", kind="primary").value == Range(12.0, 30.0)
    assert rules.find("school_classes", "primary", kind="nine_year").value == Range(18.0, 45.0)
    assert rules.find("floor_area", "primary", kind="primary", classes=13) is None
    assert (
        rules.find("floor_area", "kindergarten") is None or rules.find("floor_area", "kindergarten").kind == "nine_year"
    )
    assert rules.find("no_such_subject", "primary") is None


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_range_holds_what_lies_between(one, two, number):
    low, high = sorted((one, two))
    assert (number in Range(low, high)) == (low <= number <= high)
    assert low in Range(low, high)
    assert high in Range(low, high)


def test_a_range_refuses_the_wrong_order():
    with pytest.raises(ValueError, match="down to"):
        Range(2.0, 1.0)
    with pytest.raises(ValueError, match="needs an end"):
        Range(None, None)


# The user's own file.


def test_a_file_of_ones_own(tmp_path):
    rules = standards.load(own(tmp_path, HEAD + RULE))
    rule = rules.find("class_size", "primary")
    assert (rule.value, rule.strength, rule.source) == (40.0, "should", "a letter")
    assert rule.citation == "Own rules, 1 (verified)"


def test_a_table_of_ones_own(tmp_path):
    text = HEAD + RULE.replace("[[rule]]", "[[table]]").replace("value = 40", "rows = [[[1, 12], 40], [[13, 99], 45]]")
    rules = standards.load(own(tmp_path, text))
    assert rules.find("class_size", "primary", classes=12).value == 40.0
    assert rules.find("class_size", "primary", classes=13).value == 45.0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value = 40", "value = 40\ncolour = 1", "colour"),
        ("value = 40", "value = [50, 40]", "down to"),
        ("value = 40", "", "value"),
        ("value = 40", "value = -1", "greater than or equal"),
        ('"should"', '"ought"', "strength"),
        ('"verified"', '"sure"', "status"),
        ('"class_size"', '"class_sizes"', "service_radius"),
        ('"primary"', '"middle"', "junior_high"),
        ('source = "1"', 'source = "2"', "not listed: 2"),
        ("value = 40", 'value = 40\nunit = "metres"', "pupils_per_class, not in metres"),
        ("value = 40", 'value = 40\nnote = "only in English"', "note_zh"),
        ("value = 40", "value = 40\nminutes = 20", "minutes"),
        ("[[rule]]", "[[rules]]", "rules"),
        ("value = 40", "value = ", "not TOML"),
    ],
)  # fmt: skip
def test_faults_name_file_and_rule(tmp_path, old, new, told):
    with pytest.raises(InputError, match=told) as caught:
        standards.load(own(tmp_path, HEAD + RULE.replace(old, new)))
    assert "own.toml" in str(caught.value)
    if told not in {"rules", "not TOML", "not listed: 2"}:
        assert "rule 1 (class" in str(caught.value) or "rule 1 (class_sizes" in str(caught.value)


def test_all_faults_at_once(tmp_path):
    text = HEAD + RULE.replace('"should"', '"ought"') + RULE.replace("value = 40", "")
    with pytest.raises(InputError) as caught:
        standards.load(own(tmp_path, text))
    assert len(caught.value.faults) == 2
    assert "rule 2 (class_size primary)" in caught.value.faults[1].source


def test_names_and_paths_that_lead_nowhere(tmp_path):
    with pytest.raises(InputError, match="cn-gb50180-2018"):
        standards.load("cn-gb1")
    with pytest.raises(MissingFileError, match="no such file"):
        standards.load(tmp_path / "none.toml")
    (tmp_path / "gbk.toml").write_bytes("名".encode("gbk"))
    with pytest.raises(InputError, match="UTF-8"):
        standards.load(tmp_path / "gbk.toml")


# Layers.


def test_local_wins_over_national_and_leaves_the_rest():
    made = standards.layered(["cn-gb50180-2018", "cn-jgj39"], "cn-fujian-2013")
    radius = [rule.document for rule in made.find_all("service_radius", "kindergarten")]
    assert radius == ["福建省通知 (2013)"]
    assert made.find("service_radius", "primary").document == "GB 50180-2018"
    assert made.sets == ("cn-gb50180-2018", "cn-jgj39", "cn-fujian-2013")


def test_national_sets_stand_side_by_side():
    made = standards.layered(["cn-gb50180-2018", "cn-jgj39"])
    assert [rule.value for rule in made.find_all("service_radius", "kindergarten")] == [300.0, Range(300.0, 500.0)]


def test_an_override_carries_its_reason():
    made = standards.layered("cn-gb50099-2011", overrides={"class_size": {"primary": 40}}, reason="small classes")
    rule = made.find("class_size", "primary")
    assert (rule.value, rule.status, rule.replaced.was) == (40.0, "chosen", 45.0)
    assert rule.citation == "set by the study in place of 45 of GB 50099-2011: small classes"
    assert made.replaced == (rule,)
    assert made.find("class_size", "junior_high").replaced is None
    for language, word in (("en", "Set by the study"), ("zh", "本研究")):
        assert f"{word}" in standards.printed(made, language=language)
        assert "small classes" in standards.printed(made, language=language)


def test_an_override_for_every_stage_and_one_with_its_own_reason():
    made = standards.layered(
        "cn-gb50099-2011",
        overrides={"class_size": {"all": {"value": 40, "reason": "small"}}, "service_radius": {"primary": [500, 600]}},
        reason="hills",
    )
    assert {rule.value for rule in made.rules if rule.subject == "class_size"} == {40.0}
    assert made.find("service_radius", "primary").value == Range(500.0, 600.0)
    assert made.find("service_radius", "primary").replaced.reason == "hills"


def test_an_override_adds_what_no_set_knows():
    made = standards.layered("in-rte", overrides={"school_spacing": {"primary": 800}}, reason="a wish")
    rule = made.find("school_spacing", "primary")
    assert (rule.value, rule.bound, rule.unit, rule.strength) == (800.0, "at_least", "metres", "target")
    assert rule.citation == "set by the study: a wish"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"class_sizes": {"primary": 1}}, "unknown subject"),
        ({"class_size": {"middle": 1}}, "unknown stage"),
        ({"class_size": {"primary": -1}}, "a number"),
        ({"class_size": {"primary": True}}, "a number"),
        ({"class_size": {"primary": [50, 40]}}, "a number"),
        ({"class_size": {"primary": {"values": 1}}}, "a number"),
        ({"class_size": 40}, "by stage"),
    ],
)
def test_overrides_that_cannot_be(overrides, told):
    with pytest.raises(InputError, match=told):
        standards.layered("cn-gb50099-2011", overrides=overrides, reason="why")


def test_an_override_without_a_reason_is_refused():
    with pytest.raises(InputError, match="no reason") as caught:
        standards.layered("in-rte", overrides={"class_size": {"primary": 1, "junior_high": 2}}, reason=" ")
    assert len(caught.value.faults) == 2
    with pytest.raises(InputError, match="no set"):
        standards.layered([])


def test_what_is_layered_is_not_changed():
    before = standards.load("cn-gb50099-2011")
    standards.layered(before, "cn-fujian-2013", overrides={"class_size": {"all": 1}}, reason="x")
    assert before == standards.load("cn-gb50099-2011")


# Printing.


def columns(text):
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [72, 100])
def test_print_keeps_the_width_and_shows_every_value_and_status(each, language, width):
    text = standards.printed(each, language=language, width=width)
    assert max(map(columns, text.splitlines())) <= width
    for rule in each.rules:
        assert standards.quantity(rule.value, rule.unit, language).split()[0] in text
        assert f"[{rule.status}]" in text
    if language == "zh":
        assert each.title_zh[:4] in text


def test_print_aligns_the_values():
    lines = standards.printed(standards.load("cn-gb50180-2018"), language="zh", width=90).splitlines()
    radii = [line for line in lines if "不宜大于" in line]
    assert len({columns(line.split("不宜大于")[0]) for line in radii}) == 1
    assert len(radii) == 3


def test_listing_names_every_set():
    for language in ("en", "zh"):
        text = standards.listing(language=language, width=80)
        assert all(name in text for name in standards.names())
        assert max(map(columns, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["standards"], ["cn-gb50180-2018", "300 metres", "NOT verified"]),
        (["standards", "cn-jgj39", "--language", "zh"], ["服务半径", "300–500 米", "[secondary] 二手资料，未核对原文"]),
        (["standards", "uk-1996"], ["3,218.688 metres, walking, by a safe way"]),
    ],
)
def test_the_command_prints_them(arguments, told):
    result = CliRunner().invoke(cli, arguments, env={"COLUMNS": "160"})
    assert result.exit_code == 0
    assert all(word in result.output for word in told)


def test_the_command_reads_a_file_of_ones_own(tmp_path):
    result = CliRunner().invoke(cli, ["standards", str(own(tmp_path, HEAD + RULE))])
    assert "should not exceed 40 pupils per class" in result.output
    assert "[verified] verified in the official document" in result.output
