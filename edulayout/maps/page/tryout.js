/* The controls of what-if: begin, open, close, another radius, undo, save and load. */
"use strict";
function elTryout(chart) {
  const { data, state, texts, say, number, trial } = chart;
  if (!trial) { Object.assign(chart, { paintTryout: () => {}, tryout: null }); return; }
  const box = (chart.tryout = elMake("section", { className: "el-try", "aria-label": texts.what_if }));
  const button = (text, act, options) => elMake("button", { type: "button", className: "el-button", onclick: act, ...options }, text);
  const status = elMake("p", { className: "el-small", role: "status" });
  const kindName = (kind) => elOwn(data.kinds, kind) || kind;
  function begin() {
    trial.start(Math.min(state.layout, data.layouts.length - 1));
    chart.shown.candidates = true;
    chart.choose({ layout: trial.layout });
  }
  function redo(act) {
    act();
    chart.paint();
  }
  /* A list to choose from and a button beside it: all that the map offers, for the keyboard too. */
  function picker(label, name, options, act, word) {
    const select = elMake("select", { name, "aria-label": label }, elMake("option", { value: "" }, label), options.map(([value, text]) => elMake("option", { value }, text)));
    return elMake("div", { className: "el-line" }, select, button(word, () => { if (select.value) act(select.value); }, { name: name + "_go" }));
  }
  function openable() {
    return trial.sites.map((site, number) => ({ site, number })).filter(({ site, number }) => site.candidate >= 0 && !trial.kinds[number])
      .flatMap(({ site, number }) => site.kinds.map((kind) => [number + "|" + kind, data.candidates[site.candidate].name[0] + " – " + kindName(kind)]));
  }
  const closable = () => trial.sites.map((_, number) => number).filter((number) => trial.kinds[number] && chart.serves(trial.school(number))).map((number) => [String(number), trial.nameOf(number)]);
  function changeLine({ number: site, kind, before }) {
    const told = kind ? say("opened_as", { site: trial.nameOf(site), kind: kindName(kind) }) : say("closed_now", { site: chart.known(site) || trial.nameOf(site) });
    return elMake("li", {}, elMake("span", {}, told), button(texts.undo, () => chart.change(site, before), { ariaLabel: texts.undo + ": " + told }));
  }
  function save() {
    const link = elMake("a", { href: URL.createObjectURL(new Blob([JSON.stringify(trial.choice(), null, 1) + "\n"], { type: "application/json" })), download: "choice.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    status.textContent = texts.saved;
  }
  const file = elMake("input", { type: "file", name: "choice", accept: ".json,application/json", "aria-label": texts.load_choice, className: "el-file" });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    const wrong = trial.load(await file.files[0].text());
    file.value = "";
    chart.choose({ layout: trial.layout });
    status.textContent = wrong || texts.loaded;
  });
  const radius = elMake("input", { type: "number", name: "radius", min: 50, max: 20000, step: 50, "aria-label": texts.radius_of });
  radius.addEventListener("change", () => redo(() => trial.setRadius(state.stage, radius.valueAsNumber)));
  chart.known = (site) => (chart.schools.find((school) => school.id === trial.sites[site].id) || { name: [""] }).name[0];
  chart.paintTryout = () => {
    const heading = elMake("h2", {}, texts.what_if);
    box.classList.toggle("el-idle", state.layout !== trial.layout);
    if (state.layout !== trial.layout) {
      const text = trial.changes().length ? texts.go_on : say("begin", { layout: chart.layouts[state.layout].label });
      const going = trial.changes().length ? () => chart.choose({ layout: trial.layout }) : begin;
      return box.replaceChildren(heading, elMake("p", { className: "el-small" }, texts.what_if_told), button(text, going, { name: "begin" }));
    }
    const changes = trial.changes(), most = 6;
    radius.value = trial.radius(state.stage);
    const list = elMake("ul", { className: "el-changes" }, changes.slice(-most).reverse().map(changeLine), changes.length > most ? elMake("li", {}, say("more_changes", { count: number(changes.length - most) })) : null);
    const told = changes.length ? list : elMake("p", { className: "el-small" }, texts.no_changes);
    const field = elMake("label", { className: "el-line" }, elMake("span", {}, say("radius_of_stage", { stage: state.stage.label })), radius);
    box.replaceChildren(heading, told, picker(texts.open_site, "open", openable(), (value) => {
      const [number, kind] = value.split("|");
      chart.change(Number(number), kind);
    }, texts.open), picker(texts.shut_school, "shut", closable(), (value) => chart.change(Number(value), ""), texts.shut), field,
    elMake("p", { className: "el-actions" }, button(texts.save, save, { name: "save" }), elMake("label", { className: "el-button" }, texts.load_choice, file),
      button(texts.reset, () => redo(() => trial.start(trial.base)), { name: "reset" })), status);
  };
}
