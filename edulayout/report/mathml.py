"""Formulas as MathML, from a line of text that people can read as it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edulayout.report.html import Markup, element

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r"\s*(\"[^\"]*\"|[A-Za-zα-ωΑ-Ω]+|\d+(?:\.\d+)?|[{}_^/]|\S)")
_SUMS = {"sum": "∑", "min": "min", "max": "max"}
_WORDS = frozenset({"ln", "exp"})


def formula(text: str) -> Markup:
    """Return a formula as a block of MathML.

    `x_{ij}` and `x^2` are below and above, `{a}/{b}` is a fraction, `sum_i` puts its index under it, braces hold
    together, quoted words stand upright.

    Examples
    --------
    >>> formula("d_i = min_j d_{ij}")
    '<math display="block"><mrow><msub><mi>d</mi><mi>i</mi></msub><mo>=</mo><munder><mo>min</mo><mi>j</mi></munder>\
<msub><mi>d</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub></mrow></math>'
    """
    tokens = _TOKEN.findall(text)
    row = _row(iter(tokens))
    return element("math", element("mrow", *row), display="block")


def _row(tokens: Iterator[str]) -> list[Markup]:
    """Read pieces up to the closing brace."""
    made: list[Markup] = []
    for token in tokens:
        if token == "}":  # noqa: S105 - a brace
            break
        if token == "/":  # noqa: S105 - a fraction
            made.append(element("mfrac", made.pop(), _piece(tokens)))
        elif token in {"_", "^"}:
            made.append(_scripted(made.pop(), token, _piece(tokens)))
        else:
            made += _atoms(token, tokens)
    return made


def _piece(tokens: Iterator[str]) -> Markup:
    token = next(tokens)
    found = _atoms(token, tokens)
    return found[0] if len(found) == 1 else element("mrow", *found)


def _atoms(token: str, tokens: Iterator[str]) -> list[Markup]:
    if token == "{":  # noqa: S105 - a brace
        return [element("mrow", *_row(tokens))]
    if token.startswith('"'):
        return [element("mtext", token.strip('"'))]
    if token in _SUMS:
        return [element("mo", _SUMS[token])]
    if token in _WORDS:
        return [element("mi", token)]
    if token[0].isdigit():
        return [element("mn", token)]
    return [element("mi", letter) for letter in token] if token.isalpha() else [element("mo", token)]


def _scripted(base: Markup, sign: str, script: Markup) -> Markup:
    if sign == "_" and base in {f"<mo>{it}</mo>" for it in _SUMS.values()}:
        return element("munder", base, script)
    if sign == "^" and base.startswith("<msub>"):
        inner = Markup(base.removeprefix("<msub>").removesuffix("</msub>"))
        return element("msubsup", inner, script)
    return element("msub" if sign == "_" else "msup", base, script)
