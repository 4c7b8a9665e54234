"""Lead and branch (集团化办学, 总园带分园): which strong school leads which weaker ones, with proof.

`pair` finds the groups; `lines` and `hulls` draw them.
"""

from edulayout.groups.drawing import hulls, lines
from edulayout.groups.pairing import pair
from edulayout.groups.result import Groups

__all__ = ["Groups", "hulls", "lines", "pair"]
