/* The ways along streets: each runs until it meets one written before it, and goes on along that. */
"use strict";
function elWalks(chart) {
  const told = chart.data.walks, known = new Map();
  if (!told) { chart.way = () => null; return; }
  const { block, school, corners, joins, after, x, y } = told, start = new Int32Array(corners.length + 1);
  corners.forEach((count, row) => {
    start[row + 1] = start[row] + count;
    known.set(school[row] * chart.shapes.count + block[row], row);
  });
  /* The corners of a way, its own and those that it shares, as [latitude, longitude]. */
  function course(row) {
    const found = [];
    for (let skip = 0; ; ) {
      for (let i = start[row] + skip; i < start[row + 1]; i++) found.push([y[i] * EL_DEGREE, x[i] * EL_DEGREE]);
      if (!joins[row]) return found;
      skip = after[row];
      row -= joins[row];
    }
  }
  chart.way = (fromBlock, toSchool) => {
    const row = known.get(chart.schools.indexOf(toSchool) * chart.shapes.count + fromBlock);
    return row === undefined ? null : course(row);
  };
}
