"""The interactive map at 1,000, 10,000 and 100,000 blocks, and the what-if part at 4,000 × 200, in headless Chromium.

    python tests/benchmarks/maps.py [--blocks 1000 10000 100000]

For each size: bytes of the page, CPU seconds to make it, milliseconds until its first whole picture, and the time between
frames while the map is dragged (95th percentile and longest), far away and from near. The blocks are streets' cells of a
made-up town: crooked polygons that share their edges, three stages, three layouts.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import edulayout as el

CRS = "EPSG:4544"
STAGES = {"kindergarten": 300.0, "primary": 500.0, "junior_high": 1000.0}
LAYOUTS = ("existing", "planned", "extended")
X, Y, SIDE = 592_000.0, 3_495_000.0, 90.0

RECORD = """
() => {
  window.gaps = [];
  let last = performance.now();
  const frame = (now) => { window.gaps.push(now - last); last = now; window.recording = requestAnimationFrame(frame); };
  window.recording = requestAnimationFrame(frame);
}
"""


def blocks(count):
    """Crooked cells of a grid that share their corners."""
    across = round(count**0.5)
    rng = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(np.arange(across + 1), np.arange(across + 1), indexing="ij"), axis=-1) * SIDE
    grid = grid + rng.uniform(-18, 18, grid.shape) + (X, Y)
    middle = (grid[:, :-1] + grid[:, 1:]) / 2 + rng.uniform(-4, 4, grid[:, 1:].shape)
    low, high = grid[:-1], grid[1:]
    rings = np.stack([low[:, :-1], middle[:-1], low[:, 1:], high[:, 1:], middle[1:], high[:, :-1]], axis=2)
    cells = shapely.polygons(rings.reshape(-1, 6, 2))
    demand = gpd.GeoDataFrame(
        geometry=cells, index=pd.Index([f"B{i:06d}" for i in range(len(cells))], name="demand_id"), crs=CRS
    )
    return demand.assign(population=rng.gamma(2.0, 60.0, len(cells)).round(1), district_id="town")


def town(count, *, schools_total=None):
    """The tables of a made-up town, distances straight."""
    rng = np.random.default_rng(2)
    demand = blocks(count)
    side = SIDE * round(count**0.5)
    rows = []
    for stage, share in zip(STAGES, (0.034, 0.062, 0.031), strict=True):
        demand[f"pupils_{stage}"] = demand["population"] * share
        number = (schools_total or max(12, count // 60)) // 3
        places = rng.uniform(0, side, (number, 2)) + np.array([X, Y])
        for position, layout in enumerate(LAYOUTS):
            part = places[: number * (position + 2) // 4]
            ids = [f"{stage}-{i}" for i in range(len(part))]
            costs = el.nearest_schools(
                demand,
                gpd.GeoDataFrame(geometry=shapely.points(part), index=pd.Index(ids, name="school_id"), crs=CRS),
                engine=el.Straight(),
            ).set_index("demand_id")
            demand[f"metres_{stage}_{layout}"] = costs["cost"].astype(float)
            demand[f"school_{stage}_{layout}"] = costs["school_id"]
            rows += [
                (layout, name, name, stage, "existing", "town", shapely.Point(xy))
                for name, xy in zip(ids, part, strict=True)
            ]
    names = ["layout", "school_id", "name", "kind", "status", "district_id", "geometry"]
    return {
        "districts": gpd.GeoDataFrame(
            {"name": ["Town"]}, geometry=[shapely.box(X, Y, X + side, Y + side)], index=["town"], crs=CRS
        ),
        "demand": demand,
        "schools": gpd.GeoDataFrame(rows, columns=names, crs=CRS),
        "radii": STAGES,
        "title": "Town",
    }


def dragged(page):
    """Gaps between frames while the mouse drags the map to and fro."""
    box = page.locator(".folium-map").bounding_box()
    x, y = box["x"] + box["width"] / 2 + 7, box["y"] + box["height"] / 2 + 7
    page.evaluate(RECORD)
    for sign in (1, -1, 1, -1):
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(30):
            page.mouse.move(x + sign * 7 * step, y + sign * 4 * step)
            page.evaluate("() => new Promise(requestAnimationFrame)")
        page.mouse.up()
    return page.evaluate("() => { cancelAnimationFrame(window.recording); return window.gaps.slice(2); }")


def measured(page, address):
    """Milliseconds until the first whole picture, and the gaps between frames while dragging, far and near."""
    page.goto(address)
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    ready = int(page.evaluate("document.documentElement.dataset.ready"))
    page.wait_for_timeout(500)
    far = dragged(page)
    page.evaluate(
        "() => { const { map, fitted } = document.querySelector('.folium-map').edulayout; map.setZoom(fitted + 3, { animate: false }); }"
    )
    page.wait_for_timeout(500)
    return ready, far, dragged(page)


def main():
    """Measure and print."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only needed here

    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    asked = parser.parse_args()
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        print("  blocks   made, s     page, MB   ready, ms   frames far p95/max, ms   near p95/max, ms")
        for count in asked.blocks:
            tables, path = town(count), Path(folder) / f"{count}.html"
            start = time.process_time()
            path.write_text(el.maps.page(el.maps.explore(**tables)), "utf-8")
            made = time.process_time() - start
            ready, far, near = measured(page, path.as_uri())
            print(
                f"{count:8,d} {made:9.1f} {path.stat().st_size / 1e6:12.2f} {ready:11,d}"
                f"{np.percentile(far, 95):14.0f} / {max(far):.0f} {np.percentile(near, 95):16.0f} / {max(near):.0f}"
            )
        what_if(page, Path(folder) / "what_if.html")
        browser.close()


def what_if(page, path):
    """Size and time of the what-if part at 4,000 blocks × 200 sites."""
    tables = town(3_969, schools_total=201)
    sites = tables["schools"].drop_duplicates("school_id").set_index("school_id")
    costs = el.travel_costs(tables["demand"], sites, engine=el.Straight())
    path.write_text(el.maps.page(el.maps.explore(**tables)), "utf-8")
    without = path.stat().st_size
    path.write_text(el.maps.page(el.maps.explore(**tables, what_if=el.maps.Trial(costs))), "utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    times = page.evaluate(
        "() => { const { trial } = document.querySelector('.folium-map').edulayout; "
        "return trial.sites.slice(0, 20).map((_, i) => { trial.set(i, trial.kinds[i] ? '' : 'primary'); return trial.milliseconds; }); }"
    )
    print(
        f"what if, {len(costs.demand_ids):,} × {len(costs.school_ids)}: page {path.stat().st_size / 1e6:.2f} MB, {without / 1e6:.2f} without; "
        f"a change is measured in {np.median(times):.1f} ms (longest of 20: {max(times):.1f})"
    )


if __name__ == "__main__":
    main()
