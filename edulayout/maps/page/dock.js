/* The card at the foot of the map: it tells of what was clicked, and leaves in sight what it tells of. */
"use strict";
function elDock(chart) {
  const { map, texts } = chart, container = map.getContainer();
  const body = elMake("div", { className: "el-dock-body" });
  const close = elMake("button", { type: "button", className: "el-close", ariaLabel: texts.close, title: texts.close, onclick: () => chart.closeCard() }, "×");
  const dock = elMake("div", { className: "el-dock", hidden: true, role: "dialog", tabIndex: -1 }, close, body);
  container.append(dock);
  L.DomEvent.disableClickPropagation(dock);
  L.DomEvent.disableScrollPropagation(dock);
  chart.openCard = (latlng, content) => {
    body.replaceChildren(content);
    dock.hidden = false;
    dock.setAttribute("aria-label", content.querySelector("h3").textContent);
    dock.scrollTop = 0;
    dock.focus({ preventScroll: true });
    const at = map.latLngToContainerPoint(latlng), size = map.getSize();
    const { offsetLeft: left, offsetTop: top, offsetWidth: width } = dock;
    if (at.x < left + width + 12 && at.y > top - 12) map.panBy([at.x < 0 ? at.x - 40 : 0, at.y - top + 60], { animate: false });
    else if (!map.getBounds().contains(latlng)) map.panInside(latlng, { padding: size.divideBy(5), animate: false });
  };
  chart.closeCard = () => {
    if (dock.hidden) return;
    const inside = dock.contains(document.activeElement);
    dock.hidden = true;
    chart.forget();
    if (inside) container.focus({ preventScroll: true });
  };
  container.addEventListener("keydown", (event) => { if (event.key === "Escape") chart.closeCard(); });
}
