"""The pupils of the years to come, as a study asks for them, and the demand that schools are placed for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edulayout import demand, tables
from edulayout.errors import Fault, InputError
from edulayout.reading.people import check_housing
from edulayout.stages import STAGES
from edulayout.study.foreseen import Foreseen
from edulayout.study.settings import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from edulayout.study.inputs import StudyInputs

_RATES = ("fertility", "mortality")
_APART = 0.01
_VARIANTS_ZH = {"medium": "中方案", "low": "低方案", "high": "高方案"}
_WORDS = {
    "en": {
        "source": "Forecast {first} to {last}, variant shown: {variant}; {source}",
        "apart": "residents by age and by place differ in {names}: the forecast goes by age",
        "moved": "Schools are placed for the pupils of {year}, variant {variant}; coverage tells of those of today",
        "outside": "places outside every district keep their pupils in every year: no forecast is for them",
    },
    "zh": {
        "source": "预测{first}至{last}年，所示方案：{variant}；{source}",
        "apart": "{names}的分年龄人口与地块人口不一致：预测以分年龄人口为准",
        "moved": "选址按{year}年学生数（方案{variant}）；覆盖率按现状学生数",
        "outside": "片区以外的地块不作预测，各年学生数不变",
    },
}


def with_forecast(study: StudyInputs) -> StudyInputs:
    """Return the study with its housing located and its forecast made; as it is where it asks for none.

    Raises
    ------
    InputError
        With every fault of the tables, or where the study asks for a year or a variant that is not foreseen.
    """
    if not study.forecast:
        if study.siting_year is not None:
            raise InputError(
                Fault(
                    "siting.year",
                    str(study.siting_year),
                    "a section [demand] that foresees it",
                    "add it, or remove the year",
                )
            )
        return study
    study = replace(study, housing=_located(study))
    study = replace(study, foreseen=_foresee(study, Demand.model_validate(dict(study.forecast))))
    if study.siting_year is not None:
        demand_in(study, study.siting_year)
    return study


def _located(study: StudyInputs) -> gpd.GeoDataFrame | None:
    if study.housing is None:
        return None
    source = str(study.housing.attrs.get("source", "housing"))
    housing = check_housing(study.housing, source=source)
    district = tables.locate(housing, study.districts)
    lost = tuple(district.index[district == ""])
    if lost:
        raise InputError(Fault(source, "estates outside every district", "places inside", "correct them", lost))
    located = housing.assign(district_id=district)
    located.attrs = dict(housing.attrs)
    return located


def _foresee(study: StudyInputs, asked: Demand) -> Foreseen:
    people = dict(study.people)
    made = _by_cohorts(study, asked, people) if "ages" in people else _by_births(study, asked, people)
    pupils, accounts, notes = made
    estates = pd.DataFrame(columns=["housing_id", "district_id", "stage", "year", "pupils"])
    years = range(asked.base_year, asked.horizon + 1)
    if study.housing is not None:
        known = set(pupils["stage"])
        per_dwelling = {str(stage): n for stage, n in asked.housing.pupils_per_dwelling.items() if stage in known}
        estates = demand.pupils_of_housing(study.housing, per_dwelling, years=years, occupied=asked.housing.occupied)
        pupils = demand.with_housing(pupils, estates)
    else:
        pupils = pupils.assign(pupils_housing=0.0)
    variants = list(pd.unique(pupils["variant"]))
    main = asked.main_variant or variants[0]
    _require_variant(main, variants)
    said = _WORDS[study.language]
    shown = _variant(main, study)
    told = said["source"].format(first=asked.base_year, last=asked.horizon, variant=shown, source=asked.source)
    return Foreseen(pupils, accounts, estates, main, (told, *notes))


def _variant(name: str, study: StudyInputs) -> str:
    """Return what a variant is called in the language of the study."""
    return _VARIANTS_ZH.get(name, name) if study.language == "zh" else name


def _require_variant(main: str, variants: list[str]) -> None:
    if main not in variants:
        known = ", ".join(map(str, variants))
        raise InputError(Fault("demand.main_variant", repr(main), f"one of {known}", "name one of these"))


def _stages(study: StudyInputs, asked: Demand) -> dict[str, demand.SchoolAge]:
    own = {str(name): demand.SchoolAge(it.first, it.years, it.enrolment) for name, it in asked.school_ages.items()}
    known = [stage for stage in STAGES if f"pupils_{stage}" in study.demand.columns]
    return {stage: own.get(stage, demand.SCHOOL_AGES_CN[stage]) for stage in known}


def _by_cohorts(
    study: StudyInputs, asked: Demand, people: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    lacking = [name for name in _RATES if name not in people]
    if lacking:
        found = f"ages without {' and '.join(lacking)}"
        raise InputError(Fault("inputs", found, "fertility and mortality", "name their files, or give births alone"))
    residents = demand.ages(
        people["ages"],
        split=demand.SPLITS[asked.split],
        districts=list(study.districts.index),
        source=_named(people["ages"]),
    )
    rates: dict[str, Any] = {name: people.get(name) for name in (*_RATES, "migration")}
    variants = asked.variants or list(demand.named_variants(rates)) or [""]
    parts, accounts = [], []
    for variant in variants:
        given = demand.assumptions(
            residents, **rates, years=range(asked.base_year, asked.horizon), variant=variant,
            boys_per_100_girls=asked.boys_per_100_girls,
        )  # fmt: skip
        projection = demand.project(residents, given, base_year=asked.base_year)
        accounts.append(projection.accounts())
        parts.append(
            demand.pupils_of_projection(
                projection, _stages(study, asked), counted_on=asked.counted_on, cut_off=asked.cut_off
            )
        )
    notes = (*residents.notes, *_apart(study, residents.population()))
    return pd.concat(parts, ignore_index=True), pd.concat(accounts, ignore_index=True), notes


def _apart(study: StudyInputs, by_age: pd.Series[float]) -> tuple[str, ...]:
    places = study.demand.groupby("district_id")["population"].sum().reindex(by_age.index).fillna(0.0)
    apart = (by_age - places).abs() > _APART * np.maximum(by_age, places)
    names = ", ".join(by_age.index[apart])
    return (_WORDS[study.language]["apart"].format(names=names),) if names else ()


def _by_births(
    study: StudyInputs, asked: Demand, people: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    if "births" not in people:
        raise InputError(Fault("inputs", "neither ages nor births", "one of them", "name its file, or remove [demand]"))
    stages = _stages(study, asked)
    moving = {str(stage): factor for stage, factor in asked.migration.items()}
    pupils = demand.pupils_of_births(
        people["births"], stages, years=range(asked.base_year, asked.horizon + 1), survival=asked.survival,
        migration={stage: moving.get(stage, 1.0) for stage in stages}, births_until=asked.births_until,
        cut_off=asked.cut_off,
    )  # fmt: skip
    strange = sorted(set(pupils["district_id"]) ^ set(study.districts.index))
    if strange:
        known = ", ".join(study.districts.index)
        raise InputError(
            Fault(_named(people["births"]), "districts that differ", known, "the same districts", tuple(strange))
        )
    return pupils, pd.DataFrame(), ()


def _named(table: pd.DataFrame) -> str:
    return str(table.attrs.get("source", "people"))


def demand_in(study: StudyInputs, year: int, *, variant: str | None = None) -> gpd.GeoDataFrame:
    """Return the demand of a checked study in a year of its forecast, its rows unchanged.

    The pupils of estates are counted at the nearest place of their district; places outside every district keep
    theirs.

    Raises
    ------
    InputError
        Where the study foresees nothing, or not that year.
    """
    if study.foreseen is None:
        raise InputError(Fault("demand", "no forecast", "a section [demand]", "add one"))
    known = study.demand["district_id"].fillna("") != ""
    inside = demand.in_year(
        study.demand[known],
        study.foreseen.pupils,
        year=year,
        variant=variant or study.foreseen.variant,
        housing=study.housing,
        estates=study.foreseen.estates if study.housing is not None else None,
        merge=True,
    )
    changed = [f"pupils_{stage}" for stage in pd.unique(study.foreseen.pupils["stage"])]
    columns = {name: inside[name].reindex(study.demand.index).fillna(study.demand[name]) for name in changed}
    return study.demand.assign(**columns)


def planned_for(study: StudyInputs) -> StudyInputs:
    """Return the study as the placing of schools sees it: with the pupils of the year that it plans for."""
    if study.siting_year is None:
        return study
    return replace(study, demand=demand_in(study, study.siting_year))


def notes_on(study: StudyInputs) -> tuple[str, ...]:
    """Return what a reader must know of the forecast."""
    if study.foreseen is None:
        return ()
    words, notes = _WORDS[study.language], list(study.foreseen.notes)
    if study.siting_year is not None:
        notes.append(words["moved"].format(year=study.siting_year, variant=_variant(study.foreseen.variant, study)))
    if (study.demand["district_id"].fillna("") == "").any():
        notes.append(words["outside"])
    return tuple(notes)


def pupils_by_year(study: StudyInputs) -> pd.DataFrame | None:
    """Return the pupils of every place in every year foreseen: `year, demand_id, pupils_<stage>`; None without."""
    if study.foreseen is None:
        return None
    stages = [f"pupils_{stage}" for stage in pd.unique(study.foreseen.pupils["stage"])]
    tables = [
        demand_in(study, int(year))[stages].reset_index().assign(year=int(year))
        for year in sorted(study.foreseen.pupils["year"].unique())
    ]
    whole: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return whole[["year", str(study.demand.index.name), *stages]]
