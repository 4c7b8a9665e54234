"""The command line: parses, calls, prints; nothing else."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

import edulayout
from edulayout.errors import EdulayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edulayout.study.screen import StepPrinter

_INPUT_ERROR = 2
_DIFFERS = 1
_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(edulayout.__version__, prog_name="edulayout")
def cli() -> None:
    """Geospatial analysis for education facility layout."""


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("edulayout-demo"), show_default=True)
def demo(out: Path) -> None:
    """Run the embedded sample city: coverage, siting, map."""
    from edulayout.study.samples import sample_study

    _run(sample_study(), out)


@cli.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Result folder; by default `results` beside the study.")
def run(study: Path, out: Path | None) -> None:
    """Run STUDY.toml and write its result folder."""
    if "[scale]" in _text(study):
        from edulayout.scale.study_file import is_province

        if is_province(study):
            return _scale(study, out or study.parent / "results", None)
    return _run(study, out or study.parent / "results")


@cli.command()
@click.argument("study", type=click.Path(path_type=Path))
def check(study: Path) -> None:
    """Read STUDY.toml and all its inputs, and say whether a run could start."""
    from edulayout.study import Study

    with _progress() as progress:
        counts = Study.from_file(study, progress=progress).check()
    click.echo("\n".join([f"{study}: ready to run", *counts]))


@cli.command()
@click.option("--osm", "extract", type=click.Path(path_type=Path), required=True, help="An .osm.pbf or .osm file.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the new study.")
@click.option("--admin-level", default=8, show_default=True, help="Which boundaries become districts.")
def init(extract: Path, out: Path, admin_level: int) -> None:
    """Make a ready study from an OpenStreetMap extract."""
    from edulayout.study.initialise import initialise

    with _progress() as progress:
        report = initialise(extract, out, admin_level=admin_level, progress=progress)
    click.echo(str(report))
    click.echo(f"\nNext: edulayout run {out / 'study.toml'}")


@cli.command()
@click.argument("name", required=False)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
def standards(name: str | None, language: Literal["en", "zh"]) -> None:
    """Print the planning standards, or the one NAME (the path of your own .toml file will do)."""
    from edulayout import standards as known

    width = max(shutil.get_terminal_size((100, 24)).columns, 60)
    if not name:
        click.echo(known.listing(language=language, width=width) + "\n")
    sets = [known.load(each) for each in ([name] if name else known.names())]
    click.echo("\n\n".join(known.printed(one, language=language, width=width) for one in sets))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as-of", "as_of", required=True, help="A day, such as 2024-11-30.")
@click.option("--letters", type=click.Path(path_type=Path), help="Folder for the reminder letters.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
def programme(file: Path, as_of: str, letters: Path | None, language: Literal["en", "zh"]) -> None:
    """Print how the projects of FILE (a programme's .toml, or a .csv of projects) stand on a day."""
    from edulayout.export import write_letters
    from edulayout.programme import read

    made = read(file)
    click.echo("\n".join([*made.summary(as_of).sentences(language), *made.notes]))
    if late := made.late_lines(as_of, language=language):
        click.echo("\n" + "\n".join(late))
    if letters is not None:
        write_letters(made.letters(as_of, language=language), letters)
        click.echo(f"\nLetters in {letters}.")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
def verify(folder: Path) -> int:
    """Run the study of a result FOLDER again and compare every output."""
    from edulayout.study.verifying import verify as compare

    with _progress() as progress:
        rows = compare(folder, progress=progress)
    for row in rows:
        click.echo(f"{row.output:<28} {row.verdict}{': ' if row.detail else ''}{row.detail}")
    return 0 if all(row.same for row in rows) else _DIFFERS


@cli.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Result folder; by default `results` beside the study.")
@click.option("--workers", type=click.IntRange(min=1), help="Start so many worker processes on this machine.")
@click.option("--scheduler", help="Address of a Dask scheduler; beyond this machine tls://host:port.")
@click.option("--tls-ca-file", type=click.Path(exists=True), help="Certificate of the authority.")
@click.option("--tls-cert", type=click.Path(exists=True), help="Certificate of this client.")
@click.option("--tls-key", type=click.Path(exists=True), help="Key of this client.")
def scale(study: Path, out: Path | None, workers: int | None, scheduler: str | None, **tls: str | None) -> None:
    """Run the section [scale] of STUDY.toml tile by tile, here or on a Dask cluster."""
    from edulayout.scale.cluster import client_for

    with client_for(scheduler=scheduler, workers=workers, tls=tls) as client:
        _scale(study, out or study.parent / "results", client)


@cli.command("tile-streets")
@click.argument("streets", type=click.Path(path_type=Path))
@click.option("--crs", help="CRS in metres to measure in; a layer has its own.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the tiles.")
@click.option("--mode", type=click.Choice(["walk", "bike", "drive"]), default="walk", show_default=True)
@click.option("--unit", type=click.Choice(["metres", "minutes"]), default="metres", show_default=True)
@click.option("--snap-limit", default=300.0, show_default=True, help="How far a place may lie from a street, metres.")
@click.option("--tile-metres", default=20_000.0, show_default=True, help="Side of the tiles.")
def tile_streets(
    streets: Path,
    crs: str | None,
    out: Path,
    mode: Literal["walk", "bike", "drive"],
    unit: Literal["metres", "minutes"],
    snap_limit: float,
    tile_metres: float,
) -> None:
    """Cut STREETS (an OpenStreetMap extract or a line layer) into tiles for [scale], once."""
    from edulayout import scale as scaling
    from edulayout.reading import read_streets

    with _progress() as progress:
        whole = read_streets(streets, crs=crs, mode=mode, unit=unit, snap_limit_metres=snap_limit)
        tiles = scaling.tile_streets(whole, out, tile_metres=tile_metres, progress=progress)
    click.echo(f"{whole}\n{len(tiles.tiles)} tiles in {out}")


def _scale(study: Path, out: Path, client: object) -> None:
    from edulayout.scale.study_file import run_file

    with _progress() as progress:
        found = run_file(study, out, client=client, progress=progress)
    for name, table in found.tables.items():
        click.echo(f"\n{name}\n{table.T.to_string(float_format='{:.6g}'.format)}")
    click.echo(f"\nResults in {out}: cells/ (GeoParquet), summary.json")


def _text(study: Path) -> str:
    try:
        return study.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _run(study: Path, out: Path) -> None:
    from edulayout.study import Study
    from edulayout.study.screen import report

    _tell_of_compilation()
    with _progress() as progress:
        result = Study.from_file(study, progress=progress).run(out, progress=progress)
    click.echo(report(result))
    click.echo(f"\nResults in {out}; open {out / 'map.html'} in a browser.")


def _tell_of_compilation() -> None:
    from edulayout.kernels import compiled

    if not compiled("dijkstra", "siting", "snapping", "transport", "zones"):
        click.echo("Compiling the kernels for this machine: once, some 40 seconds.", err=True)


def _progress() -> StepPrinter:
    from edulayout.study.screen import StepPrinter

    return StepPrinter()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; faults of the input end with code 2 and without a traceback."""
    try:
        code = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was written", err=True)
        code = _INTERRUPTED
    except EdulayoutError as error:
        click.echo(f"error: {error}", err=True)
        code = _INPUT_ERROR
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
