"""Floating catchments: seats per pupil, where all pupils in reach of a school compete for its seats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.access.pairs import by_demand, share, weighted

if TYPE_CHECKING:
    import pandas as pd

    from edulayout.costs import TravelCosts
    from edulayout.decay import Decay
    from edulayout.typing import FloatArray


def two_step_fca(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Compute seats per pupil by the two-step floating catchment method (两步移动搜寻法).

    First each school shares its seats among the pupils in reach, R_j = S_j / Σ_i w_ij P_i; then each place adds up
    the shares in its reach, A_i = Σ_j w_ij R_j. Σ A_i P_i is the seats of all schools that any pupil reaches.

    Parameters
    ----------
    costs
        Costs to the schools of one stage.
    pupils
        Pupils by `demand_id`, ≥ 0.
    seats
        Seats by `school_id`, ≥ 0.
    decay
        Weight of a cost, such as `decay.Binary(1000)`.

    Returns
    -------
    pandas.Series
        Seats per pupil by `demand_id`; 0 where no school is in reach. Complexity O(pairs).

    Raises
    ------
    InputError
        Where pupils, seats or decay do not fit the costs; every fault is named at once.

    Notes
    -----
    Luo and Wang (2003), doi:10.1068/b29120, with `decay.Binary`.

    Examples
    --------
    School s shares 30 seats among 20 + 10 pupils, t shares 40 among 10 + 10; b reaches both:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 30, "t": 40})
    >>> two_step_fca(costs, pupils, seats, decay=el.decay.Binary(500)).tolist()
    [1.0, 3.0, 2.0]
    """
    pairs = weighted(costs, pupils, seats, decay)
    ratio = share(pairs.seats, pairs.at_schools(pairs.pupils))
    return by_demand(pairs.at_places(ratio), costs, "two_step_fca")


def e2sfca(costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay) -> pd.Series[float]:
    """Compute seats per pupil by the enhanced two-step method: near pupils and near schools count more.

    The formula of `two_step_fca` with a decay that falls: `decay.Step` as published, `decay.GaussianWithin` for the
    Gaussian two-step method.

    Parameters
    ----------
    costs, pupils, seats, decay
        As in `two_step_fca`.

    Returns
    -------
    pandas.Series
        Seats per pupil by `demand_id`. Complexity O(pairs).

    Notes
    -----
    Luo and Qi (2009), doi:10.1016/j.healthplace.2009.06.002; Dai (2010), doi:10.1016/j.healthplace.2010.06.012.

    Examples
    --------
    Beyond 200 m a pupil counts half: s shares 25 seats among 20 + 5, t shares 15 among 5 + 10:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 25, "t": 15})
    >>> e2sfca(costs, pupils, seats, decay=el.decay.Step((200, 500), (1, 0.5))).tolist()
    [1.0, 1.0, 1.0]
    """
    return two_step_fca(costs, pupils, seats, decay=decay).rename("e2sfca")


def three_step_fca(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Compute seats per pupil by the three-step method: a place with many schools asks less of each.

    A place spreads its pupils in proportion to the weights, G_ij = w_ij / Σ_k w_ik; then R_j = S_j / Σ_i G_ij w_ij P_i
    and A_i = Σ_j G_ij w_ij R_j. Σ A_i P_i is the seats of all schools that any pupil reaches.

    Parameters
    ----------
    costs, pupils, seats, decay
        As in `two_step_fca`.

    Returns
    -------
    pandas.Series
        Seats per pupil by `demand_id`. Complexity O(pairs).

    Notes
    -----
    Wan, Zou and Sternberg (2012), doi:10.1080/13658816.2011.624987. PySAL `access` counts pairs beyond `max_cost` in
    Σ_k w_ik; here a weight that is cut is cut everywhere.

    Examples
    --------
    Place b sends half of its 10 pupils to each school: s shares 25 seats among 20 + 5, t shares 30 among 5 + 10:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 25, "t": 30})
    >>> three_step_fca(costs, pupils, seats, decay=el.decay.Binary(500)).tolist()
    [1.0, 1.5, 2.0]
    """
    pairs = weighted(costs, pupils, seats, decay)
    choice, both = pairs.at_places(_ones(pairs.seats)), pairs.squared()
    ratio = share(pairs.seats, both.at_schools(share(pairs.pupils, choice)))
    return by_demand(share(both.at_places(ratio), choice), costs, "three_step_fca")


def modified(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Compute seats per pupil by the modified two-step method (M2SFCA): seats far from all pupils are partly lost.

    A_i = Σ_j w_ij² S_j / Σ_k w_kj P_k. Σ A_i P_i is at most the seats where no weight exceeds 1; what is missing is
    what a better layout could gain.

    Parameters
    ----------
    costs, pupils, seats, decay
        As in `two_step_fca`.

    Returns
    -------
    pandas.Series
        Seats per pupil by `demand_id`. Complexity O(pairs).

    Notes
    -----
    Delamater (2013), doi:10.1016/j.healthplace.2013.07.012.

    Examples
    --------
    As in `e2sfca`, where everybody has 1 seat; b, beyond 200 m of both schools, keeps half of it:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 25, "t": 15})
    >>> modified(costs, pupils, seats, decay=el.decay.Step((200, 500), (1, 0.5))).tolist()
    [1.0, 0.5, 1.0]
    """
    pairs = weighted(costs, pupils, seats, decay)
    ratio = share(pairs.seats, pairs.at_schools(pairs.pupils))
    return by_demand(pairs.squared().at_places(ratio), costs, "modified")


def balanced_fca(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Compute access by the balanced method: neither pupils nor the level of service are counted twice.

    With weights that add up to 1 over the schools of a place, v_ij = w_ij / Σ_k w_ik, and over the places of a school,
    u_ij = w_ij / Σ_k w_kj: L_j = S_j / Σ_i v_ij P_i and A_i = Σ_j u_ij L_j. So Σ_i A_i = Σ_j L_j.

    Parameters
    ----------
    costs, pupils, seats, decay
        As in `two_step_fca`.

    Returns
    -------
    pandas.Series
        Level of service by `demand_id`. Complexity O(pairs).

    Notes
    -----
    Páez, Higgins and Vivona (2019), doi:10.1371/journal.pone.0218773.

    Examples
    --------
    Place b sends 5 pupils to each school: L_s = 25 / 25, L_t = 30 / 15; two places share each of them:

    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 25, "t": 30})
    >>> balanced_fca(costs, pupils, seats, decay=el.decay.Binary(500)).tolist()
    [0.5, 1.5, 1.0]
    """
    pairs = weighted(costs, pupils, seats, decay)
    choice = pairs.at_places(_ones(pairs.seats))
    level = share(pairs.seats, pairs.at_schools(share(pairs.pupils, choice)))
    return by_demand(pairs.at_places(share(level, pairs.at_schools(_ones(pairs.pupils)))), costs, "balanced_fca")


def spatial_availability(
    costs: TravelCosts, pupils: pd.Series[float], seats: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Compute the seats that are available to each place: every seat goes to one place, none twice.

    V_i = Σ_j S_j · w_ij P_i / Σ_k w_kj P_k. Σ V_i is the seats of all schools that any pupil reaches; V_i / P_i is
    `two_step_fca`.

    Parameters
    ----------
    costs, pupils, seats, decay
        As in `two_step_fca`.

    Returns
    -------
    pandas.Series
        Seats (not seats per pupil) by `demand_id`. Complexity O(pairs).

    Notes
    -----
    Soukhov, Páez, Higgins and Mohamed (2023), doi:10.1371/journal.pone.0278468, with α = 1.

    Examples
    --------
    >>> import edulayout as el, pandas as pd
    >>> walks = {("a", "s"): 100, ("b", "s"): 400, ("b", "t"): 300, ("c", "t"): 200}
    >>> costs = el.TravelCosts.from_pairs(pd.Series(walks), unit="metres")
    >>> pupils, seats = pd.Series({"a": 20, "b": 10, "c": 10}), pd.Series({"s": 30, "t": 40})
    >>> spatial_availability(costs, pupils, seats, decay=el.decay.Binary(500)).tolist()
    [20.0, 30.0, 20.0]
    """
    pairs = weighted(costs, pupils, seats, decay)
    ratio = share(pairs.seats, pairs.at_schools(pairs.pupils))
    return by_demand(pairs.pupils * pairs.at_places(ratio), costs, "spatial_availability")


def _ones(like: FloatArray) -> FloatArray:
    return np.ones_like(like)
