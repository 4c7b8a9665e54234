"""The report in a browser: sorted, searched, saved, printed; nothing asked for, nothing run that is not its own."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from test_report import HOSTILE, town

from edulayout import report

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture
def open_page(chromium, tmp_path):
    """Return a page of a report, and what it asked for or said."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def opened(content, **size):
            path = tmp_path / "report.html"
            report.write(path, content)
            page = browser.new_page(viewport={"width": size.get("width", 1200), "height": 900})
            asked, errors = [], []
            page.on("request", lambda request: asked.append(request.url))  # a download from the page is none
            page.on("console", lambda message: errors.append(message.text))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("dialog", lambda dialog: errors.append(dialog.message))
            page.goto(path.as_uri())
            assert asked == [path.as_uri()]
            return page, asked, errors

        yield opened
        browser.close()


def column(page, table, number):
    rows = page.query_selector_all(f"table[data-file={table}] tbody tr:not([hidden])")
    return [row.query_selector_all("td")[number].inner_text() for row in rows]


def saved(page, table):
    with page.expect_download() as download:
        page.click(f"figure:has(table[data-file={table}]) .save")
    assert download.value.suggested_filename == f"{table}.csv"
    text = Path(download.value.path()).read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    assert "\r\n" in text
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))


def test_a_table_is_sorted_by_numbers_and_back(open_page):
    page, asked, errors = open_page(town())
    head = page.locator("table[data-file=coverage] th button").filter(has_text="Covered").last
    before = column(page, "coverage", 4)
    head.click()
    assert [float(text.split()[0]) for text in column(page, "coverage", 4)] == [0.0, 30.0, 42.9, 60.0, 100.0, 100.0]
    assert page.get_attribute("table[data-file=coverage] th[aria-sort]", "aria-sort") == "ascending"
    head.press("Enter")
    assert column(page, "coverage", 4)[0].startswith("100.0")
    assert page.get_attribute("table[data-file=coverage] th[aria-sort]", "aria-sort") == "descending"
    assert sorted(column(page, "coverage", 4)) == sorted(before)
    page.locator("table[data-file=seats] th button").filter(has_text="Seats short").click()
    assert column(page, "seats", 4) == ["0", "0", "10", "–", "–", "–"]
    assert (len(asked), errors) == (1, [])


def test_the_saved_table_holds_unrounded_numbers_and_no_formula(open_page):
    page, asked, errors = open_page(town(name="=cmd()|' /C calc'!A0"))
    rows = saved(page, "coverage")
    assert rows[0][:5] == ["Layout", "Stage", "District", "Pupils", "Covered"]
    assert rows[4][4] == "0.4285714286"
    assert rows[1][2] == "'=cmd()|' /C calc'!A0"
    assert len(rows) == 7
    assert {len(row) for row in rows} == {len(rows[0])}
    assert (len(asked), errors) == (1, [])


def test_rows_are_found_and_only_those_are_saved(open_page):
    tables = town().tables
    many = tables["coverage"]
    parts = [many.assign(district_id=many["district_id"].map(lambda name, at=at: f"{name}{at}")) for at in range(9)]
    page, _, errors = open_page(town(tables={"coverage": pd.concat([many, *parts], ignore_index=True)}))
    page.fill("figure:has(table[data-file=coverage]) .find", "w7")
    assert column(page, "coverage", 2) == ["w7", "w7"]
    assert [row[2] for row in saved(page, "coverage")] == ["District", "w7", "w7"]
    assert errors == []


def test_hostile_names_do_nothing(open_page):
    page, asked, errors = open_page(town(name=HOSTILE, title=HOSTILE, note=f"<img src=x onerror=alert(1)>{HOSTILE}"))
    assert page.inner_text("h1") == HOSTILE
    assert HOSTILE in column(page, "schools", 1)
    assert len(page.query_selector_all("script")) == 1
    assert page.query_selector("img") is None
    assert (len(asked), errors) == (1, [])


def test_an_injected_script_is_refused(open_page):
    page, _, errors = open_page(town())
    page.evaluate(
        "() => { const it = document.createElement('script'); it.textContent = 'window.ran = 1'; document.body.append(it); }"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in errors)


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_window(open_page, width):
    page, _, errors = open_page(town(), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert errors == []


def test_links_and_tables_are_reached_by_keyboard(open_page):
    page, _, _ = open_page(town())
    page.keyboard.press("Tab")
    reached = page.evaluate("document.activeElement.closest('nav') !== null")
    regions = page.evaluate("[...document.querySelectorAll('.scroll')].every((it) => it.tabIndex === 0)")
    assert reached
    assert regions


def test_it_prints_on_a4_without_controls(chromium, tmp_path):
    if not (shutil.which("pdftotext") and shutil.which("pdfinfo")):
        pytest.skip("no poppler")
    source, paper = tmp_path / "report.html", tmp_path / "report.pdf"
    report.write(source, town())
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={paper}", source.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    sizes = subprocess.run(["pdfinfo", "-f", "1", "-l", "99", paper], check=True, capture_output=True, text=True).stdout
    assert {tuple(sorted(map(round, size))) for size in _sizes(sizes)} == {(595, 842)}
    text = subprocess.run(["pdftotext", "-layout", paper, "-"], check=True, capture_output=True, text=True).stdout
    assert "Two halves" in text
    assert "Coverage and walks by district" in text
    assert "Save CSV" not in text
    assert "Find rows" not in text
    assert "Mean walk (m)" in text  # headings are there although their buttons are not


def _sizes(text):
    return [
        tuple(float(it) for it in line.split(":")[1].split("pts")[0].split("x"))
        for line in text.splitlines()
        if " size:" in line and line.startswith("Page")
    ]
