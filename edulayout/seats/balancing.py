"""The balance of seats: pupils against seats, district by district, and what is not known about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import group_totals, total
from edulayout.stages import KINDS, STAGES, kinds_serving

if TYPE_CHECKING:
    from edulayout.typing import BoolArray, FloatArray, IntArray

ALL = "all"
"""The row that stands for everything."""

OUTSIDE = "outside"
"""The row that stands for pupils and seats in no district."""

_ROUNDING = 1e-9
_CLOSE = 1e-6


def balance(demand: pd.DataFrame, schools: pd.DataFrame, *, stage: str, by: str | None = "district_id") -> pd.DataFrame:
    """Balance the pupils of a stage against its seats, by district, and by layout where the schools have layouts.

    Parameters
    ----------
    demand
        Table by `demand_id` with `pupils_<stage>`, `population` and the column `by`.
    schools
        Table of schools with `kind`, `seats_<stage>` and the column `by`; where it has a column `layout`, each layout
        is balanced against the same pupils. A closed school (`status`) is left out. A school counts where its kind
        serves the stage or it states seats above 0; one of unknown kind that states none does not count.
    stage
        Stage whose pupils and seats are meant.
    by
        Column of both tables to group by; missing or empty values form the row `outside`. None for one row in all.

    Returns
    -------
    pandas.DataFrame
        One row per group, then `outside` where there is any, last `all`; with layouts, indexed by layout and group.
        `pupils`, `seats` (known ones), `schools`, `schools_unknown` (seats not stated), `surplus` (seats less pupils),
        `gap` (学位缺口: seats that are missing, at least 0), `gap_at_most` (the same were unknown seats none),
        `residents`, `seats_per_1000_residents`, `classes` (each school's seats by the class size of its kind, rounded
        up) and `classes_needed` (pupils by the class size of the stage, rounded up). What depends on unknown seats is
        missing (NaN), never a guess. The gap of `all` is that of the sums; districts' gaps add up to more where one
        has seats to spare. Sums are in fixed point. Complexity O(rows).

    Raises
    ------
    InputError
        Where a column is missing, a number is negative or not finite, or the stage is unknown; every fault at once.

    Notes
    -----
    Class sizes are those of `stages.KINDS`, with their sources (GB 50099-2011 cl. 3.0.1; JGJ 39-2016 table 1.0.3-2).

    Examples
    --------
    East has 90 pupils and a school of 45 seats; west has 45, a school of 90 seats and one that did not say.

    >>> import pandas as pd, edulayout as el
    >>> demand = pd.DataFrame({"pupils_primary": [90.0, 45.0], "population": [1500.0, 500.0],
    ...                        "district_id": ["east", "west"]}, index=["a", "b"])
    >>> schools = pd.DataFrame({"kind": ["primary", "primary", "nine_year"], "seats_primary": [45.0, 90.0, None],
    ...                         "district_id": ["east", "west", "west"]}, index=["s", "t", "u"])
    >>> el.seats.balance(demand, schools, stage="primary")[["pupils", "seats", "schools_unknown", "gap", "gap_at_most"]]
                 pupils  seats  schools_unknown   gap  gap_at_most
    district_id
    east           90.0   45.0                0  45.0         45.0
    west           45.0   90.0                1   NaN          0.0
    all           135.0  135.0                1   NaN          0.0
    """
    faults = _faults(demand, schools, stage, by)
    if faults:
        raise InputError(*faults)
    kept = schools if "status" not in schools.columns else schools[schools["status"] != "closed"]
    counted = kept[_serves(kept, stage)]
    groups = _names(demand, counted, by)
    if "layout" not in schools.columns:
        return _table(demand, counted, stage=stage, by=by, groups=groups)
    layouts = pd.unique(schools["layout"])
    tables = [_table(demand, counted[counted["layout"] == name], stage=stage, by=by, groups=groups) for name in layouts]
    return pd.concat(tables, keys=layouts, names=["layout", by or "group"])


def _serves(schools: pd.DataFrame, stage: str) -> BoolArray:
    kind = schools["kind"].isin(kinds_serving(stage)).to_numpy(np.bool_)
    stated: BoolArray = kind | (_seats(schools, stage) > 0)
    return stated


def _seats(schools: pd.DataFrame, stage: str) -> FloatArray:
    return schools[f"seats_{stage}"].to_numpy(dtype=np.float64, na_value=np.nan)


def _labels(frame: pd.DataFrame, by: str | None) -> pd.Series[str]:
    """Return the group of every row; what has none is outside."""
    if by is None:
        return pd.Series(ALL, index=frame.index, dtype=object)
    text = frame[by].astype(object).where(frame[by].notna(), OUTSIDE).astype(str)
    return text.where(text != "", OUTSIDE)


def _names(demand: pd.DataFrame, schools: pd.DataFrame, by: str | None) -> list[str]:
    """Return the groups of both tables in order of name, outside last."""
    if by is None:
        return []
    found = pd.unique(pd.concat([_labels(demand, by), _labels(schools, by)]))
    return sorted(found, key=lambda name: (name == OUTSIDE, name))


class _Sums(NamedTuple):
    pupils: FloatArray
    residents: FloatArray
    seats: FloatArray
    classes: FloatArray
    schools: IntArray
    unknown: IntArray


def _table(
    demand: pd.DataFrame, schools: pd.DataFrame, *, stage: str, by: str | None, groups: list[str]
) -> pd.DataFrame:
    parts = [_sums(demand, schools, stage, None, [ALL])]
    if by is not None:
        parts.insert(0, _sums(demand, schools, stage, by, groups))
        _require_conserved(*parts)
    sums = _Sums(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    index = pd.Index([*groups, ALL], name=by or "group", dtype=str)
    return _measures(sums, index, KINDS[stage].class_size[0])


def _sums(demand: pd.DataFrame, schools: pd.DataFrame, stage: str, by: str | None, groups: list[str]) -> _Sums:
    index = pd.Index(groups)
    lives, stands = (index.get_indexer(pd.Index(_labels(frame, by))).astype(np.int64) for frame in (demand, schools))
    seats, number = _seats(schools, stage), len(groups)
    unknown = np.isnan(seats)
    known = np.where(unknown, 0.0, seats)
    classes = np.ceil(known / _class_sizes(schools, stage) - _ROUNDING)
    return _Sums(
        group_totals(demand[f"pupils_{stage}"].to_numpy(np.float64), lives, number),
        group_totals(demand["population"].to_numpy(np.float64), lives, number),
        group_totals(known, stands, number),
        group_totals(np.where(unknown, 0.0, classes), stands, number),
        np.bincount(stands, minlength=number),
        np.bincount(stands[unknown], minlength=number),
    )


def _class_sizes(schools: pd.DataFrame, stage: str) -> FloatArray:
    """Return the class size of every school: that of its kind, or of the stage where the kind does not say."""
    sizes = {name: KINDS[name].class_size[KINDS[name].stages.index(stage)] for name in kinds_serving(stage)}
    return np.array([float(sizes.get(kind, KINDS[stage].class_size[0])) for kind in schools["kind"]])


def _require_conserved(by_group: _Sums, whole: _Sums) -> None:
    """Assert that the groups hold every pupil, resident, seat and school once."""
    for parts, one in zip(by_group, whole, strict=True):
        assert np.isclose(total(parts.astype(np.float64)), one[0], rtol=_CLOSE, atol=_CLOSE), "sums are conserved"


def _measures(sums: _Sums, index: pd.Index[str], class_size: int) -> pd.DataFrame:
    known = sums.unknown == 0
    surplus = np.where(known, sums.seats - sums.pupils, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_1000 = np.where(known & (sums.residents > 0), 1000 * sums.seats / sums.residents, np.nan)
    return pd.DataFrame(
        {
            "pupils": sums.pupils,
            "seats": sums.seats,
            "schools": sums.schools,
            "schools_unknown": sums.unknown,
            "surplus": surplus,
            "gap": np.maximum(-surplus, 0.0) + 0.0,
            "gap_at_most": np.maximum(sums.pupils - sums.seats, 0.0),
            "residents": sums.residents,
            "seats_per_1000_residents": per_1000,
            "classes": np.where(known, sums.classes, np.nan),
            "classes_needed": np.ceil(sums.pupils / class_size - _ROUNDING),
        },
        index=index,
    )


def _faults(demand: pd.DataFrame, schools: pd.DataFrame, stage: str, by: str | None) -> list[Fault]:
    if stage not in STAGES:
        return [Fault("stage", repr(stage), f"one of {', '.join(STAGES)}", "name a stage")]
    wanted = {
        "demand": (demand, [f"pupils_{stage}", "population", by]),
        "schools": (schools, ["kind", f"seats_{stage}", by]),
    }
    faults = []
    for source, (frame, names) in wanted.items():
        missing = [name for name in names if name is not None and name not in frame.columns]
        if missing:
            faults.append(Fault(source, f"no column {', '.join(missing)}", "the columns named in the documentation",
                                f"it has: {', '.join(map(str, frame.columns))}"))  # fmt: skip
    return faults or [
        *_number_faults("demand", demand, f"pupils_{stage}", unknown=False),
        *_number_faults("demand", demand, "population", unknown=False),
        *_number_faults("schools", schools, f"seats_{stage}", unknown=True),
    ]


def _number_faults(source: str, frame: pd.DataFrame, column: str, *, unknown: bool) -> list[Fault]:
    numbers = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = (numbers < 0) | np.isinf(numbers) | (np.isnan(numbers) & (not unknown))
    if not wrong.any():
        return []
    rows = tuple(map(str, frame.index[wrong]))
    expected = "finite numbers ≥ 0, empty where not known" if unknown else "finite numbers ≥ 0"
    return [Fault(source, f"{column} holds numbers that cannot be", expected, "correct them", rows)]
