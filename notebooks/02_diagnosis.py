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
# # Diagnosis: seats, assignment, access, equity, zones
#
# That a school is near says nothing about a seat in it. This notebook asks the sample city (four invented districts,
# about 300,000 residents) what a planner asks after coverage: how many seats are missing and where, who would go where
# if seats were given out well, what one more seat is worth, which blocks belong to which school, and how fair it all
# is. Every number below comes from **one table of walking distances**, so no two of them can disagree about a way.

# %%
import geopandas as gpd
import numpy as np
import pandas as pd

import edulayout as el
from edulayout.study.samples import sample_study

study = el.Study.from_file(sample_study())
result = study.run()
result.summary

# %% [markdown]
# That is what a run ends with. The rest takes it apart, and asks further.
#
# ## 1. Seats: is there a place for everybody?
#
# `tables/seats.csv` balances pupils against seats by layout, stage and district. `gap` is what is missing (学位缺口),
# `surplus` what is spare; where a school did not state its seats, both are empty instead of guessed, and `gap_at_most`
# says how bad it could be.

# %%
seats = result.tables["seats"].set_index(["stage", "district_id", "layout"])
seats["surplus"].unstack("layout")[["existing", "planned", "extended"]].round().astype(int)

# %% [markdown]
# The plan builds more primary seats than there are primary pupils, and too few for kindergartens: 23 + 7 new ones of
# nine classes still leave some children out. Districts hide behind the city's sum: junior high has seats to spare as a
# whole, and is short in Qili. How many classes would have to be added there?

# %%
extended = seats.xs("extended", level="layout")
short = extended[extended["surplus"] < 0]
short.assign(classes_missing=np.maximum(short["classes_needed"] - short["classes"], 0))[
    ["pupils", "seats", "gap", "classes", "classes_needed", "classes_missing"]
].round()

# %% [markdown]
# ## 2. Assignment: who goes where, and what is a seat worth?
#
# `assign` seats as many pupils as can be seated, over the least total walk (an exact transportation problem; the prices
# of the seats prove it). Pupils who find no seat are reported, never squeezed in.

# %%
stage, layout = "junior_high", "planned"
sites = result.schools.query(f"layout == '{layout}' and kind in ['junior_high', 'nine_year']").set_index("school_id")
costs = result.costs.select_schools(sorted(sites.index))
pupils = result.demand[f"pupils_{stage}"].reindex(costs.demand_ids)
room = sites[f"seats_{stage}"].reindex(costs.school_ids)
found = el.assignment.assign(costs, pupils, room)
print(found)
print(found.verify(costs, pupils, room))

# %% [markdown]
# The price of a seat is the walk, in metres for all pupils together, that one more seat there would save: where to
# extend first. A school with free seats has the price 0.

# %%
prices = found.schools.join(sites[["name_en", "district_id"]]).sort_values("seat_price", ascending=False)
prices[["name_en", "district_id", "seats", "pupils", "free", "seat_price"]].round(1).head(6)

# %% [markdown]
# Is that so? Give the dearest school 45 more seats, one class, and look at the total walk. The first seat saves exactly
# its price; the others at most as much each.

# %%
best = prices.index[0]
more = room.copy()
more[best] += 45
larger = el.assignment.assign(costs, pupils, more)
saved = found.objective - larger.objective
print(f"45 seats more at {sites.loc[best, 'name_en']} save {saved:,.0f} m of walking, {saved / 45:,.0f} m each;")
print(f"its price was {found.seat_prices[best]:,.0f} m. No other school's seats were worth as much.")

# %% [markdown]
# And what does the seat limit cost? The nearest school for everybody is shorter, but not possible.

# %%
unlimited = el.assignment.assign(costs, pupils, pd.Series(np.inf, index=room.index))
crowded = (unlimited.schools["pupils"] / room).sort_values(ascending=False)
print(f"nearest school: {unlimited.mean_cost:,.0f} m; with seats: {found.mean_cost:,.0f} m on average")
crowded.head(4).round(2).rename("pupils per seat if everybody took the nearest").to_frame()

# %% [markdown]
# ## 3. Access: seats in reach, everybody competing
#
# A floating catchment (here `e2sfca`: two radii wide, near schools and near pupils counting more) divides each school's
# seats among all who can reach it, and adds up what reaches each block. Below 1, a block's pupils compete for less than
# one seat each. The table says which measure, which decay and which catchment it used.

# %%
access = result.tables["access"].query("district_id == 'all'")
access[["layout", "stage", "decay", "seats_per_pupil", "seats_per_pupil_p10", "share_without"]].round(3)

# %% [markdown]
# The choice of measure matters, which is why it is stated. Four of them on the same pairs:

# %%
primary = result.schools.query("layout == 'planned' and kind in ['primary', 'nine_year']").set_index("school_id")
walks = result.costs.select_schools(sorted(primary.index))
children = result.demand["pupils_primary"].reindex(walks.demand_ids)
places = primary["seats_primary"].reindex(walks.school_ids)
bell, edge = el.decay.GaussianWithin(1000, unit="metres"), el.decay.Binary(1000, unit="metres")
measures = pd.DataFrame(
    {
        "two_step_fca, 1 km": el.access.two_step_fca(walks, children, places, decay=edge),
        "e2sfca, bell": el.access.e2sfca(walks, children, places, decay=bell),
        "three_step_fca, bell": el.access.three_step_fca(walks, children, places, decay=bell),
        "modified, bell": el.access.modified(walks, children, places, decay=bell),
    }
)
measures.corr(method="spearman").round(2)

# %% [markdown]
# A check that costs nothing: what is handed out is what there is. The first three give out every seat, the fourth loses
# those that stand far from everybody.

# %%
handed_out = measures.mul(children, axis=0).sum().round(1)
handed_out.to_frame("seats handed out").assign(seats=places.sum())

# %% [markdown]
# On the map: seats per primary pupil in reach, in the planned layout. Red blocks share less than one seat a pupil.

# %%
blocks = gpd.GeoDataFrame(result.demand[["access_primary_planned", "geometry"]])
axis = blocks.plot(
    "access_primary_planned", cmap="RdBu", vmin=0, vmax=2, figsize=(7, 5.4), legend=True,
    legend_kwds={"label": "seats per pupil in reach", "shrink": 0.7},
)  # fmt: skip
study.districts.boundary.plot(ax=axis, color="black", linewidth=0.6)
study.barriers.plot(ax=axis, color="#c6dbef")
primary.plot(ax=axis, color="black", markersize=12)
axis.set_axis_off()
axis.set_title("Primary seats in reach, planned layout");

# %% [markdown]
# ## 4. Attendance zones: which block belongs to which school?
#
# An assignment may send two neighbours to different schools and split a block. Attendance zones (学区) may not: each
# block goes to one school, every zone is one piece, never across the river without a bridge, and no school gets more
# than 105 % of its seats. Within these rules the walk is as short as could be found; the bound says how much shorter it
# could possibly be.

# %%
zones = result.tables["zones"].query("district_id == 'all'").set_index("stage")
zones[["layout", "blocks", "pupils", "mean_metres", "objective", "bound", "gap", "status", "stop_reason"]]

# %% [markdown]
# What do whole blocks and contiguous zones cost? An assignment with the same 105 % of the seats, free to part blocks and
# neighbours, walks a little less; no zones can walk less than it.

# %%
free = el.assignment.assign(costs, pupils, room * 1.05)
print(f"zones {zones.loc['junior_high', 'mean_metres']:,.1f} m, free assignment {free.mean_cost:,.1f} m")

# %%
outlines = result.layers["zones"].query("stage == 'junior_high'")
axis = outlines.plot(
    "load", cmap="OrRd", vmin=0.4, vmax=1.1, edgecolor="black", linewidth=0.5, figsize=(7, 5.4), legend=True,
    legend_kwds={"label": "pupils per seat", "shrink": 0.7},
)  # fmt: skip
study.barriers.plot(ax=axis, color="#c6dbef")
sites.plot(ax=axis, color="black", markersize=16)
axis.set_axis_off()
axis.set_title("Junior high zones of the plan");

# %% [markdown]
# The schools whose zones are full are those whose seats have a price; the others have room and no price.

# %%
table = result.tables["zones"].query("stage == 'junior_high' and school_id != ''").set_index("school_id")
table[["district_id", "pupils", "seats", "load", "mean_metres", "max_metres", "seat_price"]].round(2)

# %% [markdown]
# ## 5. Equity: how evenly is it shared?
#
# `tables/equity.csv` holds Gini, Theil, Palma and the coefficient of variation (差异系数) of the walk, of the seats in
# reach, and of seats per pupil between schools. Theil's index splits into what differs *between* districts and what
# differs *within* them: whom should the money follow?

# %%
equity = result.tables["equity"].query("district_id == 'all' and of == 'walk'").set_index(["stage", "layout"])
equity[["mean", "gini", "palma", "theil", "theil_within", "theil_between"]].round(3)

# %% [markdown]
# Today most of the inequality of junior high walks lies between districts: Qili has no junior high school. Under the
# plan nearly all of what is left lies within districts, where the choice of sites matters and the quotas do not. The
# Lorenz curve of seats in reach says it in one picture: the lower the curve, the more unequal.

# %%
curves = pd.DataFrame(
    {
        name: np.interp(
            np.linspace(0, 1, 51),
            *el.equity.lorenz(result.demand[f"access_primary_{name}"], result.demand["pupils_primary"])[
                ["share_of_weight", "share_of_value"]
            ].to_numpy().T,
        )
        for name in ("existing", "planned", "extended")
    },
    index=pd.Index(np.linspace(0, 1, 51), name="share of primary pupils, the worst-off first"),
)  # fmt: skip
axis = curves.assign(**{"all alike": curves.index}).plot(figsize=(6, 4), style=["-", "-", "-", ":"])
axis.set_ylabel("share of the seats in reach");

# %% [markdown]
# How sure is a Gini of blocks? Drawn again from the same blocks, 95 of 100 samples lie in this interval (same seed, same
# interval).

# %%
el.equity.interval(
    el.equity.gini, result.demand["access_primary_planned"], result.demand["pupils_primary"], repeats=300, seed=1
)

# %% [markdown]
# ## 6. What to tell the mayor
#
# The summary at the top is `tables/summary.csv`. It goes with the map, where a click on a school shows its load and the
# price of its seats, and attendance zones can be switched on.

# %%
result
