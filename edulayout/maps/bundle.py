"""Everything that a page holds, in one compressed text: a JSON table, and behind it the long columns as bytes."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from edulayout.typing import AnyArray

_UNKNOWN_SYSTEM = b"\xff"
"""What the header of a gzip file says of the machine that wrote it."""


@dataclass(frozen=True, eq=False)
class Column:
    """A long column of a page.

    Parameters
    ----------
    values
        Numbers, shape (n,).
    form
        `i` for int32, `f` for float32, `d` for float64.
    steps
        For whole numbers: whether each is written as its step from the one before.
    """

    values: AnyArray
    form: str = "i"
    steps: bool = False

    def content(self) -> bytes:
        """Return the column as bytes: all lowest bytes first, then all second ones, which compresses best."""
        if self.form != "i":
            return _planes(self.values.astype({"f": "<f4", "d": "<f8"}[self.form]))
        whole = self.values.astype(np.int32)
        moved = np.diff(whole, prepend=np.int32(0)) if self.steps else whole
        return _planes(((moved << 1) ^ (moved >> 31)).astype("<u4"))


def _planes(values: AnyArray) -> bytes:
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def bundle(tables: dict[str, Any]) -> str:
    """Pack tables that hold columns into one text of letters, digits, `+`, `/` and `=`.

    The text is base64 of a gzip file: four bytes with the length of the JSON, the JSON, the columns. In the JSON a
    column stands as `{"$": form, "at": first byte, "n": count, "steps": 0 or 1}`. Equal tables give equal texts.

    Examples
    --------
    >>> text = bundle({"title": "Town", "metres": Column(np.array([400.0, 0.5]), "f")})
    >>> content = gzip.decompress(base64.b64decode(text))
    >>> content[4:].decode("latin-1").split("}}")[0]
    '{"title":"Town","metres":{"$":"f","at":0,"n":2,"steps":0'
    """
    columns: list[bytes] = []
    text = json.dumps(
        _placed(tables, columns, [0]), ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
    packed = gzip.compress(len(text).to_bytes(4, "little") + text + b"".join(columns), 6, mtime=0)
    return base64.b64encode(packed[:9] + _UNKNOWN_SYSTEM + packed[10:]).decode()


def _placed(value: Any, columns: list[bytes], end: list[int]) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, Column):
        content = value.content()
        columns.append(content)
        end[0] += len(content)
        return {"$": value.form, "at": end[0] - len(content), "n": len(value.values), "steps": int(value.steps)}
    if isinstance(value, dict):
        return {key: _placed(part, columns, end) for key, part in value.items()}
    if isinstance(value, list):
        return [_placed(part, columns, end) for part in value]
    return value
