"""Atlases: an index, a page for the whole and for each district, bookmarks, the same bytes."""

import pypdf
import pytest
from test_sheet import needs_poppler, text_of, town

from edulayout import maps
from edulayout.errors import InputError, OutputError


@pytest.fixture(scope="module")
def made():
    return maps.atlas(
        town(),
        ["existing", "coverage"],
        stage="primary",
        paper="A4",
        block=maps.TitleBlock(sheet_number="JY", organisation="规划甲院"),
    )


def test_pages_in_order(made):
    titles = [one.title for one in made.sheets]
    assert titles == [
        "图幅索引", "教育设施现状图", "西片区教育设施现状图", "东片区教育设施现状图",
        "小学服务半径覆盖图（规划）", "西片区小学服务半径覆盖图（规划）", "东片区小学服务半径覆盖图（规划）",
    ]  # fmt: skip
    assert made.sheets[2].scale < made.sheets[1].scale, "a district is shown larger than the whole"


def test_bookmarks_lead_to_their_pages(made, tmp_path):
    made.save(tmp_path / "atlas.pdf")
    told = pypdf.PdfReader(tmp_path / "atlas.pdf")
    assert len(told.pages) == 7
    flat = [entry for one in told.outline for entry in (one if isinstance(one, list) else [one])]
    assert [told.get_destination_page_number(entry) for entry in flat] == list(range(7))
    assert [entry.title for entry in flat] == [one.title for one in made.sheets]
    assert sum(isinstance(one, list) for one in told.outline) == 2, "districts stand below their map type"


@needs_poppler
def test_the_index_lists_every_page_and_pages_carry_their_number(made, tmp_path):
    made.save(tmp_path / "atlas.pdf")
    pages = text_of((tmp_path / "atlas.pdf").read_bytes()).replace(" ", "").split("\f")
    for one in made.sheets[1:]:
        assert one.title in pages[0]
    for number in range(7):
        assert f"第{number + 1}页／共7页" in pages[number]
        assert f"JY-{number + 1:02d}" in pages[number]
    assert "东片区" in pages[3]
    assert "第一小学" not in pages[3], "only the district's own schools are named"


def test_windows_of_the_index_are_the_extents_of_the_pages(made):
    ax = made.sheets[0].figure.axes[1]
    drawn = [
        patch.get_path().get_extents().extents
        for patch in ax.patches
        if patch.get_edgecolor()[:3] == (0x8A / 255, 0x1C / 255, 0x4A / 255)
    ]
    assert len(drawn) == 2
    x0, y0, x1, y1 = made.sheets[2].view.extent
    left, low, right, high = made.sheets[0].view.extent
    assert drawn[0].tolist() == pytest.approx([max(x0, left), max(y0, low), min(x1, right), min(y1, high)])


def test_one_kind_some_districts_and_the_same_bytes_again(tmp_path):
    for name in ("one", "two"):
        made = maps.atlas(town("en"), "existing", districts=["e"], paper="A4")
        made.save(tmp_path / f"{name}.pdf")
    assert [one.title for one in made.sheets] == ["Index of sheets", "Existing schools", "East: Existing schools"]
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_mistakes(tmp_path, made):
    with pytest.raises(InputError, match="at least one"):
        maps.atlas(town(), [])
    with pytest.raises(InputError, match="some of w, e"):
        maps.atlas(town(), "existing", districts=["x"])
    with pytest.raises(OutputError, match=r"\.pdf"):
        made.save(tmp_path / "atlas.png")
