"""The notebooks run from top to bottom, and hold no function definitions."""

import ast
from pathlib import Path

import jupytext
import nbclient
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))
ELSEWHERE = {"03_hamilton"}
"""Run by a test of its own, where the real data are at hand."""
RUN_HERE = [
    pytest.param(path, id=path.stem, marks=[] if path.stem.startswith("01") else pytest.mark.slow)
    for path in NOTEBOOKS
    if path.stem not in ELSEWHERE
]


@pytest.mark.filterwarnings("ignore")  # the kernel's own machinery warns; the cells run in a process of their own
@pytest.mark.parametrize("path", RUN_HERE)
def test_notebook_runs(path, tmp_path):
    notebook = jupytext.read(path)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    pages = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert pages
    assert "<iframe" in pages[-1] or path.stem != "01_four_districts"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_defines_nothing(path):
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    assert not [node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)]
