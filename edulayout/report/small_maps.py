"""Small maps, one for each stage and layout, and one of the whole plan; shapes are defined once and used by all."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from edulayout.maps.payload import style as read_style
from edulayout.report.blocks import CLASSES, NOBODY, Blocks, blocks
from edulayout.report.drawing import Canvas, canvas_of, path
from edulayout.report.forms import count, share
from edulayout.report.html import Markup, element, joined
from edulayout.stages import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from edulayout.report.content import Content
    from edulayout.report.words import Words
    from edulayout.typing import AnyArray

_SMALL, _LARGE = 2.3, 1.3
"""Scale of the school signs on small maps and on the large one."""
_RANKS = 2
"""The ranks of streets that are drawn: a small map has no room for more."""
_MOST_STREET_CORNERS = 9_000
_MARGIN = 26


@cache
def style() -> dict[str, Any]:
    """Return how maps are drawn, as the interactive one draws them."""
    return read_style()


class Atlas(NamedTuple):
    """The maps of a report: what they share, the large one, the small ones with stage and layout, their form."""

    shared: Markup
    large: Markup
    small: list[tuple[str, str, Markup]]
    tall: bool


def atlas(content: Content, words: Words) -> Atlas | None:
    """Return all maps of a report; None where no layer has a place."""
    frame = _frame(content)
    if frame is None:
        return None
    found = blocks(content, frame)
    defined = element("defs", *_shared(content, frame, found))
    shared = element("svg", defined, class_="shared", aria_hidden="true", width=0, height=0)
    maps = [] if found is None else found.maps
    small = [
        (stage, layout, _small(content, frame, found, number, words))
        for number, (layout, stage) in enumerate(maps)
        if found
    ]
    return Atlas(shared, _large(content, frame, found, words), small, frame.height > frame.width)


def _frame(content: Content) -> Canvas | None:
    for name in ("districts", "demand", "schools"):
        layer = content.layers.get(name)
        if layer is not None and len(layer):
            return canvas_of(np.asarray(layer.geometry.array))
    return None


def _shared(content: Content, frame: Canvas, found: Blocks | None) -> Iterator[Markup]:
    tolerance = 0.6 * frame.metres
    for name in ("districts", "water"):
        layer = content.layers.get(name)
        if layer is not None and len(layer):
            yield element("path", id=f"m-{name}", d=path(shapely.simplify(layer.geometry.array, tolerance), frame))
    for rank, lines in enumerate(_streets(content, tolerance)):
        yield element("path", id=f"m-street{rank}", d=path(lines, frame))
    for number, text in enumerate(found.paths if found else []):
        yield element("path", id=f"b{number}", d=text)
    for kind, sign in style()["schools"].items():
        for prefix, scale in (("s", _SMALL), ("o", _LARGE)):
            yield element("path", id=f"{prefix}-{kind}", d=sign["path"], transform=f"scale({scale})")


def _streets(content: Content, tolerance: float) -> Iterator[AnyArray]:
    layer = content.layers.get("streets")
    if layer is None or "street_class" not in layer:
        return
    bare = layer["street_class"].fillna("").astype(str).str.removesuffix("_link")
    corners = 0
    for rank in style()["street"]["ranks"][:_RANKS]:
        lines = shapely.get_parts(np.asarray(layer.geometry.array)[bare.isin(rank["classes"]).to_numpy()])
        if not len(lines):
            continue
        merged = shapely.normalize(shapely.simplify(shapely.line_merge(shapely.multilinestrings(lines)), tolerance))
        corners += int(shapely.get_num_coordinates(merged))
        if corners > _MOST_STREET_CORNERS:
            return
        yield np.array([merged], dtype=object)


def _use(name: str, class_: str | None = None) -> Markup:
    return element("use", href=f"#{name}", class_=class_)


def _ground(content: Content) -> list[Markup]:
    layers = content.layers
    drawn = [_use("m-districts", "land")] if "districts" in layers else []
    return drawn + ([_use("m-water", "water")] if "water" in layers else [])


def _over(content: Content) -> list[Markup]:
    streets = (
        [_use(f"m-street{rank}", f"street{rank}") for rank in range(_RANKS)] if "streets" in content.layers else []
    )
    return [*streets, *([_use("m-districts", "border")] if "districts" in content.layers else [])]


def _small(content: Content, frame: Canvas, found: Blocks, number: int, words: Words) -> Markup:
    layout, stage = found.maps[number]
    codes = found.classes[:, number]
    kind = "dots" if found.dots else "blocks"
    classes = [
        element("g", *(_use(f"b{at}") for at in np.flatnonzero(codes == code)), class_=f"{kind} c-{name}")
        for code, name in enumerate(CLASSES)
        if code != NOBODY and (codes == code).any()
    ]
    signs = element("g", *_signs(content, frame, layout, prefix="s", stage=stage), class_="signs")
    row = content.whole("coverage", layout, stage)
    title = words("map_title", stage=words.stage(stage), layout=words.layout(layout))
    told = "" if row is None or np.isnan(row["share_covered"]) else words(
        "map_told", share=share(float(row["share_covered"])), metres=count(content.radii[stage])
    )  # fmt: skip
    drawing = [*_ground(content), *classes, *_over(content), signs, _bar(frame, words)]
    return _svg(drawing, frame, name=f"map-{stage}-{layout}", title=title, told=told)


def _large(content: Content, frame: Canvas, found: Blocks | None, words: Words) -> Markup:
    kind = "dots" if found and found.dots else "blocks"
    lived = [element("g", *(_use(f"b{at}") for at in range(len(found.paths))), class_=f"{kind} lived")] if found else []
    signs = element("g", *_signs(content, frame, content.layouts[-1], prefix="o"), class_="signs")
    ends = [*_names(content, frame, words), _bar(frame, words), _north(frame, words)]
    drawing = [*_ground(content), *lived, *_over(content), signs, *ends]
    title = overview_title(content, words)
    return _svg(drawing, frame, name="map-all", title=title, told=title)


def _svg(drawing: list[Markup], frame: Canvas, *, name: str, title: str, told: str) -> Markup:
    return element(
        "svg", element("title", title, id=f"{name}-t"), element("desc", told, id=f"{name}-d"), *drawing,
        viewBox=f"0 0 {frame.width} {frame.height}", role="img", aria_labelledby=f"{name}-t {name}-d", class_="map",
    )  # fmt: skip


def _signs(content: Content, frame: Canvas, layout: str, *, prefix: str, stage: str = "") -> Iterator[Markup]:
    """Return the schools of a layout, full ones that stand, open ones that are planned; those of one stage if asked."""
    layer = content.layers.get("schools")
    if layer is None:
        return
    mine = layer[(layer["layout"] == layout) & layer["kind"].map(lambda kind: not stage or _serves(kind, stage))]
    places = frame.units(shapely.get_coordinates(shapely.point_on_surface(np.asarray(mine.geometry.array))))
    for kind, status, (x, y) in zip(mine["kind"], mine["status"], places.tolist(), strict=True):
        name = kind if kind in style_kinds() else "unknown"
        new = "" if status == "existing" else " new"
        yield element("use", href=f"#{prefix}-{name}", x=x, y=y, class_=f"k-{name}{new}")


def style_kinds() -> list[str]:
    """Return the kinds of schools that have a sign."""
    return list(style()["schools"])


def _serves(kind: str, stage: str) -> bool:
    return kind in KINDS and stage in KINDS[kind].stages


def _names(content: Content, frame: Canvas, words: Words) -> Iterator[Markup]:
    layer: gpd.GeoDataFrame | None = content.layers.get("districts")
    if layer is None or "district_id" not in layer or len(layer) > 40:  # noqa: PLR2004 - more names only cover the map
        return
    places = frame.units(shapely.get_coordinates(shapely.point_on_surface(np.asarray(layer.geometry.array))))
    for name, (x, y) in zip(layer["district_id"].astype(str), places.tolist(), strict=True):
        yield element("text", words.district(name), x=x, y=y, text_anchor="middle", class_="place")


def _bar(frame: Canvas, words: Words) -> Markup:
    metres, units = frame.bar()
    y = frame.height - _MARGIN
    label = words("metres", count=count(metres)) if metres < 1000 else words("kilometres", count=f"{metres / 1000:g}")  # noqa: PLR2004 - a kilometre
    ends = f"M{_MARGIN} {y - 14}v14h{units:.0f}v-14"
    return joined(
        [element("path", d=ends, class_="bar"), element("text", label, x=_MARGIN + 8, y=y - 22, class_="scale")]
    )


def _north(frame: Canvas, words: Words) -> Markup:
    x, y = frame.width - 48, 30
    arrow = element("path", d=f"M{x} {y}l16 52l-16-12l-16 12z", class_="north")
    return joined([arrow, element("text", words("north"), x=x, y=y + 84, text_anchor="middle", class_="scale")])


def overview_title(content: Content, words: Words) -> str:
    """Return what the large map shows."""
    code = "map_overview" if len(content.layouts) > 1 else "map_schools_only"
    return words(code, layout=words.layout(content.layouts[-1]))


def legend(content: Content, words: Words) -> Markup:
    """Return what colours and signs mean."""
    walks = [
        _key(element("rect", x=2, y=3, width=16, height=12, class_=f"c-{name}"), words(f"class_{name}"))
        for name in CLASSES
    ]
    layer = content.layers.get("schools")
    kinds = [] if layer is None else [kind for kind in style_kinds() if kind in set(layer["kind"])]
    signs = [_key(_sign(kind, f"k-{kind}"), words.value(kind)) for kind in kinds]
    stands, new = _sign("kindergarten", "k-unknown"), _sign("kindergarten", "k-unknown new")
    state = [_key(stands, words("school_stands")), _key(new, words("school_new"))]
    planned = layer is not None and bool((layer["status"] != "existing").any())
    return element("ul", *walks, *signs, *(state if planned else []), class_="legend")


def _sign(kind: str, class_: str) -> Markup:
    path_of = style()["schools"][kind]["path"]
    return element("path", d=path_of, transform="translate(10 9) scale(.75)", class_=class_)


def _key(drawing: Markup, text: str) -> Markup:
    return element("li", element("svg", drawing, viewBox="0 0 20 18", class_="key", aria_hidden="true"), text)


def sign_rules() -> str:
    """Return the style rules of signs and classes of walk, from the style of the maps."""
    look = style()
    rules = [f".k-{kind}{{--k:{sign['colour']}}}" for kind, sign in look["schools"].items()]
    for name, entry in zip(CLASSES, look["demand"], strict=True):
        rules.append(f".c-{name}{{fill:{entry['fill']};--c:{entry['fill']}}}")
    rules.append(
        f".c-unreachable{{stroke:{look['demand'][-1]['border']};stroke-width:3;--c:{look['demand'][-1]['border']}}}"
    )
    rules.append(f".water{{fill:{look['water']['fill']}}}.land{{fill:{look['district']['fill']}}}")
    return "\n".join(rules)
