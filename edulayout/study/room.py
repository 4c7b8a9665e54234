"""How much land a school needs to grow: seats to come, and the site area that each asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.stages import KINDS
from edulayout.standards import Range
from edulayout.study.norms import standard_of

if TYPE_CHECKING:
    from edulayout.standards import Rule, Standard
    from edulayout.study.chapters.chapter import Evidence
    from edulayout.study.sections_programme import Reserve


class Figure(NamedTuple):
    """A number, and whose it is, with its status."""

    value: float
    source: str


def site_area_per_pupil(evidence: Evidence, asked: Reserve, stage: str) -> Figure | None:
    """Return the site area for a pupil: the study's, else a standard's, else one derived from the size of a site."""
    own = {str(name): value for name, value in asked.site_area_per_pupil.items()}
    if stage in own:
        return Figure(own[stage], asked.reason)
    standard = standard_of(evidence.study)
    return None if standard is None else _by_standard(standard, stage, "site_area", "site_area_per_pupil")


def area_per_class(evidence: Evidence, asked: Reserve, stage: str) -> Figure | None:
    """Return the floor area that a class needs: the study's, else what a standard says of a pupil or a school."""
    own = {str(name): value for name, value in asked.square_metres_per_class.items()}
    if stage in own:
        return Figure(own[stage], asked.reason)
    standard = standard_of(evidence.study)
    found = None if standard is None else _by_standard(standard, stage, "floor_area", "floor_area_per_pupil")
    return None if found is None else Figure(found.value * KINDS[stage].class_size[0], found.source)


def _by_standard(standard: Standard, stage: str, whole: str, each: str) -> Figure | None:
    rule = standard.find(each, stage, kind=stage)
    if rule is not None:
        return Figure(rule.limit, rule.citation)
    rule = standard.find(whole, stage, kind=stage)
    return None if rule is None else _derived(rule, stage)


def _derived(rule: Rule, stage: str) -> Figure | None:
    """Return the area for a pupil from that of the smallest school that the rule is about."""
    if rule.classes is None or rule.classes.low is None:
        return None
    area = rule.value.low if isinstance(rule.value, Range) else rule.value
    pupils = rule.classes.low * KINDS[stage].class_size[0]
    return None if area is None else Figure(area / pupils, f"{rule.citation}; by {pupils:g} pupils")


def seats_to_come(evidence: Evidence, asked: Reserve, layout: str, stage: str) -> pd.Series[float]:
    """Return by school the seats that it should grow by; NaN where nobody knows.

    By column: as the sites tell. Else the seats that lack in its district (`gap`: for the pupils of today; `forecast`:
    in the worst year of the main variant), shared among the schools of the stage in proportion to their seats, one of
    unknown size counting as an average one.
    """
    schools = evidence.schools(layout, stage)
    if asked.seats_to_come == "column":
        sites, column = evidence.study.sites, f"seats_to_come_{stage}"
        told = pd.Series(dtype=np.float64) if sites is None or column not in sites else sites[column]
        return told.reindex(schools.index)
    seats = schools[f"seats_{stage}"]
    weight = seats.fillna(seats.mean()).fillna(1.0)
    weight = weight.where(weight > 0, 0.0)
    whole = weight.groupby(schools["district_id"]).transform("sum")
    gap = schools["district_id"].map(_gaps(evidence, asked, layout, stage)).astype(np.float64)
    shared: pd.Series[float] = gap * (weight / whole.where(whole > 0))
    return shared


def _gaps(evidence: Evidence, asked: Reserve, layout: str, stage: str) -> dict[str, float]:
    """Return the seats that lack, by district."""
    foreseen = evidence.study.foreseen
    by_forecast = asked.seats_to_come == "forecast" and foreseen is not None
    table = evidence.tables["seats_outlook" if by_forecast else "seats"]
    rows = table[(table["layout"] == layout) & (table["stage"] == stage)]
    if by_forecast and foreseen is not None:
        rows = rows[rows["variant"] == foreseen.variant]
    column = "worst_gap" if by_forecast else "gap"
    return {str(name): float(gap) for name, gap in zip(rows["district_id"], rows[column], strict=True)}
