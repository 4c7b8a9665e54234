/* Signs of schools and their names, districts' names, and what makes room for what. */
"use strict";
/* A marker that stands by left and top: a transform of its own would make a layer of every school, and hundreds drag. */
const ElSign = L.Marker.extend({
  _setPos(position) {
    this._icon._leaflet_pos = position;
    Object.assign(this._icon.style, { left: position.x + "px", top: position.y + "px" });
    this._zIndex = position.y + this.options.zIndexOffset;
    this._resetZIndex();
  },
});
function elSigns(chart) {
  const { map, data, state, shown, texts } = chart, { style } = data;
  const signs = L.layerGroup().addTo(map), others = L.layerGroup().addTo(map);
  const isNew = (school) => school.state === "planned" || school.state === "extended";
  const sizeNow = () => {
    const roomy = 15 + (map.getSize().x > 700 ? 5 : 0) + 2 * (map.getZoom() - chart.fitted);
    return Math.min(26, roomy, Math.max(13, (90 * state.stage.radius) / (100 * chart.scale())));
  };
  /* Signs stay smaller than the radius that they stand in. */
  chart.sizeSigns = () => map.getContainer().style.setProperty("--sign", Math.round(Math.max(12, sizeNow())) + "px");
  const mark = (x, y, r) => elDraw("circle", { cx: x, cy: y, r, fill: style.failed, stroke: "#fff", "stroke-width": 1.4, class: "el-failed" });
  chart.failedMark = () => elDraw("svg", { viewBox: "-11 -11 22 22", "aria-hidden": "true" }, mark(0, 0, 6));
  chart.sign = (kind, status, failed) => {
    const { colour, path } = elOwn(style.schools, kind) || style.schools.unknown;
    const hollow = status === "planned" || status === "extended";
    const parts = [elDraw("path", { d: path, fill: "#fff", stroke: "#fff", "stroke-width": hollow ? 6.5 : 4, "stroke-linejoin": "round" })];
    if (status === "closed") parts.push(elDraw("path", { d: "M-6-6L6 6M-6 6L6-6", stroke: "#555", "stroke-width": 3 }));
    else parts.push(elDraw("path", { d: path, fill: hollow ? "#fff" : colour, stroke: colour, "stroke-width": hollow ? 3.2 : 0, "stroke-linejoin": "round" }));
    if (status === "extended") parts.push(elDraw("path", { d: "M-4 0H4M0-4V4", transform: kind === "junior_high" ? "translate(0 1.6)" : "", stroke: colour, "stroke-width": 2.4 }));
    if (failed) parts.push(mark(6.6, -6.6, 3.6));
    return elDraw("svg", { viewBox: "-11 -11 22 22", "aria-hidden": "true", focusable: "false" }, ...parts);
  };
  chart.stateWord = (school) => elOwn(texts, "school_" + school.state) || school.state;
  function addSign(school, faint, layer, pane) {
    const [failed] = (!faint && chart.failed(school, pane ? state.beside : state.layout)) || [0];
    const broken = school.name[0].replace(" – ", "\u00a0–\n").replace("（", "\n（");
    const name = faint || pane ? null : elMake("span", { className: isNew(school) ? "el-name el-later" : "el-name" }, broken);
    const body = elMake("div", { className: faint ? "el-faint" : "" }, chart.sign(school.kind, school.state, failed > 0), name);
    const icon = L.divIcon({ className: "el-school", html: body, iconSize: [0, 0] });
    const marker = new ElSign(elPlace(school.at), { icon, zIndexOffset: faint ? -500 : isNew(school) ? 500 : 0, ...(pane ? { pane } : {}) });
    marker.on("click", () => chart.openSchool(school)).on("keydown", ({ originalEvent: event }) => {
      if (event.key === " " || event.key === "Enter") { event.preventDefault(); chart.openSchool(school); }
    });
    marker.addTo(layer);
    marker.getElement().setAttribute("aria-label", [school.name[0], elOwn(data.kinds, school.kind), chart.stateWord(school), failed ? chart.say("rules_failed_short", { count: failed }) : null].filter(Boolean).join(", "));
    marker.getElement().title = school.name.join(" ");
  }
  function fill(layer, layout, pane) {
    layer.clearLayers();
    const present = chart.present(layout);
    const shut = present.filter((school) => school.state === "closed" && state.stage.kinds.includes(school.kind));
    shut.forEach((school) => addSign(school, true, layer, pane));
    if (shown.others) present.filter((school) => !chart.serves(school) && !shut.includes(school)).forEach((school) => addSign(school, true, layer, pane));
    present.filter((school) => chart.serves(school)).forEach((school) => addSign(school, false, layer, pane));
  }
  chart.paintSchools = () => {
    chart.closeCard();
    fill(signs, state.layout, null);
    if (state.beside === null) others.clearLayers();
    else fill(others, state.beside, "beside-signs");
    chart.cullSigns();
  };
  /* What is far outside the picture is not laid out: hundreds of signs would slow every step of the map. */
  chart.cullSigns = () => {
    const near = map.getBounds().pad(0.5);
    for (const layer of [signs, others]) layer.eachLayer((marker) => { marker.getElement().style.display = near.contains(marker.getLatLng()) ? "" : "none"; });
  };
  const meet = (one, other) => one.left < other.right && one.right > other.left && one.top + 2 < other.bottom && one.bottom > other.top + 2;
  /* A district's name moves up or down to where it covers the fewest signs. */
  function placeLabels(taken) {
    return [...document.querySelectorAll(".el-place > div")].map((label) => {
      const tried = [0, 26, -26, 52, -52, 78, -78].map((shift) => {
        label.style.marginTop = shift + "px";
        const box = label.getBoundingClientRect();
        return { shift, box, hits: taken.filter((other) => meet(box, other)).length };
      });
      const best = tried.reduce((one, other) => (other.hits < one.hits ? other : one));
      label.style.marginTop = best.shift + "px";
      return best.box;
    });
  }
  /* Names that would lie on another name or sign are left out until there is room; new schools are only named from near. */
  chart.thinNames = () => {
    const names = [...document.querySelectorAll(".el-school:not([style*='display: none']) .el-name")];
    const taken = [...document.querySelectorAll(".el-school svg, .leaflet-control")].map((element) => element.getBoundingClientRect());
    taken.push(...placeLabels(taken));
    const within = map.getContainer().getBoundingClientRect(), far = map.getZoom() < chart.fitted + 0.9;
    const hidden = names.map((name) => {
      const box = name.getBoundingClientRect(), outside = box.left < within.left || box.right > within.right;
      const hit = (far && name.classList.contains("el-later")) || outside || state.beside !== null || taken.some((other) => meet(box, other));
      if (!hit) taken.push(box);
      return hit || !shown.names;
    });
    names.forEach((name, index) => { name.style.visibility = hidden[index] ? "hidden" : ""; });
  };
}
