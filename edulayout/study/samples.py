"""The samples that travel with the package."""

from __future__ import annotations

from pathlib import Path

from edulayout.errors import Fault, MissingFileError


def sample_study(name: str = "four_districts") -> Path:
    """Return the study file of a sample.

    Raises
    ------
    MissingFileError
        Where the sample was not installed.

    Examples
    --------
    >>> sample_study().name
    'study.toml'
    """
    package = Path(__file__).parents[1]
    # Inside an installed package, or beside the package in a checkout.
    places = [root / "sample_data" / name / "study.toml" for root in (package, package.parent)]
    found = next((path for path in places if path.exists()), None)
    if found is None:
        raise MissingFileError(Fault(f"sample {name}", "no such sample", "a folder with study.toml", "reinstall"))
    return found
