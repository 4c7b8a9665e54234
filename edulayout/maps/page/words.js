/* Small makers of elements, and how numbers are written. Names reach the page through textContent only. */
"use strict";
function elMake(tag, options, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (name === "style") Object.assign(element.style, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}
function elDraw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
/* What a table keyed by names or ids holds of its own: an id may be called "constructor". */
const elOwn = (table, name) => (table && Object.hasOwn(table, name) ? table[name] : undefined);
function elWords(chart) {
  const { texts } = chart.data, missing = (value) => value === null || value === undefined || Number.isNaN(value);
  const format = (value, digits) => (missing(value) ? "–" : value.toLocaleString("en-US", { maximumFractionDigits: digits }));
  chart.texts = texts;
  chart.say = (key, values) => (elOwn(texts, key) || key).replace(/\{(\w+)\}/g, (_, name) => (values && name in values ? values[name] : ""));
  chart.number = (value, digits = 0) => format(value, digits);
  /* Where few live, a fraction of a pupil is told: a nought would say that nobody does. */
  chart.people = (value) => format(value, value > 0 && value < 10 ? 1 : 0);
  chart.percent = (share) => {
    if (missing(share)) return "–";
    if (share > 0 && share < 0.001) return "<0.1%";
    if (share < 1 && share > 0.999) return ">99.9%";
    return (100 * share).toFixed(share === 0 || share === 1 ? 0 : 1) + "%";
  };
  chart.metres = (value) => (missing(value) ? texts.unreachable : chart.say("radius", { metres: format(value, 0) }));
  chart.rows = (pairs) => elMake("dl", {}, pairs.filter(Boolean).flatMap(([term, value]) => [elMake("dt", {}, term), elMake("dd", {}, value instanceof Node ? value : String(value))]));
  /* Rows of cells under a head; the row of the chosen stage is marked. */
  chart.grid = (head, lines) => {
    const cell = (content, index) => elMake(index ? "td" : "th", index ? {} : { scope: "row" }, content);
    const body = lines.map(({ stage, cells }) => elMake("tr", { className: stage === chart.state.stage ? "el-now" : "" }, cells.map(cell)));
    const top = elMake("tr", {}, head.map((text) => elMake("th", { scope: "col" }, text)));
    return elMake("table", {}, elMake("thead", {}, top), elMake("tbody", {}, body));
  };
}
