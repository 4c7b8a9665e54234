"""The study file: what may stand in it, checked as a whole before anything is read."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, ValidationError, model_validator

from edulayout import crs as crs_module
from edulayout.errors import CrsError, Fault, MissingFileError, StudyFileError
from edulayout.stages import KINDS, STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Stage = Literal["kindergarten", "primary", "junior_high", "senior_high"]
SchoolKind = Literal["kindergarten", "primary", "junior_high", "nine_year", "senior_high"]
Counts = dict[SchoolKind, NonNegativeInt]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class About(_Section):
    """What the study is called, in which CRS it measures, and in which language it speaks."""

    name: str
    name_zh: str = ""
    note: str = ""
    note_zh: str = ""
    source: str = ""
    crs: str
    language: Literal["en", "zh"] = "en"


class Layer(_Section):
    """One input file and how to read it; in the study file a bare path will do."""

    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[str, str] = {}
    repair: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value


class WordedLayer(Layer):
    """A layer whose words can be translated: `values = { kind = { "完全小学" = "primary" } }`."""

    values: dict[str, dict[str, str]] = {}


class Inputs(_Section):
    """The files of the study, relative to the study file."""

    districts: Layer
    schools: WordedLayer
    demand: Layer
    candidates: WordedLayer | None = None
    streets: Layer | None = None
    barriers: Layer | None = None


class Pupils(_Section):
    """How many pupils live among 1,000 residents, and who says so."""

    per_1000_residents: dict[Stage, Positive]
    source: str


class Plan(_Section):
    """How many schools of each kind the plan gives each district, and how many follow anywhere."""

    quotas: dict[str, Counts] = {}
    further: Counts = {}
    classes: dict[SchoolKind, Annotated[int, Field(gt=0)]] = {}


class Siting(_Section):
    """What the placing of schools aims at, and when it may stop."""

    objective: Literal["p_median", "max_coverage"] = "p_median"
    gap: Share = 0.0
    time_limit_seconds: Positive | None = None


class EngineChoice(_Section):
    """How distances are measured."""

    name: Literal["streets", "straight"] = "streets"
    snap_limit_metres: Positive = 300.0
    split_at_crossings: bool = False


class Safety(_Section):
    """Classes of streets that the pupils of a stage do not cross, and where they do all the same."""

    avoid: Annotated[list[str], Field(min_length=1)]
    how: Literal["forbidden", "crossings", "anywhere"] = "crossings"
    extra_metres: NonNegativeFloat = 0.0
    along: bool = True
    signals_between: list[str] = []


class Checks(_Section):
    """What is an error beyond what always is one."""

    demand_outside: Literal["keep", "error"] = "keep"


class Radii(_Section):
    """Service radii that take the place of the standard's, and why."""

    standard: str = "cn-gb50180-2018"
    override: dict[Stage, Positive] = {}
    reason: str = ""

    @model_validator(mode="after")
    def _reasoned(self) -> Radii:
        if self.override and not self.reason:
            raise ValueError("an override needs a reason, which the report shows")
        return self


class Settings(_Section):
    """A whole study file."""

    study: About
    inputs: Inputs
    pupils: Pupils | None = None
    plan: Plan = Plan()
    siting: Siting = Siting()
    engine: EngineChoice = EngineChoice()
    radii: Radii = Radii()
    safety: dict[Stage, Safety] = {}
    checks: Checks = Checks()

    @model_validator(mode="after")
    def _streets_given(self) -> Settings:
        if self.engine.name == "streets" and self.inputs.streets is None:
            raise ValueError('engine "streets" needs inputs.streets; or set engine.name = "straight"')
        if self.engine.name != "streets" and self.safety:
            raise ValueError('safety needs streets: set engine.name = "streets", or remove it')
        return self


def read_settings(path: Path) -> Settings:
    """Read a study file.

    Raises
    ------
    MissingFileError
        Where it is not there.
    StudyFileError
        With one fault per mistake, each with its path inside the file.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MissingFileError(
            Fault(str(path), "no such file", "a study file", "check the path, or make one: edulayout init")
        ) from None
    except UnicodeDecodeError as error:
        raise StudyFileError(
            Fault(str(path), f"text that is not UTF-8 (byte {error.start})", "TOML in UTF-8", "save the file as UTF-8")
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(Fault(str(path), f"not TOML ({error})", "TOML in UTF-8", "correct the line")) from None
    except OSError as error:
        raise StudyFileError(
            Fault(str(path), f"it cannot be read ({error.strerror})", "a study file", "name the .toml file itself")
        ) from None
    return parse_settings(content, source=str(path))


def parse_settings(content: Mapping[str, Any], *, source: str) -> Settings:
    """Check the content of a study file; see `read_settings`."""
    faults = _crs_faults(content, source)
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        faults = [_fault(mistake, source) for mistake in error.errors()] + faults
    if faults:
        raise StudyFileError(*faults)
    return settings


def _crs_faults(content: Mapping[str, Any], source: str) -> list[Fault]:
    study = content.get("study")
    code = study.get("crs") if isinstance(study, dict) else None
    if not isinstance(code, str):
        return []
    where = f"{source}: study.crs"
    try:
        system = crs_module.parse(code, source=where)
    except CrsError as error:
        return list(error.faults)
    if system.is_projected and {axis.unit_name for axis in system.axis_info} == {"metre"}:
        return []
    return [
        Fault(where, f"{crs_module.label(system)}, in degrees or feet", "a projected CRS in metres",
              "for example EPSG:4544 (CGCS2000, central meridian 105°E) or a UTM zone")
    ]  # fmt: skip


def _fault(mistake: Any, source: str) -> Fault:  # noqa: ANN401 - pydantic's own record
    path = ".".join(str(part) for part in mistake["loc"]) or "the whole file"
    kind, found = mistake["type"], repr(mistake["input"])
    if kind == "missing":
        return Fault(f"{source}: {path}", "nothing", "a value", f"add {path.rsplit('.', 1)[-1]} = …")
    if kind == "extra_forbidden":
        return Fault(f"{source}: {path}", "a name that no study has", "a known name", "correct or remove it")
    remedy = f"kinds: {', '.join(KINDS)}; stages: {', '.join(STAGES)}" if kind == "literal_error" else "correct it"
    text = str(mistake["msg"]).removeprefix("Value error, ")
    short = found if len(found) <= 60 else "this section"  # noqa: PLR2004 - a line's worth
    return Fault(f"{source}: {path}", short, text[0].lower() + text[1:], remedy)
