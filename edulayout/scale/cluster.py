"""The same tasks on the workers of a Dask cluster: futures with keys of their own, and nothing else of ours."""

from __future__ import annotations

import ipaddress
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edulayout.errors import Fault, InputError, MissingExtraError
from edulayout.scale.tasks import bare, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edulayout.scale.tasks import Job

_LOCAL = ("inproc",)


def connect(address: str, *, security: Any = None) -> Any:  # noqa: ANN401 - dask publishes no types
    """Return a `dask.distributed.Client` of a scheduler.

    Whoever reaches a scheduler can run any code on its workers. So an address beyond this machine must be
    `tls://host:port`, with a `distributed.Security` that holds the authority's certificate and this client's own
    (`tls_ca_file`, `tls_client_cert`, `tls_client_key`, `require_encryption=True`); scheduler and workers are started
    with the same files (`dask scheduler --tls-ca-file … --tls-cert … --tls-key …`).

    Parameters
    ----------
    address
        Such as `tcp://127.0.0.1:8786`.
    security
        A `distributed.Security`; needed beyond loopback.

    Raises
    ------
    InputError
        Where the address is neither of this machine nor protected.
    MissingExtraError
        Where dask is not installed.
    """
    _check(address, protected=security is not None)
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtraError("distributed is not installed: pip install 'edulayout[scale]'") from None
    return Client(address, security=security)  # type: ignore[no-untyped-call]


@contextmanager
def client_for(*, scheduler: str | None, workers: int | None, tls: Mapping[str, str | None]) -> Iterator[Any]:
    """Give the client that a command line asks for: of a scheduler, of so many own workers, or none (None).

    `tls` holds `tls_ca_file`, `tls_cert`, `tls_key`.

    Raises
    ------
    InputError
        As `connect`, and where both are asked for.
    """
    if scheduler and workers:
        fault = Fault("scale", "both --scheduler and --workers", "one of them", "a scheduler has workers of its own")
        raise InputError(fault)
    if scheduler:
        with connect(scheduler, security=_security(tls)) as client:
            yield client
    elif workers:
        with _own(workers) as client:
            yield client
    else:
        yield None


def _security(tls: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - as above
    if not any(tls.values()):
        return None
    from distributed import Security  # noqa: PLC0415 - an extra

    return Security(  # type: ignore[no-untyped-call]
        tls_ca_file=tls["tls_ca_file"],
        tls_client_cert=tls["tls_cert"],
        tls_client_key=tls["tls_key"],
        require_encryption=True,
    )


@contextmanager
def _own(workers: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra

    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        ) as made,
        Client(made) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


def check_client(client: Any) -> None:  # noqa: ANN401 - as above
    """Refuse a client whose scheduler is reached unprotected over a network.

    Raises
    ------
    InputError
        As `connect`.
    """
    _check(client.scheduler.address, protected=True)


def _check(address: str, *, protected: bool) -> None:
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme in _LOCAL or _is_loopback(parts.hostname or "") or (parts.scheme == "tls" and protected):
        return
    raise InputError(
        Fault(
            "scheduler",
            f"{address}, beyond this machine" + ("" if protected else " and without security="),
            "tls://host:port with security=distributed.Security(...), or an address of this machine",
            "whoever reaches it can run code on the workers: start it with --tls-ca-file, --tls-cert, --tls-key",
        )
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def on_cluster(
    client: Any,  # noqa: ANN401 - as above
    task: Callable[..., int],
    job: Job,
    numbers: range,
    makers: tuple[Callable[[Job], Any], ...],
    done: Callable[[int], None],
) -> None:
    """Run a task for every tile; a lost worker costs its tiles, which Dask gives to others.

    What all tiles share (the schools, and what the makers make of the job) is made by tasks too: Dask hands it from
    worker to worker, and makes it again where it was lost. Through the scheduler goes nothing large.

    Raises
    ------
    Exception
        The first that a task raised; what other tiles have written stays.
    """
    from distributed import as_completed  # noqa: PLC0415 - an extra

    mark = f"edulayout-{task.__name__}-{job.key[:16]}"
    told = client.submit(opened, bare(job), key=f"{mark}-job")
    more = [client.submit(make, told, key=f"{mark}-{make.__name__}") for make in makers]
    futures = [client.submit(task, told, number, *more, key=f"{mark}-{number}") for number in numbers]
    finished = as_completed(futures)  # type: ignore[no-untyped-call]
    try:
        for count, future in enumerate(finished, start=1):
            future.result()
            done(count)
    except BaseException:
        client.cancel(futures)
        raise
