"""Out of core: CPU seconds and memory. Run: python tests/benchmarks/scale.py [millions of cells ...] (16 by default).

An invented province: cells of 100 m in hive tiles, as rows of a raster; a school to every 800 cells. Coverage within
1 km and E2SFCA within 3 km, one run in a fresh process, the plan (hashes of all files, one pass over places) counted.
Memory is the peak of the process less what it has after its imports, which is stated too. With `--duckdb` the same by
plain SQL in DuckDB (one column and one row of squares joined at a time), its memory limited to the same.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CELL, BLOCK = 100.0, 500
CELLS_PER_SCHOOL = 800
REACH, RADIUS = 3_000.0, 1_000.0


def province(folder, millions, seed=1):
    """Write cells and schools; return how many there are of each."""
    random = np.random.default_rng(seed)
    side = round((millions * 1e6) ** 0.5 / BLOCK)
    number = 0
    for column in range(side):
        for row in range(side):
            place = folder / "cells" / f"block={column:03d}_{row:03d}"
            place.mkdir(parents=True)
            y, x = np.divmod(np.arange(BLOCK * BLOCK), BLOCK)
            pupils = random.gamma(0.5, 8.0, BLOCK * BLOCK).round(3)
            table = pa.table({
                "id": np.arange(number, number + BLOCK * BLOCK),
                "x": (column * BLOCK + x + 0.5) * CELL,
                "y": (row * BLOCK + y + 0.5) * CELL,
                "pupils_primary": pupils,
            })  # fmt: skip
            pq.write_table(table, place / "cells.parquet", compression="zstd", compression_level=1)
            number += BLOCK * BLOCK
    schools = number // CELLS_PER_SCHOOL
    x, y = random.uniform(0, side * BLOCK * CELL, (2, schools)).round(1)
    seats = random.uniform(200, 6000, schools).round()
    pq.write_table(pa.table({"x": x, "y": y, "seats_primary": seats}), folder / "schools.parquet")
    return number, schools


def cpu():
    """Return CPU seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak():
    """Return the peak of memory so far in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(folder, tile_cells):
    """Run once; print what it took as JSON."""
    import geopandas as gpd  # noqa: PLC0415 - counted apart

    import edulayout as el  # noqa: PLC0415
    from edulayout.scale import Access, Coverage  # noqa: PLC0415

    measures = [Coverage("primary", radius=RADIUS), Access("primary", decay=el.decay.GaussianWithin(REACH))]
    warm(el, measures)
    base, begin, wall = peak(), cpu(), time.perf_counter()
    table = pq.read_table(folder / "schools.parquet").to_pandas()
    schools = gpd.GeoDataFrame(table[["seats_primary"]], geometry=gpd.points_from_xy(table.x, table.y), crs="EPSG:4544")
    schools.index = [f"s{number:07d}" for number in range(len(schools))]
    made = el.scale.plan(folder / "cells", schools, cutoff=REACH, crs="EPSG:4544", tile_cells=tile_cells)
    planned = cpu() - begin
    found = el.scale.run(made, measures, out=folder / "out")
    row = found.tables["coverage_primary_1000"].loc["all"]
    told = {
        "cpu": cpu() - begin, "plan": planned, "wall": time.perf_counter() - wall, "base": base,
        "memory": peak() - base, "tiles": len(made.tiles), "covered": row.pupils_covered,
        "access": found.tables["e2sfca_primary_3000"].loc["all", "total"],
    }  # fmt: skip
    print(json.dumps(told))


def warm(el, measures):
    """Compile, or load what is compiled, on a few cells."""
    import geopandas as gpd  # noqa: PLC0415 - counted apart

    with tempfile.TemporaryDirectory() as place:
        x = np.arange(200) * CELL
        pq.write_table(pa.table({"id": np.arange(200), "x": x, "y": x, "pupils_primary": x}), f"{place}/a.parquet")
        school = gpd.GeoDataFrame({"seats_primary": [1.0]}, geometry=gpd.points_from_xy([50], [50]), crs="EPSG:4544")
        plan = el.scale.plan(f"{place}/a.parquet", school, cutoff=REACH, crs="EPSG:4544")
        el.scale.run(plan, measures, out=f"{place}/out")


def duckdb_sql(folder):
    """Run the same in DuckDB; print what it took as JSON."""
    import duckdb  # noqa: PLC0415 - counted apart

    base, begin, wall = peak(), cpu(), time.perf_counter()
    database = duckdb.connect(str(folder / "plain.duckdb"), config={"memory_limit": "2GB", "threads": 2})
    near = f"(c.x - s.x) * (c.x - s.x) + (c.y - s.y) * (c.y - s.y) <= {REACH * REACH}"
    weight = f"(exp(-0.5 * square / {REACH * REACH}) - exp(-0.5)) / (1 - exp(-0.5))"
    pairs = f"""
        SELECT c.id, c.pupils_primary AS pupils, s.school, s.seats_primary AS seats,
               (c.x - s.x) * (c.x - s.x) + (c.y - s.y) * (c.y - s.y) AS square
        FROM cells c JOIN grid s ON CAST(floor(c.x / {REACH}) AS INT) = s.gx AND CAST(floor(c.y / {REACH}) AS INT) = s.gy
        WHERE {near}"""
    database.sql(f"""
        CREATE VIEW cells AS SELECT * FROM read_parquet('{folder}/cells/*/*.parquet', hive_partitioning = false);
        CREATE TABLE sites AS SELECT row_number() OVER () AS school, * FROM read_parquet('{folder}/schools.parquet');
        CREATE TABLE grid AS SELECT school, x, y, seats_primary, CAST(floor(x / {REACH}) AS INT) + dx AS gx,
            CAST(floor(y / {REACH}) AS INT) + dy AS gy
            FROM sites, (VALUES (-1), (0), (1)) a(dx), (VALUES (-1), (0), (1)) b(dy);
        CREATE TABLE ratio AS SELECT school, any_value(seats) / nullif(sum({weight} * pupils), 0) AS r FROM ({pairs}) GROUP BY school;
        COPY (SELECT id, any_value(pupils) AS pupils, min(square) AS square, sum({weight} * r) AS access
              FROM ({pairs}) JOIN ratio USING (school) GROUP BY id) TO '{folder}/plain.parquet';
    """)
    covered, access = database.sql(f"""
        SELECT sum(pupils) FILTER (WHERE square <= {RADIUS * RADIUS}), sum(pupils * access)
        FROM read_parquet('{folder}/plain.parquet')""").fetchall()[0]
    told = {"cpu": cpu() - begin, "plan": 0, "wall": time.perf_counter() - wall, "base": base, "memory": peak() - base,
            "tiles": 1, "covered": covered, "access": access}  # fmt: skip
    print(json.dumps(told))


def main():
    """Make the provinces, run each in a process of its own, print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("millions", nargs="*", type=float, default=[16.0])
    parser.add_argument("--tile-cells", type=int, default=1_000_000)
    parser.add_argument("--duckdb", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        place = Path(asked.one)
        return duckdb_sql(place) if asked.duckdb else ours(place, asked.tile_cells)
    print(
        f"{'cells':>12}{'schools':>10}{'':>10}{'CPU s':>9}{'of it plan':>12}{'wall s':>9}{'MiB':>7}{'base MiB':>10}{'tiles':>7}"
    )
    for millions in asked.millions:
        place = Path(tempfile.mkdtemp())
        cells, schools = province(place, millions)
        for name in ["ours", "DuckDB"][: 1 + asked.duckdb]:
            line = [sys.executable, __file__, "--one", str(place), "--tile-cells", str(asked.tile_cells)]
            out = subprocess.run([*line, *["--duckdb"] * (name != "ours")], capture_output=True, text=True, check=True)
            told = json.loads(out.stdout)
            print(f"{cells:12,}{schools:10,}{name:>10}{told['cpu']:9.1f}{told['plan']:12.1f}{told['wall']:9.1f}"
                  f"{told['memory']:7.0f}{told['base']:10.0f}{told['tiles']:7}   "
                  f"covered {told['covered']:.6f}, access {told['access']:.4f}", flush=True)  # fmt: skip
        shutil.rmtree(place)
    return None


if __name__ == "__main__":
    main()
