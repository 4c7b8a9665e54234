"""The one writer: a file or folder appears whole, or the old one stays as it was."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edulayout.errors import Fault, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_OLD = ".edulayout-old-"
_NEW = ".edulayout-new-"


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary sibling to write to; on success it takes the place of `path`.

    Raises
    ------
    OutputError
        Where the folder does not exist or cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole_file(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = Path(path)
    workplace = _workplace(target)
    temporary = workplace / target.name
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


@contextmanager
def whole_folder(
    path: str | os.PathLike[str], *, foreign: Callable[[Path], Sequence[str]] = lambda _: ()
) -> Iterator[Path]:
    """Give a temporary sibling folder to fill; on success it takes the place of `path`.

    Parameters
    ----------
    path
        The folder to make or to replace.
    foreign
        Tells which files of an old folder the writer did not make; where there are any, nothing is replaced.

    Raises
    ------
    OutputError
        Where the parent cannot be written, or `path` holds something else.
    """
    target = Path(path).absolute()
    restore(target)
    _clear_dead(target.parent)
    refuse_foreign(target, foreign)
    workplace = _workplace(target)
    fresh = workplace / target.name
    try:
        fresh.mkdir()
        yield fresh
        for file in sorted(fresh.rglob("*")):
            _sync(file)
        refuse_foreign(target, foreign)
        _exchange(fresh, target)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def check_place(path: str | os.PathLike[str], *, foreign: Callable[[Path], Sequence[str]] = lambda _: ()) -> None:
    """Check, before any work is done, that a folder can be written.

    Raises
    ------
    OutputError
        As `whole_folder`.
    """
    target = Path(path).absolute()
    restore(target)
    refuse_foreign(target, foreign)
    shutil.rmtree(_workplace(target))


def restore(target: Path) -> None:
    """Bring back a folder that a kill, in the instant between two renames, left under its old name."""
    old = target.with_name(_OLD + target.name)
    if not old.exists():
        return
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.replace(target)


def _clear_dead(parent: Path) -> None:
    """Remove the workplaces of runs that were killed; those of running ones stay."""
    for workplace in parent.glob(f"{_NEW}*"):
        process = int(workplace.name.removeprefix(_NEW).split("-")[0])
        if not _alive(process):
            shutil.rmtree(workplace, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":  # elsewhere signal 0 would interrupt the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _exchange(fresh: Path, target: Path) -> None:
    old = target.with_name(_OLD + target.name)
    if target.exists():
        target.replace(old)
    fresh.replace(target)
    _sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def refuse_foreign(target: Path, foreign: Callable[[Path], Sequence[str]]) -> None:
    """Raise where a file stands at the place of a folder, or the folder holds what its writer did not make."""
    if target.is_file():
        raise OutputError(Fault(str(target), "a file", "a folder, or nothing yet", "name another folder"))
    others = tuple(foreign(target)) if target.is_dir() else ()
    if others:
        raise OutputError(
            Fault(
                str(target),
                "files that no run wrote here",
                "an empty folder, or one that an earlier run wrote",
                "name another folder, or move these files away; they are not overwritten",
                rows=others,
            )
        )


def _workplace(target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{_NEW}{os.getpid()}-", dir=target.parent))
    except OSError as error:
        raise OutputError(
            Fault(
                str(target),
                f"it cannot be written ({error.strerror})",
                "a writable place",
                "name another folder, or change the rights of this one",
            )
        ) from error


def _sync(path: Path) -> None:
    if path.is_dir():
        if os.name != "posix":  # elsewhere a folder cannot be opened, and need not be
            return
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
