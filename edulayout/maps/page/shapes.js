/* Geometry: packed shapes as Leaflet knows them, and the places of demand as plain columns in Mercator. */
"use strict";
const EL_DEGREE = 1e-6, EL_WORLD = 256;
const elPlace = ([x, y]) => [y * EL_DEGREE, x * EL_DEGREE];
function elRing(steps) {
  let x = 0, y = 0;
  const found = new Array(steps.length / 2);
  for (let i = 0; i < found.length; i++) {
    x += steps[2 * i];
    y += steps[2 * i + 1];
    found[i] = [y * EL_DEGREE, x * EL_DEGREE];
  }
  return found;
}
const elRings = (shape) => shape.map((part) => part.map(elRing));
function elShapes({ rings, corners, x, y, points }) {
  const count = rings.length, total = x.length;
  const X = new Float64Array(total), Y = new Float64Array(total);
  for (let i = 0; i < total; i++) {
    const sine = Math.sin((y[i] * EL_DEGREE * Math.PI) / 180);
    X[i] = EL_WORLD * (0.5 + (x[i] * EL_DEGREE) / 360);
    Y[i] = EL_WORLD * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
  }
  /* ring r runs from start[r] to start[r + 1], block b has the rings from first[b] to first[b + 1] */
  const start = new Int32Array(corners.length + 1), first = new Int32Array(count + 1);
  corners.forEach((value, ring) => { start[ring + 1] = start[ring] + value; });
  rings.forEach((value, block) => { first[block + 1] = first[block] + value; });
  const west = new Float64Array(count).fill(Infinity), east = new Float64Array(count).fill(-Infinity);
  const north = west.slice(), south = east.slice();
  for (let block = 0; block < count; block++)
    for (let i = start[first[block]]; i < start[first[block + 1]]; i++) {
      west[block] = Math.min(west[block], X[i]);
      east[block] = Math.max(east[block], X[i]);
      north[block] = Math.min(north[block], Y[i]);
      south[block] = Math.max(south[block], Y[i]);
    }
  function inside(block, px, py) {
    let odd = false;
    for (let ring = first[block]; ring < first[block + 1]; ring++)
      for (let i = start[ring], j = start[ring + 1] - 1; i < start[ring + 1]; j = i++)
        if (Y[i] > py !== Y[j] > py && px < ((X[j] - X[i]) * (py - Y[i])) / (Y[j] - Y[i]) + X[i]) odd = !odd;
    return odd;
  }
  /* The block under a point, or the nearest dot within `reach`; a look at every box, for 100,000 some tenths of a millisecond. */
  function at(px, py, reach) {
    let best = -1, least = reach * reach;
    for (let block = 0; block < count; block++) {
      if (px < west[block] - reach || px > east[block] + reach || py < north[block] - reach || py > south[block] + reach) continue;
      if (!points) {
        if (inside(block, px, py)) return block;
        continue;
      }
      const far = (px - west[block]) ** 2 + (py - north[block]) ** 2;
      if (far <= least) [best, least] = [block, far];
    }
    return best;
  }
  /* The block whose middle is next to a point. */
  function nearest(px, py) {
    let best = -1, least = Infinity;
    for (let block = 0; block < count; block++) {
      const far = (west[block] + east[block] - 2 * px) ** 2 + (north[block] + south[block] - 2 * py) ** 2;
      if (far < least) [best, least] = [block, far];
    }
    return best;
  }
  const latitude = (py) => (Math.atan(Math.sinh(2 * Math.PI * (0.5 - py / EL_WORLD))) * 180) / Math.PI;
  const latlng = (px, py) => [latitude(py), (px / EL_WORLD - 0.5) * 360];
  /* A point of the block itself, also where it is bent like a hook. */
  function middle(block) {
    const px = (west[block] + east[block]) / 2, py = (north[block] + south[block]) / 2;
    if (points || inside(block, px, py)) return latlng(px, py);
    const i = start[first[block]];
    return latlng(X[i], Y[i]);
  }
  const bounds = () => {
    const least = (values) => values.reduce((one, other) => Math.min(one, other), Infinity);
    return [latlng(least(west), least(north)), latlng(-least(east.map((v) => -v)), -least(south.map((v) => -v)))];
  };
  const outline = (block) => {
    const found = [];
    for (let ring = first[block]; ring < first[block + 1]; ring++)
      found.push(Array.from({ length: start[ring + 1] - start[ring] }, (_, i) => latlng(X[start[ring] + i], Y[start[ring] + i])));
    return found;
  };
  return { count, points, X, Y, start, first, west, east, north, south, at, nearest, middle, bounds, outline };
}
