"""Which pupil goes to which school when seats are limited, with prices of seats that prove the answer.

`assign` sends pupils to seats over the least distance, or by the rule "nearest first"; it returns an `Assignment`,
which holds the plan, who is left without a seat and where, and what one more seat at each school is worth.
"""

from edulayout.assignment.asking import assign
from edulayout.assignment.claims import Certificate
from edulayout.assignment.result import Assignment
from edulayout.assignment.terms import LeastTotal, NearestFirst

__all__ = ["Assignment", "Certificate", "LeastTotal", "NearestFirst", "assign"]
