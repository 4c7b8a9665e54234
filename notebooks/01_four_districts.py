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
# # Four districts: how well does the plan cover them?
#
# A schematic river city of about 300,000 residents (the city is invented; the plan's school counts are real). The
# plan gives each district so many kindergartens, primary and junior high schools at its horizon. Where should the
# new ones stand, how many pupils will then live within the service radius, and how far will they walk?

# %%
import edulayout as el
from edulayout.study.samples import sample_study

study = el.Study.from_file(sample_study())
study.districts[["name", "name_en"]]

# %% [markdown]
# ## What stands today
#
# Tables are GeoDataFrames; look at them as at any other.

# %%
study.schools.groupby("kind").size()

# %%
study.demand["population"].sum(), len(study.demand), len(study.candidates)

# %% [markdown]
# ## The run
#
# Distances along the streets from every block to every school and every candidate parcel; then, kind by kind, the
# parcels that make the pupil-weighted walk shortest, under each district's quota.

# %%
result = study.run()
result.headline.round(3)

# %% [markdown]
# The pupils within the radius, before and after, by district:

# %%
table = result.coverage.set_index(["stage", "district_id", "layout"])["share_covered"].unstack("layout")
table[["existing", "planned", "extended"]].round(3)

# %% [markdown]
# ## How sure are we?
#
# Every placing carries its bound: `optimal` is said only where objective and bound agree.

# %%
result.siting[["layout", "kind", "opened", "candidates", "objective", "bound", "gap", "status", "stop_reason"]]

# %%
proof = result.decisions[0].siting
proof.objective, proof.bound, proof.status

# %% [markdown]
# ## One cost table, many questions
#
# The same travel costs answer any other question. Who has no primary school within 500 m even in the extended layout?

# %%
primary = result.schools.query("layout == 'extended' and kind in ['primary', 'nine_year']")["school_id"]
covered = el.coverage.covered(result.costs.select_schools(sorted(primary)), radius=500)
result.demand.loc[~covered, "pupils_primary"].groupby(result.demand["district_id"]).sum().round()

# %% [markdown]
# And how much does the straight line flatter the plan? It ignores the river.

# %%
whole = result.coverage.query("district_id == 'all'").set_index(["layout", "stage"])
whole[["share_covered", "share_covered_straight"]].round(3)

# %% [markdown]
# ## The map
#
# One page, no internet needed; `el.maps.page(result.map())` gives its text for a file.

# %%
result
