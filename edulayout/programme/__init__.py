"""The programme: from planned places to opened schools, as of a day.

`read` a programme; then `status`, `summary`, `lagging`, `openings`, `letters` of what it gives.
"""

from edulayout.programme.gate import OWNERS, WAYS, check_payments, check_projects
from edulayout.programme.letters import Letter
from edulayout.programme.milestones import Milestone, default_milestones
from edulayout.programme.ownership import TARGETS, Choice, ownership_shares, soonest
from edulayout.programme.projects import Programme
from edulayout.programme.reading import files_of, read
from edulayout.programme.summing import Summary

__all__ = [
    "OWNERS",
    "TARGETS",
    "WAYS",
    "Choice",
    "Letter",
    "Milestone",
    "Programme",
    "Summary",
    "check_payments",
    "check_projects",
    "default_milestones",
    "files_of",
    "ownership_shares",
    "read",
    "soonest",
]
