"""All measures of a block of cells: columns by cell, and sums that merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edulayout.errors import Fault, InputError
from edulayout.scale import catchments, distances
from edulayout.scale.measures import Access, Coverage, Equity, Nearest, SeatBalance
from edulayout.scale.sums import ALL, add, add_bins, exact_sums, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.scale.distances import Nowhere, Spots
    from edulayout.scale.measures import Measure
    from edulayout.scale.planning import Plan
    from edulayout.scale.sums import Account
    from edulayout.streets import Streets
    from edulayout.typing import AnyArray, CostArrays, FloatArray, IntArray

OUTSIDE = "outside"
STEPS = 4096
"""Bins of a cost from nothing to its cutoff: a quantile is known to one of them."""
VALUE_SHIFT = 42
"""Bits of a float64 that are dropped to bin a value: ten of its mantissa stay, relative steps of 2**-10 at most."""
_ROWS_NAMED = 8


class Block(NamedTuple):
    """Some cells of one tile: places, other columns, numbers of the schools near the tile, and its streets."""

    x: FloatArray
    y: FloatArray
    table: pa.Table
    near: IntArray
    streets: Streets | Nowhere | None

    def numbers(self, column: str) -> FloatArray:
        """Return a column of finite numbers ≥ 0.

        Raises
        ------
        InputError
            Where there are others; the cells are named by id.
        """
        values: FloatArray = self.table.column(column).to_numpy().astype(np.float64)
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            rows = tuple(map(str, self.table.column("id").take(pa.array(wrong[:_ROWS_NAMED])).to_pylist()))
            raise InputError(
                Fault("cells", f"{len(wrong)} cells of a block with missing, negative or infinite {column}",
                      "finite numbers ≥ 0", "correct them; nobody is 0", rows)
            )  # fmt: skip
        return values

    def groups(self, by: str | None) -> tuple[list[str], IntArray]:
        """Return the names of the groups of a column, and the group of every cell."""
        if by is None:
            return [ALL], np.zeros(len(self.x), dtype=np.int64)
        text = pc.fill_null(pc.cast(self.table.column(by), pa.string()), OUTSIDE)
        text = pc.if_else(pc.equal(text, ""), OUTSIDE, text).combine_chunks()
        coded = text.dictionary_encode()
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        names = coded.dictionary.to_pylist()
        if ALL in names:
            fault = Fault("cells", f"a group called {ALL!r} in {by}", "another name", "that row stands for all cells")
            raise InputError(fault)
        return names, coded.indices.to_numpy().astype(np.int64)


def columns_of(measures: Sequence[Measure]) -> list[str]:
    """Return the columns of the cells that measures read, beside id and place."""
    names: list[str | None] = []
    for one in measures:
        if not isinstance(one, Nearest):
            names.append(f"pupils_{one.stage}")
        if isinstance(one, Coverage | SeatBalance):
            names.append(one.by)
        if isinstance(one, SeatBalance):
            names.append("population")
    return [name for name in dict.fromkeys(names) if name is not None]


def measured(
    plan: Plan, measures: Sequence[Measure], block: Block, values: dict[str, FloatArray]
) -> tuple[dict[str, AnyArray], dict[str, Account]]:
    """Return the columns of all measures, and what they sum up."""
    columns: dict[str, AnyArray] = {}
    accounts: dict[str, Account] = {}
    homes = distances.Spots((block.x, block.y))
    for stage in dict.fromkeys(one.stage for one in measures):
        asked = [one for one in measures if one.stage == stage]
        own = block.near[plan.serving(stage)[block.near]]
        found = _pairs(plan, block, homes, asked, own)
        for one in asked:
            if isinstance(one, Coverage):
                columns[one.column], sums = _coverage(one, block, found)
            elif isinstance(one, Nearest):
                columns |= _nearest(plan, one, block, homes, own)
                continue
            elif isinstance(one, SeatBalance):
                sums = _people(one, block)
            else:
                access = one.of if isinstance(one, Equity) else one
                if access.column not in columns:
                    columns[access.column] = _access(plan, access, block, found, values, own)
                sums = _spread(one, block, columns[access.column])
            merge(accounts, {one.column: sums})
    return columns, accounts


def _pairs(plan: Plan, block: Block, homes: Spots, asked: Sequence[Measure], own: IntArray) -> CostArrays:
    """Return the costs that coverage and access share, up to the farthest that one of them looks for."""
    reach = max((one.reach for one in asked if isinstance(one, Coverage | Access | Equity)), default=0.0)
    x, y = plan.places()
    some = own if reach > 0 else own[:0]
    return distances.costs(block.streets, homes, (x[some], y[some]), cutoff=reach)


def _coverage(one: Coverage, block: Block, found: CostArrays) -> tuple[FloatArray, Account]:
    cost = distances.least(found)
    cost[cost > np.float32(one.reach)] = np.inf
    pupils = block.numbers(f"pupils_{one.stage}")
    account: Account = {}
    for by in dict.fromkeys([one.by, None]):
        names, codes = block.groups(by)
        _count(one, account, names, codes, cost, pupils)
    return cost.astype(np.float32), account


def _count(
    one: Coverage, account: Account, names: list[str], codes: IntArray, cost: FloatArray, pupils: FloatArray
) -> None:
    arrives = np.isfinite(cost)
    walked = np.where(arrives, pupils * np.where(arrives, cost, 0.0), 0.0)
    terms = {
        "pupils": pupils,
        "covered": pupils * (cost <= np.float32(one.radius)),
        "served": pupils * arrives,
        "walked": walked,
    }
    for name, values in terms.items():
        add(account, names, name, exact_sums(values, codes, len(names)))
    counted = np.flatnonzero(arrives & (pupils > 0))
    farthest = np.full(len(names), -1.0)
    np.maximum.at(farthest, codes[counted], cost[counted])
    for group, value in zip(names, farthest, strict=True):
        if value >= 0:
            # the bits of a float32 ≥ 0 are in its order
            account.setdefault(group, {})["max"] = int(np.float32(value).view(np.int32))
    bins = np.ceil(cost[counted] / (one.reach / STEPS)).astype(np.int64)
    add_bins(account, names, "#b", bins, pupils[counted], codes[counted])


def _nearest(plan: Plan, one: Nearest, block: Block, homes: Spots, own: IntArray) -> dict[str, AnyArray]:
    """Return id and cost of the k nearest; missing and infinite where there are fewer."""
    x, y = plan.places()
    ids = plan.schools.index.to_numpy(dtype=object)[own]
    rank = np.argsort(np.argsort(ids, kind="stable")).astype(np.int32)
    found = distances.nearest(block.streets, homes, (x[own], y[own]), k=one.k, cutoff=one.cutoff, rank=rank)
    rows = np.repeat(np.arange(len(block.x)), np.diff(found.indptr))
    # rows of an engine are by school: by cost, equal costs by id
    order = np.lexsort((rank[found.indices], found.values, rows))
    place = np.arange(len(order)) - found.indptr[rows]
    columns: dict[str, AnyArray] = {}
    for at in range(one.k):
        some = place == at
        chosen = np.full(len(block.x), -1, dtype=np.int64)
        cost = np.full(len(block.x), np.inf, dtype=np.float32)
        chosen[rows[some]], cost[rows[some]] = found.indices[order[some]], found.values[order[some]]
        picked = pa.array(ids, pa.string()).take(pa.array(np.maximum(chosen, 0), mask=chosen < 0))
        columns |= {f"{one.column}_{at + 1}_id": picked, f"{one.column}_{at + 1}_cost": cost}
    return columns


def _people(one: SeatBalance, block: Block) -> Account:
    account: Account = {}
    for by in dict.fromkeys([one.by, None]):
        names, codes = block.groups(by)
        for name, column in (("pupils", f"pupils_{one.stage}"), ("residents", "population")):
            add(account, names, name, exact_sums(block.numbers(column), codes, len(names)))
    return account


def _access(
    plan: Plan, one: Access, block: Block, found: CostArrays, values: dict[str, FloatArray], own: IntArray
) -> FloatArray:
    seats = plan.seats(one.stage)[own]
    pairs = distances.weighed(found, one.decay, block.numbers(f"pupils_{one.stage}"), seats)
    return catchments.of_cells(one.method, pairs, seats if one.method in catchments.ALONE else values[one.column][own])


def _spread(one: Access | Equity, block: Block, reached: FloatArray) -> Account:
    """Return the sums of an access, weighted by pupils; for its equity also powers and bins of its values."""
    pupils = block.numbers(f"pupils_{one.stage}")
    rows = np.flatnonzero(pupils > 0)
    weight, value, codes = pupils[rows], reached[rows], np.zeros(len(rows), dtype=np.int64)
    account: Account = {ALL: {}}
    terms = {"weight": weight, "total": weight * value, "reached": weight * (value > 0)}
    if isinstance(one, Equity):
        logarithm = np.log(value, out=np.zeros_like(value), where=value > 0)
        terms |= {
            "entropy": weight * value * logarithm,
            "square": weight * value * value,
            "power": weight * value ** (1.0 - one.epsilon),
        }
        bins = value.view(np.int64) >> VALUE_SHIFT
        add_bins(account, [ALL], "#w", bins, weight, codes)
        add_bins(account, [ALL], "#v", bins, weight * value, codes)
    for name, numbers in terms.items():
        add(account, [ALL], name, exact_sums(numbers, codes, 1))
    return account
