/* What if: another choice of schools, measured here from all costs, with the sums of `coverage.summary` and `seats.balance`. */
"use strict";
const EL_FINE = 16384, EL_PLAIN_TO = 512 * EL_FINE, EL_FARTHEST = 131071 * EL_FINE, EL_FORMAT = "edulayout choice 1";
/* One row of metres per site; a cost is what was left after its neighbours, see `edulayout/maps/trial.py`. */
function elCosts({ rows, columns, left, plain }, places) {
  const metres = Array.from(columns, () => new Float32Array(places).fill(Infinity));
  const above = new Int32Array(columns.length);
  let next = 0, taken = 0;
  for (const row of rows)
    for (let j = 0, run = 0; j < columns.length; j++) {
      run = (run + left[next++]) | 0;
      const cell = (above[j] = (above[j] + run) | 0);
      if (cell !== -1) metres[columns[j]][row] = cell <= EL_PLAIN_TO || cell >= EL_FARTHEST ? plain[taken++] : cell / EL_FINE;
    }
  return metres;
}
function elTrial(chart) {
  const { data, say, texts, shapes } = chart, told = data.trial;
  if (!told) return;
  const { sites, groups, group, pupils } = told, metres = elCosts(told.costs, shapes.count);
  const ids = new Map(sites.map((site, number) => [site.id, number])), stages = data.stages;
  const known = new Map(chart.schools.map((school) => [school.id, school]));
  const trial = (chart.trial = { layout: chart.layouts.length, base: 0, kinds: sites.map(() => ""), radii: {}, metres, sites, milliseconds: 0 });
  chart.layouts.push({ name: "chosen", label: texts.chosen_layout });
  let found = {}, signs = [];

  // ---- what is open -----------------------------------------------------------------------------------------------
  const serving = (stage) => new Set(elOwn(told.serving, stage.name) || []);
  function kindsOf(layout) {
    const kinds = sites.map(() => "");
    for (const school of chart.schools) if (school.layouts.includes(layout) && ids.has(school.id) && school.state !== "closed") kinds[ids.get(school.id)] = school.kind;
    return kinds;
  }
  const isOld = (number) => known.has(sites[number].id) && sites[number].candidate < 0;
  function seatsOf(number, kind) {
    const layouts = [data.layouts[trial.base].name, ...data.layouts.map((layout) => layout.name)];
    const school = known.get(sites[number].id);
    if (school && school.kind === kind) {
      for (const name of layouts) {
        const seats = elOwn(elOwn(told.seats, name), school.id);
        if (seats) return seats;
      }
      return {};
    }
    return elOwn(told.new_seats, kind) || {};
  }
  function signOf(number) {
    const site = sites[number], school = known.get(site.id), kind = trial.kinds[number] || (school && isOld(number) ? school.kind : "");
    if (school && school.kind === kind) return { ...school, state: trial.kinds[number] ? school.state : "closed", layouts: [trial.layout], site: number };
    const candidate = data.candidates[site.candidate];
    const name = candidate.name.map((text) => say("chosen_school", { kind: data.kinds[kind] || kind, site: text }));
    return { id: site.id, name, kind, state: "planned", origin: "", seats: seatsOf(number, kind), at: candidate.at, layouts: [trial.layout], site: number };
  }
  trial.school = (number) => signs[number];
  trial.present = () => signs.filter(Boolean);
  trial.siteOf = (id) => (ids.has(id) ? ids.get(id) : -1);
  trial.radius = (stage) => elOwn(trial.radii, stage.name) || stage.radius;

  // ---- measures -----------------------------------------------------------------------------------------------------
  function reachOf(kinds, stage) {
    const kindsServing = serving(stage), best = new Float32Array(shapes.count).fill(Infinity), school = new Int32Array(shapes.count).fill(-1);
    sites.forEach((_, number) => {
      if (!kindsServing.has(kinds[number])) return;
      const own = metres[number];
      for (let block = 0; block < own.length; block++)
        if (own[block] < best[block]) [best[block], school[block]] = [own[block], number + chart.schools.length];
    });
    const radius = trial.radius(stage), near = Math.fround(radius), digits = new Uint8Array(shapes.count);
    for (let block = 0; block < digits.length; block++) digits[block] = best[block] <= near ? 0 : best[block] <= 2 * radius ? 1 : best[block] < Infinity ? 2 : EL_UNREACHABLE;
    return { digits, metres: best, school };
  }
  function seatSums(kinds, stage) {
    const kindsServing = serving(stage), seats = new Float64Array(groups.length), unknown = new Int32Array(groups.length);
    kinds.forEach((kind, number) => {
      if (!kind || sites[number].group < 0) return;
      const stated = elOwn(seatsOf(number, kind), stage.name);
      if (stated === undefined) unknown[sites[number].group] += kindsServing.has(kind) ? 1 : 0;
      else if (kindsServing.has(kind) || stated > 0) seats[sites[number].group] += stated;
    });
    return { seats, unknown };
  }
  /* The rows of the coverage table, with the seats that are missing (学位缺口) as far as seats are known. */
  function coverageOf(kinds, stage, reach) {
    const counts = elOwn(pupils, stage.name), { seats, unknown } = seatSums(kinds, stage);
    if (!counts) return null;
    const sums = Array.from({ length: groups.length + 1 }, () => ({ pupils: 0, near: 0, served: 0, walked: 0, seats: 0, unknown: 0, places: 0 }));
    const all = sums[groups.length];
    for (let block = 0; block < counts.length; block++)
      for (const sum of [sums[group[block]], all]) {
        sum.pupils += counts[block];
        sum.places += 1;
        if (reach.digits[block] === 0) sum.near += counts[block];
        if (reach.digits[block] === EL_UNREACHABLE) continue;
        sum.served += counts[block];
        sum.walked += counts[block] * reach.metres[block];
      }
    seats.forEach((value, number) => {
      for (const sum of [sums[number], all]) {
        sum.seats += value;
        sum.unknown += unknown[number];
      }
    });
    return sums.filter((sum) => sum.places).map((sum) => ({
      district: sum === all ? "all" : groups[sums.indexOf(sum)], pupils: sum.pupils,
      share_covered: sum.pupils ? sum.near / sum.pupils : null, mean_metres: sum.served ? sum.walked / sum.served : null,
      unreachable: sum.pupils - sum.served, seats: sum.seats, unknown: sum.unknown, short: Math.max(0, sum.pupils - sum.seats),
    }));
  }
  function measure(kinds) {
    return Object.fromEntries(stages.map((stage) => {
      const reach = reachOf(kinds, stage);
      return [stage.name, { reach, coverage: coverageOf(kinds, stage, reach) }];
    }));
  }
  trial.reach = (stage) => found[stage.name].reach;
  trial.coverage = (stage) => found[stage.name].coverage;
  trial.seatsBefore = (stage) => coverageOf(kindsOf(trial.base), stage, reachOf(kindsOf(trial.base), stage));
  trial.measure = () => {
    const begin = performance.now();
    found = measure(trial.kinds);
    signs = sites.map((_, number) => (trial.kinds[number] || isOld(number) ? signOf(number) : null));
    trial.milliseconds = performance.now() - begin;
    trial.changed();
  };
  trial.changed = () => {};
  /* The sites that serve a stage in the order of their distance from a block, in whatever layout. */
  trial.ranked = (block, stage, layout) => {
    const kinds = layout === trial.layout ? trial.kinds : kindsOf(layout), kindsServing = serving(stage);
    return sites.map((_, number) => number).filter((number) => kindsServing.has(kinds[number]) && metres[number][block] < Infinity)
      .sort((one, other) => metres[one][block] - metres[other][block]).map((number) => ({ metres: metres[number][block], school: layout === trial.layout ? signs[number] : known.get(sites[number].id), number }));
  };

  // ---- changes ------------------------------------------------------------------------------------------------------
  trial.start = (layout) => {
    Object.assign(trial, { base: layout, kinds: kindsOf(layout), radii: {} });
    trial.measure();
  };
  trial.set = (number, kind) => {
    trial.kinds[number] = kind;
    trial.measure();
  };
  trial.setRadius = (stage, radius) => {
    if (radius > 0 && radius < 1e6) trial.radii[stage.name] = radius;
    else delete trial.radii[stage.name];
    if (trial.radii[stage.name] === stage.radius) delete trial.radii[stage.name];
    trial.measure();
  };
  trial.changes = () => {
    const before = kindsOf(trial.base);
    return sites.map((_, number) => number).filter((number) => trial.kinds[number] !== before[number]).map((number) => ({ number, kind: trial.kinds[number], before: before[number] }));
  };
  trial.nameOf = (number) => {
    const school = signs[number] || known.get(sites[number].id);
    return school ? school.name[0] : data.candidates[sites[number].candidate].name[0];
  };
  trial.choice = () => {
    const open = sites.map((_, number) => number).filter((number) => trial.kinds[number] && !isOld(number) && sites[number].candidate >= 0);
    const closed = sites.map((_, number) => number).filter((number) => isOld(number) && !trial.kinds[number]);
    return { format: EL_FORMAT, study: data.title, base: data.layouts[trial.base].name, opened: open.map((number) => ({ candidate_id: sites[number].id, kind: trial.kinds[number] })),
      closed: closed.map((number) => sites[number].id), radius_metres: { ...trial.radii } };
  };
  /* Takes up a saved choice; returns what is wrong with it, or nothing. */
  trial.load = (text) => {
    let choice;
    try { choice = JSON.parse(text); } catch { return say("choice_unreadable"); }
    if (!choice || choice.format !== EL_FORMAT || !Array.isArray(choice.opened) || !Array.isArray(choice.closed)) return say("choice_unreadable");
    const wanted = choice.opened.map((entry) => [trial.siteOf(entry.candidate_id), entry.kind]);
    const shut = choice.closed.map((id) => trial.siteOf(id));
    if (wanted.some(([number, kind]) => number < 0 || !sites[number].kinds.includes(kind)) || shut.some((number) => number < 0 || !isOld(number))) return say("choice_other");
    const kinds = sites.map((site, number) => (isOld(number) ? known.get(site.id).kind : ""));
    wanted.forEach(([number, kind]) => { kinds[number] = kind; });
    shut.forEach((number) => { kinds[number] = ""; });
    const base = data.layouts.findIndex((layout) => layout.name === choice.base), radii = {};
    for (const stage of stages) if (elOwn(choice.radius_metres, stage.name) > 0) radii[stage.name] = Number(choice.radius_metres[stage.name]);
    Object.assign(trial, { base: Math.max(0, base), kinds, radii });
    trial.measure();
    return "";
  };
  trial.start(data.layouts.length - 1);
}
