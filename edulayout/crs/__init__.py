"""Coordinate reference systems and datums: demanded, compared, changed; never guessed."""

from edulayout.crs.shifted import SHIFTED, from_shifted, shifted_datum, to_shifted, unshifted_hint
from edulayout.crs.systems import LONLAT, label, local_metric, parse, require, require_metres, require_same, to_crs
from edulayout.crs.zones import gauss_kruger

__all__ = [
    "LONLAT",
    "SHIFTED",
    "from_shifted",
    "gauss_kruger",
    "label",
    "local_metric",
    "parse",
    "require",
    "require_metres",
    "require_same",
    "shifted_datum",
    "to_crs",
    "to_shifted",
    "unshifted_hint",
]
