"""Where the checks of one table write down what is wrong, and what they took for granted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edulayout.errors import Fault, InputError, TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.typing import BoolArray


@dataclass(frozen=True)
class RowNames:
    """What a message calls each row: its id, beside the line or row of the file where that is known.

    Parameters
    ----------
    ids
        An id per row, empty where there is none.
    places
        Where the rows stand in the file, such as `line 7`; None where there is no file.
    """

    ids: Sequence[str]
    places: Sequence[str] | None = None

    def __getitem__(self, row: int) -> str:
        key, place = self.ids[row], f"row {row + 1}" if self.places is None else self.places[row]
        if not key:
            return place
        return key if self.places is None else place if place == f"row {key}" else f"{key} ({place})"


@dataclass(frozen=True)
class Findings:
    """The faults of one table and the notes on what was assumed, both in the order found.

    Parameters
    ----------
    source
        The file or table.
    rows
        What each row is called in a message.
    faults, notes
        Filled by the checks.
    """

    source: str
    rows: RowNames = field(default_factory=lambda: RowNames(()))
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(
        self, found: str, expected: str, remedy: str, *, where: BoolArray | None = None, rows: Sequence[str] = ()
    ) -> None:
        """Write down a fault, with the rows where it was found: as a mask, or by what they are called."""
        marked = () if where is None else tuple(self.rows[row] for row in np.flatnonzero(where).tolist())
        self.faults.append(Fault(self.source, found, expected, remedy, marked or tuple(rows)))

    def note(self, text: str) -> None:
        """Write down what was assumed or changed, once."""
        if text not in self.notes:
            self.notes.append(text)

    def settle(self, error: type[InputError] = TableError) -> None:
        """Raise all faults together, if there are any.

        Raises
        ------
        InputError
            Of the class given.
        """
        if self.faults:
            raise error(*self.faults)
