"""What schools carry: pupils assigned, load and seat price, for their cards."""

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
