"""Chains of segments between junctions, walked once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from edulayout.typing import FloatArray, Int32Array, IntArray


@njit(cache=True, nogil=True)
def contract(
    indptr: IntArray,
    neighbours: Int32Array,
    segments: Int32Array,
    classes: Int32Array,
    x: FloatArray,
    y: FloatArray,
    nodes: int,
) -> tuple[Int32Array, FloatArray, IntArray, Int32Array]:
    """Walk every chain of segments from node to node.

    Points 0 to `nodes - 1` are nodes, where chains end; every other point has exactly two neighbours, and every
    connected part holds a node. Returns the points of all chains, the metres from the start of the chain to each,
    the offsets of the chains, and their classes. O(segments).
    """
    total = len(segments) // 2
    used = np.zeros(total, dtype=np.bool_)
    path = np.empty(2 * total, dtype=np.int32)
    measure = np.empty(2 * total, dtype=np.float64)
    offsets = np.zeros(total + 1, dtype=np.int64)
    kind = np.empty(total, dtype=np.int32)
    edges = 0
    filled = 0
    for start in range(nodes):
        for first in range(indptr[start], indptr[start + 1]):
            if used[segments[first]]:
                continue
            kind[edges] = classes[segments[first]]
            path[filled] = start
            measure[filled] = 0.0
            filled += 1
            arc = first
            here = start
            while True:
                segment = segments[arc]
                used[segment] = True
                there = neighbours[arc]
                dx = x[there] - x[here]
                dy = y[there] - y[here]
                path[filled] = there
                measure[filled] = measure[filled - 1] + np.sqrt(dx * dx + dy * dy)
                filled += 1
                here = there
                if there < nodes:
                    break
                arc = indptr[there]
                if segments[arc] == segment:
                    arc += 1
            edges += 1
            offsets[edges] = filled
    return path[:filled].copy(), measure[:filled].copy(), offsets[: edges + 1].copy(), kind[:edges].copy()
