"""The tables beside the maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edulayout import stages
from edulayout.maps.print.content import district_names, schools_in
from edulayout.maps.print.themes import given_zones, seat_table, zones_of
from edulayout.maps.print.words import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from edulayout.maps.print.content import Content, School
    from edulayout.maps.print.lettering import Lettered
    from edulayout.maps.print.map_types import Subject

_ALL = "all"


class Alarm(str):
    """A figure that calls for attention: seats that are missing, a school that is overfull."""

    __slots__ = ()


@dataclass(frozen=True)
class Listing:
    """A table to be set: its title, head, rows of texts, and what explains its marks.

    Parameters
    ----------
    title, note
        What stands above and below.
    head, rows
        Texts; the first column is set left, the others right.
    last_is_sum
        Whether the last row is set bold.
    texts
        How many columns from the left hold text rather than figures.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    last_is_sum: bool = True
    texts: int = 1


def listing(content: Content, subject: Subject, lettered: Lettered, *, district: str | None = None) -> Listing:
    """Tabulate what a map is about; of one district, its row and the sum, or its schools."""
    make: Mapping[str, Callable[[Content, Subject, Lettered], Listing]] = {
        "counts": _counts, "planned": _planned, "coverage": _coverage, "seats": _seats, "zones": _zones,
        "projects": _projects,
    }  # fmt: skip
    made = make[subject.kind.table](content, subject, lettered)
    if district is None or not made.last_is_sum:
        return made
    name = district_names(content)[district]
    return replace(made, rows=tuple(row for row in made.rows if row[0] in {name, content.words("all")}))


def figure(value: float, pattern: str = "{:,.0f}") -> str:
    """Return a number as text; a dash where it is not known.

    Examples
    --------
    >>> figure(1234.4), figure(float("nan"))
    ('1,234', '–')
    """
    return pattern.format(value) if np.isfinite(value) else "–"


def _groups(content: Content, schools: Iterable[School]) -> list[tuple[str, list[School]]]:
    """Return the schools by the name of their district, those outside, and all."""
    names, members = district_names(content), list(schools)
    groups = [(name, [one for one in members if one.district == key]) for key, name in names.items()]
    outside = [one for one in members if one.district not in names]
    groups += [(content.words("outside"), outside)] if outside else []
    return [*groups, (content.words("all"), members)]


def _kinds(schools: Iterable[School]) -> list[str]:
    present = {school.kind for school in schools}
    return [kind for kind in (*stages.KINDS, stages.UNKNOWN) if kind in present]


def _counts(content: Content, subject: Subject, _: Lettered) -> Listing:
    schools = [one for one in schools_in(content, subject.layout) if one.state != "closed"]
    kinds, words = _kinds(schools), content.words
    rows = [(name, *(_count(group, kind) for kind in kinds)) for name, group in _groups(content, schools)]
    some = any(school.seats > 0 for school in schools)
    note = _note(content, schools) if some else ""
    title = words("counts_table")
    head = (words("district"), *(_short(content, kind) for kind in kinds))
    return Listing(title, head, tuple(rows), note=f"{words('counts_cell')}　{note}".strip("　") if some else note)


def _short(content: Content, kind: str) -> str:
    """Return a short word for a kind: that of its stage, where it has only one."""
    served = stages.KINDS[kind].stages if kind in stages.KINDS else ()
    return content.words.stage(served[0]) if len(served) == 1 else content.words.kind(kind)


def _count(group: Sequence[School], kind: str) -> str:
    own = [school for school in group if school.kind == kind]
    known = [school.seats for school in own if np.isfinite(school.seats)]
    if not own:
        return "0"
    if not known:
        return f"{len(own)}"
    return f"{len(own)} / {'≥' if len(known) < len(own) else ''}{sum(known):,.0f}"


def _note(content: Content, schools: Sequence[School]) -> str:
    return content.words("at_least") if any(not np.isfinite(school.seats) for school in schools) else ""


def _planned(content: Content, subject: Subject, _: Lettered) -> Listing:
    schools = [one for one in schools_in(content, subject.layout) if one.state != "closed"]
    kinds, words = _kinds(schools), content.words
    rows = [(name, *(_growth(group, kind) for kind in kinds)) for name, group in _groups(content, schools)]
    head = (words("district"), *(_short(content, kind) for kind in kinds))
    return Listing(words("planned_table"), head, tuple(rows))


def _growth(group: Sequence[School], kind: str) -> str:
    own = [school for school in group if school.kind == kind]
    before = sum(school.state == "existing" for school in own)
    return f"{before} → {len(own)}" if len(own) != before else str(before)


def _coverage(content: Content, subject: Subject, _: Lettered) -> Listing:
    words, radius = content.words, content.radii[str(subject.stage)]
    head = (words("district"), words("pupils"), words("covered"), words(f"mean_{content.engine}"))
    title = words("coverage_table", radius=f"{radius:g}")
    if content.coverage is None:
        return Listing(title, head, ())
    table = content.coverage
    own = table[(table["layout"] == subject.layout).to_numpy() & (table["stage"] == subject.stage).to_numpy()]
    by_district = own.assign(district_id=own["district_id"].astype(str)).set_index("district_id")
    rows = [
        _coverage_row(content, name, by_district.loc[key]) for key, name in _keys(content) if key in by_district.index
    ]
    return Listing(title, head, tuple(rows))


def _keys(content: Content) -> list[tuple[str, str]]:
    words = content.words
    return [*district_names(content).items(), ("outside", words("outside")), (_ALL, words("all"))]


def _coverage_row(content: Content, name: str, row: Any) -> tuple[str, ...]:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    metres = content.words("metres", value=figure(float(row["mean_metres"])))
    return name, figure(float(row["pupils"])), figure(100 * float(row["share_covered"]), "{:.1f}%"), metres


def _seats(content: Content, subject: Subject, _: Lettered) -> Listing:
    words, table = content.words, seat_table(content, subject)
    head = (words("district"), words("pupils"), words("seats"), words("surplus"), words("ratio"))
    rows = [_seats_row(name, table.loc[key]) for key, name in _keys(content) if key in table.index]
    unknown = bool((table["schools_unknown"] > 0).any())
    title = f"{words('seats_table')} · {words.stage(str(subject.stage))}"
    said = [
        words(name) for name, mark in (("not_stated", "–"), ("at_least", "≥")) if any(mark in row[2] for row in rows)
    ]
    return Listing(title, head, tuple(rows), note=" ".join(said) if unknown else "")


def _seats_row(name: str, row: Any) -> tuple[str, ...]:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    pupils, seats, unknown = float(row["pupils"]), float(row["seats"]), bool(row["schools_unknown"] > 0)
    if unknown:
        return name, figure(pupils), f"≥{seats:,.0f}" if seats > 0 else "–", "–", "–"
    ratio = seats / pupils if pupils > 0 else np.nan
    balance = figure(seats - pupils, "{:+,.0f}").replace("-", "−")
    return name, figure(pupils), figure(seats), Alarm(balance) if seats < pupils else balance, figure(ratio, "{:.2f}")


def _zones(content: Content, subject: Subject, lettered: Lettered) -> Listing:
    words, stage = content.words, str(subject.stage)
    schools = schools_in(content, subject.layout, stage=stage)
    pupils = _zone_pupils(content, subject)
    numbers = {one.school.id: one.number for one in lettered.keyed}
    zones = set(map(str, zones_of(content, subject).index))
    shown = {school.id for school in lettered.shown}
    rows = [
        _zone_row(school, pupils.get(school.id, np.nan), numbers)
        for school in schools
        if school.id in zones and school.id in shown
    ]
    rows.sort(key=lambda row: row[0])
    head = (words("school"), words("pupils"), words("seats"), words("load"))
    unknown = any(not np.isfinite(school.seats) for school in schools)
    return Listing(
        words("zones_table"), head, tuple(rows), note=words("not_stated") if unknown else "", last_is_sum=False
    )


def _zone_pupils(content: Content, subject: Subject) -> dict[str, float]:
    """Return the pupils of each zone; only where zones were computed from the demand."""
    column = f"school_{subject.stage}_{subject.layout}"
    if (own := given_zones(content, subject)) is not None:
        return {str(key): float(value) for key, value in own["pupils"].items()} if "pupils" in own else {}
    if f"pupils_{subject.stage}" not in content.demand:
        return {}
    homes = texts(content.demand, column)
    summed = content.demand[f"pupils_{subject.stage}"].groupby(np.array(homes)).sum()
    return {str(key): float(value) for key, value in summed.items()}


def _zone_row(school: School, pupils: float, numbers: Mapping[str, int]) -> tuple[str, ...]:
    name = f"{numbers[school.id]} {school.name}" if school.id in numbers else school.name
    load = pupils / school.seats if school.seats > 0 else np.nan
    text = figure(100 * load, "{:.0f}%")
    return name, figure(pupils), figure(school.seats), Alarm(text) if load > 1 else text


def _projects(content: Content, _: Subject, lettered: Lettered) -> Listing:
    words = content.words
    rows = [(str(one.number), one.school.name, figure(one.school.seats)) for one in lettered.keyed]
    head = (words("number"), words("school"), words("seats"))
    unknown = any(not np.isfinite(one.school.seats) for one in lettered.keyed)
    note = words("not_stated") if unknown else ""
    return Listing(words("projects_table"), head, tuple(rows), note=note, last_is_sum=False, texts=2)


def keys(content: Content, lettered: Lettered, subject: Subject) -> Listing | None:
    """Return the list of names that stand as numbers on the map; None where there are none."""
    if subject.kind.numbered or not lettered.keyed:
        return None
    rows = tuple((str(one.number), one.school.name) for one in lettered.keyed)
    return Listing(content.words("key"), ("", ""), rows, last_is_sum=False, texts=2)
