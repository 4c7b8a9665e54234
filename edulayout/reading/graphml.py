"""GraphML files of osmnx, with the standard library; entities are refused, so that no file can swell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.parsers import expat

import pandas as pd
import shapely

from edulayout.errors import Fault, InputError

if TYPE_CHECKING:
    from pathlib import Path


class GraphTables(NamedTuple):
    """Nodes by id, edges with `from` and `to`, and the CRS that the graph states."""

    nodes: pd.DataFrame
    edges: pd.DataFrame
    crs: str | None


class _Reader:
    """What the parser has seen: attributes by their declared names."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, str]] = {}
        self.edges: list[dict[str, str]] = []
        self.graph: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._now = self.graph
        self._key = ""
        self._text: list[str] = []

    def start(self, tag: str, about: dict[str, str]) -> None:
        """Take note of an element."""
        name = tag.rsplit(" ", 1)[-1]
        if name == "key":
            self._names[about["id"]] = about.get("attr.name", about["id"])
        elif name == "node":
            self._now = self.nodes.setdefault(about["id"], {})
        elif name == "edge":
            self._now = {"from": about["source"], "to": about["target"]}
            self.edges.append(self._now)
        elif name == "data":
            self._key, self._text = self._names.get(about["key"], about["key"]), []

    def end(self, tag: str) -> None:
        """Take note of the end of an element."""
        name = tag.rsplit(" ", 1)[-1]
        if name == "data":
            self._now[self._key] = "".join(self._text)
        elif name in {"node", "edge"}:
            self._now = self.graph

    def text(self, piece: str) -> None:
        """Take note of text."""
        self._text.append(piece)


def read_graphml(path: Path) -> GraphTables:
    """Read a graph as `osmnx.save_graphml` writes it. O(size of the file).

    Raises
    ------
    InputError
        Where it is no GraphML, declares entities, or holds no nodes or edges.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except (expat.ExpatError, KeyError, _DoctypeError) as error:
        raise _unreadable(path, f"it cannot be read as GraphML ({error})") from None
    if not reader.nodes or not reader.edges:
        raise _unreadable(path, "a graph without nodes or edges")
    edges = pd.DataFrame(reader.edges)
    for column, read in (("geometry", shapely.from_wkt), ("highway", _first)):
        if column in edges:
            edges[column] = pd.Series([read(it) if isinstance(it, str) else None for it in edges[column]], dtype=object)
    return GraphTables(pd.DataFrame.from_dict(reader.nodes, orient="index"), edges, reader.graph.get("crs"))


class _DoctypeError(Exception):
    pass


def _refuse(*_: Any) -> None:  # noqa: ANN401 - whatever expat tells of it
    raise _DoctypeError("it declares a document type, which a graph has no need of")


def _first(classes: str) -> str:
    """Return the first of several classes, which osmnx writes as a Python list."""
    if not classes.startswith("["):
        return classes
    try:
        return str(ast.literal_eval(classes)[0])
    except (ValueError, SyntaxError, IndexError):
        return classes


def _unreadable(path: Path, found: str) -> InputError:
    return InputError(Fault(str(path), found, "a GraphML file as osmnx saves it", "save the graph again"))
