"""Sheets: a map to scale with everything that a planning bureau puts around it, as PDF, SVG or PNG."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import shapely
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from edulayout.errors import Fault, InputError
from edulayout.maps.print import files, flow, scene
from edulayout.maps.print.canvas import Scene
from edulayout.maps.print.content import content_of
from edulayout.maps.print.fonts import typeface
from edulayout.maps.print.furniture import OrientationPart, draw_frame, draw_neat_line, scale_text
from edulayout.maps.print.lettering import Lettered, letter
from edulayout.maps.print.listings import keys, listing
from edulayout.maps.print.map_types import MapType, Subject
from edulayout.maps.print.map_types import subject as subject_of
from edulayout.maps.print.panel import BlockPart, Desk, LegendPart, NotesPart, Part, TablePart
from edulayout.maps.print.paper import best_layout, view
from edulayout.maps.print.setting import shortened, wrap, write
from edulayout.maps.print.themes import given_zones
from edulayout.maps.print.words import style, texts

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from edulayout.maps.print.content import Content, School
    from edulayout.maps.print.fonts import Typeface
    from edulayout.maps.print.lettering import Keyed
    from edulayout.maps.print.listings import Listing
    from edulayout.maps.print.paper import Box, Layout, Orientation, View

_CAUTION_LINES = 2
"""A longer caution stands in the notes only."""
_CGCS = re.compile(r"CGCS2000 / ((?P<zone>3)-degree )?Gauss-Kruger CM (?P<meridian>\d+)E")


@dataclass(frozen=True)
class TitleBlock:
    """What stands in the title block; what is left empty is printed empty, to be filled in by hand.

    Parameters
    ----------
    organisation
        Who prepared the sheet (编制单位).
    sheet_number
        图号.
    date
        As it is to be printed; the clock is never asked.
    approval
        Map approval number (审图号), as the authority gave it.
    drawn, checked, approved
        Names of persons.
    """

    organisation: str = ""
    sheet_number: str = ""
    date: str = ""
    approval: str = ""
    drawn: str = ""
    checked: str = ""
    approved: str = ""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet that is drawn.

    Parameters
    ----------
    figure
        The matplotlib figure, its size that of the paper.
    title
        The title of the map.
    scale
        Denominator of its scale.
    view
        What ground the map shows, and where on paper.
    keyed
        Schools that stand as numbers, keyed in a list beside the map.
    unplaced
        Those of them that not even a number had room for; they stand in the list all the same.
    cut
        Rows of tables that the sheet says it has no room for.
    """

    figure: Figure
    title: str
    scale: float
    view: View
    keyed: tuple[Keyed, ...]
    unplaced: tuple[School, ...]
    cut: int

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as `.pdf` (fonts embedded), `.svg` or `.png` (300 dots per inch); equal sheets are equal bytes.

        Raises
        ------
        OutputError
            Where the ending is another one, or the place cannot be written.
        """
        files.save([self], path)

    def content(self, kind: str = "pdf") -> bytes:
        """Return it as the bytes of a `pdf`, `svg` or `png`."""
        return files.content([self], kind)

    def _repr_png_(self) -> bytes:
        return files.content([self], "png", dots=100)


def sheet(  # noqa: PLR0913 - each named at the call
    source: Any,  # noqa: ANN401 - a study's result, which stands in a higher layer, or a Content
    kind: str | MapType = "planned",
    *,
    stage: str | None = None,
    layout: str | None = None,
    district: str | None = None,
    paper: str = "A3",
    orientation: Orientation = "auto",
    scale: float | None = None,
    title: str | None = None,
    block: TitleBlock | None = None,
    notes: Iterable[str] = (),
    page: tuple[int, int] | None = None,
    font: str | None = None,
) -> Sheet:
    """Draw a map of a study on paper, to scale, with title, legend, table and title block.

    Parameters
    ----------
    source
        The result of a study, or a `Content` of its tables.
    kind
        One of `MAP_TYPES`: `existing`, `planned`, `coverage`, `seats`, `zones`, `near_term`; or a `MapType`.
    stage, layout
        What the map is about; without them the first stage, and the layout that the type prefers.
    district
        Show one district only, by its id.
    paper, orientation
        `A0` to `A4`; `auto` lays the sheet so that the map is larger.
    scale
        Denominator; without it the largest round one that shows everything. What a given one cuts off is cut off.
    title
        Stands above the map in place of the type's own.
    block
        What is known for the title block.
    notes
        Further notes.
    page
        Number of the page and of all pages, in an atlas.
    font
        A family, or a font file, to set it in; see `fonts.typeface`.

    Returns
    -------
    Sheet
        With `save(path)`; shows itself in notebooks.

    Raises
    ------
    InputError
        Where the type, stage, layout, district, paper or font is not there, or the scale is not positive.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from shapely import Point, box
    >>> districts = gpd.GeoDataFrame({"name_en": ["North"]}, geometry=[box(592000, 3495000, 594000, 3496500)],
    ...                              index=["n"], crs="EPSG:4544")
    >>> schools = gpd.GeoDataFrame({"layout": ["existing"], "school_id": ["s"], "name_en": ["Hill School"],
    ...     "kind": ["primary"], "district_id": ["n"]}, geometry=[Point(593000, 3496000)], crs="EPSG:4544")
    >>> demand = gpd.GeoDataFrame(geometry=[box(592500, 3495500, 592600, 3495600)], crs="EPSG:4544")
    >>> made = el.maps.sheet(el.maps.Content(districts=districts, schools=schools, demand=demand), "existing")
    >>> made.title, made.scale, [round(side) for side in made.figure.get_size_inches() * 25.4]
    ('Existing schools', 7000, [420, 297])
    """
    content = content_of(source)
    about = subject_of(kind, content, layout=layout, stage=stage)
    bounds = _bounds(content, district, scale)
    plan = best_layout(paper, orientation, bounds)
    seen = view(bounds, plan.window, unit=plan.unit, scale=scale)
    texts_used = [title or "", *notes, *(vars(block).values() if block else ())]
    job = _Job(content, about, plan, seen, title or title_of(content, about, district), district)
    return _drawn(job, block or TitleBlock(), tuple(notes), page, typeface([*letters(content), *texts_used], font=font))


def index_sheet(
    content: Content,
    table: Listing,
    face: Typeface,
    *,
    paper: str,
    orientation: Orientation,
    block: TitleBlock,
    page: tuple[int, int],
) -> Sheet:
    """Draw the index of an atlas: the ground without schools, and the table of its pages."""
    about = Subject(MapType("index", (), "plain", "counts"), content.layouts[0], None)
    bounds = _bounds(content, None, None)
    plan = best_layout(paper, orientation, bounds)
    job = _Job(content, about, plan, view(bounds, plan.window, unit=plan.unit), content.words.title("index"), None)
    return _drawn(replace(job, table=table), block, (), page, face)


@dataclass(frozen=True)
class _Job:
    content: Content
    about: Subject
    plan: Layout
    seen: View
    title: str
    district: str | None
    table: Listing | None = None


def letters(content: Content) -> list[str]:
    """Return every text that a sheet of a content may show."""
    tables = (content.schools, content.districts, content.barriers)
    named = [
        text for table in tables if table is not None for column in ("name", "name_en") for text in texts(table, column)
    ]
    ids = [str(key) for table in tables if table is not None for key in table.index] + texts(
        content.schools, "school_id"
    )
    words = [text for section in content.words.sections.values() for text in section.values()]
    kinds = [content.words.kind(kind) for kind in style()["signs"]] + [
        content.words.stage(name) for name in content.stages
    ]
    general = ["".join(map(chr, range(32, 127))), "–—·…≥±−+°′→×", content.name, content.note, content.source]
    return [*named, *ids, *words, *kinds, *general, *texts(content.schools, "kind"), _system(content), *content.layouts]


def focus_of(content: Content, district: str | None) -> Any:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    """Return the area of a district; None where a map is about all."""
    own = content.districts
    return None if district is None else shapely.union_all(own.geometry.array[own.index.astype(str) == district])


def title_of(content: Content, about: Subject, district: str | None) -> str:
    """Return the title of a map."""
    words = content.words
    title = (
        words.title(about.kind.name, stage=words.stage(about.stage or ""))
        if about.kind.name in _titled(content)
        else about.kind.name
    )
    if about.kind.of_stage:
        title = words.title("with_layout", title=title, layout=words.layout(about.layout))
    if district is None:
        return title
    name = dict(zip(map(str, content.districts.index), words.names(content.districts), strict=True))[district]
    return words.title("of_district", district=name, title=title)


def _titled(content: Content) -> Iterable[str]:
    return content.words.sections["titles"]


def _bounds(content: Content, district: str | None, scale: float | None) -> tuple[float, float, float, float]:
    if scale is not None and not scale > 0:
        raise InputError(
            Fault("the scale of a sheet", str(scale), "a positive denominator, such as 10000", "correct it")
        )
    own = content.districts
    if district is not None:
        own = own[own.index.astype(str) == district]
        if not len(own):
            known = ", ".join(map(str, content.districts.index))
            raise InputError(Fault("the district of a sheet", repr(district), f"one of {known}", "choose one of them"))
    x0, y0, x1, y1 = own.total_bounds
    return float(x0), float(y0), float(x1), float(y1)


def _drawn(job: _Job, block: TitleBlock, notes: tuple[str, ...], page: tuple[int, int] | None, face: Typeface) -> Sheet:
    plan, seen, content = job.plan, job.seen, job.content
    figure, paper = blank(plan)
    desk = Desk(paper, face, plan.unit)
    box = plan.window
    ax = figure.add_axes((box.x / plan.width, box.y / plan.height, box.width / plan.width, box.height / plan.height))
    ax.set_axis_off()
    ax.set_zorder(1)
    focus = focus_of(content, job.district)
    drawn = scene.draw(ax, content, job.about, seen, focus=focus, schools=job.table is None)
    paint_ground(ax)
    lettered = letter(Scene(ax, content, job.about, seen, face, focus), drawn.schools if job.table is None else ())
    draw_neat_line(desk, seen)
    draw_frame(desk, plan.frame)
    draw_heading(desk, plan.heading, content, job.title, page)
    parts = _parts(job, drawn, lettered, notes)
    cut = flow.fill(desk, plan, parts, BlockPart(_block_rows(job, block)))
    return Sheet(figure, job.title, seen.scale, seen, lettered.keyed, lettered.unplaced, cut)


def blank(plan: Layout) -> tuple[Figure, Axes]:
    """Return an empty sheet, and an axes that measures it in millimetres."""
    figure = Figure(figsize=(plan.width / 25.4, plan.height / 25.4), facecolor="#ffffff")
    paper = figure.add_axes((0, 0, 1, 1))
    paper.set_xlim(0, plan.width)
    paper.set_ylim(0, plan.height)
    paper.set_axis_off()
    paper.patch.set_visible(False)
    paper.set_zorder(2)
    return figure, paper


def paint_ground(ax: Axes) -> None:
    """Axes that are off do not paint their ground; this does."""
    ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, facecolor=ax.get_facecolor(), zorder=0))


def draw_heading(desk: Desk, box: Box, content: Content, title: str, page: tuple[int, int] | None) -> None:
    """Write the title in the middle, the study at its left, the page at its right, and the caution below."""
    unit, middle = desk.unit, box.y + box.height / 2
    main = desk.type("title", bold=True, colour=style()["ink"])
    while main.width(title) > box.width * 0.62:
        main = main.scaled(0.95)
    write(desk.page, title, (box.x + box.width / 2, middle - 0.36 * main.em), main, align="center")
    side = desk.type("subtitle", bold=True, colour=style()["soft_ink"])
    room = (box.width - main.width(title)) / 2 - 9 * unit
    low = middle - 0.36 * side.em
    small = desk.type("body", colour=style()["soft_ink"])
    caution = wrap(content.note, small.scaled(0.85), room) if content.note else []
    lift = 0.55 * side.em * min(len(caution), 2)
    write(desk.page, shortened(content.name, side, room), (box.x + 4 * unit, low + lift), side)
    for number, line in enumerate(caution if len(caution) <= _CAUTION_LINES else []):
        y = low + lift - (1.3 + 1.1 * number) * side.em
        write(desk.page, line, (box.x + 4 * unit, y), small.scaled(0.85))
    right = content.words("page_of", page=page[0], pages=page[1]) if page else ""
    if right:
        write(desk.page, right, (box.right - 4 * unit, low), small, align="right")
    desk.rule((box.x, box.right), (box.y, box.y), width=0.9, colour=style()["ink"])


def _parts(job: _Job, drawn: scene.Drawn, lettered: Lettered, notes: tuple[str, ...]) -> list[Part]:
    content, words = job.content, job.content.words
    table = job.table or listing(content, job.about, lettered, district=job.district)
    more = words("more_rows", count="{count}")
    parts: list[Part] = [OrientationPart(job.seen, content, job.district), LegendPart(words("legend"), drawn.groups)]
    if table.rows:
        parts.append(TablePart(table, folds=2 if len(table.rows) > 24 else 1, more=more))  # noqa: PLR2004 - a long list
    if (key := keys(content, lettered, job.about)) is not None:
        parts.append(TablePart(key, folds=2, more=more))
    said = [content.note, *notes]
    if job.about.kind.blocks == "zones" and given_zones(content, job.about) is None:
        said.append(words("nearest_zones"))
    said.append(words("source", source=content.source) if content.source else "")
    parts.append(NotesPart(words("notes"), tuple(text for text in said if text), words("more_notes")))
    return parts


def _block_rows(job: _Job, block: TitleBlock) -> tuple[tuple[tuple[str, str], ...], ...]:
    words = job.content.words
    pairs = (
        (("organisation", block.organisation),),
        (("project", job.content.name),),
        (("sheet_title", job.title),),
        (("system", _system(job.content)),),
        (("sheet_number", block.sheet_number), ("scale", scale_text(job.seen.scale, words))),
        (("approval", block.approval), ("date", block.date)),
        (("drawn", block.drawn), ("checked", block.checked), ("approved", block.approved)),
    )
    return tuple(tuple((words(name), value) for name, value in row) for row in pairs)


def _system(content: Content) -> str:
    """Name the CRS with its code."""
    system = content.districts.crs
    authority = system.to_authority()
    found = _CGCS.fullmatch(system.name)
    pattern = content.words.sections["systems"]["cgcs"]
    name = pattern.format(zone=found["zone"] or 6, meridian=found["meridian"]) if found and pattern else system.name
    return f"{name} ({':'.join(authority)})" if authority else str(name)
