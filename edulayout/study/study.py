"""A study: districts, schools, pupils, streets and a plan, and the run that turns them into answers."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from edulayout.costs import travel_costs
from edulayout.engines import Straight
from edulayout.study import checking
from edulayout.study.chapters import CHAPTERS, Evidence
from edulayout.study.choosing import radius_notes
from edulayout.study.folder import check_place, write
from edulayout.study.forecasting import planned_for
from edulayout.study.inputs import StudyInputs
from edulayout.study.layouts import Planner, long_table, plan_needs, with_choice
from edulayout.study.loading import load
from edulayout.study.measuring import Measurer, service_areas
from edulayout.study.placing import Aim
from edulayout.study.radii import radii_of
from edulayout.study.result import Result
from edulayout.study.safety import rule_lines, safe_costs, safe_streets
from edulayout.study.sources import notes_of
from edulayout.typing import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from edulayout.typing import Progress


class Study(StudyInputs):
    """Everything that a run needs, as tables and plain values.

    Parameters
    ----------
    districts, schools, demand, candidates, barriers
        Tables of the contract, in one CRS in metres; candidates and barriers may be missing.
    engine
        What measures distances: `Straight()` or a `Streets`.
    quotas
        Schools of each kind that each district has at the plan's horizon, the existing ones included.
    further
        Schools of each kind placed afterwards, in any district.
    choice
        What a reader chose in the what-if part of the map, see `maps.read_choice`: it is the planned layout then, and
        nothing is placed.
    classes
        Size of a new school of each kind, in classes; its seats follow from the kind's class sizes.
    per_1000_residents, pupils_source
        Pupils of each stage among 1,000 residents, where the demand has no `pupils_<stage>` columns; who says so.
    radius_metres, radius_reason, standard
        Service radius by stage, and why; the others are those of the standard.
    safety
        By stage, streets that its pupils do not cross: the arguments of `Streets.avoiding`, such as
        `{"primary": {"classes": ["trunk"], "how": "crossings"}}`. Coverage then also tells `share_covered_safe` and
        `mean_metres_safe`; schools are placed by all ways.
    diagnosis
        What is asked of seats, access and zones, as in the section `[diagnosis]` of a study file.
    outputs
        What is written beside the tables, as in the section `[outputs]` of a study file.
    sheets
        Maps on paper that are written, as in the section `[sheets]` of a study file; needs the extra `print`.
    facts
        What is known of each school (`edulayout.compliance.check_facts`); may be missing.
    people, housing, forecast
        Tables by name (`ages` with `fertility`, `mortality`, `migration`; or `births`), estates that are being built,
        and how the years to come are foreseen, as in the section `[demand]` of a study file; nothing where empty.
    foreseen
        The forecast that a run makes of them.
    siting_year
        The year of the forecast whose pupils schools are placed for; None for those of today.
    standards
        What every layout is held against, as in the section `[standards]` of a study file; nothing where empty.
    programme, under_way
        Projects with their milestones (`edulayout.programme.read`); as of which day they are told, as in the section
        `[programme]` of a study file.
    grades, grouping, drive
        Who is strong enough to lead, who needs a lead (`edulayout.groups.read_grades`); the section `[groups]`; streets
        for cars in minutes, without which the groups go by the distances of `engine`.
    sites, idle, land, reserve
        Polygons of the schools' sites, floor areas of idle buildings, land that is taken (`built_up`, `committed`) or
        claimed (`planned_uses`, `permits`); the section `[reserve]`.
    objective
        `p_median` (least pupil-weighted walk) or `max_coverage` (most pupils within the radius).
    gap, time_limit_seconds
        When placing may stop early.
    demand_outside
        `keep` counts demand outside every district in a row of its own, `error` refuses it.
    name, name_zh, note, note_zh, source, language
        What maps and reports say.
    review_number
        The approval number of the map (审图号), where it has one; never invented.
    origin
        Where the tables came from, for the manifest; `from_file` fills it.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd, edulayout as el
    >>> from shapely import Point, box
    >>> study = el.Study(
    ...     districts=gpd.GeoDataFrame({"name": ["East"]}, geometry=[box(0, 0, 900, 900)],
    ...                                index=pd.Index(["e"], name="district_id"), crs="EPSG:4544"),
    ...     schools=gpd.GeoDataFrame({"name": ["First"], "kind": ["primary"]}, geometry=[Point(100, 100)],
    ...                              index=pd.Index(["s1"], name="school_id"), crs="EPSG:4544"),
    ...     demand=gpd.GeoDataFrame({"population": [1000.0], "pupils_primary": [60.0]}, geometry=[Point(100, 400)],
    ...                             index=pd.Index(["b1"], name="demand_id"), crs="EPSG:4544"),
    ... )
    >>> study.run().coverage.loc[0, ["share_covered", "mean_metres"]].tolist()
    [1.0, 300.0]
    """

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, progress: Progress = quiet) -> Study:
        """Read a study file and all inputs that it names.

        Raises
        ------
        InputError
            With every fault of the study file, or of the inputs, at once.
        """
        return cls(**load(Path(path), progress=progress))

    def check(self) -> list[str]:
        """Check everything that a run checks before it measures; return lines on what was found.

        Raises
        ------
        InputError
            Where a run would stop.
        """
        study, aside = checking.checked(self)
        radii, rules = radii_of(study)
        rules += rule_lines(study, safe_streets(study))
        plan_needs(study, list(radii))
        # No way is longer than nothing: this only finds each place's street.
        costs = travel_costs(study.demand, checking.sites(study), engine=study.engine, cutoff=0.0)
        aside += checking.off_streets(costs, study)
        tables = {"districts": study.districts, "schools": study.schools, "demand": study.demand,
                  "candidates": study.candidates, "school facts": study.facts,
                  "projects": None if study.programme is None else study.programme.projects,
                  "graded schools": study.grades, "sites": study.sites}  # fmt: skip
        counts = [f"{len(frame)} {name}" for name, frame in tables.items() if frame is not None]
        return [", ".join(counts), *rules, *notes_of(study), *map(str, aside)]

    def run(self, out: str | os.PathLike[str] | None = None, *, progress: Progress = quiet) -> Result:
        """Check, measure, place, measure again; write a result folder where `out` names one.

        Raises
        ------
        InputError
            Where a table, the plan or the folder is at fault; nothing is written then.
        """
        if out is not None:
            check_place(Path(out))
        clock = _Clock(progress, dict(self.origin.get("seconds", {})))
        result = _answer(self, clock)
        if out is not None:
            with clock.step("write the results"):
                write(replace(result, seconds=dict(clock.seconds)), Path(out))
        return replace(result, seconds=dict(clock.seconds))


@dataclass
class _Clock:
    """Tells the progress, and how long each step took."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        self.progress(name, 0, 1)
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)
        self.progress(name, 1, 1)


def _answer(inputs: StudyInputs, clock: _Clock) -> Result:
    with clock.step("check the tables"):
        study, aside = checking.checked(inputs)
        radii, rules = radii_of(study)
        plan_needs(study, list(radii))
        sites = checking.sites(study)
        safe = safe_streets(study)
    with clock.step("measure distances"):
        costs = travel_costs(study.demand, sites, engine=study.engine, progress=clock.progress)
        straight = travel_costs(study.demand, sites, engine=Straight(), cutoff=max(radii.values()))
        aside += checking.off_streets(costs, study)
        safely = safe_costs(study, safe, sites, stages=list(radii), progress=clock.progress)
    with clock.step("place schools"):
        aim = Aim(study.objective, study.gap, study.time_limit_seconds, radii)
        layouts = Planner(planned_for(study), costs, aim, clock.progress).layouts()
    with clock.step("measure coverage"):
        measurer = Measurer(costs, straight, study.demand, radii, safely)
        walks = measurer.walks(layouts)
        table = pd.concat([measurer.coverage(it.name, walks) for it in layouts], ignore_index=True)
        checking.conserve(study, table)
        nearest = [measurer.nearest(it.name, walks) for it in layouts]
    with clock.step("draw service areas"):
        areas = service_areas({it.name: it.schools for it in layouts}, engine=study.engine, radii=radii)
    result = Result(
        study=study,
        coverage=table,
        schools=long_table(layouts),
        demand=study.demand.join(nearest),
        candidates=with_choice(study.candidates, layouts),
        service_areas=areas,
        decisions=tuple(decision for layout in layouts for decision in layout.decisions),
        costs=costs,
        radii=radii,
        rules=(*rules, *rule_lines(study, safe), *radius_notes(study.choice, radii)),
        set_aside=tuple(aside),
    )
    evidence = Evidence(
        study=study, layouts=tuple(layouts), radii=radii, costs=costs, walks=walks, safe=safely, tables=result.tables,
        progress=clock.progress,
    )  # fmt: skip
    return _told(result, evidence, clock)


def _told(result: Result, evidence: Evidence, clock: _Clock) -> Result:
    """Return the result with all chapters."""
    for title, write_chapter in CHAPTERS:
        with clock.step(title):
            chapter = write_chapter(evidence)
        evidence, result = evidence.after(chapter), result.with_chapter(chapter)
    return result
