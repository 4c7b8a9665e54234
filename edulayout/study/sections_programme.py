"""Sections of the study file about a plan that is being carried out: programme, groups of schools, land kept free."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)

from edulayout.programme.dates import day

Stage = Literal["kindergarten", "primary", "junior_high", "senior_high"]
Grade = Literal["provincial", "city", "county"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Part = Annotated[float, Field(ge=0, le=1)]
Year = Annotated[int, Field(ge=1900, le=2200)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ownership(_Section):
    """Which shares of seats are aimed at, in place of the standards', and by when there is how much money."""

    stage: Stage = "kindergarten"
    targets: dict[Literal["public", "inclusive"], Part] = {}
    reason: str = ""
    each_district: bool = False
    budget: dict[Year, NonNegativeFloat] = {}

    @model_validator(mode="after")
    def _reasoned(self) -> Ownership:
        if self.targets and not self.reason:
            raise ValueError("targets of your own need a reason, which the report shows")
        return self


class Programme(_Section):
    """As of which day the programme is told, and from which template its letters are written."""

    as_of: str
    letter: str = ""
    issuer: str = ""
    ownership: Ownership = Ownership()

    @field_validator("as_of", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> str:
        found = day(value) if isinstance(value, str | date) else None
        if found is None:
            raise ValueError("not a day such as 2026-06-30")
        return found.isoformat()


class Groups(_Section):
    """Which schools lead which: how many a lead of each grade may have, and how far away."""

    stage: Stage = "kindergarten"
    limits: Annotated[dict[Grade, NonNegativeFloat], Field(min_length=1)]
    counts: Literal["branches", "need"] = "branches"
    by: Literal["auto", "drive", "walk"] = "auto"
    within_minutes: Positive = 30.0
    within_metres: Positive = 5000.0
    change_cost: NonNegativeFloat = 0.0
    time_limit_seconds: Positive = 60.0
    hull_margin_metres: NonNegativeFloat = 60.0


class Reserve(_Section):
    """How much land a school needs to grow, and where it is looked for; what a school asks of an idle building."""

    layout: Literal["existing", "planned", "extended", "last"] = "last"
    seats_to_come: Literal["forecast", "gap", "column"] = "forecast"
    site_area_per_pupil: dict[Stage, Positive] = {}
    reach_metres: Positive = 200.0
    street_metres: Positive = 8.0
    least_square_metres: Positive = 200.0
    least_width_metres: NonNegativeFloat = 15.0
    homes_are_built_up: bool = True
    own_land_first: bool = False
    square_metres_per_class: dict[Stage, Positive] = {}
    least_classes: dict[Stage, PositiveInt] = {}
    highest_floor: dict[Stage, NonNegativeInt] = {}
    reason: str = ""

    @model_validator(mode="after")
    def _reasoned(self) -> Reserve:
        own = (self.site_area_per_pupil, self.square_metres_per_class, self.least_classes, self.highest_floor)
        if any(own) and not self.reason:
            raise ValueError("values of your own need a reason, which the report shows")
        return self
