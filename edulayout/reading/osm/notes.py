"""What was guessed or set aside, said so that a planner can put it right."""

from __future__ import annotations

from dataclasses import dataclass

from edulayout.errors import shown


@dataclass(frozen=True)
class Note:
    """One thing that was guessed, merged or set aside.

    Parameters
    ----------
    topic
        The table it belongs to, such as `Schools`.
    what
        What was done, and why.
    remedy
        What the planner can do about it; empty where nothing need be done.
    rows
        The ids concerned, each with its name where it has one.

    Examples
    --------
    >>> print(Note("Districts", "unnamed areas, set aside", "name them in OpenStreetMap", ("w1", "w2")))
    Districts: unnamed areas, set aside (2): w1, w2
    """

    topic: str
    what: str
    remedy: str = ""
    rows: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was done, and to how many."""
        return f"{self.what} ({len(self.rows)})" if self.rows else self.what

    def __str__(self) -> str:
        rows = f": {shown(self.rows, limit=4)}" if self.rows else ""
        return f"{self.topic}: {self.sentence}{rows}"


def named(osm_id: str, name: str) -> str:
    """Return an id with the name of what it stands for.

    Examples
    --------
    >>> named("w1", "Rebera"), named("w2", "")
    ('w1 (Rebera)', 'w2')
    """
    return f"{osm_id} ({name})" if name else osm_id


def noted(topic: str, what: str, rows: list[str], *, remedy: str = "") -> tuple[Note, ...]:
    """Return a note on some rows; none where there are no rows."""
    return (Note(topic, what, remedy, tuple(rows)),) if rows else ()
