"""The house stays in order: layers point down, the package is light to import, the public names are fixed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edulayout

PACKAGE = Path(edulayout.__file__).parent
LAYERS = [
    {"errors", "typing", "stages", "crs", "fixedpoint", "writing"},
    {"sparse", "tables", "kernels"},
    {"reading", "standards", "streets"},
    {"engines", "costs", "demand", "decay"},
    {
        "coverage",
        "siting",
        "access",
        "equity",
        "seats",
        "assignment",
        "zones",
        "compliance",
        "programme",
        "groups",
        "reserve",
    },
    {"maps", "export", "report"},
    {"study"},
    {"scale"},
    {"cli"},
]
LEVEL = {name: number for number, names in enumerate(LAYERS) for name in names}
MEASURES = {
    "coverage",
    "siting",
    "access",
    "equity",
    "seats",
    "assignment",
    "zones",
    "compliance",
    "programme",
    "groups",
    "reserve",
}
SITED = {"zones", "groups", "reserve", "programme"}
"""Measures that may stand on the siting core."""
HEAVY = {
    "matplotlib",
    "dask",
    "ezdxf",
    "docx",
    "rasterio",
    "numba",
    "folium",
    "highspy",
    "osmium",
    "geopandas",
    "pandas",
    "scipy",
}


def room(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path):
    """Every module of this package that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("edulayout"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edulayout"):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = (PACKAGE.parent / Path(*whole.split("."))).is_dir() or (
                    PACKAGE.parent / Path(*whole.split("."))
                ).with_suffix(".py").exists()
                yield whole if is_module else node.module


FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py" and "sample_data" not in path.parts
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    own = room(path)
    for name in imported(path):
        other = name.split(".")[1] if "." in name else None
        if other is None or other == own:
            continue
        assert LEVEL[other] <= LEVEL[own], f"{path.name} (layer {LEVEL[own]}) imports {name} (layer {LEVEL[other]})"
        if own in SITED and other == "siting":
            continue
        assert not ({own, other} <= MEASURES), f"measures are siblings: {path.name} imports {name}"


def test_no_circles():
    graph = {module_name(path): set(imported(path)) & {module_name(other) for other in FILES} for path in FILES}
    done, open_now = set(), []

    def visit(name):
        assert name not in open_now, " → ".join([*open_now[open_now.index(name) :], name])
        if name in done:
            return
        open_now.append(name)
        for other in sorted(graph[name] - {name}):
            visit(other)
        done.add(open_now.pop())

    for name in sorted(graph):
        visit(name)
    assert done == set(graph)


def test_modules_are_small():
    long = {str(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > 600}
    assert not long


def test_import_is_light():
    code = f"import sys, edulayout; print(sorted({HEAVY!r} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_only_kernels_use_numba_and_nobody_pickles():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "import pickle" not in text, path
        if room(path) != "kernels":
            assert "import numba" not in text, path
            assert "from numba" not in text, path


def test_public_names():
    assert edulayout.__all__ == [
        "CostTable", "Geodesic", "Straight", "Streets", "Study", "TravelCosts", "__version__", "access",
        "assignment", "compliance", "coverage", "crs", "decay", "demand", "equity", "export", "groups",
        "maps", "nearest_schools", "programme", "read_candidates", "read_demand", "read_districts",
        "read_schools", "read_streets", "report", "reserve", "scale", "seats", "siting", "standards", "travel_costs",
        "zones",
    ]  # fmt: skip
    for name in edulayout.__all__:
        assert getattr(edulayout, name) is not None
    assert dir(edulayout) == edulayout.__all__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        edulayout.no_such_thing  # noqa: B018


def test_library_never_prints():
    for path in FILES:
        if path.name == "cli.py":
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"], path
