"""The chapters of a study: parts of the main job that each add tables, layers, notes or files to the result.

A chapter is a function from `Evidence` to a `Chapter`, in a module of its own. `CHAPTERS` holds all of them in the
order in which they run; each may read the tables of those before it.
"""

from edulayout.study.chapters.chapter import Chapter, Evidence
from edulayout.study.chapters.contents import CHAPTERS

__all__ = ["CHAPTERS", "Chapter", "Evidence"]
