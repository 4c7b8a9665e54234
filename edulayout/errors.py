"""The one tree of errors: what was found, what was expected, what to do, and in which rows."""

from __future__ import annotations

from dataclasses import dataclass

_ROWS_SHOWN = 8


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    source
        The file, table or setting at fault.
    found
        What stands there.
    expected
        The rule that it breaks.
    remedy
        What the user can do.
    rows
        The ids (or row numbers) at fault; empty where the whole source is.

    Examples
    --------
    >>> print(Fault("schools.csv", "duplicate ids", "every id once", "renumber them", rows=("12", "31")))
    schools.csv: duplicate ids
      rows:     12, 31
      expected: every id once
      remedy:   renumber them
    """

    source: str
    found: str
    expected: str
    remedy: str
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.source}: {self.found}"]
        if self.rows:
            lines.append(f"  rows:     {shown(self.rows)}")
        lines += [f"  expected: {self.expected}", f"  remedy:   {self.remedy}"]
        return "\n".join(lines)


def shown(rows: tuple[str, ...] | list[str], limit: int = _ROWS_SHOWN) -> str:
    """Return the first row names and the count of the rest.

    Examples
    --------
    >>> shown(["a", "b", "c"], limit=2)
    'a, b … (3 in all)'
    """
    head = ", ".join(map(str, rows[:limit]))
    return head if len(rows) <= limit else f"{head} … ({len(rows)} in all)"


class EdulayoutError(Exception):
    """Base of everything that this package raises on purpose."""


class InputError(EdulayoutError, ValueError):
    """Something that the user gave is wrong; `faults` holds every fault, not only the first.

    Examples
    --------
    >>> error = InputError(Fault("demand.csv", "no rows", "at least one", "export the table again"))
    >>> len(error.faults)
    1
    """

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


class MissingFileError(InputError, FileNotFoundError):
    """An input file is not there."""

    # OSError formats its arguments as errno and text; an input error shows its faults.
    __str__ = Exception.__str__


class TableError(InputError):
    """A table does not keep the contract of its kind."""


class CrsError(InputError):
    """A coordinate reference system is missing, does not fit, or two of them differ."""


class StudyFileError(InputError):
    """The study file is not valid; every mistake is listed with its path."""


class InfeasibleError(InputError):
    """No plan satisfies the constraints; the faults say why and where."""


class OutputError(InputError, OSError):
    """A result cannot be written; nothing of it was left half-written."""

    __str__ = Exception.__str__


class MissingExtraError(EdulayoutError, ImportError):
    """An optional part is not installed; the text holds its install command."""
