/* Search by any name, in both languages: schools, districts, candidate sites, places of demand by their id. */
"use strict";
function elSearch(chart) {
  const { map, data, texts, shapes } = chart, MOST = 8;
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const entry = (names, what, go) => ({ names, what, text: plain(names.join("\n")), go });
  const near = () => Math.max(map.getZoom(), chart.fitted + 2);
  const show = (place, open) => {
    map.setView(place, near(), { animate: false });
    open();
  };
  const entries = [
    ...chart.schools.map((school) => entry(school.name, elOwn(data.kinds, school.kind) || "", () => {
      const layout = chart.present().some((one) => one.id === school.id) ? chart.state.layout : school.layouts[0];
      const served = chart.serves(school) ? chart.state.stage : data.stages.find((stage) => chart.serves(school, stage)) || chart.state.stage;
      chart.choose({ layout, stage: served });
      show(elPlace(school.at), () => chart.openSchool(chart.present().find((one) => one.id === school.id) || school));
    })),
    ...data.districts.map((district) => entry(district.name, texts.district, () => map.fitBounds(L.polygon(elRings(district.shape)).getBounds(), { animate: false }))),
    ...(data.candidates || []).map((site) => entry(site.name, texts.candidate, () => {
      chart.show("candidates", true);
      show(elPlace(site.at), () => chart.openSite(site));
    })),
  ];
  let plainIds = null;
  const ids = () => (plainIds ||= data.demand.ids.map(plain));
  const ofBlock = (block) => entry([data.demand.ids[block]], texts.place, () => show(shapes.middle(block), () => chart.openBlock(block)));
  function matches(text) {
    const wanted = plain(text.trim());
    if (!wanted) return [];
    const found = entries.filter((one) => one.text.includes(wanted));
    found.sort((one, other) => other.text.split("\n").some((name) => name.startsWith(wanted)) - one.text.split("\n").some((name) => name.startsWith(wanted)));
    for (let block = 0; block < shapes.count && found.length < MOST; block++) if (ids()[block] === wanted) found.push(ofBlock(block));
    for (let block = 0; block < shapes.count && found.length < MOST; block++)
      if (ids()[block] !== wanted && ids()[block].startsWith(wanted)) found.push(ofBlock(block));
    return found.slice(0, MOST);
  }
  let listed = [], active = -1;
  const list = elMake("ul", { id: "el-found", className: "el-found", role: "listbox", "aria-label": texts.search, hidden: true });
  const input = elMake("input", { type: "search", name: "search", placeholder: texts.search_hint, autocomplete: "off", role: "combobox", "aria-label": texts.search,
    "aria-controls": "el-found", "aria-autocomplete": "list", "aria-expanded": "false" });
  function close() {
    listed = [];
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function go(found) {
    close();
    input.value = found.names[0];
    found.go();
  }
  function activate(index) {
    active = index;
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
    if (index >= 0) input.setAttribute("aria-activedescendant", "el-found-" + index);
  }
  function fill() {
    listed = matches(input.value);
    list.replaceChildren(...listed.map((found, index) => {
      const item = elMake("li", { id: "el-found-" + index, role: "option" }, elMake("span", {}, found.names.join(" · ")), elMake("small", {}, found.what));
      item.addEventListener("mousedown", (event) => { event.preventDefault(); go(found); });
      return item;
    }));
    if (!listed.length && input.value.trim()) list.replaceChildren(elMake("li", { className: "el-none" }, texts.nothing_found));
    list.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!list.hidden));
    activate(listed.length ? 0 : -1);
  }
  input.addEventListener("input", fill);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && listed[active]) go(listed[active]);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (listed.length) activate((active + (event.key === "ArrowDown" ? 1 : listed.length - 1)) % listed.length);
    }
  });
  chart.searchBox = elMake("div", { className: "el-search", role: "search" }, input, list);
}
