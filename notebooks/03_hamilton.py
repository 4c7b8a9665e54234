# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Hamilton, Ontario: which school zones are full, and what would better ones save?
#
# Hamilton's four school systems (public and Catholic, elementary and secondary) each divide the whole city into
# attendance zones, "catchments". This notebook measures the 147 zones of 2016, asks what assignment by distance alone
# would change, and then draws the zones of the public secondary schools anew, with a certificate of how far the result
# can be from the best.
#
# **Data.** Schools, enrolment and catchments: Soukhov, Páez and others, *hamONdests* (github.com/soukhova/hamONdests);
# dwellings and census areas: *vaccHamilton* (github.com/paezha/vaccHamilton). Both CC BY 4.0. Contains information
# licensed under the Open Government Licence – Canada, and public sector data made available under the City of
# Hamilton's Open Data Licence. The folder is not part of this package: `EDULAYOUT_REAL_DATA` says where it is.
#
# **What is assumed, and matters.**
#
# 1. *Capacity* (`OTGC2016`) is an estimate: its authors regressed "on-the-ground capacity" on the buildings'
#    footprints. Read 105 % as "full", not as five pupils too many.
# 2. *Where pupils live* is not published. We spread the enrolment of a zone's schools evenly over its dwellings, as if
#    everybody went to school in their zone and dwellings were alike.
# 3. *Distances are straight lines.* There is no street network in this data, and the Niagara Escarpment crosses the
#    city: true ways are longer, some of them much. All statements about metres are lower bounds.
# 4. Buses, programmes (French immersion, special education) and choice across zones are left out.

# %%
import os
from pathlib import Path

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import patheffects

import edulayout as el

folder = Path(os.environ.get("EDULAYOUT_REAL_DATA", "../../shared/data")) / "hamilton_on"
crs = "EPSG:26917"
zones = gpd.read_file(folder / "catchments.gpkg").query("Year == '2016'")
zones = zones.set_index(zones["CID"].astype(str).rename("zone_id"))[["Level", "System", "geometry"]]
schools = gpd.read_file(folder / "schools.gpkg").set_index("SchoolID").rename_axis("school_id")
schools = schools[schools["CID2016"].isin(zones.index) & (schools["ON_Enrol_2016"] > 0)]
dwellings = pd.read_csv(folder / "dwelling_points_epsg26917.csv.gz")
dwellings.index = pd.Index([f"d{k:06d}" for k in range(len(dwellings))], name="demand_id")
len(zones), len(schools), int(schools["ON_Enrol_2016"].sum()), int(dwellings["Dwellings"].sum())

# %% [markdown]
# ## The zones as they are
#
# `zones.evaluate` measures each: load (here the enrolment of its schools over their capacity), shape, parts, overlaps,
# gaps, and the way from every dwelling to the zone's own school. It refuses invalid rings unless told to mend them.

# %%
homes = gpd.GeoDataFrame(
    {"dwellings": dwellings["Dwellings"].astype(float), "area": dwellings["DAUID"].astype(int).astype(str)},
    geometry=gpd.points_from_xy(dwellings["x"], dwellings["y"]),
    crs=crs,
)
measured, notes = {}, []
for (level, system), part in zones.groupby(["Level", "System"]):
    own = schools["CID2016"][schools["CID2016"].isin(part.index)]
    sites = schools.loc[own.index]
    found = el.zones.evaluate(
        part,
        sites,
        homes,
        pupils=homes["dwellings"],
        own=own,
        seats=sites["OTGC2016"],
        enrolment=sites["ON_Enrol_2016"],
        costs=el.travel_costs(homes, sites, engine=el.Straight()),
        repair=True,
    )
    measured[f"{system}, {level.lower()}"] = found
    notes += [f"{system}, {level.lower()}: {note}" for note in found.notes]
tables = pd.concat({name: found.table for name, found in measured.items()}, names=["system", "zone_id"])
full = tables.assign(
    over=(tables["enrolment"] - tables["seats"]).clip(lower=0),
    free=(tables["seats"] - tables["enrolment"]).clip(lower=0),
    is_over=tables["load_ratio"] > 1,
    walked=tables["way_mean"] * tables["enrolment"],
)
by = full.groupby("system")
summary = by[["enrolment", "seats", "is_over", "over", "free"]].sum().round()
summary.insert(0, "zones", by.size())
summary["mean_metres"] = (by["walked"].sum() / by["enrolment"].sum()).round()
summary["overlaps"] = {name: len(found.overlaps) for name, found in measured.items()}
summary["in_parts"] = (full["parts"] > 1).groupby(full.index.get_level_values("system")).sum()
summary

# %% [markdown]
# So each public system has seats to spare as a whole and full zones all the same: seats are there, in the wrong places.
# The Catholic systems are short of seats altogether; there, no line on a map helps. What the polygons themselves say:

# %%
notes + [
    f"{name}: {len(found.gaps)} gaps, {found.pupils_in_none:.0f} dwellings in no zone"
    for name, found in measured.items()
]

# %% [markdown]
# The fullest zones of all (enrolment over estimated capacity):

# %%
columns = ["schools", "enrolment", "seats", "load_ratio", "way_mean", "pupils_nearer_elsewhere", "polsby_popper"]
full.sort_values("load_ratio", ascending=False)[columns].head(10).round(2)

# %%
figure, axes = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
for axis, name in zip(axes, ["Public, elementary", "Public, secondary"], strict=True):
    drawn = measured[name].table
    drawn.plot(
        "load_ratio", ax=axis, cmap="RdYlBu_r", vmin=0.5, vmax=1.5, edgecolor="white", linewidth=0.6, legend=True,
        legend_kwds={"label": "enrolment / capacity", "shrink": 0.7}, missing_kwds={"color": "lightgrey"},
    )  # fmt: skip
    schools[schools["CID2016"].isin(drawn.index)].plot(ax=axis, color="black", markersize=6)
    axis.set_title(f"{name}: {int((drawn['load_ratio'] > 1).sum())} of {len(drawn)} zones over capacity")
    axis.set_axis_off()

# %% [markdown]
# ## What would assignment by distance change?
#
# From here on: the public secondary schools. Blocks are the census dissemination areas; a block's pupils are those of
# its dwellings, `enrolment of the zone / dwellings of the zone` each.

# %%
system = measured["Public, secondary"]
inside = homes.sjoin(system.table[["enrolment", "pupils", "geometry"]], predicate="within")
inside = inside[~inside.index.duplicated()].rename(columns={"index_right": "zone_id"})
zone_column = "zone_id" if "zone_id" in inside else "zone_id_right"
inside["share"] = inside["dwellings"] * inside["enrolment"] / inside["pupils"]
areas = gpd.read_file(folder / "census_da_2016.gpkg").to_crs(crs)
areas = areas.set_index(areas["GeoUID"].astype(str).rename("demand_id"))[["geometry"]]
shares = inside.groupby(["area", zone_column])["share"].sum()
blocks = areas.loc[sorted(inside["area"].unique())].copy()
blocks["pupils"] = shares.groupby("area").sum()
zone_today = shares.unstack(fill_value=0.0).idxmax(axis=1)

seats = system.table["seats"].rename_axis("school_id")
every = schools.loc[schools["CID2016"].isin(seats.index)].sort_values("OTGC2016", ascending=False)
sites = (
    every.drop_duplicates("CID2016").set_index("CID2016").rename_axis("school_id")[["Name", "geometry"]].sort_index()
)
ways = el.travel_costs(blocks, every, engine=el.Straight()).to_series().rename("metres").reset_index()
ways["school_id"] = ways["school_id"].map(every["CID2016"])
costs = el.TravelCosts.from_pairs(ways.groupby(["demand_id", "school_id"])["metres"].min(), unit="metres")
len(blocks), len(every), len(sites), round(blocks["pupils"].sum()), round(seats.sum())

# %% [markdown]
# Two zones have two and three schools; each counts as one school with the seats of all, as far away as the nearest of
# them, and bears the name of the largest. `assignment.assign` sends every pupil to a seat over the least total
# distance, exactly; areas may be split here. The prices prove it.

# %%
room = np.floor(seats)
best = el.assignment.assign(costs, blocks["pupils"], room)
print(best)
print(best.verify(costs, blocks["pupils"], room))

# %%
by_school = best.schools.join(sites["Name"]).join(system.table["enrolment"])
by_school["change"] = by_school["pupils"] - by_school["enrolment"]
by_school[["Name", "enrolment", "seats", "pupils", "change", "seat_price"]].round().sort_values(
    "seat_price", ascending=False
)

# %% [markdown]
# `seat_price` is what one more seat at the school would save, in metres of way for all pupils together: the ranking in
# which to extend. Zero means that there are seats to spare.
#
# ## Zones drawn anew
#
# An assignment may split a street and scatter a school's pupils. Zones must be contiguous. Three plans over the same
# areas: today's; the best one; and one in which every pupil who has to change school counts as much as 1,000 m.

# %%
near = el.zones.adjacency(blocks, gap_metres=60)
near

# %%
rules = {"adjacency": near, "pupils": blocks["pupils"], "seats": seats, "tolerance": 0.0, "gap": 0.001}
free = el.zones.draw(blocks, sites, costs, **rules)
kept = el.zones.draw(blocks, sites, costs, current=zone_today, moving_cost=1000.0, **rules)
print(free)
print(free.verify(costs, near, pupils=blocks["pupils"], seats=seats))
print()
print(kept)
print(kept.verify(costs, near, pupils=blocks["pupils"], seats=seats))

# %% [markdown]
# The certificate is checked without the solver: zones whole, loads within the seats, and the prices of the seats alone
# prove that no plan, contiguous or not, is better by more than the gap.

# %%
plans = {"today": zone_today, "today's schools first": kept, "least distance": free}
rows = {}
for name, plan in plans.items():
    change = el.zones.compare(zone_today, plan, costs, pupils=blocks["pupils"], adjacency=near)
    school = plan if name == "today" else plan.assignment
    load = blocks["pupils"].groupby(school).sum()
    rows[name] = {
        "mean metres": change.walk_after / change.pupils,
        "pupils moved": change.moved,
        "nearer": change.pupils_nearer,
        "farther": change.pupils_farther,
        "zones over capacity": int((load > seats.reindex(load.index) + 1e-6).sum()),
        "pupils over capacity": (load - seats.reindex(load.index)).clip(lower=0).sum(),
        "zones in parts": int((change.parts["after"] > 1).sum()),
        "gap to the bound, %": np.nan if name == "today" else 100 * plan.gap,
    }
pd.DataFrame(rows).T.round(
    {
        "mean metres": 0,
        "pupils moved": 0,
        "nearer": 0,
        "farther": 0,
        "pupils over capacity": 0,
        "gap to the bound, %": 3,
    }
)

# %%
figure, axes = plt.subplots(1, 3, figsize=(15, 5.2), layout="constrained")
figure.suptitle("Public secondary zones within the city's urban part; numbers: pupils in % of seats", fontsize=10)
colours = dict(zip(sites.index, plt.get_cmap("tab20").colors, strict=False))
for axis, (name, plan) in zip(axes, plans.items(), strict=True):
    shape = el.zones.polygons(plan, blocks)
    load = blocks["pupils"].groupby(plan if name == "today" else plan.assignment).sum()
    shape.plot(ax=axis, color=[colours[zone] for zone in shape.index], edgecolor="white", linewidth=0.8, alpha=0.75)
    sites.plot(ax=axis, color="black", markersize=10)
    for zone in shape.index:
        spot = sites.loc[zone, "geometry"]
        axis.annotate(
            f"{100 * load[zone] / seats[zone]:.0f}", (spot.x, spot.y), xytext=(0, 4), textcoords="offset points",
            fontsize=8, ha="center", path_effects=[patheffects.withStroke(linewidth=2, foreground="white")],
        )  # fmt: skip
    axis.set_title(f"{name}: {rows[name]['mean metres']:.0f} m, {rows[name]['pupils moved']:.0f} pupils moved")
    axis.set_xlim(578_500, 608_500)
    axis.set_ylim(4_775_000, 4_801_000)
    axis.set_axis_off()

# %% [markdown]
# Who would move, from where to where, if today's schools come first:

# %%
moves = el.zones.compare(zone_today, kept, costs, pupils=blocks["pupils"], adjacency=near)
flows = moves.flows.sort_values("pupils", ascending=False)
flows.assign(**{end: flows[end].map(sites["Name"]) for end in ("from_school", "to_school")}).round().head(12)

# %% [markdown]
# **How to read this.** The numbers are exact answers to a simplified question. Certain, given the data: which zones
# exceed the estimated capacity, and that no plan over these areas beats the bound. Not certain: everything that hangs
# on where pupils really live and on real ways. With a street network (`el.read_streets`) and counts of pupils by
# area, the same cells answer the real question.
