"""Population rasters: hand-made ones of a few cells, and the real ones of São Miguel."""

import builtins

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import edulayout.reading
from edulayout.errors import CrsError, InputError, MissingExtraError, MissingFileError, TableError
from edulayout.reading import read_population

CRS = "EPSG:4544"


def write(path, cells, *, crs=CRS, nodata=None, corner=(0.0, 0.0), size=100.0, dtype="float32", **more):
    cells = np.array(cells, dtype=dtype)
    grid = rasterio.Affine(size, 0, corner[0], 0, -size, corner[1] + size * cells.shape[0])
    profile = {"driver": "GTiff", "height": cells.shape[0], "width": cells.shape[1], "count": 1, "dtype": dtype}
    with rasterio.open(
        path, "w", crs=crs, transform=more.pop("transform", grid), nodata=nodata, **profile, **more
    ) as file:
        file.write(cells, 1)
    return path


def districts(crs=CRS, **shapes):
    return gpd.GeoDataFrame(geometry=list(shapes.values()), index=list(shapes), crs=crs).rename_axis("district_id")


class TestSums:
    def test_cells_cut_by_borders_are_divided_by_area(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10, 20, 40], [30, 60, 80]])
        found = read_population(path, districts(a=box(0, 0, 150, 200), b=box(150, 50, 300, 200)))
        # a: 10 + 30 + half of 20 and 60; b: half of 20 and 40 in the upper row, a quarter of 60 and half of 80 below.
        assert found.by_district.to_dict() == {"a": 80.0, "b": 10 + 40 + 15 + 40}
        assert found.outside == 15 + 40
        assert found.total == 240
        assert found.notes == ()

    def test_districts_that_meet_lose_nobody(self, tmp_path):
        path = write(tmp_path / "p.tif", np.full((5, 7), 1000.0))
        line = shapely.LineString([(0, 113.7), (333.3, 411.1), (700, 77.7)])
        halves = shapely.get_parts(shapely.ops.split(box(0, 0, 700, 500), line))
        found = read_population(path, districts(a=halves[0], b=halves[1]))
        assert found.by_district.sum() == pytest.approx(35_000, abs=1e-6)
        assert found.outside == 0

    def test_another_crs(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10, 20], [30, 40]], crs="EPSG:4490", corner=(105.9, 31.5), size=0.01)
        shape = districts("EPSG:4490", a=box(105.9, 31.5, 105.91, 31.52)).to_crs("EPSG:4544")
        found = read_population(path, shape)
        assert found.by_district["a"] == pytest.approx(40, abs=0.01)
        assert found.outside == pytest.approx(60, abs=0.01)

    def test_density_counts_square_kilometres(self, tmp_path):
        path = write(tmp_path / "p.tif", [[100.0]], crs="EPSG:4326", corner=(105.9, 31.5), size=0.01)
        found = read_population(path, districts("EPSG:4326", a=box(105.9, 31.5, 105.91, 31.51)), quantity="density")
        x, y = np.array([[105.9, 105.91], [31.5, 31.51]])
        ring = [x[0], *np.linspace(x[0], x[1], 500), x[1], *np.linspace(x[1], x[0], 500)]
        up = [y[0], *np.full(500, y[0]), y[1], *np.full(500, y[1])]
        km2 = abs(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(ring, up)[0]) / 1e6
        assert found.total == pytest.approx(100 * km2, rel=1e-6)
        assert "water" in found.notes[0]

    def test_people_live_on_the_land_of_a_cell(self, tmp_path):
        path = write(tmp_path / "p.tif", [[100.0, 50.0]])
        land = write(tmp_path / "land.tif", [[0.004, 0.0]])
        shape = districts(a=box(0, 0, 40, 50), b=box(0, 50, 20, 100))
        found = read_population(path, shape, land=land)
        # 2,000 and 1,000 of the 4,000 m² of land; no district holds the rest.
        assert found.by_district.tolist() == pytest.approx([50, 25])
        assert found.outside == pytest.approx(75)
        dense = write(tmp_path / "d.tif", [[1000.0, 50.0]])
        assert read_population(dense, shape, land=land, quantity="density").total == pytest.approx(4)

    def test_far_cells_are_outside_and_near_ones_are_found(self, tmp_path):
        cells = np.zeros((50, 50))
        cells[0, 49], cells[40, 3] = 7, 5
        found = read_population(write(tmp_path / "p.tif", cells), districts(a=box(250, 850, 450, 1050)))
        assert (found.by_district["a"], found.outside, found.total) == (5, 7, 12)

    @settings(max_examples=25, deadline=None)
    @given(
        corners=st.lists(st.tuples(st.floats(-50, 550), st.floats(-50, 350)), min_size=3, max_size=7, unique=True),
        seed=st.integers(0, 99),
    )
    def test_agrees_with_the_polygons_own_areas(self, tmp_path_factory, corners, seed):
        shape = shapely.MultiPoint(corners).convex_hull
        if shape.geom_type != "Polygon" or shape.area < 1 or not shape.intersects(box(0, 0, 500, 300)):
            return
        cells = np.random.default_rng(seed).integers(0, 1000, (3, 5)).astype(float)
        path = write(tmp_path_factory.mktemp("r") / "p.tif", cells)
        found = read_population(path, districts(a=shape))
        part = [
            [shape.intersection(box(100 * x, 200 - 100 * y, 100 * x + 100, 300 - 100 * y)).area / 1e4 for x in range(5)]
            for y in range(3)
        ]
        assert found.by_district["a"] == pytest.approx((cells * part).sum(), abs=2e-5 * cells.sum() + 1e-6)
        assert found.by_district.sum() + found.outside == pytest.approx(found.total, abs=1e-6)


class TestNothing:
    @pytest.mark.parametrize(("declared", "stored"), [
        (-3.4028230607370965e38, -3.402823e38), (-3.4028234663852886e38, -3.4028235e38), (-9999.0, -9999.0), (-200.0, -200.0),
        (-99999.9, -99999.9), (np.nan, np.nan),
    ])  # fmt: skip
    def test_declared_however_inexactly(self, tmp_path, declared, stored):
        path = write(tmp_path / "p.tif", [[10, stored]], nodata=declared)
        found = read_population(path, districts(a=box(0, 0, 200, 100)))
        assert (found.total, found.notes) == (10, ())

    @pytest.mark.parametrize("stored", [-3.4e38, -200, -9999, -99999, 3.4e38])
    def test_known_marks_that_nobody_declared_are_noted(self, tmp_path, stored):
        found = read_population(write(tmp_path / "p.tif", [[10, stored]]), districts(a=box(0, 0, 200, 100)))
        assert found.total == 10
        assert "taken as empty" in found.notes[0]

    def test_other_numbers_below_zero_are_refused(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10, -5, -7]])
        with pytest.raises(TableError, match="2 cells below 0, the least -7"):
            read_population(path, districts(a=box(0, 0, 200, 100)))
        assert read_population(path, districts(a=box(0, 0, 200, 100)), nodata=[-5, -7]).total == 10

    def test_integers_with_scale(self, tmp_path):
        path = write(tmp_path / "p.tif", [[100, 65535]], dtype="uint16", nodata=65535)
        with rasterio.open(path, "r+") as file:
            file.scales = (0.1,)
        assert read_population(path, districts(a=box(0, 0, 200, 100))).total == pytest.approx(10)


class TestDemand:
    def test_every_piece_is_a_place(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10, 20, 0], [30, 60, 80]])
        shapes = districts(a=box(0, 0, 150, 200), b=box(150, 0, 300, 200))
        found = read_population(path, shapes)
        places = found.demand()
        assert places.index.tolist() == ["a-r0-c0", "a-r0-c1", "a-r1-c0", "a-r1-c1", "b-r0-c1", "b-r1-c1", "b-r1-c2"]
        assert places["population"].tolist() == [10, 10, 30, 30, 10, 30, 80]
        assert places.geometry["b-r0-c1"].equals(box(150, 100, 200, 200))
        assert shapely.covers(shapes.geometry[places["district_id"]].to_numpy(), places.geometry.to_numpy()).all()

    def test_in_the_crs_of_the_districts(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10, 20], [30, 40]], crs="EPSG:4490", corner=(105.9, 31.5), size=0.01)
        found = read_population(path, districts("EPSG:4490", a=box(105.9, 31.5, 105.915, 31.52)).to_crs("EPSG:4544"))
        places = found.demand()
        assert places.crs.to_epsg() == 4544
        assert places["population"].sum() == pytest.approx(found.by_district["a"])
        checked = edulayout.tables.check_demand(places)
        assert len(checked) == 4


class TestFaults:
    def test_overlapping_districts(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10, 20]])
        with pytest.raises(InputError) as error:
            read_population(path, districts(a=box(0, 0, 150, 100), b=box(120, 0, 200, 100)))
        assert error.value.faults[0].rows == ("row 0 column 1",)

    def test_no_crs(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10]], crs=None)
        with pytest.raises(CrsError, match="no coordinate reference system"):
            read_population(path, districts(a=box(0, 0, 50, 50)))
        assert read_population(path, districts(a=box(0, 0, 50, 100)), crs=CRS).by_district["a"] == 5

    def test_elsewhere_missing_or_no_raster(self, tmp_path):
        path = write(tmp_path / "p.tif", [[10]])
        with pytest.raises(InputError, match="no cell in any district"):
            read_population(path, districts(a=box(9000, 0, 9050, 50)))
        with pytest.raises(MissingFileError):
            read_population(tmp_path / "none.tif", districts(a=box(0, 0, 50, 50)))
        (tmp_path / "text.tif").write_text("not a raster")
        with pytest.raises(TableError, match="cannot be read"):
            read_population(tmp_path / "text.tif", districts(a=box(0, 0, 50, 50)))
        with pytest.raises(InputError, match="count or density"):
            read_population(path, districts(a=box(0, 0, 50, 50)), quantity="people")

    def test_turned_rasters_and_other_grids(self, tmp_path):
        turned = write(tmp_path / "t.tif", [[10]], transform=rasterio.Affine(70, 70, 0, 70, -70, 100))
        with pytest.raises(TableError, match="turned"):
            read_population(turned, districts(a=box(0, 0, 50, 50)))
        path, land = write(tmp_path / "p.tif", [[10]]), write(tmp_path / "l.tif", [[1, 1]])
        with pytest.raises(TableError, match="another grid"):
            read_population(path, districts(a=box(0, 0, 50, 50)), land=land)

    def test_missing_extra_says_how_to_install_it(self, tmp_path, monkeypatch):
        path, real = write(tmp_path / "p.tif", [[10]]), builtins.__import__

        def without(name, *rest, **more):
            if name == "exactextract":
                raise ImportError(name)
            return real(name, *rest, **more)

        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(MissingExtraError, match=r'pip install "edulayout\[raster\]"'):
            read_population(path, districts(a=box(0, 0, 50, 50)))


@pytest.fixture
def folder(real_data):
    return real_data / "sao_miguel"


@pytest.fixture
def councils(folder):
    return gpd.read_file(folder / "concelhos.gpkg").set_index("name")


@pytest.mark.real_data
class TestSaoMiguel:
    """GPW v4.11 2020: count, density and land area of 48 × 96 cells, and six municipalities."""

    def test_the_sum_of_the_readme(self, folder, councils):
        found = read_population(folder / "gpw_v411_2020_count_2020.tif", councils)
        assert round(found.total) == 145_603
        assert found.notes == (), "its nodata is declared, if in digits that float32 does not have"
        assert found.by_district.sum() + found.outside == pytest.approx(found.total, abs=1e-6)
        assert found.pieces.groupby(["row", "column"])["share"].sum().max() <= 1 + 1e-9

    def test_agrees_with_shapely_cell_by_cell(self, folder, councils):
        path = folder / "gpw_v411_2020_count_2020.tif"
        with rasterio.open(path) as file:
            values, grid = file.read(1).astype(float), file.transform
        values[values < 0] = 0
        rows, columns = np.nonzero(values)
        west, north = grid.c + grid.a * columns, grid.f + grid.e * rows
        cells = shapely.box(west, north + grid.e, west + grid.a, north)
        found = read_population(path, councils).by_district
        for name, shape in councils.geometry.items():
            part = shapely.area(shapely.intersection(cells, shape)) / shapely.area(cells)
            assert found[name] == pytest.approx((values[rows, columns] * part).sum(), rel=1e-6), name

    def test_density_times_land_is_the_count(self, folder, councils):
        land = folder / "gpw_v411_2020_land_area_2020.tif"
        count = read_population(folder / "gpw_v411_2020_count_2020.tif", councils, land=land)
        density = read_population(folder / "gpw_v411_2020_density_2020.tif", councils, land=land, quantity="density")
        assert density.total == pytest.approx(count.total, rel=1e-8)
        assert density.by_district.to_numpy() == pytest.approx(count.by_district.to_numpy(), rel=1e-7)
        assert count.outside < 400, "nearly everyone lives on the land of the six municipalities"
        plain = read_population(folder / "gpw_v411_2020_count_2020.tif", councils)
        assert plain.outside > 13_000, "by plain area, a tenth of them would live in the sea"

    def test_as_demand_places_in_metres(self, folder, councils):
        land = folder / "gpw_v411_2020_land_area_2020.tif"
        found = read_population(folder / "gpw_v411_2020_count_2020.tif", councils.to_crs("EPSG:32626"), land=land)
        places = found.demand()
        assert places["population"].sum() == pytest.approx(found.total - found.outside)
        assert places.is_valid.all()
        assert places.area.sum() < councils.to_crs("EPSG:32626").area.sum(), "nobody lives in some cells of the hills"
