"""What a choice amounts to: its value for every goal, and the limits that it breaks; asks no solver and no program."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edulayout.siting.mip.build import district_numbers, near_options, near_pairs, opening_costs
from edulayout.siting.mip.goals import Coverage, Distance
from edulayout.siting.mip.question import CLOSABLE, EXISTING, gains, parcels_of

if TYPE_CHECKING:
    from edulayout.siting.mip.goals import Objective
    from edulayout.siting.mip.question import Question
    from edulayout.typing import BoolArray, FloatArray

TOLERANCE = 1e-6
"""How far, relative to the seats, a load may pass its limit: the tolerance of a solver, far below one pupil."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A solution in the terms of a question.

    Parameters
    ----------
    opened
        Whether each option is open, shape (options,).
    share
        Share of its row that every arc carries, shape (arcs,).
    unserved
        Share of every row without a seat, shape (rows,).
    """

    opened: BoolArray
    share: FloatArray
    unserved: FloatArray


def spent(question: Question, choice: Choice) -> float:
    """Return what opening (and closing) costs together."""
    price, constant = opening_costs(question)
    return math.fsum(price[choice.opened]) + constant


def value_of(goal: Objective, question: Question, choice: Choice) -> float:
    """Return what a choice is worth for a goal, summed exactly."""
    taken = question.weight[question.row] * choice.share
    if isinstance(goal, Coverage):
        return math.fsum(taken * gains(goal, question))
    charge = np.where(question.unreachable, 0.0, question.weight * choice.unserved)
    charge *= question.terms.unserved_cost or 0.0
    if isinstance(goal, Distance):
        money = goal.per_cost * spent(question, choice) if goal.per_cost else 0.0
        return math.fsum(taken * question.way) + math.fsum(charge) + money
    names, district = district_numbers(question, goal)
    weight = np.where(question.unreachable, 0.0, question.weight)
    pupils = np.bincount(district, weights=weight, minlength=len(names))
    way = np.bincount(district[question.row], weights=taken * question.way, minlength=len(names))
    way += np.bincount(district, weights=charge, minlength=len(names))
    return float(np.max(way[pupils > 0] / pupils[pupils > 0], initial=0.0))


def broken(question: Question, choice: Choice) -> list[tuple[str, str, str]]:
    """Return every limit that a choice breaks: what, found, expected; empty where it is feasible."""
    return [
        *_broken_choice(question, choice),
        *_broken_money(question, choice),
        *_broken_shares(question, choice),
        *_broken_seats(question, choice),
        *_broken_limits(question, choice),
    ]


def _broken_choice(question: Question, choice: Choice) -> list[tuple[str, str, str]]:
    own, terms, opened = question.options, question.terms, choice.opened
    found = []
    if not opened[own.status == EXISTING].all():
        found.append(("existing", "an existing school is closed", "existing schools stand"))
    for count in terms.counts:
        number = int(opened[own.matching(count)].sum())
        if number < count.least or (count.most is not None and number > count.most):
            found.append((f"opened: {count}", f"{number} options", str(count)))
    for there in parcels_of(own).values():
        if opened[there].sum() > 1:
            names = ", ".join(own.ids[k] for k in there if opened[k])
            found.append(("parcel", f"{names} on one parcel", "one option on a parcel"))
    for one, other in near_pairs(question):
        new, any_there = near_options(question, one, other)
        if opened[new].any() and opened[any_there].any():
            found.append(("apart", f"{one} and {other} both open", "one of the two"))
    return found


def _broken_money(question: Question, choice: Choice) -> list[tuple[str, str, str]]:
    terms, found = question.terms, []
    if terms.budget is not None and spent(question, choice) > terms.budget * (1 + 1e-9) + 1e-9:
        found.append(("budget", f"{spent(question, choice):g} spent", f"at most {terms.budget:g}"))
    for spend in terms.spending:
        cost = math.fsum(question.options.cost[choice.opened & np.isin(question.options.ids, spend.options)])
        if cost > spend.most * (1 + 1e-9) + 1e-9:
            found.append(("spending", f"{cost:g} spent", f"at most {spend.most:g}"))
    closed = int((~choice.opened[question.options.status == CLOSABLE]).sum())
    if terms.closures is not None and closed > terms.closures:
        found.append(("closures", f"{closed} closed", f"at most {terms.closures}"))
    return found


def _broken_shares(question: Question, choice: Choice) -> list[tuple[str, str, str]]:
    """Check the conservation of pupils, and that every arc leads to something open."""
    share, unserved, found = choice.share, choice.unserved, []
    sums = np.bincount(question.row, weights=share, minlength=question.rows) + unserved
    if (np.abs(sums - 1) > TOLERANCE).any() or (share < 0).any() or (unserved < 0).any():
        found.append(("pupils", "rows whose shares do not add up to all pupils", "all pupils, none twice"))
    serving = np.zeros((len(question.options.sites), len(question.stages)), dtype=np.bool_)
    k = np.flatnonzero(choice.opened)
    np.logical_or.at(serving, question.options.site[k], question.options.serves[k])
    if (share[~serving[question.site, question.stage[question.row]]] > 0).any():
        found.append(("assignment", "pupils sent to a site that is not open for their stage", "an open site"))
    free = question.terms.only_coverage or question.terms.unserved_cost is not None
    if not free and (unserved[~question.unreachable] > TOLERANCE).any():
        found.append(("pupils", "pupils without a seat whom some option reaches", "a seat for each"))
    if not question.terms.split and ((share > 0) & (share < 1)).any():
        found.append(("assignment", "rows divided among schools", "one school for a row"))
    return found


def _broken_seats(question: Question, choice: Choice) -> list[tuple[str, str, str]]:
    own, found = question.options, []
    stage = question.stage[question.row]
    taken = np.zeros((len(own.sites), len(question.stages)))
    np.add.at(taken, (question.site, stage), question.load[question.row] * choice.share)
    seats, least = np.zeros_like(taken), np.zeros_like(taken)
    np.add.at(seats, own.site[choice.opened], own.seats[choice.opened])
    np.add.at(least, own.site[choice.opened], own.least[choice.opened])
    for what, wrong, side in (
        ("seats", taken > seats * (1 + TOLERANCE) + TOLERANCE, seats),
        ("least", taken < least * (1 - TOLERANCE) - TOLERANCE, least),
    ):
        for site, s in np.argwhere(wrong):
            limit = "at most" if what == "seats" else "at least"
            found.append(
                (f"{what} of {own.sites[site]}", f"{taken[site, s]:g} pupils of {question.stages[s]}",
                 f"{limit} {side[site, s]:g}")
            )  # fmt: skip
    return found


def _broken_limits(question: Question, choice: Choice) -> list[tuple[str, str, str]]:
    found = []
    for limit in question.terms.limits:
        value = value_of(limit.goal, question, choice)
        sign = 1.0 if limit.goal.sense == "minimise" else -1.0
        if sign * value > sign * limit.value + TOLERANCE * max(1.0, abs(limit.value)):
            side = "at most" if sign > 0 else "at least"
            found.append(("limit", f"a {type(limit.goal).__name__} of {value:g}", f"{side} {limit.value:g}"))
    return found
