"""What the lettering of a map needs to know: where it is drawn, of what, in which type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from edulayout.maps.print.setting import Type
from edulayout.maps.print.words import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from edulayout.maps.print.content import Content, School
    from edulayout.maps.print.fonts import Typeface
    from edulayout.maps.print.map_types import Subject
    from edulayout.maps.print.paper import View


@dataclass(frozen=True)
class Scene:
    """What the lettering of a map needs to know."""

    ax: Axes
    content: Content
    subject: Subject
    seen: View
    typeface: Typeface
    focus: shapely.Geometry | None = None

    def names(self, school: School) -> bool:
        """Whether a school is one of the district that the map is about."""
        return self.focus is None or bool(shapely.intersects_xy(self.focus, school.x, school.y))

    def type(self, name: str, **changes: object) -> Type:
        """Return a size of the style's type."""
        return Type(self.typeface, style()["type"][name] * self.seen.unit, **changes)  # type: ignore[arg-type] # named
