"""Which encoding a text is in: UTF-8 where it is, GBK where it clearly is, else the user has to say."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PAIR = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_COMMON_SHARE = 0.9
_COMMON_FROM = 0xA1


def detect(pieces: Sequence[bytes]) -> str | None:
    """Return `utf-8`, `gb18030`, or None where neither is certain.

    The pieces of a text (its cells, or all in one) are UTF-8 if they decode strictly. They are GBK if they decode and
    their characters are common Chinese ones (both bytes above A0, as in GB 2312): other encodings, such as Latin-1,
    decode as GBK too, but to rare characters.

    Examples
    --------
    >>> detect(["七里新区".encode("utf-8")]), detect(["七里新区".encode("gbk")]), detect(["Zürich".encode("latin-1")])
    ('utf-8', 'gb18030', None)
    """
    if all(_decodes(piece, "utf-8") for piece in pieces):
        return "utf-8"
    is_gbk = all(_decodes(piece, "gb18030") for piece in pieces) and _looks_chinese(b"\n".join(pieces))
    return "gb18030" if is_gbk else None


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        # Not final: a last character that a fixed width has cut in two is no sign of another encoding.
        codecs.getincrementaldecoder(encoding)().decode(content, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(content: bytes) -> bool:
    pairs = _PAIR.findall(content)
    common = sum(1 for pair in pairs if min(pair) >= _COMMON_FROM)
    return common >= _COMMON_SHARE * len(pairs) > 0


def undecodable(cells: Iterable[tuple[str, bytes]], encoding: str) -> tuple[str, ...]:
    """Return the names of the cells whose bytes an encoding cannot decode.

    Examples
    --------
    >>> undecodable([("line 1", b"ok"), ("line 2", bytes([0xff, 0x20]))], "utf-8")
    ('line 2',)
    """
    return tuple(dict.fromkeys(name for name, content in cells if not _decodes(content, encoding)))
