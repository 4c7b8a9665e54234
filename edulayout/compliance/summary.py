"""What a map and a report show of a check: the schools with failed rules, and how often each rule is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edulayout.compliance.indicators import SEVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKED = ("shall", "should", "target", "unstated", "defines")
"""Strengths whose breach marks a school: what only may be is no breach."""

_UNREAD = "memory"
"""A rule that nobody has read anywhere marks no school."""

_WHOLE = ("indicators_met", "share_of_missed_indicator")


def marks(table: pd.DataFrame) -> pd.DataFrame:
    """Return for every school in a check how many rules it fails and the worst of them: the red marks of a map.

    An indicator of the quality balance that a school may miss (six of seven met, the other at 85 %) is no failure,
    and a rule known from memory only marks no school: a mark shows no status.

    Parameters
    ----------
    table
        What `check` returned, of one layout.

    Returns
    -------
    pandas.DataFrame
        By `school_id`: `name`, `failed` and `cannot_tell` (numbers of subjects), `worst` (label of the failed rule with
        the greatest shortfall, empty where none), `worst_subject`, `worst_shortfall`, `worst_strength`, `worst_status`,
        `pupils`.
        Schools with the most failures first, ties by id.

    Examples
    --------
    >>> import pandas as pd
    >>> schools = pd.DataFrame({"kind": ["primary"], "name": ["One"]}, index=["s1"])
    >>> demand = pd.DataFrame({"population": [9000.0]}, index=["b"])
    >>> facts = pd.DataFrame({"pupils_primary": [600.0], "classes_primary": [12.0]}, index=["s1"])
    >>> from edulayout import compliance
    >>> table = compliance.check(schools, demand, standard="cn-gb50099-2011", facts=facts)
    >>> marks(table)[["failed", "worst"]]
               failed       worst
    school_id
    s1              1  Class size
    """
    known = table["strength"].isin(_MARKED) & (table["status"] != _UNREAD)
    rows = table[(table["object_type"] == "school") & known & ~_excused(table)]
    failed = rows[rows["verdict"] == "fails"].sort_values(
        ["object_id", "shortfall", "rule"], ascending=[True, False, True], kind="stable"
    )
    worst = failed.drop_duplicates("object_id").set_index("object_id")
    every = table[table["object_type"] == "school"].drop_duplicates("object_id").set_index("object_id").sort_index()
    made = pd.DataFrame(
        {
            "name": every["name"],
            "failed": _counted(failed, every.index),
            "cannot_tell": _counted(rows[rows["verdict"] == "cannot_tell"], every.index),
            "worst": worst["label"].reindex(every.index).fillna("").astype(str),
            "worst_subject": worst["subject"].reindex(every.index).fillna("").astype(str),
            "worst_shortfall": worst["shortfall"].reindex(every.index).fillna(0.0),
            "worst_strength": worst["strength"].reindex(every.index).fillna("").astype(str),
            "worst_status": worst["status"].reindex(every.index).fillna("").astype(str),
            "pupils": table[table["object_type"] == "school"].groupby("object_id")["pupils"].max().reindex(every.index),
        },
        index=every.index.rename("school_id"),
    )
    return made.sort_values(["failed", "worst_shortfall"], ascending=False, kind="stable")


def _excused(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows are an indicator that a school may miss, because it keeps the rule on all seven."""
    whole = table[table["subject"].isin(_WHOLE) & (table["object_type"] == "school")]
    kept = whole.assign(meets=whole["verdict"] == "meets").groupby(["object_id", "stage"])["meets"]
    good = kept.agg(["all", "size"])
    fine = set(good.index[good["all"] & (good["size"] >= len(_WHOLE))])
    pairs = pd.Series(list(zip(table["object_id"], table["stage"], strict=True)), index=table.index, dtype=object)
    return table["subject"].isin(list(SEVEN)) & pairs.isin(fine)


def _counted(rows: pd.DataFrame, names: pd.Index[str]) -> pd.Series[int]:
    """Count subjects, not rules: several documents may ask for the same."""
    once = rows.drop_duplicates(["object_id", "subject", "stage"])
    return once.groupby("object_id").size().reindex(names, fill_value=0).astype("int64")


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rule of a check: how many objects keep it, break it, or leave it open; see `worded`.

    Parameters
    ----------
    table
        What `check` returned.

    Returns
    -------
    pandas.DataFrame
        Columns `label, stage, document, clause, strength, status, object_type`, a column of counts for each verdict,
        `pupils` (touched by the failures of the largest object: they are not added up) and `worst_shortfall`; the rules
        with the greatest shortfall first.
    """
    keys: Sequence[str] = ("rule", "label", "stage", "document", "clause", "strength", "status", "object_type")
    verdicts = ("fails", "cannot_tell", "meets", "not_applicable")
    counts = {name: (table["verdict"] == name).astype("int64") for name in verdicts}
    failed = table["verdict"] == "fails"
    wide = table[list(keys)].assign(
        **counts, pupils=table["pupils"].where(failed, 0.0).fillna(0.0), worst_shortfall=table["shortfall"]
    )
    rules = {**dict.fromkeys(verdicts, "sum"), "pupils": "max", "worst_shortfall": "max"}
    made = wide.groupby(list(keys), sort=True).agg(rules).reset_index()
    made = made.sort_values(["worst_shortfall", "fails", "rule"], ascending=[False, False, True], kind="stable")
    return made.drop(columns="rule").reset_index(drop=True)
