"""The report of a study: one page that says what was found, how, and how sure it is.

`write` makes one self-contained HTML file: nothing is loaded from outside, it opens from a disk, and it prints on A4
through the browser (Print, Save as PDF; or `chromium --headless --print-to-pdf=report.pdf report.html`).
"""

from edulayout.report.content import Aside, Content, Origin, Proof
from edulayout.report.document import Page, page, write

__all__ = ["Aside", "Content", "Origin", "Page", "Proof", "page", "write"]
