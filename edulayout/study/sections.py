"""What every section of a study file stands on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section that takes no name it does not know, and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
