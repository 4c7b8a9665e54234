"""Pairs in any order to sorted CSR arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edulayout.typing import CostArrays

if TYPE_CHECKING:
    from edulayout.typing import AnyArray, IntArray


def csr_from_pairs(rows: IntArray, columns: IntArray, values: AnyArray, *, rows_total: int) -> CostArrays:
    """Return the CSR arrays of pairs in any order, sorted by column within a row.

    Examples
    --------
    >>> import numpy as np
    >>> csr_from_pairs(np.array([1, 0]), np.array([0, 2]), np.array([5.0, 7.0]), rows_total=2).indptr.tolist()
    [0, 1, 2]
    """
    order = np.lexsort((columns, rows))
    indptr = np.zeros(rows_total + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=rows_total), out=indptr[1:])
    return CostArrays(indptr, columns[order].astype(np.int32), values[order].astype(np.float32))
