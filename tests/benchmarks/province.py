"""A small province: ten cities, three million cells, streets of two extracts laid side by side five times.

Run: python tests/benchmarks/province.py FOLDER EXTRACT.osm.pbf EXTRACT.osm.pbf [--cells 3000000]
Then: edulayout scale FOLDER/study.toml --workers 2
"""

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import edulayout as el

CRS = "EPSG:4544"
CITIES = 10
APART = 60_000.0
SCHOOLS = 150
STUDY = """[study]
name = "A small province"
crs = "EPSG:4544"

[inputs]
schools = "schools.gpkg"

[scale]
cells = "cells"
streets = "streets"
tile_cells = 250_000
by = "district_id"
coverage = { primary = 1000 }
nearest = { primary = 3 }
access = { primary = 2000 }
seats = ["primary"]
"""


def laid(extracts):
    """Return the lines of the extracts by turns, each at a place of its own."""
    for number in range(CITIES):
        path, zone = extracts[number % 2], ("EPSG:32633", "EPSG:32632")[number % 2]
        lines = el.read_streets(path, crs=zone).edges()
        left, bottom, *_ = lines.total_bounds
        column, row = number % 4, number // 4
        moved = lines.geometry.set_crs(CRS, allow_override=True)
        yield moved.translate(400_000 + column * APART - left, 3_400_000 + row * APART - bottom)


def city(lines, number, cells, random):
    """Return cells near streets, and schools, of one city."""
    points = lines.get_coordinates().to_numpy()
    x, y = (points[random.integers(0, len(points), cells)] + random.normal(0, 60, (cells, 2))).round(1).T
    pupils = random.gamma(0.5, 0.4, cells).round(3)
    table = pd.DataFrame({"id": np.arange(number * cells, (number + 1) * cells), "x": x, "y": y, "population": pupils * 16,
                          "pupils_primary": pupils, "district_id": f"city{number:02d}"})  # fmt: skip
    at = random.integers(0, cells, SCHOOLS)
    schools = gpd.GeoDataFrame(
        {"school_id": [f"c{number:02d}s{k:03d}" for k in range(SCHOOLS)], "name": "", "kind": "primary",
         "seats_primary": random.uniform(100, 700, SCHOOLS).round(), "district_id": f"city{number:02d}"},
        geometry=gpd.points_from_xy(x[at], y[at]), crs=CRS,
    )  # fmt: skip
    # a lattice of 2 km in rows: neighbours lie together in the file
    return table.iloc[np.lexsort((x, y // 2000, x // 2000))], schools


def main():
    """Write the province."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("extracts", nargs=2)
    parser.add_argument("--cells", type=int, default=3_000_000)
    asked = parser.parse_args()
    random = np.random.default_rng(5)
    (asked.folder / "cells").mkdir(parents=True)
    lines, schools = [], []
    for number, streets in enumerate(laid(asked.extracts)):
        table, own = city(streets, number, asked.cells // CITIES, random)
        table.to_parquet(asked.folder / "cells" / f"city{number:02d}.parquet", index=False, row_group_size=50_000)
        lines.append(streets)
        schools.append(own)
    pd.concat(schools, ignore_index=True).to_file(asked.folder / "schools.gpkg", engine="pyogrio")
    whole = el.Streets.from_lines(pd.concat(lines, ignore_index=True))
    tiles = el.scale.tile_streets(whole, asked.folder / "streets", tile_metres=5_000)
    (asked.folder / "study.toml").write_text(STUDY, encoding="utf-8")
    print(
        f"{whole}\n{len(tiles.tiles)} street tiles, {asked.cells:,} cells, {CITIES * SCHOOLS} schools in {asked.folder}"
    )


if __name__ == "__main__":
    main()
