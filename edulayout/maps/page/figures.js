/* The figures of the panel: coverage by district, what a layout adds, seats that are missing in a tried choice. */
"use strict";
function elFigures(chart) {
  const { data, state, texts, say, number, percent, metres } = chart;
  const figures = (chart.figures = elMake("div", { className: "el-figures", "aria-live": "polite" }));
  const trying = () => Boolean(chart.trial) && state.layout === chart.trial.layout;
  const against = () => (trying() ? chart.trial.base : 0);
  /* What the chosen layout adds to the first one, in percentage points. */
  function gain(row, past) {
    if (past === undefined || past === null || row.share_covered === null) return null;
    const points = (100 * (row.share_covered - past)).toFixed(1).replace(/^-(0\.0)$/, "$1"), sign = points > 0 ? "+" : "";
    return elMake("span", { className: "el-points" }, say("points", { points: sign + points, layout: chart.layouts[against()].label, share: percent(past) }));
  }
  const short = (row) => (row.unknown ? say("at_most", { count: number(row.short) }) : number(row.short));
  function line(row, sum, before, names) {
    const share = row.share_covered || 0, past = Math.min(share, before.has(row.district) ? before.get(row.district) : share);
    const bar = elMake("span", { className: "el-bar", "aria-hidden": "true" }, elMake("i", { style: { width: 100 * past + "%" } }), elMake("i", { className: "el-gain", style: { width: 100 * (share - past) + "%" } }));
    const first = trying() ? short(row) : number(row.pupils);
    const title = row === sum ? texts.all : names.get(row.district) || (row.district === "outside" ? texts.outside : row.district);
    return elMake("tr", { className: row === sum ? "el-sum" : "" }, elMake("th", { scope: "row" }, title), elMake("td", {}, first),
      elMake("td", {}, bar, elMake("b", {}, percent(row.share_covered))), elMake("td", {}, row.mean_metres === null ? "–" : metres(row.mean_metres)));
  }
  function seatsLine(sum) {
    if (!trying() || !sum) return null;
    const before = (chart.trial.seatsBefore(state.stage) || []).find((row) => row.district === "all");
    return elMake("p", { className: "el-small" }, say("seats_told", { now: short(sum), before: before ? short(before) : "–", layout: chart.layouts[chart.trial.base].label }));
  }
  chart.paintFigures = () => {
    const table = chart.coverage();
    if (!table) return figures.replaceChildren();
    const sum = table.find((row) => row.district === "all"), past = state.layout === against() ? [] : chart.coverage(against()) || [];
    const before = new Map(past.map((row) => [row.district, row.share_covered || 0]));
    const names = new Map(data.districts.map((district) => [district.id, district.name[0]])), rank = [...names.keys()];
    const head = [texts.district, trying() ? texts.seats_short : texts.pupils, texts.covered, texts["mean_" + data.engine]];
    const place = (row) => (rank.includes(row.district) ? rank.indexOf(row.district) : rank.length);
    const order = table.filter((row) => row !== sum).sort((one, other) => place(one) - place(other));
    if (sum) order.push(sum);
    const told = sum && elMake("p", { className: "el-big" }, elMake("strong", {}, percent(sum.share_covered)),
      elMake("span", {}, say("headline_" + data.engine, { pupils: number(sum.pupils), stage: state.stage.label.toLowerCase(), radius: number(chart.radius()) }), gain(sum, before.get("all"))));
    const key = before.size ? elMake("p", { className: "el-small" }, elMake("i"), chart.layouts[against()].label, elMake("i", { className: "el-gain" }), texts.gained) : null;
    const top = elMake("thead", {}, elMake("tr", {}, head.map((text) => elMake("th", { scope: "col" }, text))));
    figures.replaceChildren(...[told, elMake("table", {}, top, elMake("tbody", {}, order.map((row) => line(row, sum, before, names)))), key, seatsLine(sum)].filter(Boolean));
  };
}
