"""Typefaces by family name, cut down to the characters of a sheet, so that every PDF embeds them and stays searchable.

Collections (.ttc) and CFF outlines, which Chinese fonts come as, end up as pictures of letters, or broken, when
matplotlib embeds them. Here the glyphs that a sheet needs are taken from whatever face holds them and written as one
small TrueType font.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.cu2quPen import Cu2QuPen  # type: ignore[import-untyped]
from fontTools.pens.recordingPen import DecomposingRecordingPen  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]
from matplotlib.font_manager import FontProperties, findSystemFonts

from edulayout.errors import Fault, InputError
from edulayout.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "思源黑体", "思源黑体 CN",
    "Microsoft YaHei", "微软雅黑", "PingFang SC", "苹方-简", "Hiragino Sans GB", "HarmonyOS Sans SC", "DengXian",
    "等线", "WenQuanYi Micro Hei", "文泉驿微米黑", "WenQuanYi Zen Hei", "文泉驿正黑", "SimHei", "黑体", "SimSun",
    "宋体", "Noto Serif CJK SC", "Source Han Serif SC", "思源宋体", "Droid Sans Fallback", "AR PL UMing CN",
    "Noto Sans CJK TC", "Noto Sans CJK JP",
)  # fmt: skip
"""Families with Chinese characters, the best first."""

_STEMS = ("noto", "sourcehan", "siyuan", "思源", "msyh", "yahei", "pingfang", "hiragino", "harmonyos", "deng", "wqy",
          "wenquanyi", "simhei", "simsun", "droid", "uming")  # fmt: skip
_PLAIN, _BOLD = 400, 700
_EM = 1000
_ERROR_UNITS = 0.6
_NO_EMBEDDING = 0x0002
_DATE = 3029529600
"""The year 2000 in the seconds of TrueType: equal sheets are equal bytes."""
_POINTS_PER_MM = 72 / 25.4
_NO_FONT = (
    "Debian, Ubuntu: apt install fonts-noto-cjk; Fedora: dnf install google-noto-sans-cjk-fonts; Windows: add the "
    "optional feature 'Chinese (Simplified) Supplemental Fonts' (Microsoft YaHei); macOS has PingFang SC; "
    "or name a font file: font='path/to/font.otf'"
)


@dataclass(frozen=True, eq=False)
class Face:
    """One weight of a typeface, holding the characters asked for.

    Parameters
    ----------
    path
        The cut-down font file.
    advances
        Width of each character in ems.
    """

    path: str
    advances: Mapping[str, float]

    def width(self, text: str, points: float) -> float:
        """Return the width of a text in millimetres."""
        return _ems(self, text) * points / _POINTS_PER_MM

    def properties(self, points: float) -> FontProperties:
        """Return what matplotlib needs to set type in it."""
        return FontProperties(fname=self.path, size=points)


@lru_cache(maxsize=20_000)
def _ems(face: Face, text: str) -> float:
    return sum(face.advances[letter] for letter in text)


@dataclass(frozen=True, eq=False)
class Typeface:
    """A family in two weights."""

    family: str
    plain: Face
    bold: Face


@dataclass(frozen=True)
class _Source:
    """A face within a font file of this machine."""

    path: str
    number: int
    families: tuple[str, ...]
    weight: int
    variable: bool


def typeface(characters: Iterable[str], *, font: str | None = None) -> Typeface:
    """Return a typeface with at least the characters of some texts.

    Parameters
    ----------
    characters
        Texts; each of their characters is needed.
    font
        A family name, or the path of a font file; without it, the first of `FAMILIES` that this machine has.

    Raises
    ------
    InputError
        Where no font of this machine has a character, naming packages that do; or where `font` is not there.

    Examples
    --------
    >>> made = typeface(["Aa"])
    >>> 0 < made.plain.width("a", 10) < made.plain.width("Aa", 10)
    True
    """
    needed = "".join(sorted({letter for text in characters for letter in text if letter.isprintable()} | {" ", "?"}))
    return _built(needed, font)


@lru_cache(maxsize=32)
def _built(needed: str, font: str | None) -> Typeface:
    sources = _asked(font) if font else _known()
    chain = _chain(sources)
    family = chain[0][0].families[0] if chain else "DejaVu Sans"
    plain = _face(needed, [pair[0] for pair in chain], family=family, style="Regular")
    return Typeface(family, plain, _face(needed, [pair[1] for pair in chain], family=family, style="Bold"))


def _chain(sources: list[_Source]) -> list[tuple[_Source, _Source]]:
    """Pair the plain and the bold face of every family, keeping the order of the families."""
    families = dict.fromkeys(source.families[0] for source in sources)
    groups = [[source for source in sources if source.families[0] == name] for name in families]
    return [(_nearest(group, _PLAIN), _nearest(group, _BOLD)) for group in groups]


def _nearest(group: list[_Source], weight: int) -> _Source:
    return min(group, key=lambda source: (0 if source.variable else abs(source.weight - weight), source.path))


def _asked(font: str) -> list[_Source]:
    if Path(font).is_file():
        return list(_sources_in(font))
    found = [source for source in _scan(everything=True) if font in source.families]
    if found:
        return [*found, *_known()]
    raise InputError(
        Fault("font", f"{font!r}, which this machine does not have", "a family name, or the path of a font file",
              "install it, name another one, or leave it out: the best one here is taken")
    )  # fmt: skip


def _known() -> list[_Source]:
    found = _scan(everything=False)
    ordered = [[source for source in found if family in source.families] for family in FAMILIES]
    return list(dict.fromkeys(source for group in ordered for source in group))


@lru_cache(maxsize=2)
def _scan(*, everything: bool) -> tuple[_Source, ...]:
    paths = sorted(findSystemFonts(fontext="ttf"))
    likely = [path for path in paths if everything or any(stem in Path(path).stem.lower() for stem in _STEMS)]
    return tuple(source for path in likely for source in _sources_in(path))


def _sources_in(path: str) -> Iterator[_Source]:
    try:
        with _opened(path) as fonts:
            yield from [source for number, font in enumerate(fonts) if (source := _source(path, number, font))]
    except (TTLibError, OSError, KeyError, AssertionError):  # a broken font file is none of ours
        return


@contextmanager
def _opened(path: str) -> Iterator[list[TTFont]]:
    with Path(path).open("rb") as file:
        if Path(path).suffix.lower() in {".ttc", ".otc"}:
            yield list(TTCollection(file, lazy=True).fonts)
        else:
            yield [TTFont(file, lazy=True)]


def _source(path: str, number: int, font: TTFont) -> _Source | None:
    outlined = any(table in font for table in ("glyf", "CFF ", "CFF2"))
    if not outlined or font["OS/2"].fsType & _NO_EMBEDDING or font["post"].italicAngle:
        return None
    names = [record.toUnicode() for record in font["name"].names if record.nameID in {1, 16}]
    english = font["name"].getBestFamilyName()
    families = tuple(dict.fromkeys(name for name in (english, *names) if name))
    return _Source(path, number, families, font["OS/2"].usWeightClass, "fvar" in font) if families else None


def _face(needed: str, sources: list[_Source], *, family: str, style: str) -> Face:
    drawn = _glyphs(needed, sources, weight=_BOLD if style == "Bold" else _PLAIN)
    content = _font_file(drawn, family=family, style=style)
    path = Path(_workshop()) / f"{hashlib.sha256(content).hexdigest()[:32]}.ttf"
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
    return Face(str(path), {letter: advance / _EM for letter, (_, advance) in drawn.items()})


def _glyphs(needed: str, sources: list[_Source], *, weight: int) -> dict[str, tuple[Any, int]]:
    """Draw each character from the first face that has it."""
    missing: set[str] = set(needed)
    drawn: dict[str, tuple[Any, int]] = {}
    for font, location in _faces(sources, weight):
        if not missing:
            break
        known, glyphs = font.getBestCmap() or {}, font.getGlyphSet(location=location)
        here = sorted(letter for letter in missing if ord(letter) in known)
        drawn |= {letter: _outline(font, glyphs, known[ord(letter)]) for letter in here}
        missing -= set(here)
    if missing:
        raise _no_font("".join(sorted(missing)))
    return dict(sorted(drawn.items()))


def _faces(sources: list[_Source], weight: int) -> Iterator[tuple[TTFont, dict[str, float] | None]]:
    own = "DejaVuSans-Bold.ttf" if weight == _BOLD else "DejaVuSans.ttf"
    own_path = str(Path(mpl.get_data_path()) / "fonts" / "ttf" / own)
    for source in [*sources, _Source(own_path, 0, ("DejaVu Sans",), weight, variable=False)]:
        with _opened(source.path) as fonts:
            yield fonts[source.number], {"wght": weight} if source.variable else None


def _outline(font: TTFont, glyphs: Any, name: str) -> tuple[Any, int]:  # noqa: ANN401 - matplotlib's or shapely's own, of many kinds
    scale = _EM / font["head"].unitsPerEm
    record, pen = DecomposingRecordingPen(glyphs), TTGlyphPen(None)
    glyphs[name].draw(record)
    scaled = [
        (step, tuple((x * scale, y * scale) if point else point for point in points for x, y in [point or (0, 0)]))
        for step, points in record.value
    ]
    record.value = scaled
    record.replay(Cu2QuPen(pen, _ERROR_UNITS, reverse_direction="glyf" not in font))
    return pen.glyph(), round(glyphs[name].width * scale)


def _font_file(drawn: Mapping[str, tuple[Any, int]], *, family: str, style: str) -> bytes:
    names = {letter: f"u{ord(letter):05X}" for letter in drawn}
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(letter): name for letter, name in names.items()})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), **{names[at]: glyph for at, (glyph, _) in drawn.items()}})
    widths = {".notdef": (_EM, 0)} | {names[letter]: (advance, 0) for letter, (_, advance) in drawn.items()}
    glyf = builder.font["glyf"]
    builder.setupHorizontalMetrics(
        {name: (width, getattr(glyf[name], "xMin", 0)) for name, (width, _) in widths.items()}
    )
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": family, "styleName": style, "psName": _postscript(family, style)})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1000, usWinDescent=300, fsType=0)
    builder.setupPost()
    builder.updateHead(created=_DATE, modified=_DATE)
    target = io.BytesIO()
    builder.save(target)
    return target.getvalue()


def _postscript(family: str, style: str) -> str:
    plain = "".join(letter for letter in family if letter.isascii() and letter.isalnum())
    return f"{plain or 'Sheet'}-{style}"


@cache
def _workshop() -> str:
    """Hold the cut-down fonts as long as the process lives, for a figure may be drawn again at any time."""
    place = tempfile.mkdtemp(prefix="edulayout-fonts-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def _no_font(missing: str) -> InputError:
    return InputError(
        Fault("the fonts of this machine", f"none that has {missing[:24]!r}",
              f"an outline font with these characters, such as {', '.join(FAMILIES[:3])}", _NO_FONT)
    )  # fmt: skip
