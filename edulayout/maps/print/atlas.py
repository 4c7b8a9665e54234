"""Atlases: an index page, then for each map type the whole and one page per district."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import shapely
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from edulayout import writing
from edulayout.errors import Fault, InputError, OutputError
from edulayout.maps.print import files
from edulayout.maps.print.content import content_of, district_names
from edulayout.maps.print.fonts import typeface
from edulayout.maps.print.listings import Listing
from edulayout.maps.print.map_types import subject as subject_of
from edulayout.maps.print.outline import Bookmark, with_bookmarks
from edulayout.maps.print.setting import Type, write
from edulayout.maps.print.sheet import Sheet, TitleBlock, index_sheet, letters, sheet, title_of
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy as np

    from edulayout.maps.print.content import Content
    from edulayout.maps.print.map_types import MapType
    from edulayout.maps.print.paper import Orientation


@dataclass(frozen=True, eq=False)
class Atlas:
    """Sheets in the order of their pages.

    Parameters
    ----------
    sheets
        The index first.
    bookmarks
        What the PDF's outline shows.
    language
        `en` or `zh`.
    """

    sheets: tuple[Sheet, ...]
    bookmarks: tuple[Bookmark, ...]
    language: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all pages as one `.pdf` with bookmarks, fonts embedded; equal atlases are equal bytes.

        Raises
        ------
        OutputError
            Where the ending is another one, or the place cannot be written.
        """
        if not str(path).lower().endswith(".pdf"):
            raise OutputError(Fault(str(path), "an ending other than .pdf", ".pdf", "give the file this ending"))
        made = self.content()
        with writing.whole_file(path) as temporary:
            temporary.write_bytes(made)

    def content(self) -> bytes:
        """Return all pages as the bytes of a PDF."""
        return with_bookmarks(files.content(self.sheets, "pdf"), self.bookmarks, language=self.language)


def atlas(  # noqa: PLR0913 - each named at the call
    source: Any,  # noqa: ANN401 - a study's result, which stands in a higher layer, or a Content
    kinds: str | MapType | Sequence[str | MapType] = ("existing", "planned"),
    *,
    stage: str | None = None,
    layout: str | None = None,
    districts: Sequence[str] | None = None,
    paper: str = "A3",
    orientation: Orientation = "landscape",
    block: TitleBlock | None = None,
    font: str | None = None,
) -> Atlas:
    """Draw an atlas of a study: an index of sheets, then for each map type the whole and one page per district.

    Parameters
    ----------
    source
        The result of a study, or a `Content` of its tables.
    kinds
        One or more of `MAP_TYPES`.
    stage, layout
        What the maps are about; without them the first stage, and the layout that each type prefers.
    districts
        Their ids, in the order of the pages; without them all.
    paper, orientation
        As of a sheet; every page has the same.
    block
        What is known for the title block. A number (图号) is continued by the page: `JY` → `JY-03`.
    font
        As of a sheet.

    Returns
    -------
    Atlas
        With `save(path)`.

    Raises
    ------
    InputError
        As of a sheet, and where no kind is asked for.
    """
    content = content_of(source)
    asked = tuple([kinds] if not isinstance(kinds, (list, tuple)) else kinds)
    if not asked:
        raise InputError(Fault("the kinds of an atlas", "none", "at least one", "name one, such as planned"))
    keys = tuple(map(str, content.districts.index)) if districts is None else tuple(map(str, districts))
    given = _Given(content, asked, stage, layout, keys, paper, orientation, block or TitleBlock(), font)
    leaves = _leaves(given)
    pages = [_page(given, leaf, number, len(leaves) + 1) for number, leaf in enumerate(leaves, 2)]
    index = _index(given, leaves, pages)
    return Atlas((index, *pages), _bookmarks(index, leaves), content.language)


@dataclass(frozen=True)
class _Given:
    content: Content
    kinds: tuple[str | MapType, ...]
    stage: str | None
    layout: str | None
    districts: tuple[str, ...]
    paper: str
    orientation: Orientation
    block: TitleBlock
    font: str | None


@dataclass(frozen=True)
class _Leaf:
    """A page to come: its map type, its district (None for the whole), its title."""

    kind: str | MapType
    district: str | None
    title: str


def _leaves(given: _Given) -> list[_Leaf]:
    made = []
    for kind in given.kinds:
        about = subject_of(kind, given.content, layout=given.layout, stage=given.stage)
        for district in (None, *given.districts):
            if district is not None and district not in district_names(given.content):
                known = ", ".join(district_names(given.content))
                raise InputError(Fault("the districts of an atlas", repr(district), f"some of {known}", "correct it"))
            made.append(_Leaf(kind, district, title_of(given.content, about, district)))
    return made


def _page(given: _Given, leaf: _Leaf, number: int, count: int) -> Sheet:
    return sheet(
        given.content, leaf.kind, stage=given.stage, layout=given.layout, district=leaf.district, paper=given.paper,
        orientation=given.orientation, block=_numbered(given.block, number), page=(number, count), font=given.font,
    )  # fmt: skip


def _numbered(block: TitleBlock, page: int) -> TitleBlock:
    return replace(block, sheet_number=f"{block.sheet_number}-{page:02d}") if block.sheet_number else block


def _index(given: _Given, leaves: Sequence[_Leaf], pages: Sequence[Sheet]) -> Sheet:
    """Draw the whole with the windows of the pages of each district, and the list of all pages."""
    content, words = given.content, given.content.words
    rows = tuple(
        (str(number), leaf.title, f"1:{page.scale:,.0f}")
        for number, (leaf, page) in enumerate(zip(leaves, pages, strict=True), 2)
    )
    table = Listing(
        words("page_table"), (words("page"), words("sheet_title"), words("scale")), rows, last_is_sum=False, texts=2
    )
    face = typeface([*letters(content), *vars(given.block).values()], font=given.font)
    made = index_sheet(content, table, face, paper=given.paper, orientation=given.orientation,
                       block=_numbered(given.block, 1), page=(1, len(leaves) + 1))  # fmt: skip
    for district in given.districts:
        numbers = [number for number, leaf in enumerate(leaves, 2) if leaf.district == district]
        window = next(page.view.extent for leaf, page in zip(leaves, pages, strict=True) if leaf.district == district)
        _draw_window(made, window, numbers, Type(face, style()["type"]["heading"] * made.view.unit, bold=True))
    return made


def _draw_window(index: Sheet, window: tuple[float, float, float, float], pages: Sequence[int], setting: Type) -> None:
    """Outline the window of a district's pages, their numbers in its corner."""
    ax, seen = index.figure.axes[1], index.view
    shown = shapely.intersection(shapely.box(*window), shapely.box(*seen.extent))
    ring: np.ndarray = shapely.get_coordinates(shown)
    accent = "#8a1c4a"
    ax.add_patch(PathPatch(Path(ring, closed=True), fill=False, edgecolor=accent, linewidth=1.3 * seen.unit, zorder=15))
    x0, _, _, y1 = shown.bounds
    text = ", ".join(map(str, pages))
    x, y = seen.to_paper(x0, y1)
    place = seen.to_ground(x + 1.2 * seen.unit, y - setting.em * 1.25)
    write(ax, text, place, replace(setting, colour=accent, halo="#ffffff", halo_points=1.2 * seen.unit), level=21)


def _bookmarks(index: Sheet, leaves: Sequence[_Leaf]) -> tuple[Bookmark, ...]:
    made = [Bookmark(index.title, 0)]
    made += [Bookmark(leaf.title, number, 0 if leaf.district is None else 1) for number, leaf in enumerate(leaves, 1)]
    return tuple(made)
