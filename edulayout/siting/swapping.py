"""Exchanging one site for another, measured in several futures at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edulayout.siting.accounts import account
from edulayout.siting.rules import column_positions

if TYPE_CHECKING:
    from edulayout.costs import TravelCosts
    from edulayout.siting.levels import Levels
    from edulayout.siting.rules import Rules
    from edulayout.typing import FloatArray, IntArray


class Swaps(NamedTuple):
    """The pairs of demand and candidates, as exchanges need them.

    Parameters
    ----------
    costs, levels, rules
        The question.
    row, candidate, charge
        Of every pair of a candidate that counts: the demand row, the position of the candidate in the rules, and what
        the row is charged at it.
    """

    costs: TravelCosts
    levels: Levels
    rules: Rules
    row: IntArray
    candidate: IntArray
    charge: FloatArray

    @classmethod
    def of(cls, costs: TravelCosts, levels: Levels, rules: Rules) -> Swaps:
        """Return the pairs of a question; complexity O(pairs)."""
        position = np.full(costs.shape[1], -1, dtype=np.int64)
        position[column_positions(costs, rules.candidates)] = np.arange(len(rules.candidates))
        candidate = position[costs.indices]
        kept = (candidate >= 0) & (levels.level <= levels.limit)
        charge = np.zeros(int(kept.sum())) if levels.flat else levels.level[kept].astype(np.float64)
        return cls(costs, levels, rules, costs.row_numbers()[kept], candidate[kept], charge)

    def best(self, opened: tuple[str, ...], pupils: FloatArray, spare: FloatArray) -> tuple[str, ...] | None:
        """Return the choice that one exchange within a group makes least bad in its worst future; None for no exchange.

        Parameters
        ----------
        opened
            The choice.
        pupils
            Rows × futures.
        spare
            By future, what the choice would have to cost less to be as good as what it is compared with.
        """
        group = np.asarray(self.rules.group_of, dtype=np.int64)
        place = {name: at for at, name in enumerate(self.rules.candidates)}
        closed = np.ones(len(group), dtype=np.bool_)
        closed[[place[name] for name in opened]] = False
        now = (self._charges(opened)[:, None] * pupils).sum(axis=0)
        found: tuple[float, int, int] | None = None
        for at, name in enumerate(opened):
            without = self._charges((*opened[:at], *opened[at + 1 :]))
            worst = self._worst(without, pupils, now + spare)
            worst[~closed | (group != group[place[name]])] = np.inf
            other = int(np.argmin(worst)) if len(worst) else 0
            if np.isfinite(worst[other]) and (found is None or worst[other] < found[0]):
                found = float(worst[other]), at, other
        if found is None:
            return None
        return tuple(sorted((*opened[: found[1]], *opened[found[1] + 1 :], self.rules.candidates[found[2]])))

    def _worst(self, charges: FloatArray, pupils: FloatArray, zero: FloatArray) -> FloatArray:
        """Return for every candidate the worst future, were it opened besides the sites that give these charges."""
        gain = np.maximum(charges[self.row] - self.charge, 0.0)
        before = (charges[:, None] * pupils).sum(axis=0) - zero
        number = len(self.rules.candidates)
        own = [np.bincount(self.candidate, gain * column[self.row], minlength=number) for column in pupils.T]
        worst: FloatArray = (before[:, None] - np.array(own)).max(axis=0)
        return worst

    def _charges(self, opened: tuple[str, ...]) -> FloatArray:
        """Return what every row is charged, 0 where no site of the question reaches it."""
        seen = account(self.costs, self.rules, self.levels, opened=opened)
        served = np.isfinite(seen.level)
        charged = np.where(served, 0.0 if self.levels.flat else seen.level, self.levels.outside)
        charges: FloatArray = np.where(seen.reached, charged, 0.0)
        return charges
