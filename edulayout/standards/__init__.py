"""Planning standards as data: every value with document, clause, strength, and how sure we are of it."""

from edulayout.standards.files import load, names
from edulayout.standards.layers import layered
from edulayout.standards.printing import listing, printed
from edulayout.standards.rules import Range, Replaced, Rule, Standard, quantity, shown
from edulayout.standards.words import subjects, terms

__all__ = [
    "Range",
    "Replaced",
    "Rule",
    "Standard",
    "layered",
    "listing",
    "load",
    "names",
    "printed",
    "quantity",
    "shown",
    "subjects",
    "terms",
]
