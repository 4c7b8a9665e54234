"""Distances between sites, for dispersion: what a choice comes to, and the pigeonholes that bound every other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edulayout.siting.rules import column_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.costs import TravelCosts
    from edulayout.siting.rules import Rules
    from edulayout.typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Spacing:
    """Distances from every candidate to every candidate, the shorter of both directions, and to the existing sites.

    Parameters
    ----------
    between
        Shape (candidates, candidates), infinity on the diagonal.
    to_existing
        Distance to the nearest existing site, infinity where there is none.
    row
        Row of every candidate in the costs.
    """

    between: FloatArray
    to_existing: FloatArray
    row: IntArray

    def least(self, opened: Sequence[str], rules: Rules) -> float:
        """Return the least distance from an opened site to another open one."""
        position = {name: k for k, name in enumerate(rules.candidates)}
        return self.of(np.array([position[name] for name in opened], dtype=np.int64))

    def of(self, chosen: IntArray) -> float:
        """Return the least distance from a chosen candidate to another or to an existing site."""
        among = self.between[np.ix_(chosen, chosen)].min(initial=np.inf)
        return float(min(among, self.to_existing[chosen].min(initial=np.inf)))

    def proven(self, hole_of_row: FloatArray, rules: Rules, claim: float) -> float:
        """Return the claim where the pigeonholes prove it, infinity where they do not.

        Candidates of one hole all lie within the claim of each other, so that two of them cannot be farther apart;
        fewer holes than sites to open leave no choice. A hole of -1 is within the claim of an existing site.
        """
        hole = hole_of_row[self.row]
        usable = np.asarray(rules.quota)[np.asarray(rules.group_of, dtype=np.int64)] > 0
        outside = hole < 0
        if (self.to_existing[outside & usable] > claim).any():
            return np.inf
        near = self.between <= claim
        np.fill_diagonal(near, val=True)
        together = (hole[:, None] == hole[None, :]) & (~outside & usable)[:, None] & (~outside & usable)[None, :]
        if not near[together].all():
            return np.inf
        return claim if too_few_holes(hole, rules) else np.inf


def too_few_holes(hole: FloatArray | IntArray, rules: Rules) -> bool:
    """Return whether there are fewer pigeonholes than sites to open, in all or in one group."""
    group_of, quota = np.asarray(rules.group_of, dtype=np.int64), np.asarray(rules.quota)
    used = (hole >= 0) & (quota[group_of] > 0)
    if len(np.unique(hole[used])) < quota.sum():
        return True
    return any(len(np.unique(hole[used & (group_of == g)])) < number for g, number in enumerate(quota))


def spacing(costs: TravelCosts, rules: Rules, *, far: float | None = None) -> Spacing:
    """Read the distances between the sites; an absent pair counts as the cutoff, or the largest cost in the table."""
    far = far_apart(costs) if far is None else far
    names = [*rules.candidates, *rules.existing]
    position = {name: row for row, name in enumerate(costs.demand_ids.tolist())}
    row = np.array([position[name] for name in names], dtype=np.int64)
    of_row = np.full(costs.shape[0], -1, dtype=np.int64)
    of_row[row] = np.arange(len(names))
    of_column = np.full(costs.shape[1], -1, dtype=np.int64)
    of_column[column_positions(costs, names)] = np.arange(len(names))
    one, other = of_row[costs.row_numbers()], of_column[costs.indices]
    kept = (one >= 0) & (other >= 0)
    table = np.full((len(names), len(names)), far)
    table[one[kept], other[kept]] = costs.values[kept]
    table = np.minimum(table, table.T)
    np.fill_diagonal(table, np.inf)
    size = len(rules.candidates)
    return Spacing(table[:size, :size], table[:size, size:].min(axis=1, initial=np.inf), row[:size])


def far_apart(costs: TravelCosts) -> float:
    """Return what pairs that the costs do not hold count as: they are at least so far apart."""
    largest = float(costs.values.max()) if costs.pairs else 0.0
    return largest if costs.cutoff is None else max(largest, float(costs.cutoff))
