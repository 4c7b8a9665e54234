"""Make the sample: a schematic river city of about 300,000 residents, the same every time.

Run `python make.py` to write the layers beside this script, or `python make.py --out FOLDER`. What is a fact and
what is invented stands in README.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import city_blocks
import city_facts
import city_field
import city_graph
import city_people
import city_places
import city_programme
import city_write
import numpy as np
import shapely
from city_land import Ground, Land, make_land
from city_roads import Road, make_roads

if TYPE_CHECKING:
    from city_blocks import Face
    from city_field import Field
    from city_places import Site

SEED = 2


class City(NamedTuple):
    """All of the city, in local metres."""

    land: Land
    streets: list[Road]
    faces: list[Face]
    sites: dict[int, Site]
    residents: list[int]


def make_city(seed: int = SEED) -> City:
    """Return the city that a seed gives."""
    rng = np.random.default_rng(seed)
    land = make_land()
    ground = Ground(land)
    roads = make_roads(land, ground)
    field = _field(land, roads)
    frame = _frame(land, ground, roads, field)
    large, small = city_places.wishes()
    cells = city_graph.faces(frame)
    plots = city_places.Plots(city_blocks.without_streets(cells, frame), land, ground)
    sites = city_places.choose(large, plots, [], rng)
    streets = _streets(frame, [cell for cell, free in zip(cells, plots.free, strict=True) if free], field, ground, rng)
    faces = city_blocks.make_faces(streets, ground)
    sites += city_places.choose(small, city_places.Plots([face.net for face in faces], land, ground), sites, rng)
    taken = _faces_of(sites, faces)
    return City(land, streets, faces, taken, _residents(faces, taken, cells, land, rng))


def _field(land: Land, roads: list[Road]) -> Field:
    weights = {"trunk": 0.5, "primary": 0.5, "secondary": 0.35}
    guides = [(road.line, weights[road.highway], 220.0) for road in roads if road.highway in weights]
    return city_field.Field([(land.midline, 1.2, 600.0), *guides])


def _frame(land: Land, ground: Ground, roads: list[Road], field: Field) -> list[Road]:
    drawn = [road.line for road in roads]
    wide = [road.line for road in roads if road.highway not in ("footway", "steps")]
    collectors = city_field.grow(wide, field, ground, spacing=340.0)
    local = city_field.grow(wide + collectors, field, ground, spacing=180.0)
    collectors = city_graph.reach_out(collectors, drawn, 260)
    local = city_graph.reach_out(local, drawn + collectors, 160)
    edges = city_graph.node(
        roads + [Road(line, "tertiary") for line in collectors] + [Road(line, "residential") for line in local]
    )
    keep = land.outline.exterior.buffer(1)
    edges = city_graph.prune(city_graph.contract(city_graph.prune(edges, keep), 24), keep)
    edges = city_graph.prune(city_graph.open_slivers(edges, 2500), keep)
    return city_graph.join_up(edges)


def _streets(
    frame: list[Road], cells: list[shapely.Polygon], field: Field, ground: Ground, rng: np.random.Generator
) -> list[Road]:
    corners = city_blocks.Corners(city_graph.ends(frame)[1])
    keep = ground.land.outline.exterior.buffer(1)
    small = city_blocks.cut_streets(cells, corners, field, ground, rng)
    edges = city_graph.prune(city_graph.contract(city_graph.node(frame + small), 14), keep)
    edges = city_graph.prune(city_graph.open_slivers(edges, 1200), keep)
    return city_graph.main_component(city_graph.join_up(edges))


def _faces_of(sites: list[Site], faces: list[Face]) -> dict[int, Site]:
    tree = shapely.STRtree([face.gross for face in faces])
    spots = shapely.points([site[:2] for site in sites])
    site, face = tree.query(spots, predicate="within")
    if len(set(face.tolist())) != len(sites):
        raise ValueError("a site has no face of its own")
    return {int(at): sites[number] for number, at in zip(site, face, strict=True)}


def _residents(
    faces: list[Face], taken: dict[int, Site], cells: list[shapely.Polygon], land: Land, rng: np.random.Generator
) -> list[int]:
    homes = np.array([face.lived_in for face in faces]) & (rng.random(len(faces)) > 0.03)
    homes[list(taken)] = False
    height = city_places.estates(faces, list(taken.values()), cells, rng)
    residents: list[int] = city_places.settle(faces, homes, land, height).tolist()
    return residents


def main() -> None:
    """Write the layers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    city = make_city()
    counts = city_write.write(city, folder) | city_facts.write(folder, SEED) | city_people.write(city, folder, SEED)
    counts |= city_programme.write(city, folder, SEED)
    for name, rows in counts.items():
        print(f"{name}: {rows} rows")


if __name__ == "__main__":
    main()
