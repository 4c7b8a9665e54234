"""All kinds placed at once in a study: against brute force, in words, and with its limits."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

import edulayout as el
from edulayout.errors import InfeasibleError
from edulayout.stages import KINDS
from edulayout.study import proofs
from edulayout.study import study as running
from edulayout.study.screen import report


def total_walk(result, opened):
    """Pupil-metres of all stages once schools stand: opened is the kind by candidate."""
    standing = result.study.schools["kind"].to_dict() | opened
    worth = 0.0
    for stage in result.radii:
        ids = sorted(name for name, kind in standing.items() if stage in KINDS[kind].stages)
        metres = result.costs.select_schools(ids).nearest()[0]
        worth += float((metres * result.demand.loc[result.costs.demand_ids, f"pupils_{stage}"]).sum())
    return worth


def best_by_trying(result, wanted):
    """The least walk over every way to give each wanted (district, kind) a parcel of its own."""
    parcels = result.study.candidates
    best = np.inf
    for chosen in permutations(parcels.index, len(wanted)):
        fits = [
            kind in parcels.loc[name, "kinds"].split(";") and district in ("", parcels.loc[name, "district_id"])
            for name, (district, kind) in zip(chosen, wanted, strict=True)
        ]
        if all(fits):
            best = min(best, total_walk(result, dict(zip(chosen, (kind for _, kind in wanted), strict=True))))
    return best


def rivals(town):
    """Every parcel allows both kinds, so that primary and junior high want the same ones."""
    table = pd.read_csv(town / "candidates.csv")
    table["kinds"] = "primary;junior_high"
    table.to_csv(town / "candidates.csv", index=False)
    study = el.Study.from_file(town / "study.toml")
    junior = study.schools.iloc[[0]].assign(kind="junior_high", name="Two").rename(index={"s1": "s2"})
    schools = pd.concat([study.schools, junior])
    quotas = {"west": {"primary": 2, "junior_high": 2}, "east": {"primary": 1, "junior_high": 1}}
    return replace(study, schools=schools, quotas=quotas, further={})


def test_two_kinds_that_want_the_same_parcels_get_the_best_of_all(town):
    result = rivals(town).run()
    wanted = [("west", "primary"), ("east", "primary"), ("west", "junior_high"), ("east", "junior_high")]
    new = result.schools.query("layout == 'planned' and origin.str.startswith('candidate')").set_index("school_id")
    assert total_walk(result, new["kind"].to_dict()) == pytest.approx(best_by_trying(result, wanted))
    whole = result.siting.query("kind == 'all'").iloc[0]
    assert whole["objective"] == pytest.approx(best_by_trying(result, wanted))
    assert whole["status"] == "optimal"
    assert whole["opened"] == 4


def test_one_after_the_other_would_be_worse_or_equal(town):
    result = rivals(town).run()
    one = replace(rivals(town), quotas={"west": {"primary": 2}, "east": {"primary": 1}}).run()
    first = one.schools.query("layout == 'planned' and origin.str.startswith('candidate')")["school_id"]
    left = one.study.candidates.drop(index=first)
    other = {"west": {"junior_high": 2}, "east": {"junior_high": 1}}
    two = replace(rivals(town), candidates=left, quotas=other).run()
    stages = [run.siting.query("district_id == 'all'")["objective"].iloc[0] for run in (one, two)]
    assert result.siting.query("kind == 'all'")["objective"].item() <= sum(stages) * (1 + 1e-9)


def test_a_conflict_is_told_in_what_was_proven(town):
    result = rivals(town).run()
    primary = result.siting.query("kind == 'primary' and district_id == 'all'").iloc[0]
    assert primary["cases"] > 1
    assert primary["proven"] == (
        "no other choice of these 2 sites shortens the mean walk of all primary pupils by more than 0.0 %, "
        "the other kinds standing where they do"
    )
    whole = result.siting.query("kind == 'all'").iloc[0]
    assert "of all kinds" in whole["proven"]
    assert "the other kinds" not in whole["proven"]


def test_without_a_conflict_the_proof_holds_by_itself(town):
    result = el.Study.from_file(town / "study.toml").run()
    table = result.siting.query("layout == 'planned'").set_index("district_id")
    assert table.loc["all", "cases"] == 1
    assert "other kinds" not in table.loc["all", "proven"]
    assert table.loc["west", "proven"].startswith("no other choice of the site in 西 shortens the mean walk")
    assert table.loc[["west", "east"], "opened"].tolist() == [1, 1]
    assert table.loc[["west", "east"], "candidates"].tolist() == [2, 2]
    assert "optimal: no other choice of these 2 sites" in report(result)


def test_no_choice_in_one_district_betters_the_whole(town):
    # What the sentence says, tried: every other parcel of the west, the east as chosen.
    result = el.Study.from_file(town / "study.toml").run()
    new = result.schools.query("layout == 'planned' and origin.str.startswith('candidate')").set_index("school_id")
    chosen = new["kind"].to_dict()
    (west,) = new.index[new["district_id"] == "west"]
    parcels = result.study.candidates.query("district_id == 'west'").index
    others = [{name: kind for name, kind in chosen.items() if name != west} | {parcel: "primary"} for parcel in parcels]
    primary = replace(result, radii={"primary": 500.0})
    assert min(total_walk(primary, other) for other in others) == pytest.approx(total_walk(primary, chosen))


def test_what_is_not_proven_is_not_told():
    assert proofs.at_most(0.0) == "0.0 %"
    assert proofs.at_most(0.012345) == "1.24 %"
    assert proofs.at_most(2e-9) == "0.01 %"


def test_pupils_without_a_way_are_told_beside_the_proof(town):
    path = town / "demand.csv"
    path.write_text(path.read_text().replace("593500.0,3495500.0", "593500.0,3496500.0"))
    table = el.Study.from_file(town / "study.toml").run().siting
    # Off the streets nothing reaches them: they are in no objective, and no charge is told.
    assert (table["unreachable_weight"] > 0).all()
    assert not table["proven"].str.contains("count").any()


def test_an_impossible_plan_is_refused_before_anything_is_measured(town, monkeypatch):
    study = replace(el.Study.from_file(town / "study.toml"), further={"nine_year": 9})

    def measured(*_, **__):
        raise AssertionError("distances were measured")

    monkeypatch.setattr(running, "travel_costs", measured)
    with pytest.raises(InfeasibleError, match="nine_year"):
        study.run()


def test_coverage_as_the_goal_is_proven_in_its_own_words(town):
    study = replace(el.Study.from_file(town / "study.toml"), objective="max_coverage")
    proven = study.run().siting.loc[0, "proven"]
    assert proven == "no other choice of these 2 sites covers more than 0.0 % more primary pupils"


def test_stopped_by_the_clock_it_still_tells_plan_and_gap(sample):
    # A hundredth of a second is too short for a proof; a plan and a bound there must be.
    study = replace(el.Study.from_file(sample / "study.toml"), time_limit_seconds=0.01, diagnosis={"zones": {"layouts": "none"}})  # fmt: skip
    table = study.run().siting
    whole = table[table["district_id"] == "all"]
    assert (whole["bound"] <= whole["objective"] * (1 + 1e-9)).all()
    assert whole["gap"].between(0, 1).all()
    open_ones = whole[whole["status"] == "feasible"]
    assert (open_ones["stop_reason"] == "time").all()
    assert open_ones["proven"].str.contains("stopped: time").all()
    assert not open_ones["proven"].str.contains(" 0.0 %").any()
    assert whole.loc[whole["kind"] == "all", "opened"].tolist() == [44, 12]
