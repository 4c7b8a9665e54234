/* What lies under everything: districts, water, streets and their bridges. */
"use strict";
function elGround(chart) {
  const { map, data, shown } = chart, { style } = data, { ground, ways, borders } = chart.panes;
  const borderLines = L.layerGroup(), placeNames = L.layerGroup();
  const quiet = { interactive: false };
  for (const district of data.districts) {
    const shape = elRings(district.shape);
    chart.frame.extend(L.polygon(shape).getBounds());
    L.polygon(shape, { ...ground, stroke: false, fillColor: style.district.fill, fillOpacity: 1 }).addTo(map);
    const label = elMake("div", {}, district.name[0], district.name[1] ? elMake("small", {}, district.name[1]) : null);
    const icon = L.divIcon({ className: "el-place", html: label, iconSize: [0, 0] });
    L.marker(elPlace(district.at), { icon, pane: "labels", keyboard: false, ...quiet }).addTo(placeNames);
  }
  if (!data.districts.length && chart.shapes.count) chart.frame.extend(chart.shapes.bounds());
  const { border: color, width: weight, dash: dashArray } = style.district;
  L.polyline(elRings(data.borders).flat(), { ...borders, color, weight, dashArray, lineCap: "butt" }).addTo(borderLines);
  const water = (chart.water = data.water || { areas: [], lines: [] });
  const { fill: waterFill, border: waterBorder } = style.water;
  for (const shape of water.areas)
    L.polygon(elRings(shape), { ...ground, color: waterBorder, weight: 1, fillColor: waterFill, fillOpacity: 1 }).addTo(map);
  for (const shape of water.lines) L.polyline(elRings(shape).flat(), { ...ground, color: waterFill, weight: 5 }).addTo(map);

  const streets = [], bridges = [];
  function way(list, shape, rank, look, bridge) {
    if (shape) list.push({ rank, bridge, extra: look.extra, line: L.polyline(elRings(shape).flat(), { ...ways, lineCap: "butt", ...look }) });
  }
  style.street.ranks.forEach((rank, index) => {
    if (!data.streets) return;
    way(streets, data.streets.lines[index], rank, { color: rank.colour, extra: 0 }, false);
    way(bridges, data.streets.bridges[index], rank, { color: style.street.bridge, extra: 3 }, true);
    way(bridges, data.streets.bridges[index], rank, { color: style.street.deck, extra: 0.6 }, true);
  });
  Object.assign(chart, { hasStreets: streets.length > 0, hasBridges: bridges.length > 0 });
  chart.scale = () => {
    const middle = map.getCenter();
    return map.distance(middle, map.unproject(map.project(middle).add([100, 0]))) / 100;
  };
  chart.paintStreets = () => {
    const scale = chart.scale();
    for (const { rank, bridge, extra, line } of [...streets, ...bridges]) {
      chart.toggle(line, shown.streets && (bridge || scale <= rank.at_most));
      line.setStyle({ weight: Math.min(rank.most, Math.max(bridge ? Math.max(1, rank.least) : rank.least, rank.metres / scale)) + extra });
      if (!bridge && map.hasLayer(line)) line.bringToBack();
    }
  };
  chart.paintBorders = () => {
    chart.toggle(borderLines, shown.districts);
    chart.toggle(placeNames, shown.districts);
  };
}
