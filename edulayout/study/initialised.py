"""What `initialise` made, told on screen, in `study.toml` and in `GUESSED.md`."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from string import Template
from typing import TYPE_CHECKING

from edulayout.errors import shown
from edulayout.reading.osm.extract import ATTRIBUTION
from edulayout.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from edulayout.demand import PupilRatio
    from edulayout.reading.osm.notes import Note

_ROWS_ON_SCREEN = 6

_STUDY = Template(
    """\
# Made by `edulayout init` from an OpenStreetMap extract. Everything guessed or set aside is listed in GUESSED.md.
# Run it with:  edulayout run study.toml

[study]
name = $name
crs = $crs    # $crs_label; any CRS in metres will do
language = "en"
note = "Made from OpenStreetMap; kinds of schools and the spread of residents are partly guessed"
source = $source

[inputs]
districts = "districts.gpkg"
schools = { path = "schools.csv", crs = "EPSG:4326" }    # correct `kind`, `name`, `seats_…` here
demand = "demand.gpkg"
streets = $extract
# candidates = "candidates.gpkg"    # sites for new schools, with `candidate_id` and `kinds`; none are invented here

[pupils]
# $warning
per_1000_residents = { $ratio }
source = $ratio_source

# A plan to be placed on the candidates: schools of each kind at its horizon, the existing ones included.
# [plan.quotas.$district]    # $district_name
# kindergarten = 2
# primary = 1
#
# Schools placed afterwards, in any district:
# [plan.further]
# kindergarten = 1

[engine]
name = "streets"
snap_limit_metres = 300
"""
)

_WARNING = (
    "A Chinese planning ratio, for want of a local one: replace the numbers and the source by those of the place."
)
_GIVEN = "Given when the study was made; name the source below."


@dataclass(frozen=True)
class Initialised:
    """What was written, and everything guessed or set aside.

    Parameters
    ----------
    folder
        Where the study is.
    name
        What it is called.
    crs, crs_label
        Its CRS, as a code and as people write it.
    extract
        The file name of the extract.
    ratio
        Pupils among 1,000 residents.
    overview
        One row per district: name, residents and their source, dwellings, floor, demand rows, schools.
    kinds
        Schools by kind.
    notes
        Everything guessed, merged or set aside.
    """

    folder: Path
    name: str
    crs: str
    crs_label: str
    extract: str
    ratio: PupilRatio
    overview: pd.DataFrame
    kinds: Mapping[str, int]
    notes: tuple[Note, ...] = field(default=(), repr=False)

    @property
    def residents(self) -> float:
        """All residents of the districts."""
        return float(self.overview["residents"].sum())

    def lines(self) -> list[str]:
        """Return what the screen shows."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
        schools, squares = sum(self.kinds.values()), int(self.overview["demand"].sum())
        head = [
            f"{self.name}: a study in {self.folder}",
            f"{len(self.overview)} districts, {schools} schools ({kinds})",
            f"{self.residents:,.0f} residents in {squares} demand squares",
            f"CRS {self.crs_label}; {ATTRIBUTION}",
            "",
        ]
        guesses = [line for note in self.notes for line in _on_screen(note)]
        return [*head, *self._table(), "", "Guessed or set aside (all ids in GUESSED.md):", *guesses, *self._ratio()]

    def __str__(self) -> str:
        return "\n".join(_line(line) for line in self.lines())

    def _table(self) -> list[str]:
        width = max(len(name) for name in ["district", *self.overview["name"]])
        rows = [f"  {'district':<{width}}  residents  dwellings  m² floor each  schools"]
        rows += [
            f"  {row.name:<{width}}  {row.residents:>9,.0f}  {row.dwellings:>9,}  "
            f"{_whole(row.floor_m2_per_resident):>13}  {row.schools:>7}"
            for row in self.overview.itertuples(index=False)
        ]
        return rows

    def _ratio(self) -> list[str]:
        ratio = ", ".join(f"{stage} {count:g}" for stage, count in self.ratio.per_1000.items())
        return [f"- Pupils: per 1,000 residents {ratio} ({self.ratio.source})", "    change [pupils] in study.toml"]


def _on_screen(note: Note) -> list[str]:
    rows = f": {shown(note.rows, limit=_ROWS_ON_SCREEN)}" if note.rows else ""
    remedy = [f"    {note.remedy}"] if note.remedy else []
    return [f"- {note.topic}: {note.sentence}{rows}", *remedy]


def _whole(number: object) -> str:
    text = f"{number:,.0f}"
    return "–" if text == "nan" else text


def study_text(report: Initialised) -> str:
    """Return the study file."""
    ratio = report.ratio
    return _STUDY.substitute(
        name=_quoted(report.name),
        crs=_quoted(report.crs),
        crs_label=_line(report.crs_label),
        source=_quoted(ATTRIBUTION),
        extract=_quoted(report.extract),
        ratio=", ".join(f"{stage} = {ratio.per_1000[stage]:g}" for stage in STAGES if stage in ratio.per_1000),
        ratio_source=_quoted(ratio.source),
        warning=_WARNING if "Chinese planning ratio" in ratio.source else _GIVEN,
        district=report.overview.index[0],
        district_name=_line(report.overview["name"].iloc[0]),
    )


def _quoted(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(text: str) -> str:
    """Return text fit for a comment: one line, no control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def guesses_text(report: Initialised) -> str:
    """Return the list of everything guessed, merged or set aside, in Markdown."""
    sums = report.overview[["dwellings", "demand", "schools"]].sum()
    lines = [
        f"# {_line(report.name)}: what was guessed, merged or set aside",
        "",
        f"From `{report.extract}`, {ATTRIBUTION}.",
        "Ids are OpenStreetMap's: `n` node, `w` way, `r` relation; see https://www.openstreetmap.org/way/… and so on.",
        "",
        "| district | name | residents | from | dwellings | m² floor each | demand rows | schools |",
        "|---|---|---:|---|---:|---:|---:|---:|",
        *(_row(row) for row in report.overview.itertuples()),
        _row(("all", "", report.residents, "", sums["dwellings"], math.nan, sums["demand"], sums["schools"])),
    ]
    for topic in dict.fromkeys(note.topic for note in report.notes):
        lines += ["", f"## {topic}"]
        lines += [line for note in report.notes if note.topic == topic for line in _in_full(note)]
    return "\n".join([*lines, *_pupils(report), ""])


def _row(row: tuple[object, ...]) -> str:
    index, name, residents, source, dwellings, floor, demand, schools = row
    cells = [index, name, f"{residents:g}", source, dwellings, _whole(floor), demand, schools]
    return "| " + " | ".join(_cell(str(cell)) for cell in cells) + " |"


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|").replace("<", "&lt;")


def _in_full(note: Note) -> list[str]:
    remedy = [f"What to do: {note.remedy}."] if note.remedy else []
    rows = ["", *(f"- {_line(row)}".replace("<", "&lt;") for row in note.rows)] if note.rows else []
    return ["", " ".join([f"{note.sentence}.", *remedy]), *rows]


def _pupils(report: Initialised) -> list[str]:
    ratio = [f"- {stage}: {count:g} per 1,000 residents" for stage, count in report.ratio.per_1000.items()]
    return ["", "## Pupils", "", f"{report.ratio.source}. What to do: change [pupils] in study.toml.", "", *ratio]
