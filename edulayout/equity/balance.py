"""County balance evaluation: how much schools of one county differ, against the limits of the evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout import standards
from edulayout.equity.indices import coefficient_of_variation
from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from edulayout.standards import Rule

MEAN = "mean of all"
"""The row of a table that stands for the mean of the coefficients."""

_EACH = "coefficient_of_variation"
_TOGETHER = "mean_coefficient_of_variation"


def county_balance(
    indicators: pd.DataFrame, pupils: pd.Series[float], *, stage: str, standard: str = "cn-quality-balance-2017"
) -> pd.DataFrame:
    """Compute the coefficient of variation (差异系数) of each indicator between schools, and hold it against the limit.

    Parameters
    ----------
    indicators
        One row a school (`school_id`), one column an indicator per pupil, such as m² of sports ground.
    pupils
        Pupils of each school: its weight. That the evaluations weigh by enrolment is from memory, not verified.
    stage
        `primary` or `junior_high`.
    standard
        `cn-quality-balance-2017`: every indicator at most 0.50 / 0.45; or `cn-basic-balance-2012`: the mean of the
        eight at most 0.65 / 0.55.

    Returns
    -------
    pandas.DataFrame
        A row for each indicator and `mean of all`: `coefficient`, `limit` (NaN where the standard sets none for that
        row), `met`, and `rule`: document, clause and how sure we are of the limit.

    Raises
    ------
    InputError
        Where the standard has no limit for the stage, or values are missing or negative.

    Examples
    --------
    >>> import pandas as pd
    >>> grounds = pd.DataFrame({"sports_grounds": [1.0, 1.0, 4.0]}, index=["s1", "s2", "s3"])
    >>> pupils = pd.Series([1, 1, 2], index=["s1", "s2", "s3"])
    >>> table = county_balance(grounds, pupils, stage="primary")
    >>> table[["coefficient", "limit", "met"]]
                    coefficient  limit    met
    indicator
    sports_grounds          0.6    0.5  False
    mean of all             0.6    NaN   None
    >>> table.loc["sports_grounds", "rule"]
    '教督〔2017〕6号, school indicators, differences between schools (NOT verified in the original, status: secondary)'
    """
    rules = standards.load(standard)
    each, together = rules.find(_EACH, stage), rules.find(_TOGETHER, stage)
    if each is None and together is None:
        raise InputError(
            Fault("standard", f"no limit of variation for {stage} in {standard}", "primary or junior_high in an "
                  "evaluation of balance", "name another stage or standard")
        )  # fmt: skip
    found = {str(name): coefficient_of_variation(indicators[name], pupils) for name in indicators.columns}
    rows = [_row(name, coefficient, each) for name, coefficient in found.items()]
    rows.append(_row(MEAN, sum(found.values()) / len(found), together))
    return pd.DataFrame(rows).set_index("indicator")


def _row(name: str, coefficient: float, rule: Rule | None) -> dict[str, object]:
    limit = float("nan") if rule is None else rule.limit
    met = None if rule is None else bool(coefficient <= limit)
    return {
        "indicator": name,
        "coefficient": coefficient,
        "limit": limit,
        "met": met,
        "rule": rule.citation if rule else "",
    }
