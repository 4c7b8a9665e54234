"""On a Dask cluster: the same bits for any workers, order and kills; and no unprotected network."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from scale_town import CRS, MEASURES, province, written

import edulayout as el
from edulayout.errors import InputError
from edulayout.scale import cluster

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.xdist_group("dask")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    root = tmp_path_factory.mktemp("dask")
    table, schools = province()
    schools.to_parquet(root / "schools.parquet")
    cells = written(table, root / "cells")
    plan = el.scale.plan(cells, schools, cutoff=900, crs=CRS, tile_cells=300)
    alone = el.scale.run(plan, MEASURES, out=root / "alone").digest()
    return SimpleNamespace(root=root, cells=cells, schools=schools, plan=plan, alone=alone)


@pytest.fixture
def workers(request):
    """A client of a cluster of so many processes and threads, torn down with all its processes."""
    processes, threads = getattr(request, "param", (2, 1))
    with (
        distributed.LocalCluster(
            n_workers=processes, threads_per_worker=threads, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1",
            silence_logs=50,
        ) as made,
        distributed.Client(made) as client,
    ):  # fmt: skip
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(2, 1), (1, 2)], indirect=True)
def test_workers_change_no_bit(workers, town, tmp_path):
    seen = []
    found = el.scale.run(town.plan, MEASURES, out=tmp_path / "out", client=workers, progress=lambda *told: seen.append(told))  # fmt: skip
    assert found.digest() == town.alone
    tiles = len(town.plan.tiles)
    assert seen == [(step, at + 1, tiles) for step in ("schools by tile", "cells by tile") for at in range(tiles)]


@pytest.mark.slow
def test_order_changes_no_bit(workers, town, tmp_path, monkeypatch):
    def backwards(client, task, job, numbers, *rest):
        cluster.on_cluster(client, task, job, numbers[::-3], *rest)
        cluster.on_cluster(client, task, job, numbers, *rest)

    monkeypatch.setattr("edulayout.scale.running.on_cluster", backwards)
    assert el.scale.run(town.plan, MEASURES, out=tmp_path / "out", client=workers).digest() == town.alone


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_workers_killed_in_each_pass_cost_no_bit(workers, town, tmp_path):
    killed = []

    def kill(step, at, _):
        if at in (2, 5):
            own = [info["pid"] for info in workers.run(lambda dask_worker: {"pid": os.getpid()}).values()]
            os.kill(own[0], signal.SIGKILL)
            killed.append((step, own[0]))
            workers.wait_for_workers(2)

    found = el.scale.run(town.plan, MEASURES, out=tmp_path / "out", client=workers, progress=kill)
    assert [step for step, _ in killed] == ["schools by tile"] * 2 + ["cells by tile"] * 2
    assert len({pid for _, pid in killed}) == 4
    assert found.digest() == town.alone


@pytest.mark.slow
def test_faults_come_through(workers, town, tmp_path):
    table, schools = province()
    cells = written(table.assign(pupils_primary=-1.0), tmp_path / "cells")
    plan = el.scale.plan(cells, schools, cutoff=900, crs=CRS, tile_cells=2000)
    with pytest.raises(InputError, match="negative or infinite pupils_primary"):
        el.scale.run(plan, MEASURES[:1], out=tmp_path / "out", client=workers)


def driver(town, out, stop=0, seed="0"):
    line = [
        sys.executable,
        str(Path(__file__).parent / "scale_driver.py"),
        town.cells,
        town.root / "schools.parquet",
        out,
    ]
    return subprocess.Popen(
        [*map(str, line), "300", str(stop)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_driver_goes_on_with_the_same_bits(town, tmp_path):
    first = driver(town, tmp_path / "out", stop=4)
    assert first.stdout.readline() == "waiting\n"
    first.kill()
    first.communicate()
    written_before = sorted((tmp_path / "out" / "cells").glob("*.parquet"))
    assert len(written_before) == 4
    out, _ = driver(town, tmp_path / "out", seed="12345").communicate()
    assert out.strip() == town.alone


# the network


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "scheduler.example:8786", "tls://10.0.0.7:8786"])
def test_an_unprotected_network_is_refused(address):
    with pytest.raises(InputError, match="beyond this machine"):
        el.scale.connect(address)


def test_a_client_of_an_unprotected_network_is_refused(town, tmp_path):
    client = SimpleNamespace(scheduler=SimpleNamespace(address="tcp://10.0.0.7:8786"))
    with pytest.raises(InputError, match="beyond this machine"):
        el.scale.run(town.plan, MEASURES[:1], out=tmp_path / "out", client=client)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "localhost:1", "tcp://[::1]:1", "inproc://1/2", "tls://10.0.0.7:1"]
)
def test_this_machine_and_tls_are_let_through(address):
    cluster.check_client(SimpleNamespace(scheduler=SimpleNamespace(address=address)))
