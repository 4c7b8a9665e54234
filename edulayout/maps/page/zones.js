/* Service areas, attendance zones, and candidate sites. */
"use strict";
function elZones(chart) {
  const { map, data, state, shown, panes } = chart, { style } = data;
  const areas = data.areas || { own: {}, merged: {} };
  const areaLines = L.layerGroup(), ownArea = L.layerGroup().addTo(map), zoneAreas = L.layerGroup(), sites = L.featureGroup();
  chart.hasArea = () => Boolean(elOwn(areas.merged, chart.key()));
  chart.zonesNow = () => elOwn(data.zones, chart.key()) || [];
  chart.paintAreas = () => {
    areaLines.clearLayers();
    zoneAreas.clearLayers();
    const { border: color, width: weight, fill: fillColor, opacity: fillOpacity } = style.area, shape = elOwn(areas.merged, chart.key());
    if (shape) L.polygon(elRings(shape), { ...panes.areas, color, weight, fillColor, fillOpacity }).addTo(areaLines);
    for (const zone of chart.zonesNow()) {
      const outline = elRings(zone.shape), { colour, width } = style.zone;
      L.polygon(outline, { ...panes.areas, color: "#fff", weight: width + 2.5, fillColor: style.zone.tints[zone.tint], fillOpacity: style.zone.opacity }).addTo(zoneAreas);
      L.polygon(outline, { ...panes.areas, color: colour, weight: width, fill: false }).addTo(zoneAreas);
    }
    chart.toggle(areaLines, shown.areas && !shown.zones);
    chart.toggle(zoneAreas, shown.zones);
  };
  chart.showOwnArea = (school) => {
    ownArea.clearLayers();
    if (!school) return;
    const { border: color, width: weight } = style.highlight, zone = shown.zones && chart.zonesNow().find((one) => one.school === school.id);
    const shape = zone ? zone.shape : elOwn(elOwn(areas.own, state.stage.name), school.id);
    if (shape) L.polygon(elRings(shape), { ...panes.over, interactive: false, color, weight, fillColor: color, fillOpacity: 0.08 }).addTo(ownArea);
  };

  const CandidateSign = L.CircleMarker.extend({
    _updatePath() {
      const { x, y } = this._point, size = this._radius, pen = this._renderer._ctx;
      if (!this._renderer._drawing || this._empty()) return;
      pen.beginPath();
      pen.rect(x - size, y - size, 2 * size, 2 * size);
      this._renderer._fillStroke(pen, this);
    },
  });
  for (const site of data.candidates || [])
    sites.addLayer(Object.assign(new CandidateSign(elPlace(site.at), { ...panes.sites, weight: 1, fillOpacity: 1 }), { site }));
  function chosen(site) {
    const { trial } = chart;
    if (!trial || state.layout !== trial.layout) return { taken: site.chosen !== null && site.chosen <= state.layout, kind: site.chosen_kind };
    const kind = trial.kinds[trial.siteOf(site.id)] || "";
    return { taken: Boolean(kind), kind };
  }
  chart.paintSites = () => {
    const look = style.candidate, trying = chart.trial && state.layout === chart.trial.layout;
    sites.eachLayer((sign) => {
      const { taken, kind } = chosen(sign.site), framed = taken && (!kind || state.stage.kinds.includes(kind));
      /* While a choice is tried, sites that cannot serve the stage stand back. */
      const fits = trying && sign.site.may.some((one) => state.stage.kinds.includes(one)), back = trying && !fits && !framed;
      sign.setRadius(framed ? look.chosen_size : fits ? look.trial_size : look.size);
      sign.setStyle({ fillColor: taken ? look.chosen : look.fill, color: framed ? look.chosen : look.border, weight: framed ? 1.8 : 1, fillOpacity: framed ? 0 : back ? 0.4 : 1, opacity: back ? 0.4 : 1 });
      if (taken) sign.bringToFront();
    });
    chart.toggle(sites, shown.candidates);
    if (shown.candidates) sites.bringToFront();
  };
}
