/* Pointing at the map, clicking it, and the same from the keyboard; what is marked on it then. */
"use strict";
function elPointer(chart) {
  const { map, data, state, shapes, panes } = chart, { style } = data;
  const look = { ...panes.over, interactive: false };
  const thread = L.polyline([], { ...look, color: style.highlight.border, weight: 1.8, dashArray: "4 4" });
  const casing = L.polyline([], { ...look, color: "#fff", weight: 7, opacity: 0.9 }), way = L.polyline([], { ...look, color: style.highlight.border, weight: 3.2 });
  const outline = L.polygon([], { ...look, color: style.highlight.border, weight: style.highlight.width, fill: false });
  const tip = L.tooltip({ opacity: 1, direction: "auto", offset: [12, 0] });
  let told = null;
  const nearest = (block) => chart.nearest(chart.reach(), block);
  chart.mark = (block) => {
    if (block === null || shapes.points) return outline.remove();
    outline.setLatLngs(shapes.outline(block)).addTo(map);
  };
  /* Shows the way to the nearest school; true along streets, false straight, null where there is none. */
  chart.showWay = (block) => {
    for (const line of [thread, casing, way]) line.remove();
    const school = nearest(block);
    if (!school) return null;
    const course = data.walks ? chart.way(block, chart.schools.find((other) => other.id === school.id)) : null;
    if (course) {
      casing.setLatLngs(course).addTo(map);
      way.setLatLngs(course).addTo(map);
      return true;
    }
    thread.setLatLngs([shapes.middle(block), elPlace(school.at)]).addTo(map);
    return data.engine === "straight" ? null : false;
  };
  chart.forget = () => {
    for (const line of [thread, casing, way, outline]) line.remove();
    chart.showOwnArea(null);
  };
  const overSomething = (event) => event.target.closest && event.target.closest(".leaflet-marker-icon, .leaflet-control, .el-dock, .el-swipe");
  function under({ containerPoint }) {
    const latlng = map.containerPointToLatLng(containerPoint), zoom = map.getZoom();
    if (chart.shown.candidates) {
      const near = (data.candidates || []).find((site) => map.latLngToContainerPoint(elPlace(site.at)).distanceTo(containerPoint) <= 8);
      if (near) return { site: near };
    }
    const { x, y } = map.project(latlng, 0), block = shapes.at(x, y, shapes.points ? Math.max(5, chart.blockSize(0)) / 2 ** zoom : 0);
    return block >= 0 ? { block } : null;
  }
  map.on("mousemove", (event) => {
    const found = overSomething(event.originalEvent) || state.held || map.dragging.moving() ? null : under(event), name = found && (found.site || found.block);
    if (found) tip.setLatLng(event.latlng);
    if (name === told) return;
    told = name;
    if (!found) return map.closeTooltip(tip);
    tip.setContent(found.site ? chart.describeSite(found.site) : chart.describeBlock(found.block));
    map.openTooltip(tip);
  });
  map.on("mouseout", () => { told = null; map.closeTooltip(tip); });
  map.on("movestart", () => { told = null; map.closeTooltip(tip); });
  map.on("click", (event) => {
    const found = overSomething(event.originalEvent) ? null : under(event);
    map.closeTooltip(tip);
    if (!found) return overSomething(event.originalEvent) ? null : chart.closeCard();
    if (found.site) chart.openSite(found.site);
    else chart.openBlock(found.block, event.latlng);
  });
  /* Enter tells about the block next to the middle of the map. */
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== map.getContainer()) return;
    const { x, y } = map.project(map.getCenter(), 0), block = shapes.nearest(x, y);
    if (block >= 0) chart.openBlock(block);
  });
}
