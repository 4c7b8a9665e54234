/* The panel beside the map: what to show, and the figures. */
"use strict";
function elPanel(chart) {
  const MOST_BUTTONS = 5;
  const { data, state, shown, texts, say, number, percent } = chart, { stages } = data, notes = [];
  function choice(group, label, under, checked, act) {
    const input = elMake("input", { type: "radio", name: group, checked, onchange: act });
    return elMake("label", { className: "el-choice" }, input, elMake("span", {}, label, under));
  }
  const choices = (title, items) => elMake("fieldset", {}, elMake("legend", {}, title), elMake("div", { className: "el-choices" }, items));
  function check(name) {
    const input = elMake("input", { type: "checkbox", name, checked: shown[name], onchange: () => chart.show(name, input.checked) });
    chart.boxes.set(name, input);
    return elMake("label", { className: "el-check" }, input, texts["show_" + name]);
  }
  function layoutChoices() {
    return chart.layouts.map((layout, index) => {
      notes.push(elMake("small"));
      return choice("layout", layout.label, notes[index], index === state.layout, () => chart.choose({ layout: index }));
    });
  }
  function yearChoices() {
    const years = Object.keys(data.years || {}), list = [["", texts.base_year], ...years.map((year) => [year, year])];
    if (!years.length) return null;
    return list.length > MOST_BUTTONS ? yearSlider(list)
      : choices(texts.year, list.map(([year, label]) => choice("year", label, null, year === (state.year || ""), () => chart.choose({ year: year || null }))));
  }
  function yearSlider(list) {
    const at = Math.max(0, list.findIndex(([year]) => year === (state.year || ""))), told = elMake("output", {}, list[at][1]);
    const slide = () => {
      const [year, label] = list[Number(input.value)];
      told.textContent = label;
      input.setAttribute("aria-valuetext", label);
      chart.choose({ year: year || null });
    };
    const input = elMake("input", { type: "range", min: "0", max: String(list.length - 1), step: "1", value: String(at), name: "year", "aria-label": texts.year, "aria-valuetext": list[at][1], oninput: slide });
    return elMake("fieldset", {}, elMake("legend", {}, texts.year, " ", told), elMake("div", { className: "el-years" }, input, elMake("span", {}, list[1][0]), elMake("span", {}, list[list.length - 1][0])));
  }
  chart.paintNotes = () => {
    notes.forEach((note, index) => {
      const idle = chart.trial && index === chart.trial.layout && index !== state.layout && !chart.trial.changes().length;
      const sum = idle ? null : chart.sum(index);
      note.textContent = sum ? percent(sum.share_covered) : "";
    });
    const inputs = (group) => [...document.querySelectorAll(`.el-choice input[name=${group}]`)];
    inputs("layout").forEach((input, index) => { input.checked = index === state.layout; });
    inputs("stage").forEach((input, index) => { input.checked = stages[index] === state.stage; });
    for (const [name, box] of chart.boxes) box.checked = shown[name];
  };
  chart.buildPanel = () => {
    const byStage = stages.map((stage) => choice("stage", stage.label, elMake("small", {}, say("radius", { metres: number(stage.radius) })), stage === state.stage, () => chart.choose({ stage })));
    const boxes = ["areas", data.zones ? "zones" : null, data.streets ? "streets" : null, "districts", data.candidates ? "candidates" : null, "others", "names"];
    const checks = elMake("fieldset", {}, elMake("legend", {}, texts.show), boxes.filter(Boolean).map(check));
    const section = (title, ...parts) => elMake("section", {}, elMake("h2", {}, title), parts);
    return elMake("aside", { className: "el-side", "aria-label": texts.panel }, chart.searchBox, chart.layouts.length > 1 ? choices(texts.layout, layoutChoices()) : null, choices(texts.stage, byStage), yearChoices(),
      elMake("section", {}, elMake("h2", {}, texts["walk_" + data.engine], chart.colourUnit), chart.colours), data.coverage || chart.trial ? section(texts.coverage, chart.figures) : null, chart.tryout,
      section(texts.legend, chart.legend), elMake("section", { className: "el-show" }, chart.compareBox(), checks));
  };
}
