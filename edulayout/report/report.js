"use strict";
(() => {
  const textOf = (cell) => (cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v);

  /* Numbers by size, words by the language of the page; what is missing comes last either way. */
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const compare = (one, two, sign) => {
    if (one === "" || two === "" || one === "–" || two === "–") {
      return (one === "" || one === "–") - (two === "" || two === "–");
    }
    const [a, b] = [Number(one), Number(two)];
    return sign * (Number.isNaN(a) || Number.isNaN(b) ? collator.compare(one, two) : a - b);
  };

  const sort = (table, head) => {
    const heads = [...table.tHead.rows[0].cells];
    const at = heads.indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row, place) => [row, place, textOf(row.cells[at])]);
    rows.sort((one, two) => compare(one[2], two[2], down ? -1 : 1) || one[1] - two[1]);
    table.tBodies[0].append(...rows.map(([row]) => row));
  };

  /* A text that a spreadsheet would take for a formula is told to be a text. */
  const guarded = (cell) => {
    const text = textOf(cell);
    return cell.dataset.v === undefined && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  };
  const title = (head) => head.querySelector("button").textContent.trim();
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (table) => {
    const heads = [...table.tHead.rows[0].cells].map((head) => quoted(title(head)));
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    const lines = [heads, ...rows.map((row) => [...row.cells].map((cell) => quoted(guarded(cell))))];
    return "\ufeff" + lines.map((line) => line.join(",") + "\r\n").join("");
  };

  const save = (table) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv;charset=utf-8" }));
    link.download = `${table.dataset.file}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const find = (table, words) => {
    const wanted = words.trim().toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  };

  for (const table of document.querySelectorAll("table[data-file]")) {
    const figure = table.closest("figure");
    table.tHead.addEventListener("click", (event) => {
      const head = event.target.closest("th");
      if (head) sort(table, head);
    });
    figure.querySelector(".save").addEventListener("click", () => save(table));
    const field = figure.querySelector(".find");
    if (field) field.addEventListener("input", () => find(table, field.value));
  }
  document.getElementById("print").addEventListener("click", () => window.print());
})();
