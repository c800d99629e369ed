"use strict";
// Order and filter the segments of each language; without this the page is a plain table.
for (const tools of document.querySelectorAll("form.tools")) {
  const body = tools.parentElement.querySelector("table.segments tbody");
  const fold = (text) => text.normalize("NFC").toLowerCase();
  const rows = Array.from(body.rows, (row) => ({
    row,
    missing: "missing" in row.dataset,
    text: Array.from(row.querySelectorAll(".text, .pivot, .marks"), (e) => fold(e.textContent)).join("\n"),
    keys: Object.fromEntries(["index", "chrf", "confidence"].map((key) => [
      key, row.dataset[key] === "" ? Infinity : Number(row.dataset[key]), // not scored: last
    ])),
  }));
  const { order, filter, missing } = tools.elements;
  const count = tools.querySelector("output");

  const sort = () => {
    const by = (a, b) => {
      const [x, y] = [a.keys[order.value], b.keys[order.value]];
      return x === y ? a.keys.index - b.keys.index : x - y;
    };
    body.append(...[...rows].sort(by).map(({ row }) => row));
  };
  const show = () => {
    const wanted = fold(filter.value.trim());
    let shown = 0;
    for (const each of rows) {
      each.row.hidden = !each.text.includes(wanted) || (missing.checked && !each.missing);
      shown += !each.row.hidden;
    }
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
  };

  order.addEventListener("change", sort);
  filter.addEventListener("input", show);
  missing.addEventListener("change", show);
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  sort(); // a browser may bring back what was chosen before a reload
  show();
}
