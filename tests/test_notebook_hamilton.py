"""The notebook on Hamilton runs on the real data, and says what its tables say."""

import os
from pathlib import Path

import jupytext
import nbclient
import pytest

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "03_hamilton.py"


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore")  # the kernel's own machinery warns; the cells run in a process of their own
def test_notebook_runs_and_holds(real_data, tmp_path, monkeypatch):
    monkeypatch.setenv("EDULAYOUT_REAL_DATA", str(real_data))
    notebook = jupytext.read(NOTEBOOK)
    named = {"timeout": 300, "kernel_name": "python3", "resources": {"metadata": {"path": tmp_path}}}
    nbclient.NotebookClient(notebook, **named).execute(env=dict(os.environ))
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = "\n".join(output["data"].get("text/plain", "") for output in outputs if "data" in output)
    printed = "".join(
        output["text"] for output in outputs if output.output_type == "stream" and output.name == "stdout"
    )
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert "(147, 159, 77541, 215608)" in texts  # zones, open schools, enrolment, dwellings: as the data's notes say
    assert "Assignment(14776 pupils seated, 0 not" in printed
    assert printed.count("every zone is whole and the loads hold") == 2
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2


def test_notebook_names_its_licences():
    text = NOTEBOOK.read_text(encoding="utf-8")
    for words in ("CC BY 4.0", "Open\n# Government Licence – Canada", "City of Hamilton's Open Data Licence"):
        assert words.replace("\n# ", " ") in text.replace("\n# ", " ")
