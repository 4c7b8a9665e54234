/* The script of an edulayout map. Names reach the page through textContent only. */
"use strict";
function edulayoutExplore(map, id) {
  const data = JSON.parse(document.getElementById(id).textContent);
  const { texts, style, stages, layouts, schools } = data;
  const named = (list, name) => list.find((entry) => entry.name === name);
  /* Unless the address asks for another view, the first look shows what the plan gives the primary schools. */
  const asked = new URLSearchParams(location.hash.slice(1));
  const state = {
    stage: named(stages, asked.get("stage")) || named(stages, "primary") || stages[0],
    layout: layouts.indexOf(named(layouts, asked.get("layout")) || named(layouts, "planned") || layouts.at(-1)),
  };
  const DEGREE = 1e-6, UNREACHABLE = 3, MANY = 1500;
  const svgSpace = "http://www.w3.org/2000/svg";

  // ---- small makers -------------------------------------------------------------------------------------------
  function make(tag, options, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options || {})) {
      if (name === "style") Object.assign(element.style, value);
      else if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }
  function draw(tag, attributes, ...children) {
    const element = document.createElementNS(svgSpace, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  function say(key, values) {
    return (texts[key] || key).replace(/\{(\w+)\}/g, (_, name) => (values && name in values ? values[name] : ""));
  }
  const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en-US", { maximumFractionDigits: 0 }));
  /* Where few live, a fraction of a pupil is told: a nought would say that nobody does. */
  const people = (value) => (value > 0 && value < 10 ? value.toLocaleString("en-US", { maximumFractionDigits: 1 }) : number(value));
  function percent(share) {
    if (share === null || share === undefined) return "–";
    if (share > 0 && share < 0.001) return "<0.1%";
    if (share < 1 && share > 0.999) return ">99.9%";
    return (100 * share).toFixed(share === 0 || share === 1 ? 0 : 1) + "%";
  }
  const metres = (value) => (value === null || value === undefined ? texts.unreachable : say("radius", { metres: number(value) }));
  const key = (layout = state.layout, stage = state.stage) => stage.name + "|" + layouts[layout].name;

  // ---- geometry -----------------------------------------------------------------------------------------------
  const place = ([x, y]) => [y * DEGREE, x * DEGREE];
  function ring(steps) {
    let x = 0, y = 0;
    const found = new Array(steps.length / 2);
    for (let i = 0; i < found.length; i++) {
      x += steps[2 * i];
      y += steps[2 * i + 1];
      found[i] = [y * DEGREE, x * DEGREE];
    }
    return found;
  }
  const rings = (shape) => shape.map((part) => part.map(ring));
  const isPoint = (shape) => typeof shape[0] === "number";

  // ---- panes: only demand and candidates listen to the pointer --------------------------------------------------
  function pane(name, level) {
    map.createPane(name).style.zIndex = level;
    if (name !== "places") map.getPane(name).style.pointerEvents = "none";
    return { pane: name, renderer: L.canvas({ pane: name, padding: 0.3 }), interactive: name === "places" };
  }
  const ground = pane("ground", 380), ways = pane("ways", 390), places = pane("places", 400), over = pane("over", 420), borders = pane("borders", 430);
  map.createPane("labels").style.zIndex = 640;
  map.getPane("labels").style.pointerEvents = "none";

  const CandidateSign = L.CircleMarker.extend({
    _updatePath() {
      const { x, y } = this._point, size = this._radius, pen = this._renderer._ctx;
      if (!this._renderer._drawing || this._empty()) return;
      pen.beginPath();
      pen.rect(x - size, y - size, 2 * size, 2 * size);
      this._renderer._fillStroke(pen, this);
    },
  });

  // ---- ground: districts and water ------------------------------------------------------------------------------
  const frame = L.latLngBounds([]);
  let fitted = 0;
  const borderLines = L.layerGroup(), placeNames = L.layerGroup();
  for (const district of data.districts) {
    const shape = rings(district.shape);
    frame.extend(L.polygon(shape).getBounds());
    L.polygon(shape, { ...ground, stroke: false, fillColor: style.district.fill, fillOpacity: 1 }).addTo(map);
    const label = make("div", {}, district.name[0], district.name[1] ? make("small", {}, district.name[1]) : null);
    const icon = L.divIcon({ className: "el-place", html: label, iconSize: [0, 0] });
    L.marker(place(district.at), { icon, pane: "labels", interactive: false, keyboard: false }).addTo(placeNames);
  }
  const { border: color, width: weight, dash: dashArray } = style.district;
  L.polyline(rings(data.borders).flat(), { ...borders, color, weight, dashArray, lineCap: "butt" }).addTo(borderLines);
  const water = data.water || { areas: [], lines: [] };
  const { fill: waterFill, border: waterBorder } = style.water;
  for (const shape of water.areas)
    L.polygon(rings(shape), { ...ground, color: waterBorder, weight: 1, fillColor: waterFill, fillOpacity: 1 }).addTo(map);
  for (const shape of water.lines)
    L.polyline(rings(shape).flat(), { ...ground, color: waterFill, weight: 5 }).addTo(map);

  // ---- streets: the ground's quiet lines, and the bridges --------------------------------------------------------
  const streets = [], bridges = [];
  function way(list, shape, rank, look) {
    if (shape) list.push({ rank, extra: look.extra, line: L.polyline(rings(shape).flat(), { ...ways, lineCap: "butt", ...look }) });
  }
  style.street.ranks.forEach((rank, index) => {
    if (!data.streets) return;
    way(streets, data.streets.lines[index], rank, { color: rank.colour, extra: 0 });
    way(bridges, data.streets.bridges[index], rank, { color: style.street.bridge, extra: 3 });
    way(bridges, data.streets.bridges[index], rank, { color: style.street.deck, extra: 0.6 });
  });
  function paintStreets() {
    const middle = map.getCenter(), scale = map.distance(middle, map.unproject(map.project(middle).add([100, 0]))) / 100;
    for (const { rank, extra, line } of [...streets, ...bridges]) {
      const bridge = bridges.some((other) => other.line === line);
      toggle(line, shown.streets && (bridge || scale <= rank.at_most));
      line.setStyle({ weight: Math.min(rank.most, Math.max(bridge ? Math.max(1, rank.least) : rank.least, rank.metres / scale)) + extra });
      if (!bridge && map.hasLayer(line)) line.bringToBack();
    }
  }

  // ---- demand: drawn once, coloured again on every switch -------------------------------------------------------
  const { shapes, population, pupils } = data.demand;
  const typical = population.reduce((sum, value) => sum + value, 0) / Math.max(1, population.length) || 1;
  const blocks = L.featureGroup();
  shapes.forEach((shape, index) => {
    const layer = isPoint(shape)
      ? L.circleMarker(place(shape), { ...places, radius: 3 })
      : L.polygon(rings(shape), { ...places, smoothFactor: 0.5 });
    layer.index = index;
    blocks.addLayer(layer);
    if (!data.districts.length) frame.extend(layer.getBounds ? layer.getBounds() : layer.getLatLng());
  });
  /* Dots that together cover about half the ground at first sight, by population, and grow on zooming in. */
  function sizeDots() {
    if (!shapes.length || !isPoint(shapes[0])) return;
    const size = map.getSize(), spacing = Math.sqrt((0.5 * size.x * size.y) / shapes.length);
    const middle = Math.min(6, Math.max(1.2, 0.4 * spacing)) * 1.45 ** (map.getZoom() - fitted);
    blocks.eachLayer((dot) => dot.setRadius && dot.setRadius(middle * Math.sqrt(Math.min(4, Math.max(0.25, population[dot.index] / typical)))));
  }
  /* Many small blocks would drown in white borders: until the reader zooms in, these take the colour of the block. */
  function drawn({ fill, border, width, opacity }, always) {
    const many = shapes.length > MANY && map.getZoom() < fitted + 1, tiny = many && !always;
    return { fillColor: fill, color: tiny ? fill : border, weight: tiny ? 0.8 : many ? 2 * width : width, fillOpacity: opacity, opacity: tiny ? opacity : 0.9 };
  }
  function paintDemand() {
    const reach = data.reach[key()];
    const nothing = { fill: style.paper, border: style.candidate.fill, width: 0.4, opacity: 1 };
    const looks = style.demand.map((look, index) => drawn(look, index === UNREACHABLE));
    blocks.eachLayer((layer) => layer.setStyle(reach ? looks[reach.digits[layer.index]] : drawn(nothing, true)));
  }
  function rows(pairs) {
    const list = make("dl");
    for (const [term, value] of pairs) list.append(make("dt", {}, term), make("dd", {}, String(value)));
    return list;
  }
  /* Rows of cells under a head; the row of the chosen stage is marked. */
  function grid(head, lines) {
    const cell = (content, index) => make(index ? "td" : "th", index ? {} : { scope: "row" }, content);
    const body = lines.map(({ stage, cells }) => make("tr", { className: stage === state.stage ? "el-now" : "" }, ...cells.map(cell)));
    return make("table", {}, make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, ...body));
  }
  function describeDemand({ index }) {
    const lines = stages.filter((stage) => data.reach[key(state.layout, stage)]).map((stage) => {
      const { digits, metres: walks, school } = data.reach[key(state.layout, stage)];
      const fill = style.demand[digits[index]].fill, nearest = schools[school ? school[index] : -1];
      const walk = make("span", { className: "el-walk" }, make("i", { style: { background: fill } }), metres(walks[index]));
      const name = walks[index] !== null && nearest ? nearest.name[0] : "–";
      return { stage, cells: [stage.label, people((pupils[stage.name] || [])[index]), walk, name] };
    });
    const head = [texts.stage, texts.pupils, texts["distance_" + data.engine], texts.nearest];
    const residents = say("residents", { count: people(population[index]) });
    return make("div", { className: "el-card" }, make("h3", {}, residents), make("p", {}, layouts[state.layout].label), grid(head, lines));
  }
  const thread = L.polyline([], { ...over, color: style.highlight.border, weight: 1.8, dashArray: "4 4" });
  function showThread({ layer }) {
    const reach = data.reach[key()];
    const school = reach && reach.school && schools[reach.school[layer.index]];
    if (!school || reach.metres[layer.index] === null) return;
    thread.setLatLngs([layer.getCenter ? layer.getCenter() : layer.getLatLng(), place(school.at)]).addTo(map);
  }
  blocks.bindTooltip(describeDemand, { sticky: true, opacity: 1 });
  blocks.on("mouseover", showThread).on("mouseout", () => thread.remove());
  blocks.addTo(map);

  // ---- candidates -----------------------------------------------------------------------------------------------
  const sites = L.featureGroup();
  for (const site of data.candidates || [])
    sites.addLayer(Object.assign(new CandidateSign(place(site.at), { ...places, weight: 1, fillOpacity: 1 }), { site }));
  function describeSite({ site }) {
    const pairs = [[texts.kinds_allowed, site.kinds.join(", ") || "–"]];
    if (site.land) pairs.push([texts.land, site.land]);
    if (site.area !== null) pairs.push([texts.area_m2, number(site.area) + " m²"]);
    return make("div", { className: "el-card" }, make("h3", {}, site.name[0]), make("p", {}, texts.candidate), rows(pairs));
  }
  sites.bindTooltip(describeSite, { sticky: true, opacity: 1 });
  function paintSites() {
    const look = style.candidate;
    sites.eachLayer((sign) => {
      const { chosen: layout, chosen_kind: kind } = sign.site;
      const chosen = layout !== null && layout <= state.layout;
      const framed = chosen && (!kind || state.stage.kinds.includes(kind));
      sign.setRadius(framed ? look.chosen_size : look.size);
      sign.setStyle({ fillColor: chosen ? look.chosen : look.fill, color: framed ? look.chosen : look.border, weight: framed ? 1.8 : 1, fillOpacity: framed ? 0 : 1 });
      if (chosen) sign.bringToFront();
    });
  }

  // ---- service areas --------------------------------------------------------------------------------------------
  const areas = data.areas || { own: {}, merged: {} };
  const areaLines = L.layerGroup(), ownArea = L.layerGroup().addTo(map);
  function paintAreas() {
    areaLines.clearLayers();
    const shape = areas.merged[key()];
    const { border: color, width: weight, fill: fillColor, opacity: fillOpacity } = style.area;
    if (shape) L.polygon(rings(shape), { ...over, color, weight, fillColor, fillOpacity }).addTo(areaLines);
  }
  function showOwnArea(school) {
    ownArea.clearLayers();
    const shape = school && (areas.own[state.stage.name] || {})[school.id];
    const { border: color, width: weight } = style.highlight;
    if (shape) L.polygon(rings(shape), { ...over, color, weight, fillColor: color, fillOpacity: 0.08 }).addTo(ownArea);
  }

  // ---- schools --------------------------------------------------------------------------------------------------
  const signs = L.layerGroup().addTo(map);
  const look = (kind) => style.schools[kind] || style.schools.unknown;
  const isNew = (school) => school.state === "planned" || school.state === "extended";
  /* Signs stay smaller than the radius that they stand in. */
  function sizeSigns() {
    const middle = map.getCenter(), across = map.distance(map.unproject(map.project(middle).subtract([50, 0])), map.unproject(map.project(middle).add([50, 0])));
    const roomy = 15 + (map.getSize().x > 700 ? 5 : 0) + 2 * (map.getZoom() - fitted);
    const size = Math.min(26, roomy, Math.max(13, (90 * state.stage.radius) / across));
    map.getContainer().style.setProperty("--sign", Math.round(Math.max(12, size)) + "px");
  }
  function sign(kind, status) {
    const { colour, path } = look(kind);
    const hollow = status === "planned" || status === "extended";
    const parts = [draw("path", { d: path, fill: "#fff", stroke: "#fff", "stroke-width": hollow ? 6.5 : 4, "stroke-linejoin": "round" })];
    if (status === "closed") parts.push(draw("path", { d: "M-6-6L6 6M-6 6L6-6", stroke: "#555", "stroke-width": 3 }));
    else parts.push(draw("path", { d: path, fill: hollow ? "#fff" : colour, stroke: colour, "stroke-width": hollow ? 3.2 : 0, "stroke-linejoin": "round" }));
    if (status === "extended") parts.push(draw("path", { d: "M-4 0H4M0-4V4", transform: kind === "junior_high" ? "translate(0 1.6)" : "", stroke: colour, "stroke-width": 2.4 }));
    return draw("svg", { viewBox: "-11 -11 22 22", "aria-hidden": "true", focusable: "false" }, ...parts);
  }
  /* The pupils who have no nearer school in this layout, and how many of them live within the radius. */
  function nearestPupils(school, stage) {
    const reach = data.reach[key(state.layout, stage)], counts = pupils[stage.name];
    if (!reach || !reach.school || !counts) return null;
    const own = schools.indexOf(school), sums = [0, 0];
    reach.school.forEach((other, index) => {
      if (other !== own || reach.metres[index] === null) return;
      sums[0] += counts[index];
      if (reach.digits[index] === "0") sums[1] += counts[index];
    });
    return sums;
  }
  function describeSchool(school) {
    const lines = stages.filter((stage) => serves(school, stage)).map((stage) => {
      const [near, within] = nearestPupils(school, stage) || [null, null];
      const seats = school.seats[stage.name] === undefined ? texts.not_known : number(school.seats[stage.name]);
      return { stage, cells: [stage.label, seats, people(near), near ? say("of_these", { count: people(within), share: percent(within / near) }) : "–"] };
    });
    const radius = stages.filter((stage) => serves(school, stage)).map((stage) => number(stage.radius)).join(" / ");
    const head = [texts.stage, texts.seats, texts.nearest_pupils, say("within_radius", { radius })];
    const under = [data.kinds[school.kind], texts["school_" + school.state] || school.state, school.name[1]].filter(Boolean).join(" · ");
    return make("div", { className: "el-card" }, make("h3", {}, school.name[0]), make("p", {}, under), lines.length ? grid(head, lines) : null,
      school.origin ? rows([[texts.origin, school.origin]]) : null);
  }
  const serves = (school, stage) => stage.kinds.includes(school.kind) || school.seats[stage.name] > 0;
  const present = (school) => school.layouts.includes(state.layout);
  function addSign(school, faint) {
    const body = make("div", { className: faint ? "el-faint" : "" }, sign(school.kind, school.state), faint ? null : make("span", { className: isNew(school) ? "el-name el-later" : "el-name" }, school.name[0].replace(" – ", "\u00a0–\n").replace("（", "\n（")));
    const icon = L.divIcon({ className: "el-school", html: body, iconSize: [0, 0] });
    const marker = L.marker(place(school.at), { icon, zIndexOffset: faint ? -500 : isNew(school) ? 500 : 0 });
    marker.bindPopup(() => describeSchool(school), { minWidth: 190, maxWidth: 400 });
    marker.on("popupopen", () => showOwnArea(school)).on("popupclose", () => showOwnArea(null));
    marker.addTo(signs);
    const label = [school.name[0], data.kinds[school.kind], texts["school_" + school.state] || school.state].join(", ");
    marker.getElement().setAttribute("aria-label", label);
    marker.getElement().title = school.name.join(" ");
  }
  function paintSchools() {
    map.closePopup();
    signs.clearLayers();
    const inLayout = schools.filter(present);
    if (shown.others) inLayout.filter((school) => !serves(school, state.stage)).forEach((school) => addSign(school, true));
    inLayout.filter((school) => serves(school, state.stage)).forEach((school) => addSign(school, false));
  }
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
  function thinNames() {
    const names = [...document.querySelectorAll(".el-name")];
    const taken = [...document.querySelectorAll(".el-school svg, .leaflet-control")].map((element) => element.getBoundingClientRect());
    taken.push(...placeLabels(taken));
    const within = map.getContainer().getBoundingClientRect();
    const far = map.getZoom() < fitted + 0.9;
    for (const name of names) {
      name.style.visibility = "";
      const box = name.getBoundingClientRect();
      const hit = (far && name.classList.contains("el-later")) || box.left < within.left || box.right > within.right || taken.some((other) => meet(box, other));
      name.style.visibility = hit || !shown.names ? "hidden" : "";
      if (!hit) taken.push(box);
    }
  }

  // ---- panel ----------------------------------------------------------------------------------------------------
  const shown = { areas: true, streets: true, candidates: false, districts: true, others: false, names: true };
  const layoutNotes = [];
  function choice(group, label, under, checked, choose) {
    const input = make("input", { type: "radio", name: group, checked, onchange: choose });
    return make("label", { className: "el-choice" }, input, make("span", {}, label, under));
  }
  function choices(title, group, items) {
    return make("fieldset", {}, make("legend", {}, title), make("div", { className: "el-choices" }, ...items));
  }
  function check(name, on) {
    const input = make("input", { type: "checkbox", name, checked: shown[name], onchange: () => { shown[name] = input.checked; on(); } });
    return make("label", { className: "el-check" }, input, texts["show_" + name]);
  }
  const colours = make("div", { className: "el-key el-colours" }), colourUnit = make("small");
  const legend = make("div", { className: "el-key el-signs" });
  const figures = make("div", { "aria-live": "polite" });
  function entry(picture, text, share) {
    return [picture, make("span", {}, text), make("b", {}, share || "")];
  }
  function swatch(css) {
    return make("i", { style: css });
  }
  function paintColours() {
    const reach = data.reach[key()], radius = state.stage.radius, parts = [];
    style.demand.forEach((demand, index) => {
      if (index === UNREACHABLE && !(reach && reach.digits.includes(String(index)))) return;
      const share = reach && reach.shares ? percent(reach.shares[index]) : "";
      const text = say(demand.text, { radius: number(radius), double: number(2 * radius) });
      const border = "1px solid " + (index === UNREACHABLE ? demand.border : "#0003");
      parts.push(...entry(swatch({ background: demand.fill, border }), text, share));
    });
    colours.replaceChildren(...parts);
    colourUnit.textContent = pupils[state.stage.name] ? texts.share_of_pupils : texts.share_of_population;
  }
  function schoolEntries() {
    const inLayout = schools.filter((school) => present(school) && (shown.others || serves(school, state.stage)));
    const counts = {};
    for (const { kind, state: status } of inLayout) counts[kind + "|" + status] = (counts[kind + "|" + status] || 0) + 1;
    const order = Object.keys(data.kinds).flatMap((kind) => ["existing", "planned", "extended", "closed"].map((status) => [kind, status]));
    return order.filter(([kind, status]) => counts[kind + "|" + status]).flatMap(([kind, status]) => {
      const text = data.kinds[kind] + say("in_brackets", { word: texts["school_" + status] });
      return entry(sign(kind, status), text, number(counts[kind + "|" + status]));
    });
  }
  function paintLegend() {
    const parts = schoolEntries();
    const { fill, chosen } = style.candidate;
    const dashed = swatch({ height: "0", borderTop: "2px dashed " + style.district.border });
    const outline = swatch({ border: style.area.width + "px solid " + style.area.border, background: "#0b25450d" });
    const small = swatch({ background: fill, width: "8px", height: "8px", margin: "0 7px" });
    const framed = swatch({ border: "2px solid " + chosen, width: "16px", height: "16px", margin: "0 3px" });
    if (shown.areas && areas.merged[key()]) parts.push(...entry(outline, texts["area_" + data.engine]));
    if (shown.candidates) parts.push(...entry(small, texts.candidate), ...entry(framed, texts.candidate_chosen));
    if (shown.districts) parts.push(...entry(dashed, texts.district_border));
    if (shown.streets && streets.length) parts.push(...entry(swatch({ height: "0", borderTop: "3px solid " + style.street.ranks[0].colour }), texts.street));
    if (shown.streets && bridges.length) parts.push(...entry(swatch({ height: "7px", borderWidth: "2px 0", borderStyle: "solid", borderColor: style.street.bridge, background: style.street.deck }), texts.bridge));
    if (water.areas.length + water.lines.length)
      parts.push(...entry(swatch({ background: waterFill, border: "1px solid " + waterBorder }), texts.water));
    legend.replaceChildren(...parts);
  }
  /* What the chosen layout adds to the first one, in percentage points. */
  function gain(row, past) {
    if (past === undefined || row.share_covered === null) return null;
    const points = (100 * (row.share_covered - past)).toFixed(1), sign = points > 0 ? "+" : "";
    return make("span", { className: "el-points" }, say("points", { points: sign + points, layout: layouts[0].label, share: percent(past) }));
  }
  function paintFigures() {
    const table = data.coverage && data.coverage[key()];
    layoutNotes.forEach((note, index) => {
      const all = ((data.coverage || {})[key(index)] || []).find((row) => row.district === "all");
      note.textContent = all ? percent(all.share_covered) : "";
    });
    if (!table) return figures.replaceChildren();
    const sum = table.find((row) => row.district === "all");
    const before = new Map(((state.layout && data.coverage[key(0)]) || []).map((row) => [row.district, row.share_covered || 0]));
    const names = new Map(data.districts.map((district) => [district.id, district.name[0]]));
    const line = (row) => {
      const share = row.share_covered || 0, past = Math.min(share, before.has(row.district) ? before.get(row.district) : share);
      const bar = make("span", { className: "el-bar", "aria-hidden": "true" }, make("i", { style: { width: 100 * past + "%" } }), make("i", { className: "el-gain", style: { width: 100 * (share - past) + "%" } }));
      const cells = [number(row.pupils), null, row.mean_metres === null ? "–" : metres(row.mean_metres)];
      const title = row === sum ? texts.all : names.get(row.district) || row.district;
      return make("tr", { className: row === sum ? "el-sum" : "" }, make("th", { scope: "row" }, title),
        make("td", {}, cells[0]), make("td", {}, bar, make("b", {}, percent(row.share_covered))), make("td", {}, cells[2]));
    };
    const head = [texts.district, texts.pupils, texts.covered, texts["mean_" + data.engine]].map((text) => make("th", { scope: "col" }, text));
    const rank = [...names.keys()];
    const order = table.filter((row) => row !== sum).sort((one, other) => rank.indexOf(one.district) - rank.indexOf(other.district));
    if (sum) order.push(sum);
    const told = sum && make("p", { className: "el-big" }, make("strong", {}, percent(sum.share_covered)),
      make("span", {}, say("headline_" + data.engine, { pupils: number(sum.pupils), stage: state.stage.label.toLowerCase(), radius: number(state.stage.radius) }), gain(sum, before.get("all"))));
    const barKey = before.size ? make("p", { className: "el-small" }, make("i"), layouts[0].label, make("i", { className: "el-gain" }), texts.gained) : null;
    figures.replaceChildren(...[told, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...order.map(line))), barKey].filter(Boolean));
  }
  function toggle(layer, on) {
    if (on) layer.addTo(map); else layer.remove();
  }
  function paint() {
    paintDemand();
    sizeDots();
    sizeSigns();
    paintSites();
    paintAreas();
    paintSchools();
    paintOverlays();
    paintColours();
    paintFigures();
  }
  function paintOverlays() {
    paintStreets();
    toggle(areaLines, shown.areas);
    toggle(sites, shown.candidates);
    toggle(borderLines, shown.districts);
    toggle(placeNames, shown.districts);
    if (shown.candidates) sites.bringToFront();
    thinNames();
    paintLegend();
  }
  function buildPanel() {
    const byLayout = layouts.map((layout, index) => {
      layoutNotes.push(make("small"));
      return choice("layout", layout.label, layoutNotes[index], index === state.layout, () => { state.layout = index; paint(); });
    });
    const byStage = stages.map((stage) => choice("stage", stage.label, make("small", {}, say("radius", { metres: number(stage.radius) })),
      stage === state.stage, () => { state.stage = stage; paint(); }));
    const checks = make("fieldset", {}, make("legend", {}, texts.show), check("areas", paintOverlays), data.streets ? check("streets", paintOverlays) : null, check("districts", paintOverlays),
      data.candidates ? check("candidates", () => { paintSites(); paintOverlays(); }) : null,
      check("others", () => { paintSchools(); paintOverlays(); }), check("names", thinNames));
    return make("aside", { className: "el-side", "aria-label": texts.panel }, layouts.length > 1 ? choices(texts.layout, "layout", byLayout) : null, choices(texts.stage, "stage", byStage),
      make("section", {}, make("h2", {}, texts["walk_" + data.engine], colourUnit), colours),
      data.coverage ? make("section", {}, make("h2", {}, texts.coverage), figures) : null, make("section", {}, make("h2", {}, texts.legend), legend), make("section", { className: "el-show" }, checks));
  }
  function buildPage() {
    const head = make("header", { className: "el-head" }, make("h1", {}, data.title), data.note ? make("span", { className: "el-note" }, data.note) : null);
    const foot = data.source ? make("footer", { className: "el-foot" }, texts.source + ": " + data.source) : null;
    const container = map.getContainer();
    container.classList.toggle("el-crowded", data.districts.length > 8);
    container.setAttribute("role", "region");
    container.setAttribute("aria-label", texts.map);
    document.body.prepend(head);
    document.body.append(buildPanel());
    if (foot) document.body.append(foot);
  }
  function button(symbol, text, act) {
    const link = make("a", { className: "el-tool", href: "#", title: text, role: "button" }, symbol);
    link.setAttribute("aria-label", text);
    L.DomEvent.on(link, "click", (event) => { L.DomEvent.stop(event); act(link); });
    return link;
  }
  const Tools = L.Control.extend({
    onAdd() {
      const whole = button("⤢", texts.whole, fit);
      const fold = button("☰", texts.hide_panel, (link) => {
        const wide = document.body.classList.toggle("wide");
        link.title = wide ? texts.show_panel : texts.hide_panel;
        link.setAttribute("aria-label", link.title);
        map.invalidateSize();
      });
      return make("div", { className: "leaflet-bar el-tools" }, whole, fold);
    },
  });
  const North = L.Control.extend({
    onAdd() {
      const arrow = draw("svg", { viewBox: "-10 -16 20 32", width: 18, height: 28, "aria-hidden": "true" },
        draw("path", { d: "M0-15L8 14L0 8Z", fill: "#222" }), draw("path", { d: "M0-15L-8 14L0 8Z", fill: "#fff", stroke: "#222" }));
      return make("div", { className: "el-north" }, texts.north, arrow);
    },
  });

  /* A frame in a notebook may have no size yet: fit again on every change of size, until the reader moves the map. */
  let moved = false;
  function fit() {
    if (!frame.isValid()) return;
    map.setMinZoom(0).fitBounds(frame, { padding: [10, 10], animate: false });
    fitted = map.getZoom();
    map.setMinZoom(fitted - 1.5);
  }
  buildPage();
  map.invalidateSize({ animate: false });
  fit();
  for (const event of ["wheel", "pointerdown", "keydown"])
    map.getContainer().addEventListener(event, () => { moved = true; }, { passive: true });
  map.on("resize", () => moved || fit());
  for (const [name, text] of [["in", texts.zoom_in], ["out", texts.zoom_out]]) {
    const link = map.getContainer().querySelector(".leaflet-control-zoom-" + name);
    if (link) Object.assign(link, { title: text, ariaLabel: text });
  }
  map.on("popupopen", ({ popup }) => popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", texts.close));
  new Tools({ position: "topleft" }).addTo(map);
  new North({ position: "topright" }).addTo(map);
  map.on("zoomend", () => {
    if (shapes.length > MANY) paintDemand();
    sizeDots();
    sizeSigns();
    paintStreets();
    thinNames();
  });
  /* Paper shows what the screen shows, scaled as a whole: a canvas cannot be drawn anew between here and the print. */
  const PAPER = { width: 1060, height: 728 };
  window.addEventListener("beforeprint", () => {
    const { clientWidth: width, clientHeight: height } = document.body, side = document.querySelector(".el-side");
    document.body.classList.add("paper");
    Object.assign(document.body.style, { width: width + "px", height: height + "px", zoom: Math.min(PAPER.width / width, PAPER.height / height) });
    side.style.zoom = Math.min(1, side.clientHeight / side.scrollHeight);
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("paper");
    document.body.removeAttribute("style");
    document.querySelector(".el-side").style.zoom = "";
  });
  paint();
}
