"""Maps: `explore` draws the interactive one, `page` makes it one file that needs nothing else."""

from edulayout.maps.explore import explore
from edulayout.maps.inline import page

__all__ = ["explore", "page"]
