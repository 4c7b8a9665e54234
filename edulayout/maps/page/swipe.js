/* Two layouts side by side: the chosen one right of a line that can be moved, the other left of it. */
"use strict";
function elSwipe(chart) {
  const { map, state, texts, say } = chart, container = map.getContainer();
  const besides = ["beside", "beside-signs"], own = ["places", "markers", "areas"];
  const blocks = chart.makeBlocks("beside", () => (state.beside === null ? state.layout : state.beside));
  const slider = elMake("input", { type: "range", min: 0, max: 1000, value: 500, name: "swipe", "aria-label": texts.swipe });
  const left = elMake("span", { className: "el-left" }), right = elMake("span", { className: "el-right" });
  const box = elMake("div", { className: "el-swipe", hidden: true }, elMake("i", { "aria-hidden": "true" }), left, right, slider);
  container.append(box);
  L.DomEvent.disableClickPropagation(slider);
  for (const event of ["pointerdown", "mousedown", "touchstart"]) slider.addEventListener(event, () => { map.dragging.disable(); state.held = true; });
  for (const event of ["pointerup", "touchend", "blur", "pointercancel"]) slider.addEventListener(event, () => { map.dragging.enable(); state.held = false; });
  const paneOf = (name) => (name === "markers" ? map.getPanes().markerPane : map.getPane(name));
  function clip() {
    const share = slider.value / 1000, { x: width, y: height } = map.getSize();
    box.style.setProperty("--at", 100 * share + "%");
    const from = map.containerPointToLayerPoint([0, 0]), middle = from.x + width * share;
    const polygon = (one, other) => `polygon(${one}px ${from.y}px, ${other}px ${from.y}px, ${other}px ${from.y + height}px, ${one}px ${from.y + height}px)`;
    for (const name of besides) paneOf(name).style.clipPath = polygon(from.x, middle);
    for (const name of own) paneOf(name).style.clipPath = polygon(middle, from.x + width);
  }
  function free() {
    for (const name of [...besides, ...own]) paneOf(name).style.clipPath = "";
  }
  slider.addEventListener("input", clip);
  map.on("move zoom viewreset resize zoomend moveend", () => state.beside !== null && clip());
  chart.paintSwipe = () => {
    const on = state.beside !== null;
    box.hidden = !on;
    chart.toggle(blocks, on);
    if (!on) return free();
    blocks.paint();
    left.textContent = chart.layouts[state.beside].label;
    right.textContent = chart.layouts[state.layout].label;
    slider.setAttribute("aria-valuetext", say("swipe_told", { left: left.textContent, right: right.textContent }));
    clip();
  };
  const select = elMake("select", { name: "beside", "aria-label": texts.compare });
  select.addEventListener("change", () => {
    state.beside = select.value === "" ? null : Number(select.value);
    chart.paint();
  });
  chart.paintCompare = () => {
    if (state.beside === state.layout) state.beside = null;
    const options = chart.layouts.map((layout, index) => ({ layout, index })).filter(({ index }) => index !== state.layout && chart.reach(index));
    select.replaceChildren(elMake("option", { value: "" }, texts.compare_none), ...options.map(({ layout, index }) => elMake("option", { value: index, selected: index === state.beside }, layout.label)));
    select.value = state.beside === null ? "" : String(state.beside);
  };
  chart.compareBox = () => (chart.layouts.length > 1 ? elMake("label", { className: "el-line" }, elMake("span", {}, texts.compare), select) : null);
}
