"""The programme: from planned places to opened schools, as of a day.

`read` a programme; then `status`, `summary`, `lagging`, `openings`, `letters` of what it gives.
"""

from edulayout.programme.gate import WAYS, check_payments, check_projects
from edulayout.programme.letters import Letter
from edulayout.programme.milestones import Milestone, default_milestones
from edulayout.programme.ownership import Choice, ownership_shares, soonest
from edulayout.programme.projects import Programme
from edulayout.programme.reading import read
from edulayout.programme.summing import Summary

__all__ = [
    "WAYS",
    "Choice",
    "Letter",
    "Milestone",
    "Programme",
    "Summary",
    "check_payments",
    "check_projects",
    "default_milestones",
    "ownership_shares",
    "read",
    "soonest",
]
