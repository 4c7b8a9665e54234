"""Siting region by region: what quotas take apart, each part solved with its own proof.

What decomposes: quotas for every region, pupils counted with the sites of their own region only. Then objective and
bound of the whole are the sums of those of the regions, and the whole is proven where every region is. What does not:
pupils who may cross a border, one budget or one number of schools for several regions, capacities across them. For
these the sums are of a narrower question: with borders open, the same sites serve no worse (p-median at most the
objective, coverage at least), but another choice may be better, and nothing here proves otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edulayout import siting
from edulayout.costs import travel_costs
from edulayout.engines import Straight
from edulayout.errors import Fault, InputError
from edulayout.fixedpoint import total
from edulayout.scale.cells import batches
from edulayout.scale.planning import wider
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edulayout.costs import TravelCosts
    from edulayout.scale.cells import Piece
    from edulayout.scale.planning import Plan
    from edulayout.siting.result import Siting
    from edulayout.typing import Engine, Progress

Objective = Literal["p_median", "max_coverage"]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of every region; see `site`."""

    plan: Plan
    candidates: gpd.GeoDataFrame
    stage: str
    by: str
    objective: Objective
    radius: float | None
    gap: float
    time_limit: float | None


@dataclass(frozen=True, eq=False)
class Regional:
    """The choice in every region, and the proof of the whole.

    Parameters
    ----------
    regions
        One `Siting` for each region, by name.
    objective, bound
        Their sums: pupils of a region counted with its own sites.
    status
        `optimal` where every region is, otherwise `feasible`.
    question
        What was asked.
    """

    regions: Mapping[str, Siting]
    objective: float
    bound: float
    status: Literal["optimal", "feasible"]
    question: Question

    @property
    def opened(self) -> list[str]:
        """Ids of all sites opened, sorted."""
        return sorted(site for one in self.regions.values() for site in one.opened)

    def verify(self) -> None:
        """Check every region again from cells and sites, without a solver.

        Raises
        ------
        InputError
            Where something does not hold.
        """
        pieces = _pieces(self.question.plan, self.question.by)
        for name, one in self.regions.items():
            costs, weights = _costs(self.question, name, pieces.get(name, ()))
            one.verify(costs, weights)


def site(  # noqa: PLR0913 - the question has so many parts; all but two are named
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    *,
    stage: str,
    quotas: Mapping[str, int],
    by: str = "district_id",
    objective: Objective = "p_median",
    radius: float | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    client: Any = None,  # noqa: ANN401 - a dask.distributed.Client
    progress: Progress = quiet,
) -> Regional:
    """Open new sites in every region that has a quota, one region after the other or on a cluster.

    Parameters
    ----------
    plan
        Cells, existing schools (they stay open) and the farthest cost; from `plan`.
    candidates
        Points or polygons by `candidate_id`, with the column `by`.
    stage
        Stage whose pupils count.
    quotas
        New sites of each region, exactly.
    by
        Column of cells, schools and candidates that tells the region.
    objective
        `p_median` or `max_coverage`, as in `el.siting`.
    radius
        For coverage, in the unit of the plan.
    gap, time_limit
        Of each region, as in `el.siting`.
    client
        As in `run`.
    progress
        Called with what is done.

    Returns
    -------
    Regional
        Memory: one region at a time.

    Raises
    ------
    InputError
        Where the column is missing, a region has no cells, or its candidates are too few.
    """
    question = Question(plan, candidates, stage, by, objective, radius, gap, time_limit)
    _check(question, quotas)
    pieces = _pieces(plan, by)
    names = sorted(quotas)
    lost = tuple(name for name in names if name not in pieces)
    if lost:
        raise InputError(Fault("quotas", f"regions without cells in {by}", "known names", "correct them", rows=lost))
    asked = [(question, name, quotas[name], pieces[name]) for name in names]
    if client is None:
        found = []
        for at, part in enumerate(asked):
            found.append(sited(*part))
            progress("regions", at + 1, len(asked))
    else:
        found = client.gather([client.submit(sited, *part, pure=False) for part in asked])
    proven = all(one.status == "optimal" for one in found)
    reached, bound = (total(np.array([getattr(one, name) for one in found])) for name in ("objective", "bound"))
    regions = dict(zip(names, found, strict=True))
    return Regional(regions, reached, bound, "optimal" if proven else "feasible", question)


def _check(question: Question, quotas: Mapping[str, int]) -> None:
    tables = {
        "cells": question.plan.cells.columns,
        "schools": question.plan.schools.columns,
        "candidates": question.candidates.columns,
    }
    faults = [
        Fault(source, f"no column {question.by}", "the region of every row", "add it, or name another with by=")
        for source, columns in tables.items()
        if question.by not in columns
    ]
    if not quotas:
        faults.append(Fault("quotas", "none", "a number for each region", "name them"))
    if faults:
        raise InputError(*faults)


def _pieces(plan: Plan, by: str) -> dict[str, tuple[Piece, ...]]:
    """Return the pieces in which each region has cells. One pass over one column."""
    found: dict[str, list[Piece]] = {}
    for piece in plan.cells.pieces:
        told = dict(piece.told).get(by)
        names = {told} if told is not None else _named(plan, piece, by)
        for name in sorted(names):
            found.setdefault(name, []).append(piece)
    return {name: tuple(pieces) for name, pieces in found.items()}


def _named(plan: Plan, piece: Piece, by: str) -> set[str]:
    parts = (
        pc.unique(pc.cast(rows.table.column(by), pa.string())).to_pylist() for rows in batches(plan.cells, piece, [by])
    )
    return {name for part in parts for name in part if name}


def sited(question: Question, name: str, quota: int, pieces: tuple[Piece, ...]) -> Siting:
    """Answer one region."""
    costs, weights = _costs(question, name, pieces)
    existing = [one for one in costs.school_ids if one in question.plan.schools.index]
    given = {"p": quota, "existing": existing, "gap": question.gap, "time_limit": question.time_limit}
    if question.objective == "p_median":
        return siting.p_median(costs, weights, **given)  # type: ignore[call-overload, no-any-return]
    return siting.max_coverage(costs, weights, radius=question.radius, **given)  # type: ignore[call-overload, no-any-return]


def _costs(question: Question, name: str, pieces: tuple[Piece, ...]) -> tuple[TravelCosts, pd.Series[float]]:
    """Return the costs between cells and sites of a region, and the pupils of its cells."""
    plan, pupils = question.plan, f"pupils_{question.stage}"
    parts = []
    for piece in pieces:
        for rows in batches(plan.cells, piece, ["id", pupils, question.by]):
            own = pc.equal(pc.cast(rows.table.column(question.by), pa.string()), name).to_numpy()
            kept = np.flatnonzero(own.astype(bool))
            frame = rows.table.select(["id", pupils]).take(pa.array(kept)).to_pandas()
            parts.append(frame.assign(x=rows.x[kept], y=rows.y[kept]))
    cells = pd.concat(parts)
    demand = _points(cells.set_index(cells["id"].astype(str)), plan)
    schools = plan.schools[plan.serving(question.stage) & (plan.schools[question.by].astype(str) == name).to_numpy()]
    own_sites = question.candidates[question.candidates[question.by].astype(str) == name]
    sites = pd.concat([_points(schools, plan)[["geometry"]], own_sites.geometry.to_frame("geometry")])
    engine: Engine = Straight()
    if plan.streets is not None:
        box = *demand.total_bounds[:2], *demand.total_bounds[2:]
        streets = plan.streets.around(wider(box, plan.halo(plan.cutoff) + 2 * plan.streets.snap_limit_metres))
        if streets is None:
            raise InputError(
                Fault("streets", f"none near {name}", "streets around the cells", "tile the right extract")
            )
        engine = streets
    costs = travel_costs(demand, gpd.GeoDataFrame(sites, crs=plan.crs), engine=engine, cutoff=plan.cutoff)
    return costs, demand[pupils].rename_axis("demand_id")


def _points(table: pd.DataFrame, plan: Plan) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["x"], table["y"]), crs=plan.crs)
