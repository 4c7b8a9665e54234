"""The section `[scale]` of the study file: a province, tile by tile."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Stage = Literal["kindergarten", "primary", "junior_high", "senior_high"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Scale(BaseModel):
    """Where cells and street tiles lie, and what is measured of which stage; numbers are in the unit of the costs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cells: str
    streets: str = ""
    tile_cells: PositiveInt = 1_000_000
    by: str = ""
    cutoff: Positive | None = None
    coverage: dict[Stage, Positive] = {}
    nearest: dict[Stage, PositiveInt] = {}
    access: dict[Stage, Positive] = {}
    method: Literal["two_step_fca", "e2sfca", "three_step_fca", "modified", "balanced_fca"] = "e2sfca"
    equity: bool = True
    seats: list[Stage] = []
