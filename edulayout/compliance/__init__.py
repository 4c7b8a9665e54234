"""Compliance: a layout held against planning standards, rule by rule, honest about what nobody can tell."""

from edulayout.compliance.check import COLUMNS, check
from edulayout.compliance.facts import check_facts, read_facts
from edulayout.compliance.readable import worded
from edulayout.compliance.summary import marks, summary

__all__ = ["COLUMNS", "check", "check_facts", "marks", "read_facts", "summary", "worded"]
