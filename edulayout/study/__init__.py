"""Studies: the study file, the run, the manifest, the verification."""

from edulayout.study.result import Result
from edulayout.study.study import Study

__all__ = ["Result", "Study"]
