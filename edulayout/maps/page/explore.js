/* Opens an edulayout map: the tables are unpacked, every part takes its place, and the first picture is drawn. */
"use strict";
async function edulayoutExplore(map, id) {
  const data = await elTables(id), { stages, layouts } = data, named = (list, name) => list.find((entry) => entry.name === name);
  /* Unless the address asks for another view, the first look shows what the plan gives the primary schools. */
  const asked = new URLSearchParams(location.hash.slice(1));
  const chart = {
    map, data, layouts: [...layouts], schools: data.schools, shapes: elShapes(data.demand), frame: L.latLngBounds([]), fitted: 0, boxes: new Map(),
    shown: { areas: true, zones: false, streets: true, candidates: false, districts: true, others: false, names: true },
    state: { stage: named(stages, asked.get("stage")) || named(stages, "primary") || stages[0], year: null, beside: null, held: false,
      layout: layouts.indexOf(named(layouts, asked.get("layout")) || named(layouts, "planned") || layouts.at(-1)) },
    toggle: (layer, on) => { if (on) layer.addTo(map); else layer.remove(); },
  };
  function pane(name, level) {
    map.createPane(name).style.zIndex = level;
    map.getPane(name).style.pointerEvents = "none";
    return { pane: name, interactive: false, renderer: L.canvas({ pane: name, padding: 0.3 }) };
  }
  for (const [name, level] of [["places", 400], ["beside", 401], ["beside-signs", 601], ["labels", 640]]) {
    map.createPane(name).style.zIndex = level;
    if (name !== "beside-signs") map.getPane(name).style.pointerEvents = "none";
  }
  const levels = { ground: 380, ways: 390, areas: 415, over: 420, borders: 430, sites: 440 };
  chart.panes = Object.fromEntries(Object.entries(levels).map(([name, level]) => [name, pane(name, level)]));
  for (const part of [elWords, elReach, elBlockLayers, elGround, elWalks, elTrial, elSigns, elCards, elZones, elSearch, elFigures, elLegend, elTryout]) part(chart);

  /* A frame in a notebook may have no size yet: fit again on every change of size, until the reader moves the map. */
  let moved = false;
  chart.fit = () => {
    if (!chart.frame.isValid()) return;
    if (map._animatingZoom) { map.once("zoomend", chart.fit); return; }
    map.setMinZoom(0).fitBounds(chart.frame, { padding: [10, 10], animate: false });
    chart.fitted = map.getZoom();
    map.setMinZoom(chart.fitted - 1.5);
  };
  const blocks = chart.makeBlocks("places", () => chart.state.layout);
  chart.choose = (change) => {
    Object.assign(chart.state, change);
    chart.paint();
  };
  chart.show = (name, on) => {
    chart.shown[name] = on;
    paintOverlays();
    if (name === "others") chart.paintSchools();
    chart.paintNotes();
  };
  function paintOverlays() {
    chart.paintStreets();
    chart.paintBorders();
    chart.paintAreas();
    chart.paintSites();
    chart.thinNames();
    chart.paintLegend();
  }
  chart.paint = () => {
    chart.paintCompare();
    blocks.paint();
    chart.sizeSigns();
    chart.paintSchools();
    chart.paintSwipe();
    paintOverlays();
    chart.paintColours();
    chart.paintFigures();
    chart.paintTryout();
    chart.paintNotes();
  };
  elPage(chart);
  elDock(chart);
  elSwipe(chart);
  elPanel(chart);
  elPointer(chart);
  chart.buildPage();
  map.invalidateSize({ animate: false });
  chart.fit();
  for (const event of ["wheel", "pointerdown", "keydown"]) map.getContainer().addEventListener(event, () => { moved = true; }, { passive: true });
  map.on("resize", () => moved || chart.fit());
  map.on("zoomend", () => {
    chart.sizeSigns();
    chart.paintStreets();
  });
  map.on("moveend", () => {
    chart.cullSigns();
    chart.thinNames();
  });
  chart.addTools();
  /* The first picture is drawn without a pause; whoever measures or prints waits for `data-ready`. */
  blocks.drawn = () => {
    blocks.budget = 8;
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  };
  blocks.budget = 250;
  blocks.addTo(map);
  chart.paint();
  map.getContainer().edulayout = chart;
}
