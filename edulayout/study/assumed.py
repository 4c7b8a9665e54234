"""Seats that nobody stated, assumed where the study says so in as many words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.study.layouts import new_seats
from edulayout.study.set_aside import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd


def assumed_seats(schools: gpd.GeoDataFrame, classes: Mapping[str, int]) -> tuple[gpd.GeoDataFrame, list[SetAside]]:
    """Fill in the seats that are not stated from classes by kind; return which schools that touched.

    Stated numbers stay, also where a school states them for one of its stages only.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> schools = gpd.GeoDataFrame({"kind": ["primary", "primary"], "seats_primary": [300.0, None]},
    ...                            index=["s", "t"], geometry=[Point(0, 0), Point(1, 0)])
    >>> filled, told = assumed_seats(schools, {"primary": 12})
    >>> filled["seats_primary"].tolist(), [str(one) for one in told]
    ([300.0, 540.0], ['seats not stated, assumed for 12 classes of primary (diagnosis.assumed_classes) (1)'])
    """
    filled, told = schools.copy(), []
    for kind, count in classes.items():
        touched = np.zeros(len(filled), dtype=np.bool_)
        for column, seats in new_seats({kind: count}, kind).items():
            if column not in filled:
                filled[column] = np.nan
            unknown = ((filled["kind"] == kind) & filled[column].isna()).to_numpy(dtype=np.bool_)
            filled.loc[unknown, column] = seats
            touched |= unknown
        if touched.any():
            text = f"seats not stated, assumed for {count} classes of {kind} (diagnosis.assumed_classes)"
            told.append(SetAside(text, tuple(filled.index[touched])))
    return filled, told
