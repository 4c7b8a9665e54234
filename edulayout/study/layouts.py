"""The layouts of a study: what stands, what the plan adds, what the further programme adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from edulayout.costs import places
from edulayout.stages import KINDS, STAGES
from edulayout.study.choosing import check_choice
from edulayout.study.placing import Ground, place_all
from edulayout.study.planning import check_feasible, check_stages, further_needs, quota_needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edulayout.costs import TravelCosts
    from edulayout.maps import Choice
    from edulayout.study.inputs import StudyInputs
    from edulayout.study.placing import Aim, Decision
    from edulayout.study.planning import Need
    from edulayout.typing import Progress

EXISTING, PLANNED, EXTENDED = "existing", "planned", "extended"
LAYOUT_LABELS: dict[str, dict[str, str]] = {
    "en": {EXISTING: "existing", PLANNED: "planned", EXTENDED: "extended"},
    "zh": {EXISTING: "现状", PLANNED: "规划", EXTENDED: "远期"},
}
"""What layouts are called."""

_PROGRAMME = {PLANNED: ("Planned", "规划"), EXTENDED: ("Further", "远期")}


@dataclass(frozen=True, eq=False)
class Layout:
    """The schools of one layout, and the decisions that placed the new ones."""

    name: str
    schools: gpd.GeoDataFrame
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, eq=False)
class Planner:
    """Places what the plan asks for: all kinds of a layout at once, the further programme given the plan."""

    study: StudyInputs
    costs: TravelCosts
    aim: Aim
    progress: Progress

    def layouts(self) -> list[Layout]:
        """Return the existing layout and, where anything is planned, the planned and the extended one."""
        schools = _as_points(self.study.schools)
        existing = Layout(EXISTING, schools[schools["status"] == "existing"])
        standing = schools[schools["status"] != "closed"]
        if self.study.choice is not None:
            return [existing, self._chosen(standing, self.study.choice)]
        if not (self.study.quotas or self.study.further) and len(standing) == len(existing.schools):
            return [existing]
        quota, further = plan_needs(self.study, list(self.aim.radii))
        ground = Ground(self.costs, self.study.demand, _candidates(self.study), standing)
        planned, ground = self._extend(PLANNED, standing, quota, ground)
        if not further:
            return [existing, planned]
        extended, _ = self._extend(EXTENDED, planned.schools, further, ground)
        return [existing, planned, extended]

    def _chosen(self, standing: gpd.GeoDataFrame, choice: Choice) -> Layout:
        """Return the planned layout as a reader of the map chose it; nothing is placed."""
        kept = standing[~standing.index.isin(list(choice.closed))]
        kinds = {kind: sorted(it for it in choice.opened if choice.opened[it] == kind) for kind in KINDS}
        new = [self._new_schools(kind, ids, PLANNED) for kind, ids in kinds.items() if ids]
        return Layout(PLANNED, pd.concat([kept, *new]))

    def _extend(
        self, name: str, schools: gpd.GeoDataFrame, needs: Sequence[Need], ground: Ground
    ) -> tuple[Layout, Ground]:
        decisions = place_all(needs, ground, self.aim, layout=name, progress=self.progress)
        opened = {parcel: kind for made in decisions for parcel, kind in made.opened.items()}
        kinds = {kind: sorted(it for it in opened if opened[it] == kind) for kind in KINDS}
        new = [self._new_schools(kind, ids, name) for kind, ids in kinds.items() if ids]
        return Layout(name, pd.concat([schools, *new]), decisions), ground.after(opened)

    def _new_schools(self, kind: str, ids: list[str], layout: str) -> gpd.GeoDataFrame:
        assert self.study.candidates is not None, "only chosen candidates come here"
        parcels = _as_points(self.study.candidates.loc[ids])
        own, english = _texts(parcels, "name"), _texts(parcels, "name_en")
        columns = {
            "name": [new_name(kind, layout, parcel, chinese=True) for parcel in own],
            "name_en": [new_name(kind, layout, there or here) for there, here in zip(english, own, strict=True)],
            "kind": kind,
            "status": "planned",
            "district_id": parcels["district_id"],
            "origin": [f"candidate {name}" for name in ids],
        }
        schools = gpd.GeoDataFrame(columns, index=pd.Index(ids, name="school_id"), geometry=parcels.geometry)
        return schools.assign(**new_seats(self.study.classes, kind))


def plan_needs(study: StudyInputs, stages: Sequence[str]) -> tuple[list[Need], list[Need]]:
    """Return what the quotas and what the further programme ask for, checked to be possible.

    Raises
    ------
    InputError
        Where the plan names what is not there, or cannot be carried out; the faults say why.
    """
    if study.choice is not None:
        check_choice(study, study.choice, stages)
        return [], []
    schools = study.schools[study.schools["status"] != "closed"]
    quota = quota_needs(study.quotas, schools, list(study.districts.index))
    further = further_needs(study.further)
    check_stages([*quota, *further], stages)
    check_feasible([*quota, *further], _candidates(study))
    return quota, further


def _candidates(study: StudyInputs) -> pd.DataFrame:
    none = pd.DataFrame({"kinds": [], "district_id": []}, dtype=str)
    return none if study.candidates is None else study.candidates


def _as_points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_geometry(places(frame))


def _texts(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    return frame[column].fillna("").astype(str).tolist() if column in frame else [""] * len(frame)


def new_name(kind: str, layout: str, parcel: str, *, chinese: bool = False) -> str:
    """Return what a school that does not stand yet is called: what it is, and where.

    Examples
    --------
    >>> new_name("primary", "planned", "North depot"), new_name("nine_year", "extended", "")
    ('Planned primary school – North depot', 'Further nine-year school')
    >>> new_name("kindergarten", "extended", "江北闲置楼09", chinese=True)
    '远期幼儿园（江北闲置楼09）'
    """
    english, own = _PROGRAMME[layout]
    word = KINDS[kind]
    if chinese:
        return f"{own}{word.label_zh}（{parcel}）" if parcel else f"{own}{word.label_zh}"
    return f"{english} {word.label.lower()}" + (f" – {parcel}" if parcel else "")


def new_seats(classes: Mapping[str, int], kind: str) -> dict[str, float]:
    """Return the seats of a new school: its classes split over stages by their grades, times the class size.

    Examples
    --------
    A nine-year school of 27 classes has 18 for the six grades of primary, 9 for the three of junior high:

    >>> new_seats({"nine_year": 27}, "nine_year")
    {'seats_primary': 810.0, 'seats_junior_high': 450.0}
    """
    if kind not in classes:
        return {}
    word = KINDS[kind]
    share = [classes[kind] * grades / sum(word.grades) for grades in word.grades]
    seats = [float(round(count) * size) for count, size in zip(share, word.class_size, strict=True)]
    return {f"seats_{stage}": number for stage, number in zip(word.stages, seats, strict=True)}


def long_table(layouts: Sequence[Layout]) -> gpd.GeoDataFrame:
    """Return one row per layout and school."""
    parts = [layout.schools.sort_index().reset_index().assign(layout=layout.name) for layout in layouts]
    table = pd.concat(parts, ignore_index=True)
    seats = [f"seats_{stage}" for stage in STAGES if f"seats_{stage}" in table]
    columns = ["layout", "school_id", "name", "name_en", "kind", "status", "district_id", *seats, "origin", "geometry"]
    return table.reindex(columns=columns)


def with_choice(candidates: gpd.GeoDataFrame | None, layouts: Sequence[Layout]) -> gpd.GeoDataFrame | None:
    """Return the candidates with the layout and kind that each was chosen for, empty where for none."""
    if candidates is None:
        return None
    chosen = {
        name: (layout.name, kind)
        for layout in reversed(layouts)
        for name, kind in layout.schools["kind"].items()
        if name in candidates.index
    }
    picked = [chosen.get(name, ("", "")) for name in candidates.index]
    return candidates.assign(chosen_layout=[layout for layout, _ in picked], chosen_kind=[kind for _, kind in picked])
