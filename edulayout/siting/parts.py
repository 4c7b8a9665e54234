"""Kinds that share stages make one question together: its rows are places × stages, its columns options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edulayout.costs import TravelCosts
from edulayout.errors import Fault, InputError
from edulayout.siting.mip.goals import Coverage
from edulayout.sparse import csr_from_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.siting.mip.goals import Count, Distance
    from edulayout.siting.mip.question import Options
    from edulayout.typing import BoolArray, Float32Array, IntArray


@dataclass(frozen=True, eq=False)
class Part:
    """Kinds that share stages, and the question that they make together: one row for every place and stage."""

    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    costs: TravelCosts
    weights: pd.Series[float]
    existing: tuple[str, ...]
    group: pd.Series[str]
    quotas: dict[str, int]


def parts_of(
    costs: TravelCosts, pupils: pd.DataFrame, own: Options, *, counts: Sequence[Count], goal: Distance | Coverage
) -> tuple[Part, ...]:
    """Return the questions of the kinds that share stages."""
    label: dict[int, int] = {}
    faults = []
    for k, count in enumerate(counts):
        there = own.matching(count)
        if count.least != count.most:
            faults.append(Fault("counts", str(count), "an exact number", "give least = most, or use choose"))
        if any(j in label for j in there):
            faults.append(Fault("counts", f"{count}: options that two counts count", "counts apart", "name kinds"))
        label |= dict.fromkeys(there.tolist(), k)
    if faults:
        raise InputError(*faults)
    return tuple(
        _part(costs, pupils, own, stages=stages, label=label, counts=counts, goal=goal)
        for stages in _families(own, label)
    )


def _families(own: Options, label: dict[int, int]) -> list[list[int]]:
    """Return the stages, those together that one option, or the options of one count, serve together."""
    stages = own.serves.shape[1]
    together: BoolArray = np.eye(stages, dtype=np.bool_)
    for group in sorted(set(label.values())):
        served = own.serves[[j for j, k in label.items() if k == group]].any(axis=0)
        together |= np.outer(served, served)
    for _ in range(stages):
        together = together @ together
    wanted = own.serves[list(label)].any(axis=0) if label else np.zeros(stages, dtype=np.bool_)
    seen: list[list[int]] = []
    for s in np.flatnonzero(wanted):
        family = np.flatnonzero(together[s]).tolist()
        if family not in seen:
            seen.append(family)
    return seen


def _part(
    costs: TravelCosts, pupils: pd.DataFrame, own: Options, *, stages: list[int], label: dict[int, int],
    counts: Sequence[Count], goal: Distance | Coverage,
) -> Part:  # fmt: skip
    """Return one question: columns are options, rows are places × stages; an option serves the rows of its stages."""
    taken = set(own.parcel[own.status > 0].tolist())
    free = [j for j in label if own.serves[j, stages].any() and own.parcel[j] not in taken]
    standing = [int(j) for j in np.flatnonzero(own.status > 0) if own.serves[j, stages].any()]
    columns: list[int] = sorted([*free, *standing])
    place, cell, way = _option_arcs(costs, [own.sites[own.site[j]] for j in columns])
    names = list(pupils.columns)
    rows, cells, values, weights = [], [], [], []
    for block, s in enumerate(stages):
        far = goal.at(names[s]) if isinstance(goal, Coverage) else np.inf
        kept = own.serves[columns, s][cell] & (way <= np.float32(far))
        rows.append(place[kept] + block * len(costs.demand_ids))
        cells.append(cell[kept])
        values.append(way[kept])
        weights.append(pupils.loc[costs.demand_ids, names[s]].to_numpy(dtype=np.float64))
    ids = [f"{name}|{names[s]}" for s in stages for name in costs.demand_ids]
    index: pd.Index[str] = pd.Index(ids, name="demand_id", dtype="str")
    arrays = csr_from_pairs(np.concatenate(rows), np.concatenate(cells), np.concatenate(values), rows_total=len(ids))
    own_ids: pd.Index[str] = pd.Index([own.ids[j] for j in columns], name="school_id", dtype="str")
    return Part(
        kinds=tuple(sorted({own.kind[j] for j in free})),
        stages=tuple(names[s] for s in stages),
        costs=TravelCosts(*arrays[:3], index, own_ids, costs.unit, costs.engine),
        weights=pd.Series(np.concatenate(weights), index=index),
        existing=tuple(own.ids[j] for j in standing),
        group=pd.Series({own.ids[j]: str(counts[label[j]]) for j in sorted(free)}, dtype=object),
        quotas={str(counts[k]): counts[k].least for k in sorted({label[j] for j in label
                                                               if own.serves[j, stages].any()})},
    )  # fmt: skip


def _option_arcs(costs: TravelCosts, sites: Sequence[str]) -> tuple[IntArray, IntArray, Float32Array]:
    """Return the pairs of demand and option; a site with several options has its pairs once for each."""
    turned = costs.transpose()
    position = costs.school_ids.get_indexer(pd.Index(sites, dtype=str))
    count = np.diff(turned.indptr)[position]
    cell = np.repeat(np.arange(len(position)), count)
    arc = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(turned.indptr[position], count)
    return turned.indices[arc].astype(np.int64), cell, turned.values[arc]
