/* The legend: colours of the walk with their shares, and the signs that are on the map now. */
"use strict";
function elLegend(chart) {
  const { data, state, shown, texts, say, number, percent } = chart, { style } = data;
  const colours = elMake("div", { className: "el-key el-colours" }), unit = elMake("small"), legend = elMake("div", { className: "el-key el-signs" });
  Object.assign(chart, { colours, colourUnit: unit, legend });
  const entry = (picture, text, share) => [picture, elMake("span", {}, text), elMake("b", {}, share || "")];
  const swatch = (css) => elMake("i", { style: css });
  chart.paintColours = () => {
    const reach = chart.reach(), radius = chart.radius(), shares = chart.shares(), parts = [];
    style.demand.forEach((look, index) => {
      if (index === EL_UNREACHABLE && !(reach && reach.digits.includes(index))) return;
      const text = say(look.text, { radius: number(radius), double: number(2 * radius) });
      const border = "1px solid " + (index === EL_UNREACHABLE ? look.border : "#0003");
      parts.push(...entry(swatch({ background: look.fill, border }), text, shares ? percent(shares[index]) : ""));
    });
    colours.replaceChildren(...parts);
    unit.textContent = chart.pupils() ? texts.share_of_pupils : texts.share_of_population;
  };
  function schoolEntries() {
    const counts = new Map();
    for (const school of chart.present()) {
      const shut = school.state === "closed" && state.stage.kinds.includes(school.kind);
      if (!shown.others && !shut && !chart.serves(school)) continue;
      const name = school.kind + "|" + school.state;
      counts.set(name, (counts.get(name) || 0) + 1);
    }
    const order = Object.keys(data.kinds).flatMap((kind) => ["existing", "planned", "extended", "closed"].map((status) => [kind, status]));
    return order.filter(([kind, status]) => counts.get(kind + "|" + status)).flatMap(([kind, status]) => {
      const text = data.kinds[kind] + say("in_brackets", { word: texts["school_" + status] });
      return entry(chart.sign(kind, status), text, number(counts.get(kind + "|" + status)));
    });
  }
  chart.paintLegend = () => {
    const parts = schoolEntries(), { fill, chosen } = style.candidate, { water } = chart;
    const failing = chart.present().filter((school) => chart.serves(school) && chart.failed(school)).length;
    if (failing) parts.push(...entry(chart.failedMark(), texts.mark_failed, number(failing)));
    const add = (on, css, text) => { if (on) parts.push(...entry(swatch(css), text)); };
    add(shown.zones && chart.zonesNow().length, { border: style.zone.width + "px solid " + style.zone.colour, background: style.zone.tints[0] }, texts.zone);
    add(shown.areas && !shown.zones && chart.hasArea(), { border: style.area.width + "px solid " + style.area.border, background: "#0b25450d" }, texts["area_" + data.engine]);
    add(shown.candidates, { background: fill, width: "8px", height: "8px", margin: "0 7px" }, texts.candidate);
    add(shown.candidates, { border: "2px solid " + chosen, width: "16px", height: "16px", margin: "0 3px" }, texts.candidate_chosen);
    add(shown.districts, { height: "0", borderTop: "2px dashed " + style.district.border }, texts.district_border);
    add(shown.streets && chart.hasStreets, { height: "0", borderTop: "3px solid " + style.street.ranks[0].colour }, texts.street);
    add(shown.streets && chart.hasBridges, { height: "7px", borderWidth: "2px 0", borderStyle: "solid", borderColor: style.street.bridge, background: style.street.deck }, texts.bridge);
    add(water.areas.length + water.lines.length, { background: style.water.fill, border: "1px solid " + style.water.border }, texts.water);
    legend.replaceChildren(...parts);
  };
}
