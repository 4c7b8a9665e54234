"""The study file: what may stand in it, checked as a whole before anything is read."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, ValidationError, model_validator

from edulayout import crs as crs_module
from edulayout.errors import CrsError, Fault, MissingFileError, StudyFileError
from edulayout.stages import KINDS, STAGES
from edulayout.study.sections_programme import Groups, Programme, Reserve  # noqa: TC001 - pydantic needs them
from edulayout.study.sections_scale import Scale  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Stage = Literal["kindergarten", "primary", "junior_high", "senior_high"]
SchoolKind = Literal["kindergarten", "primary", "junior_high", "nine_year", "senior_high"]
Counts = dict[SchoolKind, NonNegativeInt]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Day = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Year = Annotated[int, Field(ge=1900, le=2200)]
Part = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class About(_Section):
    """What the study is called, in which CRS it measures, and in which language it speaks."""

    name: str
    name_zh: str = ""
    note: str = ""
    note_zh: str = ""
    source: str = ""
    review_number: str = ""
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
    facts: WordedLayer | None = None
    ages: Layer | None = None
    births: Layer | None = None
    fertility: Layer | None = None
    mortality: Layer | None = None
    migration: Layer | None = None
    housing: Layer | None = None
    programme: Layer | None = None
    grades: Layer | None = None
    sites: Layer | None = None
    idle: Layer | None = None
    built_up: Layer | None = None
    committed: Layer | None = None
    planned_uses: Layer | None = None
    permits: Layer | None = None


class Pupils(_Section):
    """How many pupils live among 1,000 residents, and who says so."""

    per_1000_residents: dict[Stage, Positive]
    source: str


class Plan(_Section):
    """How many schools of each kind the plan gives each district, and how many follow anywhere; or a saved choice."""

    choice: str = ""
    quotas: dict[str, Counts] = {}
    further: Counts = {}
    classes: dict[SchoolKind, Annotated[int, Field(gt=0)]] = {}


class Siting(_Section):
    """What the placing of schools aims at, and when it may stop."""

    objective: Literal["p_median", "max_coverage"] = "p_median"
    gap: Share = 0.0
    time_limit_seconds: Positive | None = None
    year: Year | None = None


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


class AccessChoice(_Section):
    """How the seats in reach of a place are measured: the method, and how many service radii it looks far."""

    measure: Literal["e2sfca", "two_step_fca", "three_step_fca", "modified"] = "e2sfca"
    catchment_radii: Positive = 2.0


class ZonesChoice(_Section):
    """For which layouts and stages attendance zones are drawn, under which rules, and for how long at most."""

    layouts: Literal["plan", "last", "existing", "planned", "extended", "all", "none"] = "plan"
    stages: tuple[Stage, ...] = ("primary", "junior_high")
    tolerance: NonNegativeFloat = 0.05
    max_walk_metres: Positive | None = None
    stay_in_district: bool = False
    street_metres: Positive = 60.0
    gap: Share = 0.02
    time_limit_seconds: Positive | None = 60.0


class Diagnosis(_Section):
    """What is asked of seats, access and zones; all of it has defaults."""

    assumed_classes: dict[SchoolKind, Annotated[int, Field(gt=0)]] = {}
    access: AccessChoice = AccessChoice()
    zones: ZonesChoice = ZonesChoice()


class Standards(_Section):
    """The standards that every layout is held against: sets by name or path, local ones over them, values replaced."""

    sets: Annotated[list[str], Field(min_length=1)]
    local: list[str] = []
    overrides: dict[str, dict[str, Any]] = {}
    reason: str = ""


class SchoolAges(_Section):
    """Age on entering, school years, and pupils per child: one number, or by year."""

    first: Annotated[int, Field(ge=0, le=30)]
    years: Annotated[int, Field(gt=0)]
    enrolment: NonNegativeFloat | Annotated[dict[Year, NonNegativeFloat], Field(min_length=1)] = 1.0


class Housing(_Section):
    """Pupils of each stage in an occupied dwelling; the share occupied in the year of completion, the next, and on."""

    pupils_per_dwelling: dict[Stage, NonNegativeFloat] = {}
    occupied: Annotated[list[Part], Field(min_length=1)] = [1.0]


class Demand(_Section):
    """How pupils are foreseen: from ages by cohorts, or from births by the short method."""

    source: str
    base_year: Year
    horizon: Year
    counted_on: Day = "08-31"
    cut_off: Day = "08-31"
    split: Literal["sprague", "beers", "even"] = "sprague"
    variants: list[str] = []
    main_variant: str = ""
    boys_per_100_girls: NonNegativeFloat = 106.0
    school_ages: dict[Stage, SchoolAges] = {}
    births_until: Day = "12-31"
    survival: NonNegativeFloat = 1.0
    migration: dict[Stage, NonNegativeFloat] = {}
    housing: Housing = Housing()

    @model_validator(mode="after")
    def _in_order(self) -> Demand:
        if self.horizon < self.base_year:
            raise ValueError("the horizon lies before the base year")
        if self.main_variant and self.variants and self.main_variant not in self.variants:
            raise ValueError("main_variant is none of the variants")
        return self


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


class Sheets(_Section):
    """Maps on paper that a run writes to `sheets/`; those about one stage once for each stage named (else for all)."""

    types: list[Literal["existing", "planned", "coverage", "seats", "zones", "near_term"]] = []
    atlas: list[Literal["existing", "planned", "coverage", "seats", "zones", "near_term"]] = []
    stages: list[Stage] = []
    formats: Annotated[list[Literal["pdf", "svg", "png"]], Field(min_length=1)] = ["pdf"]
    paper: Literal["A0", "A1", "A2", "A3", "A4"] = "A3"
    orientation: Literal["auto", "landscape", "portrait"] = "auto"
    scale: Positive | None = None
    font: str = ""
    organisation: str = ""
    sheet_number: str = ""
    date: str = ""
    approval: str = ""
    drawn: str = ""
    checked: str = ""
    approved: str = ""


class Outputs(_Section):
    """What is written beside the tables, the map and the GeoPackage; `report` is the page `report.html`."""

    formats: list[Literal["xlsx", "docx", "dxf", "shapefile", "geojson", "kml"]] = []
    datum: str = ""
    encoding: Literal["utf-8", "gbk"] = "utf-8"
    paper: Literal["A3", "A4"] = "A3"
    report: bool = True


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
    diagnosis: Diagnosis = Diagnosis()
    standards: Standards | None = None
    demand: Demand | None = None
    sheets: Sheets | None = None
    programme: Programme | None = None
    groups: Groups | None = None
    reserve: Reserve | None = None
    scale: Scale | None = None
    checks: Checks = Checks()
    outputs: Outputs = Outputs()

    @model_validator(mode="after")
    def _streets_given(self) -> Settings:
        if self.engine.name == "streets" and self.inputs.streets is None:
            raise ValueError('engine "streets" needs inputs.streets; or set engine.name = "straight"')
        if self.engine.name != "streets" and self.safety:
            raise ValueError('safety needs streets: set engine.name = "streets", or remove it')
        return self

    @model_validator(mode="after")
    def _sections_given(self) -> Settings:
        for section, role in (("programme", "programme"), ("groups", "grades")):
            if (getattr(self, section) is None) != (getattr(self.inputs, role) is None):
                raise ValueError(f"the section [{section}] and inputs.{role} belong together: give both or neither")
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


def section_faults(section: type[BaseModel], values: Mapping[str, Any], *, source: str) -> list[Fault]:
    """Return what is wrong with a section that was given as plain values, not in a study file."""
    try:
        section.model_validate(dict(values))
    except ValidationError as error:
        return [_fault(mistake, source) for mistake in error.errors()]
    return []


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
