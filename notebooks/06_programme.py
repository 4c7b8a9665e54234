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
# # The programme: from planned places to opened schools
#
# A plan is worth what is built of it. This notebook follows projects as of a day: what has started, what is late, who
# waits for it, and what a city looks like quarter by quarter as its schools open. Then: which strong kindergarten could
# lead which weaker ones, and where schools could grow.
#
# ## Zhangzhou's kindergartens of 2024
#
# The city published totals: 21 kindergarten projects, 1,170 seats, 57.539 million yuan paid by the end of November
# 2024, which was 230 % of the year's plan; all started by September, three months early. **The split over the
# projects is invented**, but for two names; only the sums are facts.

# %%
import pandas as pd
from IPython.display import HTML

import edulayout as el
from edulayout import groups, programme
from edulayout.study.samples import sample_study

city = sample_study()
zhangzhou = programme.read(city.parents[1] / "zhangzhou_2024" / "programme.toml")
summary = zhangzhou.summary(as_of="2024-11-30")
summary

# %% [markdown]
# Each figure is a number, too. Money by source, and what of it has been paid:

# %%
summary.seats, summary.paid, f"{summary.share_of_year_plan_paid:.0%}", summary.started, summary.all_started_on.date()

# %%
summary.funds.round(2)

# %% [markdown]
# What was known in the middle of the year? Days after the day asked for do not count:

# %%
months = pd.date_range("2024-04-30", "2024-11-30", freq="ME")
known = {day.date().isoformat(): zhangzhou.summary(as_of=day) for day in months}
pd.DataFrame(
    {day: [one.started, one.paid, one.share_of_year_plan_paid] for day, one in known.items()},
    index=["started", "paid", "share of the year's plan"],
).T.round(2)

# %% [markdown]
# ## A lagging list, and a letter
#
# At Zhangzhou nothing was late. The sample city's programme (14 invented projects) is in more trouble by 30 June 2026.

# %%
building = programme.read(city.parent / "programme.toml")
building.lagging(as_of="2026-06-30")[
    ["name", "district_id", "milestone", "due", "days_late", "seats", "expected_opening", "opening_days_late"]
]

# %% [markdown]
# A late project is expected to open as late as its last milestone was reached, or as the next one is overdue already,
# whichever is more. A reminder letter (提醒函) goes to each district; the run writes them as pages and as Word
# documents.

# %%
letters = building.letters(as_of="2026-06-30", names={"qili": "七里新区教育局"}, issuer="（市教育局）")
HTML(letters[-1].html())

# %% [markdown]
# ## Joined to the map: quarter by quarter
#
# Where a project names its site, the run knows whom it covers. `timeline.csv` holds coverage, seats and gap of each
# stage and district at the end of every quarter, as projects open when they are expected to.

# %%
study = el.Study.from_file(city)
result = study.run()
timeline = result.tables["timeline"]
whole = timeline[timeline["district_id"] == "all"]
whole.pivot_table(index="date", columns="stage", values="share_covered", sort=False).map("{:.1%}".format)

# %%
whole.pivot_table(index="date", columns="stage", values="gap", sort=False).round()

# %% [markdown]
# Which delay costs most? Not the one with the most days: the one for which most pupils wait, with no other open school
# near. A pupil-day is a pupil without a school within the service radius for a day.

# %%
late = result.tables["programme"].query("opening_days_late > 0")
late[["name", "opening_days_late", "seats", "pupils_waiting", "pupil_days_lost"]].sort_values(
    "pupil_days_lost", ascending=False
).round()

# %% [markdown]
# ## Public and private
#
# Half of the seats public, four fifths public or inclusive: the whole city meets the targets, its districts do not all.
# What does each project change, and is there a choice that reaches the targets everywhere?

# %%
owners = result.tables["ownership"]
districts = owners[owners["case"].isin(["today", "all projects"]) & (owners["of"] == "seats")]
districts.pivot_table(index="district_id", columns="case", values=["share_public", "share_inclusive"]).round(2)

# %%
[note for note in result.notes if note.startswith("Ownership")]

# %% [markdown]
# Suppose the city wants more: 65 % public, 90 % inclusive. Which projects reach that soonest, at the least cost?

# %%
facts = study.facts[["ownership"]].join(study.schools[["kind", "seats_kindergarten"]]).query("kind == 'kindergarten'")
choices = building.projects.query("kind == 'kindergarten'").assign(
    opening=building.openings(as_of="2026-06-30").dt.year.astype(int)
)
chosen = programme.soonest(choices, facts, targets={"public": 0.65, "inclusive": 0.90})
chosen.year, chosen.projects, chosen.cost, chosen.status

# %% [markdown]
# ## Lead and branch
#
# Strong kindergartens lead weaker ones (总园带分园). Four goals in order, each proven before the next: no township
# without a led school, most pupils, the least of the highest load, the least travel; a pair that changes costs three
# minutes more.

# %%
result.tables["groups"][["branch_name", "lead_name", "minutes", "pupils", "township", "kept"]]

# %%
result.tables["group_goals"]

# %% [markdown]
# What if a visit may take five minutes at most? The same question, asked again in Python:

# %%
grades = study.grades
kindergartens = study.schools.loc[grades.index]
costs = el.travel_costs(kindergartens, kindergartens, engine=study.drive)
branches = grades[grades["need"] > 0].assign(need=1.0, pupils=kindergartens["seats_kindergarten"])
leads = grades[grades["need"] == 0].assign(limit=[3.0, 2.0])
pairs = {minutes: groups.pair(branches, leads, costs, within=minutes) for minutes in (20, 5)}
pd.DataFrame({f"{minutes} minutes": made.summary() for minutes, made in pairs.items()})

# %%
pairs[5].pairs[["lead_id", "cost", "township", "why"]]

# %% [markdown]
# ## Land kept free
#
# Seats that will lack in the forecast's worst year, shared among the schools of the district, times the site area of
# a pupil: that much land is looked for around each site, off roads, water, homes and other sites. In a city of blocks
# there is little of it: most schools fill their block up to the streets.

# %%
land = result.tables["reserve"]
land[~land["verdict"].isin(["not needed"])][
    ["school_id", "name", "verdict", "why", "seats_to_come", "needed_m2", "spare_m2", "free_m2", "short_m2"]
].round()

# %%
result.tables["reserve_conflicts"].round(2)

# %% [markdown]
# Idle buildings could take pupils who live near no school; rated by how many of them, not by weights:

# %%
result.tables["idle_buildings"].groupby("stage").head(5)[
    ["stage", "name", "verdict", "classes", "seats", "unmet_near", "pupils_served", "mean_metres", "project_id"]
].round()

# %% [markdown]
# ## On the map
#
# Projects, groups and land are layers of `results.gpkg`: colour the groups' lines by lead, or step through the
# projects by the quarter in which they open. The map of the layouts:

# %%
result.layers["projects"][["project_id", "name_en", "state", "opens", "pupils_waiting", "geometry"]].head()

# %%
result
