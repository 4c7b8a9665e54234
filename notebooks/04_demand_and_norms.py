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
# # Demand and norms: who will need a seat, and what the standards say
#
# A school stands for fifty years; the children whom it is built for are three to fourteen years old today, or not yet
# born. This notebook goes from residents by age to the pupils of every year to 2040, lays seats against them, and then
# asks what the norms say of the plan. City, people and housing are invented; the shape is that of many Chinese cities:
# most children were born before 2018, and families move from the old town to the new area.

# %%
import functools
from dataclasses import replace

import numpy as np
import pandas as pd

import edulayout as el
from edulayout import demand
from edulayout.siting.scenarios import robust
from edulayout.study.forecasting import demand_in
from edulayout.study.samples import sample_study

study = el.Study.from_file(sample_study())
people = study.people
{name: len(table) for name, table in people.items()}

# %% [markdown]
# ## From ages to pupils
#
# Single years are taken as they are. Five-year groups, which is all that many yearbooks print, are split: Sprague's
# multipliers (1880) or Beers' (1945) keep every group's total and run smoothly from one group to the next. They are no
# witnesses: births that fell within a few years, or rose for one, are smoothed away, and at the youngest ages, where no
# neighbour holds the curve, they can miss by more than five equal parts do. Single years are worth asking for.

# %%
residents = demand.ages(people["ages"], districts=list(study.districts.index))
children = residents.by_age().sum().iloc[:20]
steps = np.append(np.arange(0, 85, 5), 85)
groups = pd.DataFrame(
    {
        "district_id": "city",
        "age": [f"{age}-{age + 4}" if age < 85 else "85+" for age in steps],
        "population": np.add.reduceat(residents.by_age().sum().to_numpy(), steps),
    }
)
split = pd.DataFrame(
    {"true": children}
    | {name: demand.ages(groups, split=way).by_age().loc["city"].iloc[:20] for name, way in demand.SPLITS.items()}
)
split.round().astype(int).T

# %%
split.sub(split["true"], axis=0).abs().mean().round().rename("mean difference, ages 0 to 19")

# %% [markdown]
# Who of them goes to school today? Kindergarten takes ages 3 to 5, primary 6 to 11, junior high 12 to 14, by their age on
# 31 August.

# %%
stages = {
    "kindergarten": demand.SchoolAge(3, 3, {2024: 0.91, 2035: 0.96}),
    "primary": demand.SchoolAge(6, 6),
    "junior_high": demand.SchoolAge(12, 3),
}
now = demand.pupils_of_ages(residents, stages, year=2024)
now.assign(residents=residents.population()).round()

# %% [markdown]
# A planning ratio is an old birth rate in disguise: seats per 1,000 residents ≈ births per 1,000 × school years ×
# enrolment × migration. The ratio of another city fits the children of the fat years, and is too high for those of the
# lean ones.

# %%
births = people["births"] if "births" in people else pd.read_csv(sample_study().parent / "births.csv")
births = births.astype({"year": int, "births": float})
city = births.groupby("year")["births"].sum()
rate = city / residents.population().sum() * 1000
born = {
    "kindergarten": rate.loc[2018:2021].mean(), "primary": rate.loc[2012:2018].mean(),
    "junior_high": rate.loc[2009:2012].mean(),
}
demand.check_rule(demand.XUANCHENG.per_1000, born, stages=stages).round(2)

# %% [markdown]
# ## The years to come
#
# Cohort by cohort: everybody grows a year older, some die, some move, and women bear children. Three variants.

# %%
tables = {name: people[name] for name in ("fertility", "mortality", "migration")}
projections = [
    demand.project(
        residents, demand.assumptions(residents, **tables, years=range(2024, 2040), variant=variant), base_year=2024
    )
    for variant in ("medium", "high", "low")
]
accounts = pd.concat([projection.accounts() for projection in projections], ignore_index=True)
accounts.query("variant == 'medium'").pivot_table(index="year", columns="district_id", values="population").round().iloc[::4]

# %% [markdown]
# The new area gains residents, the old town loses them, and nearly all lose children: nothing that one ratio for the
# whole city could show.

# %%
pupils = pd.concat([demand.pupils_of_projection(projection, stages) for projection in projections], ignore_index=True)
estates = demand.pupils_of_housing(
    study.housing,
    {"kindergarten": 0.10, "primary": 0.20, "junior_high": 0.08},
    years=range(2024, 2041),
    occupied=(0.4, 0.7, 0.9),
)
pupils = demand.with_housing(pupils, estates)
peaks = demand.peaks(pupils)
peaks.query("variant == 'medium'").drop(columns=["variant", "now_year", "horizon_year"]).round(2)

# %% [markdown]
# How far apart are the variants? Who will be in a primary or junior high school in 2030 is born already, so that until
# then only migration parts them; kindergartens differ first, and most.

# %%
demand.with_all(pupils).query("district_id == 'all' and year in (2027, 2030, 2035, 2040)").pivot_table(
    index=["stage", "year"], columns="variant", values="pupils"
).round()

# %% [markdown]
# Primary pupils, the variants (above) and the districts (below): the old town, Jiangbei, loses two thirds of them.

# %%
whole = demand.with_all(pupils).query("stage == 'primary'")
axes = whole.query("district_id == 'all'").pivot_table(index="year", columns="variant", values="pupils").plot(
    figsize=(9, 3.2), ylim=0, ylabel="primary pupils", title="City, three variants"
)
own = whole.query("district_id != 'all' and variant == 'medium'")
below = own.pivot_table(index="year", columns="district_id", values="pupils").plot(
    figsize=(9, 3.2), ylim=(0, 12_000), ylabel="primary pupils", title="Districts, medium variant"
)

# %% [markdown]
# Where there is no table of ages, births alone carry some years ahead: the short method.

# %%
short = demand.pupils_of_births(births, stages, years=range(2024, 2027), survival=0.995)
short.pivot_table(index=["stage", "year"], columns="district_id", values="pupils").round()

# %% [markdown]
# ## Seats by year
#
# The run lays every layout of the plan against every year. The outlook says shortage and surplus alike.

# %%
quick = replace(study, diagnosis={**study.diagnosis, "zones": {"layouts": "none"}}, siting_year=2030)
result = quick.run()
result.tables["seats_outlook"].query("variant == 'medium' and layout != 'planned'").drop(
    columns=["variant", "now_year", "horizon_year", "most_idle_year", "most_idle", "basis"]
).round(2)

# %% [markdown]
# Primary seats in the extended layout, less pupils: years in rows, below 0 seats lack.

# %%
seats = result.tables["seats_by_year"]
seats.query("layout == 'extended' and variant == 'medium' and stage == 'primary'").pivot_table(
    index="year", columns="district_id", values="surplus"
).round().iloc[::2]

# %% [markdown]
# ## For which year should one build?
#
# The run above placed schools for the pupils of 2030 (`[siting] year = 2030`). One may also ask for one choice that
# serves all variants: four primary schools whose greatest **regret**, the difference to the best choice for a variant,
# is least. No choice can have less regret than the bound; both are small beside the pupil-metres of the whole.

# %%
futures = pd.DataFrame(
    {variant: demand_in(result.study, 2035, variant=variant)["pupils_primary"] for variant in ("medium", "high", "low")}
)
existing = sorted(study.schools.index[study.schools["kind"] == "primary"])
parcels = sorted(study.candidates.index[study.candidates["kinds"].str.contains("primary")])
costs = result.costs.select_schools(sorted([*existing, *parcels]))
choice = robust(costs, futures, functools.partial(el.siting.p_median, costs, p=4, existing=existing))
choice

# %%
choice.table.query("chosen").round(1)

# %% [markdown]
# ## What the norms say
#
# Standards are data, each value with document, clause, strength and status. A local set lies over the national ones, and
# single values can be replaced with a reason. **None of these values was checked in the original document**; the column
# `status` says how far one can trust each.

# %%
rules = el.standards.layered(
    ["cn-gb50180-2018", "cn-gb50099-2011"],
    "cn-xuancheng-2020",
    overrides={"class_size": {"primary": 40}},
    reason="the city wants smaller classes",
)
pd.DataFrame([(rule.subject, rule.stage, rule.status, rule.citation) for rule in rules.rules]).head(8)

# %%
findings = result.tables["compliance"].query("layout == 'extended'")
findings.groupby(["subject", "verdict"]).size().unstack(fill_value=0)

# %% [markdown]
# The worst failures, those that touch most pupils first:

# %%
findings.query("verdict == 'fails'")[["label", "stage", "object_id", "found", "required", "pupils", "status"]].head(10)

# %% [markdown]
# ## The map

# %%
result
