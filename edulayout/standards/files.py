"""Sets by name, out of the package, or by path, out of the user's own file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from edulayout.errors import Fault, InputError, MissingFileError
from edulayout.standards.schema import parse

if TYPE_CHECKING:
    import os

    from edulayout.standards.rules import Standard

_PACKAGE = "edulayout.standards"
_SUFFIX = ".toml"


def names() -> tuple[str, ...]:
    """Return the names of all sets.

    Examples
    --------
    >>> "cn-gb50180-2018" in names()
    True
    """
    entries = files(_PACKAGE).iterdir()
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in entries if entry.name.endswith(_SUFFIX)))


def load(name: str | os.PathLike[str]) -> Standard:
    """Return a set of rules by its name, or from a file of the user's own.

    Parameters
    ----------
    name
        One of `names()`, or the path of a `.toml` file written like those of the package.

    Raises
    ------
    MissingFileError
        Where the path leads nowhere.
    InputError
        Where there is no such set, or with every fault of the file and the rule each stands in.

    Examples
    --------
    >>> rule = load("cn-gb50180-2018").find("service_radius", "primary")
    >>> rule.value, rule.status
    (500.0, 'secondary')
    """
    if isinstance(name, str) and name in names():
        text = files(_PACKAGE).joinpath(f"{name}{_SUFFIX}").read_text(encoding="utf-8")
        return parse(text, source=f"{name}{_SUFFIX}")
    path = Path(name)
    if path.suffix != _SUFFIX:
        known = f"one of: {', '.join(names())}; or the path of a .toml file"
        raise InputError(Fault("standard", f"the name {str(name)!r}", known, "correct the name"))
    return parse(_read(path), source=str(name))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MissingFileError(Fault(str(path), "no such file", "a standard's file", "correct the path")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            Fault(str(path), f"it cannot be read ({error})", "TOML in UTF-8", "save it as UTF-8")
        ) from None
