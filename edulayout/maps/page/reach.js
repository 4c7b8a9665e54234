/* Who reaches what: the measured tables by layout, stage and year, as every part of the page asks for them. */
"use strict";
const EL_UNREACHABLE = 3;
function elReach(chart) {
  const { data, state, layouts } = chart, mine = (layout) => chart.trial && layout === chart.trial.layout;
  chart.key = (layout = state.layout, stage = state.stage) => stage.name + "|" + layouts[layout].name;
  chart.reach = (layout = state.layout, stage = state.stage) => (mine(layout) ? chart.trial.reach(stage) : elOwn(data.reach, chart.key(layout, stage)));
  chart.walk = (reach, block) => (reach && reach.digits[block] !== EL_UNREACHABLE ? reach.metres[block] : null);
  chart.pupils = (stage = state.stage) => elOwn(elOwn(data.years, state.year), stage.name) || elOwn(data.demand.pupils, stage.name) || null;
  chart.radius = (stage = state.stage, layout = state.layout) => (mine(layout) ? chart.trial.radius(stage) : stage.radius);
  chart.school = (number) => (number >= chart.schools.length ? chart.trial.school(number - chart.schools.length) : chart.schools[number]);
  chart.nearest = (reach, block) => (reach && reach.school && chart.walk(reach, block) !== null ? chart.school(reach.school[block]) : undefined);
  chart.present = (layout = state.layout) => (mine(layout) ? chart.trial.present() : chart.schools.filter((school) => school.layouts.includes(layout)));
  chart.serves = (school, stage = state.stage) => school.state !== "closed" && (stage.kinds.includes(school.kind) || elOwn(school.seats, stage.name) > 0);
  /* How many rules a school fails in a layout, and the worst; a choice of the reader is not held against any. */
  chart.failed = (school, layout = state.layout) => elOwn(elOwn(data.failures, layouts[layout].name), school.id);
  /* Shares of the pupils by class of distance: those of the tables, or counted where the year or the choice is another. */
  chart.shares = (layout = state.layout, stage = state.stage) => {
    const reach = chart.reach(layout, stage);
    if (!reach) return null;
    if (reach.shares !== undefined && !state.year) return reach.shares;
    const weights = chart.pupils(stage) || data.demand.population, sums = [0, 0, 0, 0];
    for (let block = 0; block < weights.length; block++) sums[reach.digits[block]] += weights[block];
    const all = sums.reduce((one, other) => one + other, 0);
    return all > 0 ? sums.map((sum) => sum / all) : null;
  };
  function counted(layout, stage) {
    const reach = chart.reach(layout, stage), pupils = chart.pupils(stage);
    if (!reach || !pupils) return null;
    let [all, near, served, walked] = [0, 0, 0, 0];
    for (let block = 0; block < pupils.length; block++) {
      all += pupils[block];
      if (reach.digits[block] === EL_UNREACHABLE) continue;
      if (reach.digits[block] === 0) near += pupils[block];
      served += pupils[block];
      walked += pupils[block] * reach.metres[block];
    }
    return [{ district: "all", pupils: all, share_covered: all ? near / all : null, mean_metres: served ? walked / served : null }];
  }
  chart.coverage = (layout = state.layout, stage = state.stage) => {
    if (mine(layout)) return chart.trial.coverage(stage);
    if (!data.coverage) return null;
    if (!state.year) return elOwn(data.coverage, chart.key(layout, stage)) || null;
    return elOwn(data.coverage, chart.key(layout, stage) + "|" + state.year) || counted(layout, stage);
  };
  chart.sum = (layout, stage) => (chart.coverage(layout, stage) || []).find((row) => row.district === "all");
}
