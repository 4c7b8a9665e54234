"""A study file with a section `[scale]`: its schools and its cells, measured tile by tile."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from edulayout import crs as crs_module
from edulayout import decay, reading
from edulayout.errors import Fault, MissingFileError, StudyFileError
from edulayout.scale.measures import Access, Coverage, Equity, Nearest, SeatBalance
from edulayout.scale.planning import plan
from edulayout.scale.running import run
from edulayout.study.sections_scale import Scale  # noqa: TC001 - pydantic needs it
from edulayout.study.settings import About, WordedLayer, section_faults
from edulayout.typing import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edulayout.scale.measures import Measure
    from edulayout.scale.running import Scaled
    from edulayout.typing import Progress


class _Schools(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    schools: WordedLayer


class Province(BaseModel):
    """What a run over tiles reads of a study file; other sections are those of a city and stay unread."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    study: About
    inputs: _Schools
    scale: Scale


def run_file(path: Path, out: Path, *, client: Any = None, progress: Progress = quiet) -> Scaled:  # noqa: ANN401 - a dask client
    """Run the section `[scale]` of a study file.

    Parameters
    ----------
    path
        The study file; of its inputs only the schools are read.
    out
        Folder of the results.
    client, progress
        As in `run`.

    Raises
    ------
    StudyFileError
        Where the file is not valid.
    InputError
        As `plan` and `run`.
    """
    province = _read(path)
    asked, layer, folder = province.scale, province.inputs.schools, path.parent
    given = {"crs": layer.crs, "layer": layer.layer, "encoding": layer.encoding, "repair": layer.repair}
    schools = reading.read_schools(folder / layer.path, columns=layer.columns, values=layer.values, **given)  # type: ignore[arg-type]
    wanted = measures(asked)
    made = plan(
        folder / asked.cells,
        crs_module.to_crs(schools, province.study.crs, source=layer.path),
        cutoff=max([asked.cutoff or 0.0, *(one.reach for one in wanted)]),
        crs=province.study.crs,
        streets=folder / asked.streets if asked.streets else None,
        tile_cells=asked.tile_cells,
        progress=progress,
    )
    return run(made, wanted, out=out, client=client, progress=progress)


def measures(asked: Scale) -> list[Measure]:
    """Return the measures that a section asks for.

    Raises
    ------
    StudyFileError
        Where it asks for none, or for the nearest schools without a cutoff.
    """
    by = asked.by or None
    found: list[Measure] = [Coverage(stage, radius=radius, by=by) for stage, radius in asked.coverage.items()]
    far = asked.cutoff or max([*asked.coverage.values(), *asked.access.values()], default=0.0)
    if not far:
        fault = Fault("scale", "nothing that looks anywhere", "coverage, access, or nearest with a cutoff", "add one")
        raise StudyFileError(fault)
    found += [Nearest(stage, k=k, cutoff=far) for stage, k in asked.nearest.items()]
    for stage, reach in asked.access.items():
        access = Access(stage, method=asked.method, decay=decay.GaussianWithin(reach))
        found += [access, Equity(access)] if asked.equity else [access]
    return found + [SeatBalance(stage, by=by) for stage in asked.seats]


def is_province(path: Path) -> bool:
    """Tell whether a study file has a section `[scale]` and no demand table: then a run is one over tiles."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    inputs = content.get("inputs", {})
    return "scale" in content and isinstance(inputs, dict) and "demand" not in inputs


def _read(path: Path) -> Province:
    content: Mapping[str, Any]
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MissingFileError(Fault(str(path), "no such file", "a study file", "check the path")) from None
    except (OSError, ValueError) as error:
        raise StudyFileError(Fault(str(path), f"not TOML ({error})", "TOML in UTF-8", "correct the file")) from None
    faults = section_faults(Province, content, source=str(path))
    if faults:
        raise StudyFileError(*faults)
    return Province.model_validate(content)
