"""Optional libraries, asked for where they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from edulayout.errors import MissingExtraError


def optional(module: str, *, extra: str) -> Any:  # noqa: ANN401 - a module
    """Return a module of an extra.

    Raises
    ------
    MissingExtraError
        Where it is not installed, with the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(f"{module} is not installed; this needs it: pip install 'edulayout[{extra}]'") from None
