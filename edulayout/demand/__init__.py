"""Demand: who lives where, how many of them are pupils, and how many will be.

Residents come to places by `allocate` (area, floor area, dwellings, land use), `spread` and `cells`; pupils come from
ratios (`with_pupils`), age tables (`ages`, `pupils_of_ages`) or births (`pupils_of_births`). `project` carries ages
into the years to come under `assumptions`; `pupils_of_projection`, `pupils_of_housing` and `with_housing` make the
forecast, `peaks` says when pupils are most and how far they fall, `in_year` gives the demand of one of its years.
"""

from edulayout.demand.age_tables import Ages, ages
from edulayout.demand.allocating import Allocation, allocate, in_whole, land_use_weights
from edulayout.demand.births import pupils_of_births
from edulayout.demand.forecast import in_year, peaks, with_all
from edulayout.demand.gathering import CELL_SIZES, cell_size, cells
from edulayout.demand.housing import pupils_of_housing, with_housing
from edulayout.demand.projection import Projection, project, pupils_of_projection
from edulayout.demand.rates import Assumptions, assumptions, named_variants, survivorship
from edulayout.demand.ratios import XUANCHENG, PupilRatio, check_ratios, check_rule, implied_ratio, with_pupils
from edulayout.demand.school_ages import SCHOOL_AGES_CN, SchoolAge, check_school_ages, pupils_of_ages
from edulayout.demand.splitting import BEERS, EVEN, SPLITS, SPRAGUE, Split
from edulayout.demand.spreading import Spread, spread

__all__ = [
    "BEERS", "CELL_SIZES", "EVEN", "SCHOOL_AGES_CN", "SPLITS", "SPRAGUE", "XUANCHENG", "Ages", "Allocation",
    "Assumptions", "Projection", "PupilRatio", "SchoolAge", "Split", "Spread", "ages", "allocate", "assumptions",
    "cell_size", "cells", "check_ratios", "check_rule", "check_school_ages", "implied_ratio", "in_whole", "in_year",
    "land_use_weights", "named_variants", "peaks", "project", "pupils_of_ages", "pupils_of_births",
    "pupils_of_housing", "pupils_of_projection", "spread", "survivorship", "with_all", "with_housing", "with_pupils",
]  # fmt: skip
