"""Lead and branch (集团化办学, 总园带分园): which strong school leads which weaker ones, with proof.

`read_grades` says who may lead and who needs it, `pair` finds the groups, `lines` and `hulls` draw them.
"""

from edulayout.groups.drawing import hulls, lines
from edulayout.groups.grades import UNGRADED, check_grades, read_grades
from edulayout.groups.pairing import pair
from edulayout.groups.result import Groups

__all__ = ["UNGRADED", "Groups", "check_grades", "hulls", "lines", "pair", "read_grades"]
