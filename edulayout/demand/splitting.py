"""Five-year age groups split into single years: Sprague's and Beers' multipliers, or evenly."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.typing import FloatArray

WIDTH = 5
_PANELS = 3

_SPRAGUE = (
    ((0.3616, -0.2768, 0.1488, -0.0336, 0.0), (0.2640, -0.0960, 0.0400, -0.0080, 0.0),
     (0.1840, 0.0400, -0.0320, 0.0080, 0.0), (0.1200, 0.1360, -0.0720, 0.0160, 0.0),
     (0.0704, 0.1968, -0.0848, 0.0176, 0.0)),
    ((0.0336, 0.2272, -0.0752, 0.0144, 0.0), (0.0080, 0.2320, -0.0480, 0.0080, 0.0),
     (-0.0080, 0.2160, -0.0080, 0.0, 0.0), (-0.0160, 0.1840, 0.0400, -0.0080, 0.0),
     (-0.0176, 0.1408, 0.0912, -0.0144, 0.0)),
    ((-0.0128, 0.0848, 0.1504, -0.0240, 0.0016), (-0.0016, 0.0144, 0.2224, -0.0416, 0.0064),
     (0.0064, -0.0336, 0.2544, -0.0336, 0.0064), (0.0064, -0.0416, 0.2224, 0.0144, -0.0016),
     (0.0016, -0.0240, 0.1504, 0.0848, -0.0128)),
)  # fmt: skip
_BEERS = (
    ((0.3333, -0.1636, -0.0210, 0.0796, -0.0283), (0.2595, -0.0780, 0.0130, 0.0100, -0.0045),
     (0.1924, 0.0064, 0.0184, -0.0256, 0.0084), (0.1329, 0.0844, 0.0054, -0.0356, 0.0129),
     (0.0819, 0.1508, -0.0158, -0.0284, 0.0115)),
    ((0.0404, 0.2000, -0.0344, -0.0128, 0.0068), (0.0093, 0.2268, -0.0402, 0.0028, 0.0013),
     (-0.0108, 0.2272, -0.0248, 0.0112, -0.0028), (-0.0198, 0.1992, 0.0172, 0.0072, -0.0038),
     (-0.0191, 0.1468, 0.0822, -0.0084, -0.0015)),
    ((-0.0117, 0.0804, 0.1570, -0.0284, 0.0027), (-0.0020, 0.0160, 0.2200, -0.0400, 0.0060),
     (0.0050, -0.0280, 0.2460, -0.0280, 0.0050), (0.0060, -0.0400, 0.2200, 0.0160, -0.0020),
     (0.0027, -0.0284, 0.1570, 0.0804, -0.0117)),
)  # fmt: skip


@dataclass(frozen=True)
class Split:
    """How five-year groups become single years.

    Parameters
    ----------
    name
        The word in settings.
    source
        Where its multipliers come from.
    multipliers
        For the first group, the second and those in the middle, each 5 single years × 5 groups (the last two groups
        mirror the first two); empty to split every group evenly, whatever its width.
    """

    name: str
    source: str
    multipliers: tuple[tuple[tuple[float, ...], ...], ...] = ()

    def singles(self, groups: FloatArray) -> FloatArray:
        """Return single years of consecutive five-year groups, shape (…, groups) to (…, 5 × groups).

        Every five years add up to their group. Multipliers need five groups or more. Where the numbers fall or rise
        steeply they give values below 0, which stay here; `ages` sets them to 0.

        Examples
        --------
        >>> import numpy as np
        >>> SPRAGUE.singles(np.array([50.0, 55.0, 60.0, 65.0, 70.0]))[:6].round(6).tolist()
        [9.6, 9.8, 10.0, 10.2, 10.4, 10.6]
        >>> EVEN.singles(np.array([50.0]))
        array([10., 10., 10., 10., 10.])
        """
        if not self.multipliers:
            return np.repeat(groups / WIDTH, WIDTH, axis=-1)
        return groups @ self.matrix(groups.shape[-1]).T

    def matrix(self, groups: int) -> FloatArray:
        """Return the multipliers of all single years, shape (5 × groups, groups)."""
        panels = np.array(self.multipliers)
        whole = np.zeros((WIDTH * groups, groups))
        for group in range(groups):
            panel, start = _panel(group, groups)
            part = panels[abs(panel) - 1]
            if panel < 0:
                part = part[::-1, ::-1]
            whole[WIDTH * group : WIDTH * (group + 1), start : start + WIDTH] = part
        return whole


def _panel(group: int, groups: int) -> tuple[int, int]:
    """Return the number of a group's panel, negative where it is mirrored, and the first group that it looks at."""
    from_end = groups - 1 - group
    if group < _PANELS - 1:
        return group + 1, 0
    if from_end < _PANELS - 1:
        return -(from_end + 1), groups - WIDTH
    return _PANELS, group - 2


SPRAGUE = Split(
    "sprague",
    "T. B. Sprague, Explanation of a new formula for interpolation, Journal of the Institute of Actuaries 22 (1880), "
    "270-285; multipliers as in H. S. Shryock and J. S. Siegel, The Methods and Materials of Demography (1976), app. C",
    _SPRAGUE,
)
"""Fifth-difference osculatory: neighbouring groups meet smoothly, cubics are met exactly."""

BEERS = Split(
    "beers",
    "H. S. Beers, Six-term formulas for routine actuarial interpolation, Record of the American Institute of Actuaries "
    "34 (1945), 59-61 (ordinary formula); multipliers as in H. S. Shryock and J. S. Siegel (1976), app. C",
    _BEERS,
)
"""Ordinary, minimised fifth differences: smoother than Sprague, and rounder at the ends."""

EVEN = Split("even", "every single year an equal part of its group")
"""No shape is assumed within a group, which may have any width."""

SPLITS: Mapping[str, Split] = MappingProxyType({split.name: split for split in (SPRAGUE, BEERS, EVEN)})
"""The splits by their words."""
