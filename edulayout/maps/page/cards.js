/* What the page tells of a school, a block and a candidate. */
"use strict";
function elCards(chart) {
  const { data, state, texts, say, people, percent, metres, number, rows, grid } = chart, { stages } = data;
  const card = (title, under, ...parts) => elMake("div", { className: "el-card" }, elMake("h3", {}, title), under ? elMake("p", {}, under) : null, ...parts);
  const button = (text, act) => elMake("button", { type: "button", className: "el-button", onclick: act }, text);

  // ---- schools ------------------------------------------------------------------------------------------------------
  /* The blocks that have no nearer school in this layout. */
  function nearestBlocks(school, stage) {
    const reach = chart.reach(state.layout, stage), blocks = [];
    if (!reach || !reach.school) return null;
    for (let block = 0; block < reach.school.length; block++) {
      if (reach.digits[block] === EL_UNREACHABLE || reach.school[block] < 0) continue;
      if (chart.school(reach.school[block]).id === school.id) blocks.push(block);
    }
    return blocks;
  }
  /* How far its pupils walk, in quarters of the radius: dark within it, light beyond. */
  function histogram(school, stage, blocks) {
    const reach = chart.reach(state.layout, stage), counts = chart.pupils(stage), radius = chart.radius(stage), bins = Array(9).fill(0);
    for (const block of blocks) bins[Math.min(8, Math.max(0, Math.ceil((4 * reach.metres[block]) / radius) - 1))] += counts[block];
    const most = Math.max(...bins), all = bins.reduce((one, other) => one + other, 0);
    if (!(all > 0)) return null;
    const bars = bins.map((count, index) => elDraw("rect", { x: 22 * index + 1, width: 20, y: 44 - (40 * count) / most, height: (40 * count) / most, fill: data.style.demand[index < 4 ? 0 : index < 8 ? 1 : 2].fill, stroke: "#0004", "stroke-width": count ? 0.5 : 0 }));
    const marks = [[0, "0"], [88, number(radius)], [176, number(2 * radius)]].map(([x, text]) => elDraw("text", { x: x + (x ? 0 : 2), y: 55, "text-anchor": x ? "middle" : "start", "font-size": 10, fill: "#555" }, text));
    const label = say("walks_of", { within: percent(bins.slice(0, 4).reduce((one, other) => one + other, 0) / all), radius: number(radius) });
    const chartOf = elDraw("svg", { viewBox: "0 0 200 58", class: "el-walks", role: "img", "aria-label": label }, ...bars, elDraw("path", { d: "M0 44.5H199M88 44V48M176 44V48", stroke: "#555" }), ...marks);
    return elMake("figure", {}, elMake("figcaption", {}, texts["walks_" + data.engine]), chartOf);
  }
  /* Where its pupils would go: by all costs where the page has them, else the school next to it. */
  function alternative(school, stage, blocks) {
    const counts = chart.pupils(stage);
    if (chart.trial && counts && blocks.length) {
      const to = new Map();
      let [all, walked, before] = [0, 0, 0];
      for (const block of blocks) {
        const ranked = chart.trial.ranked(block, stage, state.layout), next = ranked.find((entry) => entry.school.id !== school.id);
        if (!next) continue;
        all += counts[block];
        walked += counts[block] * next.metres;
        before += counts[block] * chart.reach(state.layout, stage).metres[block];
        to.set(next.school, (to.get(next.school) || 0) + counts[block]);
      }
      if (!all) return null;
      const [most, share] = [...to].reduce((one, other) => (other[1] > one[1] ? other : one));
      return [texts.without_it, say("without_it_told", { before: number(before / all), after: number(walked / all), share: percent(share / all), school: most.name[0] })];
    }
    const place = L.latLng(elPlace(school.at)), rest = chart.present().filter((other) => other.id !== school.id && chart.serves(other, stage));
    if (!rest.length) return null;
    const next = rest.map((other) => ({ other, far: place.distanceTo(elPlace(other.at)) })).reduce((one, other) => (other.far < one.far ? other : one));
    return [texts.next_school, next.other.name[0] + say("in_brackets", { word: metres(next.far) })];
  }
  function aboutStage(school, stage) {
    const blocks = nearestBlocks(school, stage), counts = chart.pupils(stage), reach = chart.reach(state.layout, stage);
    const sum = (list) => (counts && list ? list.reduce((all, block) => all + counts[block], 0) : null);
    const near = sum(blocks), within = blocks && sum(blocks.filter((block) => reach.digits[block] === 0));
    const seats = elOwn(school.seats, stage.name), [assigned, load, price] = elOwn(elOwn(data.loads, chart.key(state.layout, stage)), school.id) || [];
    const used = load !== undefined && load !== null ? load : seats > 0 && near !== null ? near / seats : null;
    const pairs = [
      [texts.seats, seats === undefined ? texts.not_known : number(seats)],
      assigned !== undefined && assigned !== null ? [texts.assigned, people(assigned)] : null,
      [texts.nearest_pupils, people(near)],
      [say("within_radius", { radius: number(chart.radius(stage)) }), near ? say("of_these", { count: people(within), share: percent(within / near) }) : "–"],
      used !== null ? [load !== undefined && load !== null ? texts.load : texts.load_nearest, loadBar(used)] : null,
      price !== undefined && price !== null ? [texts.seat_price, price < 0 ? say("seat_price_more", { metres: number(-price) }) : say("seat_price_told", { metres: number(price) })] : null,
      blocks && alternative(school, stage, blocks),
    ];
    return elMake("section", {}, elMake("h4", {}, stage.label), rows(pairs), blocks && counts ? histogram(school, stage, blocks) : null);
  }
  function loadBar(used) {
    const bar = elMake("span", { className: "el-load", "aria-hidden": "true" }, elMake("i", { className: used > 1 ? "el-over" : "", style: { width: Math.min(100, 100 * used) + "%" } }));
    return elMake("span", {}, bar, (100 * used).toFixed(0) + "%");
  }
  function schoolActions(school) {
    const { trial } = chart, site = trial ? trial.siteOf(school.id) : -1;
    if (site < 0 || state.layout !== trial.layout) return null;
    if (school.state === "closed") return elMake("p", { className: "el-actions" }, button(texts.reopen, () => chart.change(site, school.kind)));
    return elMake("p", { className: "el-actions" }, button(texts.close_school, () => chart.change(site, "")));
  }
  chart.describeSchool = (school) => {
    const served = stages.filter((stage) => chart.serves(school, stage));
    const under = [elOwn(data.kinds, school.kind), chart.stateWord(school), school.name[1]].filter(Boolean).join(" · ");
    const [failed, worst] = chart.failed(school) || [];
    const rules = failed ? rows([[texts.rules_failed, elMake("span", { className: "el-fails" }, worst ? say("rules_failed_told", { count: number(failed), worst }) : number(failed))]]) : null;
    return card(school.name[0], under, rules, served.map((stage) => aboutStage(school, stage)), school.origin ? rows([[texts.origin, school.origin]]) : null, schoolActions(school));
  };
  chart.openSchool = (school) => {
    chart.forget();
    chart.openCard(elPlace(school.at), chart.describeSchool(school));
    chart.showOwnArea(school);
  };

  // ---- blocks -------------------------------------------------------------------------------------------------------
  function stageLine(stage, block) {
    const reach = chart.reach(state.layout, stage), nearest = chart.nearest(reach, block), counts = chart.pupils(stage);
    const mark = elMake("i", { style: { background: data.style.demand[reach.digits[block]].fill } });
    const walk = elMake("span", { className: "el-walk" }, mark, metres(chart.walk(reach, block)));
    return { stage, cells: [stage.label, people(counts ? counts[block] : null), walk, nearest ? nearest.name[0] : "–"] };
  }
  function stageTable(block) {
    const head = [texts.stage, texts.pupils, texts["distance_" + data.engine], texts.nearest];
    return grid(head, stages.filter((stage) => chart.reach(state.layout, stage)).map((stage) => stageLine(stage, block)));
  }
  const residents = (block) => say("residents", { count: people(data.demand.population[block]) });
  chart.describeBlock = (block) => card(residents(block), chart.layouts[state.layout].label, stageTable(block));
  /* A click tells more than pointing: further schools, the other layouts, the way along the streets. */
  function blockCard(block, onStreets) {
    const further = chart.trial ? chart.trial.ranked(block, state.stage, state.layout).slice(1, 4) : [];
    const list = further.length ? [elMake("h4", {}, say("further_schools", { stage: state.stage.label })), rows(further.map((entry) => [entry.school.name[0], metres(entry.metres)]))] : [];
    const idle = (index) => index === state.layout || (chart.trial && index === chart.trial.layout && !chart.trial.changes().length);
    const others = chart.layouts.map((layout, index) => ({ layout, reach: idle(index) ? null : chart.reach(index) })).filter(({ reach }) => reach);
    const told = others.map(({ layout, reach }) => [layout.label, [chart.nearest(reach, block)].filter(Boolean).map((school) => school.name[0] + ", ").join("") + metres(chart.walk(reach, block))]);
    const beside = told.length ? [elMake("h4", {}, say("other_layouts", { stage: state.stage.label })), rows(told)] : [];
    const under = [chart.layouts[state.layout].label, texts.place + " " + data.demand.ids[block]].join(" · ");
    const way = onStreets === null ? null : elMake("p", { className: "el-small" }, onStreets ? texts.way_shown : texts.way_straight);
    return card(residents(block), under, stageTable(block), way, list, beside);
  }
  chart.openBlock = (block, latlng) => {
    chart.forget();
    const shown = chart.showWay(block);
    chart.openCard(latlng || chart.shapes.middle(block), blockCard(block, shown));
    chart.mark(block);
  };

  // ---- candidates ---------------------------------------------------------------------------------------------------
  chart.describeSite = (site) => card(site.name[0], texts.candidate, rows([[texts.kinds_allowed, site.kinds.join(", ") || "–"],
    site.land ? [texts.land, site.land] : null, site.area !== null ? [texts.area_m2, number(site.area) + " m²"] : null]));
  chart.openSite = (site) => {
    const { trial } = chart, told = chart.describeSite(site), place = trial ? trial.siteOf(site.id) : -1;
    if (place >= 0 && state.layout === trial.layout) {
      const now = trial.kinds[place], kinds = trial.sites[place].kinds;
      const buttons = kinds.filter((kind) => kind !== now).map((kind) => button(say("open_as", { kind: data.kinds[kind] || kind }), () => chart.change(place, kind)));
      if (now) buttons.push(button(texts.take_back, () => chart.change(place, "")));
      told.append(elMake("p", { className: "el-actions" }, buttons));
    }
    chart.forget();
    chart.openCard(elPlace(site.at), told);
  };
  chart.change = (site, kind) => {
    chart.closeCard();
    chart.trial.set(site, kind);
    chart.paint();
  };
}
