"""Maps on paper: sheets to scale, atlases, and figures for papers. Needs the extra `print`."""

from importlib.util import find_spec

from edulayout.errors import MissingExtraError

if find_spec("matplotlib") is None:
    raise MissingExtraError("maps on paper need matplotlib, which is not installed: pip install 'edulayout[print]'")
