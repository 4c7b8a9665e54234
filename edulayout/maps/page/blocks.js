/* The layer of the places of demand: one canvas, drawn behind the one that is seen, a few milliseconds at a time. */
"use strict";
const EL_SLICE = 400, EL_MARGIN = 0.25, EL_MANY = 1500;
const ElBlocks = L.Layer.extend({
  /* `look()` tells how to draw: { classes, looks, sizes }; classes one number per block, looks one style per class. */
  initialize(shapes, pane, look) {
    Object.assign(this, { shapes, look, paneName: pane, budget: 8, drawn: () => {} });
  },
  onAdd() {
    this.pane = this._map.getPane(this.paneName);
    [this.front, this.back] = [0, 1].map(() => elMake("canvas", { className: "leaflet-zoom-animated", "aria-hidden": "true" }));
    this.pane.append(this.front, this.back);
    this.paint();
  },
  onRemove() {
    cancelAnimationFrame(this.frame);
    this.front.remove();
    this.back.remove();
  },
  getEvents() {
    return { moveend: this.paint, resize: this.paint, viewreset: this.settle, zoom: this.settle, zoomanim: this.follow };
  },
  follow({ center, zoom }) {
    const { view } = this.front;
    if (!view) return;
    const place = this._map._latLngToNewLayerPoint(this._map.unproject(view.corner, view.zoom), zoom, center);
    L.DomUtil.setTransform(this.front, place, this._map.getZoomScale(zoom, view.zoom));
  },
  settle() {
    this.follow({ center: this._map.getCenter(), zoom: this._map.getZoom() });
  },
  /* Few blocks are drawn at once; many in slices, so that the map stays at hand. */
  paint() {
    cancelAnimationFrame(this.frame);
    if (!this._map) return;
    this.settle();
    const work = this.work(), budget = this.shapes.count <= 5000 ? Infinity : this.budget;
    const step = () => {
      const until = performance.now() + budget;
      for (;;) {
        if (work.next().done) return this.show();
        if (performance.now() > until) break;
      }
      this.frame = requestAnimationFrame(step);
    };
    step();
  },
  show() {
    [this.front, this.back] = [this.back, this.front];
    this.settle();
    this.front.style.visibility = "";
    this.back.style.visibility = "hidden";
    this.drawn();
  },
  prepare() {
    const map = this._map, size = map.getSize(), zoom = map.getZoom(), sharp = Math.min(2, window.devicePixelRatio || 1);
    const margin = size.multiplyBy(EL_MARGIN).round(), across = size.add(margin.multiplyBy(2));
    const corner = map.project(map.containerPointToLatLng([0, 0]), zoom).subtract(margin);
    const canvas = this.back, pen = (canvas.pen ||= canvas.getContext("2d", { willReadFrequently: true }));
    Object.assign(canvas, { width: Math.max(1, across.x * sharp), height: Math.max(1, across.y * sharp), view: { corner, zoom } });
    Object.assign(canvas.style, { width: across.x + "px", height: across.y + "px", visibility: "hidden" });
    pen.scale(sharp, sharp);
    return { pen, corner, across, scale: 2 ** zoom };
  },
  * work() {
    const { pen, corner, across, scale } = this.prepare(), { classes, looks, sizes } = this.look();
    const { count, west, east, north, south, points } = this.shapes, seen = looks.map(() => []), room = points ? 12 : 2;
    const [left, right] = [(corner.x - room) / scale, (corner.x + across.x + room) / scale];
    const [top, bottom] = [(corner.y - room) / scale, (corner.y + across.y + room) / scale];
    for (let block = 0; block < count; block++)
      if (east[block] >= left && west[block] <= right && south[block] >= top && north[block] <= bottom) seen[classes ? classes[block] : 0].push(block);
    yield;
    for (let number = 0; number < looks.length; number++) {
      const look = looks[number];
      Object.assign(pen, { fillStyle: look.fill, strokeStyle: look.border, lineWidth: look.width, lineJoin: "round" });
      for (let from = 0; from < seen[number].length; from += EL_SLICE) {
        pen.beginPath();
        for (const block of seen[number].slice(from, from + EL_SLICE)) this.trace(pen, block, corner, scale, sizes);
        pen.globalAlpha = look.opacity;
        pen.fill("evenodd");
        pen.globalAlpha = look.borderOpacity;
        if (look.width) pen.stroke();
        yield;
      }
    }
  },
  trace(pen, block, { x, y }, scale, sizes) {
    const { X, Y, start, first, west, east, north, south, points } = this.shapes;
    const left = west[block] * scale - x, top = north[block] * scale - y;
    if (points) {
      pen.moveTo(left + sizes(block), top);
      return pen.arc(left, top, sizes(block), 0, 2 * Math.PI);
    }
    const width = (east[block] - west[block]) * scale, height = (south[block] - north[block]) * scale;
    if (width < 2.5 && height < 2.5) return pen.rect(left, top, Math.max(0.8, width), Math.max(0.8, height));
    for (let ring = first[block]; ring < first[block + 1]; ring++) {
      let px = Infinity, py = Infinity;
      for (let i = start[ring]; i < start[ring + 1]; i++) {
        const qx = X[i] * scale - x, qy = Y[i] * scale - y;
        if (px === Infinity) pen.moveTo(qx, qy);
        else if (Math.abs(qx - px) + Math.abs(qy - py) < 0.6) continue;
        else pen.lineTo(qx, qy);
        [px, py] = [qx, qy];
      }
      pen.closePath();
    }
  },
});
/* How blocks look in a layout: their class colours; borders thin out where many small blocks would drown in white. */
function elBlockLayers(chart) {
  const { data, map, shapes } = chart, { style } = data, { population } = data.demand;
  const typical = population.reduce((sum, value) => sum + value, 0) / Math.max(1, population.length) || 1;
  const nothing = { fill: style.paper, border: style.candidate.fill, width: 0.4, opacity: 1 };
  function look({ fill, border, width, opacity }, always) {
    const many = shapes.count > EL_MANY && map.getZoom() < chart.fitted + 1, tiny = many && !always;
    const plain = shapes.count > 30000 && map.getZoom() < chart.fitted + 2 && !always;
    return { fill, border: tiny ? fill : border, width: plain ? 0 : tiny ? 0.8 : many ? 2 * width : width, opacity, borderOpacity: tiny ? opacity : 0.9 };
  }
  /* Dots that together cover about half the ground at first sight, by population, and grow on zooming in. */
  function sizes() {
    const size = map.getSize(), spacing = Math.sqrt((0.5 * size.x * size.y) / Math.max(1, shapes.count));
    const middle = Math.min(6, Math.max(1.2, 0.4 * spacing)) * 1.45 ** (map.getZoom() - chart.fitted);
    return (block) => middle * Math.sqrt(Math.min(4, Math.max(0.25, population[block] / typical)));
  }
  chart.blockSize = (block) => sizes()(block);
  chart.makeBlocks = (pane, layout) => new ElBlocks(shapes, pane, () => {
    const reach = chart.reach(layout());
    return { classes: reach && reach.digits, looks: reach ? style.demand.map((entry, index) => look(entry, index === EL_UNREACHABLE)) : [look(nothing, true)], sizes: sizes() };
  });
}
