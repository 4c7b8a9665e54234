"""What schools carry: pupils assigned, load and seat price, rules that they fail, for their cards and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edulayout.maps.payload import plain

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.maps.payload import Views

_COLUMNS = {"assigned": 1, "load": 4, "seat_price": 1}
"""Columns `<name>_<stage>` of the schools, and the digits that a card shows at most."""


def loads(schools: pd.DataFrame, seen: Views) -> dict[str, dict[str, list[float | int | None]]]:
    """Describe by `<stage>|<layout>` and school what it was assigned, its load and its seat price.

    Examples
    --------
    >>> import pandas as pd
    >>> from edulayout.maps.payload import Views
    >>> schools = pd.DataFrame({"layout": ["existing"], "school_id": ["s"], "assigned_primary": [380.0],
    ...                         "load_primary": [0.95]})
    >>> loads(schools, Views(("existing",), ("primary",)))
    {'primary|existing': {'s': [380, 0.95, None]}}
    """
    found: dict[str, Any] = {}
    for stage in seen.stages:
        columns = {
            name: plain(schools[f"{name}_{stage}"], digits=digits) if f"{name}_{stage}" in schools else None
            for name, digits in _COLUMNS.items()
        }
        if not any(columns.values()):
            continue
        for row, (layout, school) in enumerate(zip(schools["layout"], schools["school_id"], strict=True)):
            told = [values[row] if values else None for values in columns.values()]
            if any(value is not None for value in told):
                found.setdefault(f"{stage}|{layout}", {})[str(school)] = told
    return found


def failures(schools: pd.DataFrame) -> dict[str, dict[str, tuple[int, str]]]:
    """Describe by layout and school how many rules it fails and the worst of them; schools that fail none are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> schools = pd.DataFrame({"layout": "existing", "school_id": ["s", "t"], "rules_failed": [2, 0],
    ...                         "worst_rule": ["Class size", ""]})
    >>> failures(schools)
    {'existing': {'s': (2, 'Class size')}}
    """
    found: dict[str, dict[str, tuple[int, str]]] = {}
    if "rules_failed" not in schools:
        return found
    failing = schools[schools["rules_failed"].fillna(0) > 0]
    worst = failing["worst_rule"].fillna("") if "worst_rule" in failing else [""] * len(failing)
    rows = zip(failing["layout"], failing["school_id"], failing["rules_failed"], worst, strict=True)
    for layout, school, count, rule in rows:
        found.setdefault(str(layout), {})[str(school)] = (int(count), str(rule))
    return found
