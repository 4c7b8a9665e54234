"""Compiled loops. numba lives only here, and is loaded only when one of the modules is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edulayout.kernels._blocks import aside, in_order, processors

__all__ = ["aside", "compiled", "in_order", "processors"]

_HERE = Path(__file__).parent


def compiled(*modules: str) -> bool:
    """Tell whether the kernels of some modules have been compiled on this machine before.

    Parameters
    ----------
    modules
        Names of modules of this package; all of them where none is named.

    Notes
    -----
    Reads only the names and times of numba's index files; numba itself is not loaded.

    Examples
    --------
    >>> compiled() in (True, False)
    True
    """
    sources = [_HERE / f"{name}.py" for name in modules] or sorted(_HERE.glob("[!_]*.py"))
    try:
        return all(any(_is_fresh(index, source) for index in _indexes(source)) for source in sources)
    except OSError:  # a cache that cannot be read is no cache
        return False


def _indexes(source: Path) -> list[Path]:
    pattern = f"{source.stem}.*py{sys.version_info.major}{sys.version_info.minor}.nbi"
    if told := os.environ.get("NUMBA_CACHE_DIR"):
        return list(Path(told).glob(f"{_HERE.name}_*/{pattern}"))
    found = list((_HERE / "__pycache__").glob(pattern))
    for root in _wide_caches():
        found += root.glob(f"{_HERE.name}_*/{pattern}")
    return found


def _wide_caches() -> list[Path]:
    """Return where numba keeps its cache when the package's folder cannot be written (Linux, macOS, Windows)."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    local = Path(os.environ.get("LOCALAPPDATA", home))
    return [home / "numba", Path.home() / "Library" / "Caches" / "numba", local / "numba" / "Cache"]


def _is_fresh(index: Path, source: Path) -> bool:
    return index.stat().st_mtime >= source.stat().st_mtime
