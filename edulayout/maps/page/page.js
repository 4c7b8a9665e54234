/* The page around the map: title, foot, tools, and how it goes to paper. */
"use strict";
function elPage(chart) {
  const { map, data, texts, say } = chart;
  function foot() {
    const review = data.review_number ? say("review_number", { number: data.review_number }) : texts.review_none;
    const parts = [data.source ? texts.source + ": " + data.source : null, texts.datum + ": " + data.datum, review];
    return elMake("footer", { className: "el-foot" }, parts.filter(Boolean).map((part) => elMake("span", {}, part)));
  }
  chart.buildPage = () => {
    const container = map.getContainer();
    container.classList.toggle("el-crowded", data.districts.length > 8);
    container.setAttribute("role", "region");
    container.setAttribute("aria-label", texts.map);
    document.body.prepend(elMake("header", { className: "el-head" }, elMake("h1", {}, data.title), data.note ? elMake("span", { className: "el-note" }, data.note) : null));
    document.body.append(chart.buildPanel(), foot());
  };
  function button(symbol, text, act) {
    const link = elMake("a", { className: "el-tool", href: "#", title: text, role: "button" }, symbol);
    link.setAttribute("aria-label", text);
    L.DomEvent.on(link, "click", (event) => { L.DomEvent.stop(event); act(link); });
    return link;
  }
  const Tools = L.Control.extend({
    onAdd() {
      const whole = button("⤢", texts.whole, chart.fit);
      const fold = button("☰", texts.hide_panel, (link) => {
        const wide = document.body.classList.toggle("wide");
        link.title = wide ? texts.show_panel : texts.hide_panel;
        link.setAttribute("aria-label", link.title);
        map.invalidateSize();
      });
      return elMake("div", { className: "leaflet-bar el-tools" }, whole, fold);
    },
  });
  const North = L.Control.extend({
    onAdd() {
      const arrow = elDraw("svg", { viewBox: "-10 -16 20 32", width: 18, height: 28, "aria-hidden": "true" },
        elDraw("path", { d: "M0-15L8 14L0 8Z", fill: "#222" }), elDraw("path", { d: "M0-15L-8 14L0 8Z", fill: "#fff", stroke: "#222" }));
      return elMake("div", { className: "el-north" }, texts.north, arrow);
    },
  });
  chart.addTools = () => {
    for (const [name, text] of [["in", texts.zoom_in], ["out", texts.zoom_out]]) {
      const link = map.getContainer().querySelector(".leaflet-control-zoom-" + name);
      if (link) Object.assign(link, { title: text, ariaLabel: text });
    }
    new Tools({ position: "topleft" }).addTo(map);
    new North({ position: "topright" }).addTo(map);
  };
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
}
