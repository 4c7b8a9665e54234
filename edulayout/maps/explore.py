"""The interactive map: the result tables of a study, drawn by folium and a script of our own."""

from __future__ import annotations

import html
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

import folium
from branca.element import Figure, MacroElement
from jinja2 import Template

from edulayout import crs, stages
from edulayout.maps import payload
from edulayout.maps.attendance import zones as described_zones
from edulayout.maps.bundle import bundle
from edulayout.maps.inline import page
from edulayout.maps.loads import failures, loads
from edulayout.maps.roads import roads
from edulayout.maps.trial import Trial, trial
from edulayout.maps.walks import walks
from edulayout.maps.without_script import without_script
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    import pandas as pd

_TOLERANCE_METRES = 2.0
_HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}
_SCRIPTS = (
    "unpack", "words", "shapes", "blocks", "ground", "reach", "walks", "trial", "signs", "cards", "zones", "search",
    "swipe", "figures", "legend", "tryout", "pointer", "dock", "panel", "page", "explore",
)  # fmt: skip
"""What the page runs, in the order in which one part needs the other."""
_NOTEBOOK_FRAME = 'width="100%" height="640" style="border:1px solid #bbb"'


class OfflineMap(folium.Map):
    """A folium map that is shown and saved as one self-contained page."""

    def __init__(self, *, language: str, **options: Any) -> None:  # noqa: ANN401 - handed on to folium
        super().__init__(**options)
        self.language = language

    def _repr_html_(self, **_: object) -> str:
        return f'<iframe title="map" srcdoc="{html.escape(page(self))}" {_NOTEBOOK_FRAME}></iframe>'

    def save(self, outfile: str | bytes | Path | BinaryIO, close_file: bool = True, **_: Any) -> None:  # noqa: ANN401, FBT001, FBT002 - folium's signature
        """Write the page to a file, whole or not at all, or into an open binary one."""
        content = page(self).encode()
        if isinstance(outfile, str | bytes | Path):
            with whole_file(os.fsdecode(outfile)) as temporary:
                temporary.write_bytes(content)
            return
        outfile.write(content)
        if close_file:
            outfile.close()


class _Content(MacroElement):
    """Puts style, tables and script on the page.

    branca compiles what a macro returns a second time, as a template: hence the raw blocks. No name can end one, for
    the tables stand in base64, and the words for browsers without scripts have no braces.
    """

    _template = Template(
        """
{% macro header(this, kwargs) %}{{ "{% raw %}" }}<style>{{ this.sheet }}</style>{{ "{% endraw %}" }}{% endmacro %}
{% macro html(this, kwargs) %}{{ "{% raw %}" -}}
<noscript>{{ this.plain }}</noscript><script type="text/plain" id="edulayout-tables">{{ this.tables }}</script>
{{- "{% endraw %}" }}{% endmacro %}
{% macro script(this, kwargs) %}{{ "{% raw %}" }}{{ this.code }}
edulayoutExplore({{ this._parent.get_name() }}, "edulayout-tables");{{ "{% endraw %}" }}{% endmacro %}
"""
    )

    def __init__(self, tables: str, plain: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # branca leaves it untyped
        self.tables = tables
        self.plain = plain
        self.sheet = _own("explore.css")
        self.code = "".join(_own(f"page/{name}.js") for name in _SCRIPTS)


def explore(  # noqa: PLR0913 - a map is made of many tables, each named at the call
    *,
    districts: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    schools: gpd.GeoDataFrame,
    radii: Mapping[str, float],
    title: str,
    service_areas: gpd.GeoDataFrame | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    zones: gpd.GeoDataFrame | None = None,
    paths: gpd.GeoDataFrame | None = None,
    years: pd.DataFrame | None = None,
    what_if: Trial | None = None,
    note: str = "",
    source: str = "",
    review_number: str = "",
    language: payload.Language = "en",
    engine: Literal["streets", "straight"] = "streets",
) -> folium.Map:
    """Draw the result tables of a study as an interactive map that needs no network.

    Layouts come from `schools.layout`, stages from the columns `metres_<stage>_<layout>` of the demand; one layout is
    enough, and a missing optional column is simply not shown.

    Parameters
    ----------
    districts
        Polygons with `name` (and `name_en`), indexed by `district_id`.
    demand
        Polygons or points with `population`; per stage and layout `metres_…` (infinite or missing: unreachable) and
        `school_…`, the nearest `school_id`; per stage `pupils_…`.
    schools
        One row per layout and school: `layout, school_id, name, kind, status` and a point; `name_en`, `seats_…`,
        `origin`, `assigned_…`, `load_…`, `seat_price_…` where known; with `rules_failed` above 0 and `worst_rule` a
        school gets a red mark.
    radii
        Service radius of each stage in metres.
    title
        Stands above the map.
    service_areas
        Polygons with `stage, school_id, layout`, the layout being the first that holds the school.
    candidates
        Sites with `kinds`, and the `chosen_layout` and `chosen_kind` that took them.
    barriers
        Rivers and other water.
    streets
        Lines in metres with `street_class`, such as `Streets.edges()` gives: main streets show always, small ones on
        zooming in, what crosses the barriers as a bridge.
    coverage
        Rows of `layout, stage, district_id` (`all` for the sum) with `pupils, share_covered, mean_metres`; with `year`,
        rows that have one belong to that year.
    zones
        Attendance zones with `layout, stage, school_id`, and `pupils`, `seats`, `mean_metres` where known.
    paths
        Ways from home to school with `demand_id` and `school_id`, such as `Streets.paths` gives for `nearest_pairs`:
        a click on a block then shows its way along the streets.
    years
        Pupils of other years: `year, demand_id` and `pupils_…`.
    what_if
        Costs to all schools and candidates: the reader can then open, close and save a choice, without a server.
    note
        A caution that stays in sight, such as "Schematic".
    source
        Where the content comes from.
    review_number
        The number under which the map was approved (审图号); without one the page says that it has none.
    language
        `en` or `zh`; where a name has both forms, this one comes first.
    engine
        Whether the metres are along streets or straight: the legend says so.

    Returns
    -------
    folium.Map
        `edulayout.maps.page` turns it into one file; in a notebook it shows itself.

    Raises
    ------
    TableError
        Where there is no distance column, or a stage without radius.
    CrsError
        Where a table has no CRS, or the streets are not in metres.
    InputError
        Where the costs of `what_if` do not fit the tables, or are too many for a page.

    Examples
    --------
    >>> import geopandas as gpd, edulayout as el
    >>> from shapely import Point, box
    >>> crs = "EPSG:4544"
    >>> districts = gpd.GeoDataFrame({"name": ["Old town"]}, geometry=[box(0, 0, 900, 900)], index=["a"], crs=crs)
    >>> demand = gpd.GeoDataFrame(
    ...     {"population": [100.0], "metres_primary_existing": [420.0]}, geometry=[Point(50, 50)], index=["1"], crs=crs
    ... )
    >>> schools = gpd.GeoDataFrame(
    ...     {"layout": "existing", "school_id": "s", "name": "First", "kind": "primary", "status": "existing"},
    ...     index=[0],
    ...     geometry=[Point(470, 50)], crs=crs,
    ... )
    >>> chart = el.maps.explore(
    ...     districts=districts, demand=demand, schools=schools, radii={"primary": 500.0}, title="Old town"
    ... )
    >>> "Old town" in el.maps.page(chart)
    True
    """
    words, style = payload.words(language), payload.style()
    seen = payload.views(demand, schools, radii)
    outlined = payload.lonlat(districts, source="districts")
    known = payload.schools(payload.lonlat(schools, source="schools"), seen, words)
    tables = {
        "title": title,
        "note": note,
        "source": source,
        "review_number": review_number,
        "datum": crs.label(crs.require(demand, source="demand")),
        "engine": engine,
        "texts": dict(words.texts),
        "style": style,
        "layouts": [{"name": name, "label": words.texts.get(name, name)} for name in seen.layouts],
        "stages": [_stage(name, words, radii) for name in seen.stages],
        "kinds": {kind: words.kind(kind) for kind in payload.kinds(known)},
        "districts": payload.districts(outlined, words),
        "borders": payload.borders(outlined),
        "demand": payload.demand(demand, seen),
        "reach": payload.reach(demand, seen, radii=radii, school_ids=[school["id"] for school in known]),
        "schools": known,
    }
    ids = [school["id"] for school in known]
    place_ids = demand.index.astype(str)
    optional = {
        "candidates": _told(candidates, lambda it: payload.candidates(_lonlat(it, "candidates"), seen, words)),
        "water": _told(barriers, lambda it: payload.water(_lonlat(it, "barriers"))),
        "streets": _told(streets, lambda it: roads(it, barriers, ranks=style["street"]["ranks"])),
        "areas": _told(service_areas, lambda it: payload.areas(it, seen, tolerance=_TOLERANCE_METRES)),
        "coverage": _told(coverage, payload.coverage),
        "zones": _told(zones, described_zones),
        "walks": _told(paths, lambda it: walks(it, demand_ids=place_ids, school_ids=ids)),
        "years": _told(years, lambda it: payload.years(it, place_ids, seen)),
        "trial": _told(what_if, lambda it: trial(it, demand=demand, schools=schools, candidates=candidates)),
    }
    tables |= {name: told for name, told in optional.items() if told is not None}
    tables |= {"loads": loads(schools, seen), "failures": failures(schools)}
    return _map(tables, title, language)


_Given = TypeVar("_Given")


def _told(given: _Given | None, make: Callable[[_Given], Any]) -> Any:  # noqa: ANN401 - a value of the page's JSON
    return None if given is None else make(given)


def _lonlat(table: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    return payload.lonlat(table, source=source)


def _stage(name: str, words: payload.Words, radii: Mapping[str, float]) -> dict[str, Any]:
    serving = list(stages.kinds_serving(name))
    return {"name": name, "label": words.stage(name), "radius": payload.whole(radii[name]), "kinds": serving}


def nearest_pairs(demand: pd.DataFrame) -> list[tuple[str, str]]:
    """Return every place with every school that is its nearest in some stage and layout, once and sorted.

    Parameters
    ----------
    demand
        Table by `demand_id` with columns `school_<stage>_<layout>`, as a study run gives.

    Returns
    -------
    list of tuple
        (`demand_id`, `school_id`): what `Streets.paths` is asked for, so that `explore` can show the ways.

    Examples
    --------
    >>> import pandas as pd
    >>> demand = pd.DataFrame({"school_primary_existing": ["s", ""], "school_primary_planned": ["s", "t"]},
    ...                       index=["a", "b"])
    >>> nearest_pairs(demand)
    [('a', 's'), ('b', 't')]
    """
    columns = [name for name in demand.columns if str(name).startswith("school_")]
    pairs = {
        (str(place), str(school))
        for name in columns
        for place, school in zip(demand.index, demand[name], strict=True)
        if isinstance(school, str) and school
    }
    return sorted(pairs)


def _map(tables: dict[str, Any], title: str, language: payload.Language) -> OfflineMap:
    chart = OfflineMap(
        language=_HTML_LANGUAGE[language],
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        attribution_control=False,
        zoom_snap=0.1,
    )
    figure = chart.get_root()
    assert isinstance(figure, Figure)
    figure.title = html.escape(title)
    chart.add_child(_Content(bundle(tables), without_script(tables)))
    return chart


def _own(name: str) -> str:
    return (files("edulayout.maps") / name).read_text("utf-8")
