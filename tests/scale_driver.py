"""A run of the test province in a process of its own, to be killed or to hash strings otherwise."""

import sys
from pathlib import Path

import geopandas as gpd
from scale_town import CRS, MEASURES

import edulayout as el


def main(cells, schools, out, tile_cells, stop):
    """Run; where `stop` is a count, wait for ever after so many tiles of the second pass."""

    def progress(step, at, _):
        if step.startswith("cells") and at == stop:
            sys.stdout.write("waiting\n")
            sys.stdout.flush()
            sys.stdin.read()

    frame = gpd.read_parquet(schools)
    plan = el.scale.plan(cells, frame, cutoff=900, crs=CRS, tile_cells=tile_cells)
    sys.stdout.write(el.scale.run(plan, MEASURES, out=out, progress=progress).digest())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), *map(int, sys.argv[4:6]))
