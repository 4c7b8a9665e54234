"""A made province in Parquet for the tests of `edulayout.scale`."""

import geopandas as gpd
import numpy as np
import pandas as pd

import edulayout as el
from edulayout.scale import Access, Coverage, Equity, Nearest, SeatBalance

CRS = "EPSG:4544"
DECAY = el.decay.GaussianWithin(900)
MEASURES = (
    Coverage("primary", radius=400, cutoff=900, by="district_id"),
    Nearest("primary", k=3, cutoff=900),
    Access("primary", decay=DECAY),
    Access("primary", method="three_step_fca", decay=el.decay.Step((300, 700), (1, 0.4))),
    Equity(Access("primary", decay=DECAY)),
    SeatBalance("primary", by="district_id"),
)


def province(seed=1, cells=4000, schools=60, side=6000.0):
    """Return cells and schools; some cells stand on schools, some exactly at 400 m, some have nobody."""
    random = np.random.default_rng(seed)
    x, y = (random.integers(0, int(side), cells).astype(float) for _ in range(2))
    sx, sy = (random.integers(-200, int(side) + 200, schools).astype(float) for _ in range(2))
    x[:5], y[:5] = sx[:5], sy[:5]
    x[5:10], y[5:10] = sx[5:10] + 240, sy[5:10] + 320
    pupils = random.lognormal(1, 1, cells)
    pupils[::50] = 0
    table = pd.DataFrame({
        "id": random.permutation(cells), "x": x, "y": y, "population": pupils * 16, "pupils_primary": pupils,
        "district_id": np.where(x < 2500, "west", np.where(y < 2500, "east", "")),
    })  # fmt: skip
    frame = gpd.GeoDataFrame(
        {
            "name": "", "kind": random.choice(["primary", "nine_year", "junior_high"], schools),
            "status": random.choice(["existing", "planned", "closed"], schools, p=[0.6, 0.3, 0.1]),
            "seats_primary": random.integers(0, 900, schools).astype(float),
            "district_id": np.where(sx < 2500, "west", np.where(sy < 2500, "east", "")),
        },
        geometry=gpd.points_from_xy(sx, sy),
        index=pd.Index([f"s{k:03d}" for k in random.permutation(schools)], name="school_id"),
        crs=CRS,
    )  # fmt: skip
    return table, frame


def written(table, folder, files=5):
    """Write cells in spatial order as some files of some row groups; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = table.sort_values(["x", "y"])
    for number, part in enumerate(np.array_split(np.arange(len(ordered)), files)):
        ordered.iloc[part].to_parquet(folder / f"part{number}.parquet", row_group_size=300, index=False)
    return folder


def in_memory(table):
    """Return the same cells as demand of a city."""
    places = gpd.points_from_xy(table.x, table.y)
    return gpd.GeoDataFrame(table.set_index(table.id.astype(str)), geometry=places, crs=CRS)
