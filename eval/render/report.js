// Order, filter, compare and judge segments; without this the page is there to be read.

const RUN = document.body.dataset.run;
const STORE = `awda/verdicts/${RUN}`;
const COLUMNS = ["system", "segments", "verdict", "comment", "text", "run"];
const NONE = { severity: "", comment: "" };
const review = document.getElementById("review").content.firstElementChild;
const SEVERITIES = Array.from(review.querySelectorAll("option"), (option) => option.value).slice(1);
const notice = document.getElementById("status");
const fold = (text) => text.normalize("NFC").toLowerCase();
const numbers = (text) => (text === "" ? [] : text.split(" ").map(Number));

function say(text) {
  clearTimeout(say.timer);
  notice.textContent = text;
  notice.hidden = false;
  say.timer = setTimeout(() => { notice.hidden = true; }, 8000);
}

// Verdicts: those the report was built with, and on top of them those given in this browser.

// The store is one for all runs of a job, so a key says which translation was judged; and an edit
// says upon which verdict of the report it was made, as one that came later takes its place.

const cells = new Map(); // "system\tsegments\ttext" -> cell
const given = new Map(); // the same key -> {severity, comment}, as the report was built
let edits = new Map(); // the same key -> {severity, comment, upon}, kept by the browser
let kept = true; // whether the browser keeps them

const phrase = ({ severity, comment }) => `${severity}\t${comment}`;
const getGiven = (key) => given.get(key) ?? NONE;

function find({ key }) {
  const edit = edits.get(key);
  return edit?.upon === phrase(getGiven(key)) ? edit : getGiven(key);
}

function record({ key }, severity, comment) {
  edits.set(key, { severity, comment, upon: phrase(getGiven(key)) });
}

function judge(cell, severity, comment) {
  record(cell, severity, comment);
  store();
  refresh(cell);
}

function store() {
  try {
    localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(edits)));
  } catch {
    if (kept) say("This browser keeps nothing for this page: save your verdicts before you close it.");
    kept = false; // said once
  }
}

function restore() {
  try {
    const stored = Object.entries(JSON.parse(localStorage.getItem(STORE)) ?? {});
    edits = new Map(stored.filter(([, value]) => isEdit(value)));
  } catch {
    // nothing is kept, or something that is not ours
  }
}

function isEdit(value) {
  return ["", ...SEVERITIES].includes(value?.severity)
    && typeof value.comment === "string" && typeof value.upon === "string";
}

function announceUnused() {
  const elsewhere = [...edits.keys()].filter((key) => !cells.has(key)).length;
  const outdated = [...cells].filter(([key, cell]) => (
    edits.has(key) && phrase(edits.get(key)) !== phrase(find(cell)))).length;
  const parts = [];
  if (elsewhere) parts.push(`Verdicts kept in this browser on other translations: ${elsewhere}.`);
  if (outdated) parts.push(`Verdicts of this browser that newer ones of the report replace: ${outdated}.`);
  if (parts.length > 0) say(parts.join(" "));
}

function refresh(cell) {
  const { severity, comment } = find(cell);
  const { element } = cell;
  let said = element.querySelector(".said");
  if (!said) {
    said = document.createElement("p");
    said.className = "said"; // what print shows
    said.append(document.createElement("b"), " ", document.createElement("bdi"));
    element.append(said);
  }
  said.querySelector("b").textContent = severity;
  said.querySelector("bdi").textContent = comment;
  said.hidden = !severity && !comment;
  if (said.hidden) delete element.dataset.verdict;
  else element.dataset.verdict = severity;
  const [select, input] = element.querySelectorAll(".review select, .review input");
  if (select) {
    select.value = severity;
    if (input !== document.activeElement) input.value = comment;
  }
  cell.row.table.recount();
}

// One table a language.

class Row {
  constructor(table, element) {
    const { index, segments, chrf, confidence, lost, other, faults } = element.dataset;
    this.table = table;
    this.element = element;
    this.index = Number(index);
    this.segments = segments;
    this.chrf = numbers(chrf);
    this.confidence = confidence === "" ? Infinity : Number(confidence);
    this.counts = { lost: numbers(lost), other: numbers(other), fault: numbers(faults) };
    this.uncertain = "uncertain" in element.dataset;
    this.alone = element.classList.contains("left-out");
    const first = element.cells.length - table.systems.length;
    this.cells = segments === "" ? [] : table.systems.map((system, i) => {
      const { text } = element.cells[first + i].dataset; // which translation it is
      return { row: this, system, key: `${system}\t${segments}\t${text}`, element: element.cells[first + i], text };
    });
  }

  get text() {
    this.folded ??= fold(Array.from(
      this.element.querySelectorAll(".text, .pivot, .marks"), (e) => e.plain ?? e.textContent,
    ).join("\n"));
    return this.folded;
  }

  has(only, system) {
    const chosen = (values) => (system === "" ? values : values.slice(system, Number(system) + 1));
    const judged = (cell) => find(cell).severity !== "";
    if (only === "uncertain") return this.uncertain;
    if (only === "alone") return this.alone;
    if (only === "judged") return chosen(this.cells).some(judged);
    if (only === "unjudged") return chosen(this.cells).some((cell) => !judged(cell));
    return chosen(this.counts[only]).some(Boolean);
  }

  rank(order, system) {
    const chosen = (values) => (system === "" ? values : values.slice(system, Number(system) + 1));
    if (order === "index") return this.index;
    if (order === "confidence") return this.confidence;
    if (order === "lost") return -chosen(this.counts.lost).reduce((a, b) => a + b, 0);
    if (this.chrf.length === 0) return Infinity; // not scored: last
    if (order === "chrf") return Math.min(...chosen(this.chrf));
    const others = this.chrf.filter((_, i) => String(i) !== system);
    if (system === "") return Math.min(...this.chrf) - Math.max(...this.chrf);
    return -Math.max(...others.map((other) => Math.abs(other - this.chrf[system])));
  }
}

class Table {
  constructor(tools) {
    this.tools = tools;
    this.form = tools.elements;
    this.element = tools.parentElement.querySelector("table.segments");
    this.groups = Array.from(this.element.tBodies); // laid out, or left for later, together
    this.size = this.groups[0]?.rows.length ?? 1;
    this.systems = Array.from(
      this.element.querySelectorAll("th[data-system]"), (th) => th.dataset.system,
    );
    this.boxes = Array.from(tools.querySelectorAll("[name=only]"));
    this.count = tools.querySelector("output");
    this.judged = tools.parentElement.querySelector(".judged");
    this.rows = this.groups.flatMap((group) => Array.from(group.rows, (element) => new Row(this, element)));
    this.shown = this.rows; // in their order
    this.aside = this.element.createTBody(); // the others
    this.aside.hidden = true;
    this.byElement = new Map(this.rows.map((row) => [row.element, row]));
    for (const cell of this.rows.flatMap((row) => row.cells)) cells.set(cell.key, cell);
    this.near = new Set();
    this.watcher = new IntersectionObserver((entries) => this.meet(entries), { rootMargin: "800px" });
  }

  start() {
    const { tools, form } = this;
    const arrange = () => this.arrange();
    form.order.addEventListener("change", arrange);
    form.system?.addEventListener("change", () => { this.arrange(); this.recount(); });
    form.find.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(arrange, 100); });
    for (const box of this.boxes) box.addEventListener("change", arrange);
    form.differences?.addEventListener("change", () => this.compare());
    form.export.addEventListener("click", exportVerdicts);
    form.import.addEventListener("click", importVerdicts);
    form.help.addEventListener("click", showKeys);
    tools.addEventListener("submit", (event) => event.preventDefault());
    tools.hidden = false;
    for (const group of this.groups) this.watcher.observe(group);
    this.arrange(); // by what was chosen before a reload
    this.recount();
  }

  get system() { return this.form.system?.value ?? ""; }

  arrange() {
    const { form, system } = this;
    const wanted = fold(form.find.value.trim());
    const only = this.boxes.filter((box) => box.checked).map((box) => box.value);
    const ranks = new Map(this.rows.map((row) => [row, row.rank(form.order.value, system)]));
    const by = (a, b) => {
      const [x, y] = [ranks.get(a), ranks.get(b)];
      return x === y ? a.index - b.index : x - y;
    };
    this.shown = this.rows
      .filter((row) => only.every((name) => row.has(name, system)) && (!wanted || row.text.includes(wanted)))
      .sort(by);
    this.fill();
    const [shown, all] = [this.shown.length, this.rows.length];
    this.count.textContent = shown === all ? "" : `${shown} of ${all} shown`;
  }

  reveal(row) { // whatever is filtered out now
    if (!row.element.parentElement.hidden) return;
    this.form.find.value = "";
    for (const box of this.boxes) box.checked = false;
    this.arrange();
  }

  fill() {
    const shown = new Set(this.shown);
    this.shown.forEach((row, place) => { row.place = place; });
    this.groups.forEach((group, i) => {
      const rows = this.shown.slice(i * this.size, (i + 1) * this.size).map((row) => row.element);
      if (rows.length !== group.rows.length || rows.some((row, place) => row !== group.rows[place])) {
        group.replaceChildren(...rows);
      }
    });
    this.aside.append(...this.rows.filter((row) => !shown.has(row)).map((row) => row.element));
    for (const group of this.near) this.prepare(group);
  }

  recount() { // once for many changes
    if (this.counting) return;
    this.counting = true;
    queueMicrotask(() => {
      this.counting = false;
      for (const box of this.boxes) {
        const count = this.rows.filter((row) => row.has(box.value, this.system)).length;
        box.parentElement.querySelector(".count").textContent = count;
        box.disabled = count === 0 && !box.checked;
      }
      this.tally();
    });
  }

  tally() {
    const judged = this.rows.flatMap((row) => row.cells).map((cell) => [cell.system, find(cell).severity]);
    Array.from(this.judged.querySelector("tbody").rows).forEach((line, i) => {
      const mine = judged.filter(([system]) => system === this.systems[i]);
      for (const td of line.querySelectorAll("[data-count]")) {
        td.textContent = mine.filter(([, severity]) => severity === td.dataset.count).length;
      }
    });
    this.judged.hidden = judged.every(([, severity]) => severity === "");
  }

  meet(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.near.add(target);
      else this.near.delete(target);
      if (isIntersecting) this.prepare(target);
    }
  }

  prepare(group) {
    for (const element of group.rows) {
      const row = this.byElement.get(element);
      equip(row);
      differ(row, this.form.differences?.checked);
    }
  }

  compare() {
    if (!this.form.differences.checked) for (const row of this.rows) differ(row, false);
    for (const group of this.near) this.prepare(group);
  }
}

function equip(row) {
  for (const cell of row.cells) {
    if (cell.element.querySelector(".review")) continue;
    cell.element.append(review.cloneNode(true));
    cell.element.classList.add("equipped");
    const { severity, comment } = find(cell);
    const [select, input] = cell.element.querySelectorAll(".review select, .review input");
    [select.value, input.value] = [severity, comment];
    for (const [field, event] of [[select, "change"], [input, "input"]]) {
      field.setAttribute("aria-label", `${field.getAttribute("aria-label")}: ${cell.system}, segment ${row.segments}`);
      field.addEventListener(event, () => judge(cell, select.value, input.value));
    }
  }
}

// Words of a hypothesis that the reference lacks, and the other way about: a longest common
// subsequence, against the reference that shares most.

const LARGEST = 4e6; // words times words; beyond that the browser would stand still

function tokenize(text) {
  return Array.from(
    text.matchAll(/[\p{L}\p{M}\p{N}]+(?:[-’'.,/][\p{L}\p{M}\p{N}]+)*|\S/gu),
    (match) => ({ text: match[0], start: match.index, end: match.index + match[0].length, key: fold(match[0]) }),
  );
}

function measure(a, b) { // lengths of the longest common subsequences of all ends of a and b
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = a[i].key === b[j].key
        ? table[(i + 1) * width + j + 1] + 1
        : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  return table;
}

function walk(a, b, table) { // [["=", token of a], ["+", token of a], ["-", token of b]...]
  const width = b.length + 1;
  const steps = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i].key === b[j].key) {
      steps.push(["=", a[i]]); i += 1; j += 1;
    } else if (j < b.length && (i === a.length || table[i * width + j + 1] >= table[(i + 1) * width + j])) {
      steps.push(["-", b[j]]); j += 1;
    } else {
      steps.push(["+", a[i]]); i += 1;
    }
  }
  return steps;
}

function show(mine, theirs, steps) {
  const out = document.createDocumentFragment();
  for (let i = 0; i < steps.length;) {
    const [kind] = steps[i];
    let end = i + 1;
    while (end < steps.length && steps[end][0] === kind) end += 1;
    const [first, last] = [steps[i][1], steps[end - 1][1]];
    const node = document.createElement({ "=": "span", "+": "ins", "-": "del" }[kind]);
    node.textContent = (kind === "-" ? theirs : mine).slice(first.start, last.end);
    if (i > 0 && (kind === "-" || steps[i - 1][0] === "-" || /\s/u.test(mine[first.start - 1]))) out.append(" ");
    out.append(node);
    i = end;
  }
  return out;
}

function differ(row, on) {
  if (Boolean(on) === Boolean(row.differs)) return;
  row.differs = on;
  const references = Array.from(row.element.querySelectorAll('[data-label="Reference"] > .text'), (e) => e.textContent);
  for (const { element } of row.cells) {
    const text = element.querySelector(":scope > .text");
    if (!text) continue;
    if (on) {
      const plain = text.textContent;
      const mine = tokenize(plain);
      const compared = references
        .map((other) => ({ other, theirs: tokenize(other) }))
        .filter(({ theirs }) => mine.length * theirs.length < LARGEST)
        .map((each) => ({ ...each, table: measure(mine, each.theirs) }));
      const share = ({ table, theirs }) => table[0] / (theirs.length || 1);
      const best = compared.sort((a, b) => share(b) - share(a))[0];
      if (!best) continue;
      text.plain = plain;
      text.original = Array.from(text.childNodes);
      text.replaceChildren(show(plain, best.other, walk(mine, best.theirs, best.table)));
    } else if (text.original) {
      text.replaceChildren(...text.original);
      text.original = text.plain = undefined;
    }
  }
}

// Files of verdicts: what eval/verdicts.py writes and reads.

const clean = (field) => field.split(/\s+/u).join(" ").trim();
const countVerdicts = (count) => (count === 1 ? "1 verdict" : `${count} verdicts`);

function exportVerdicts() {
  const quote = (field) => (/["\t\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const lines = [COLUMNS];
  for (const cell of cells.values()) {
    const { severity, comment } = find(cell);
    const line = clean(comment);
    if (severity || line) {
      lines.push([cell.system, cell.row.segments, severity, line, cell.text, RUN]);
    }
  }
  if (lines.length === 1) { say("There is no verdict yet."); return; }
  const text = lines.map((fields) => `${fields.map(quote).join("\t")}\n`).join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/tab-separated-values" }));
  link.download = `${document.body.dataset.name}.verdicts.tsv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say(`${countVerdicts(lines.length - 1)} saved as ${link.download}.`);
}

function importVerdicts() {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".tsv,text/tab-separated-values";
  input.addEventListener("change", async () => { if (input.files[0]) say(take(await input.files[0].text())); });
  input.click();
}

function parse(text) { // fields separated by tabs, quoted as spreadsheets do
  const rows = [[]];
  const pattern = /(?:"((?:[^"]|"")*)"|([^\t\n]*))(\t|\n|$)/gy;
  const whole = text.replace(/^\ufeff/u, "").replaceAll("\r\n", "\n");
  for (let match = pattern.exec(whole); match; match = pattern.exec(whole)) {
    rows.at(-1).push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (match[3] === "\n") rows.push([]);
    if (match[3] === "" || pattern.lastIndex === whole.length) break;
  }
  return rows.filter((row) => row.some(clean));
}

function take(text) {
  const [head = [], ...rows] = parse(text);
  const header = head.map((name) => name.trim().toLowerCase());
  const missing = COLUMNS.filter((name) => !header.includes(name));
  if (missing.length > 0) return `Not a file of verdicts: no column ${missing.join(", ")}.`;
  if (rows.some((row) => row.length < header.length)) return "A row has too few fields; nothing was taken.";
  const all = rows.map((row) => Object.fromEntries(header.map((name, i) => [name, clean(row[i])])));
  for (const row of all) {
    row.verdict = row.verdict.toLowerCase();
    if (row.verdict && !SEVERITIES.includes(row.verdict)) return `Unknown verdict “${row.verdict}”; nothing was taken.`;
  }
  const read = all.filter((row) => row.verdict || row.comment);
  if (read.length === 0) return "There is no verdict in this file.";
  if (read.some((row) => row.run !== RUN)) return "These are verdicts on another run; nothing was taken.";
  const found = new Set();
  let left = 0;
  for (const row of read) {
    const segments = row.segments.replace(/(^|\+)0+/g, "$1"); // "04" is 4
    const cell = cells.get(`${row.system}\t${segments}\t${row.text}`);
    if (cell) record(cell, row.verdict, row.comment);
    if (cell) found.add(cell);
    else left += 1;
  }
  store();
  for (const cell of found) refresh(cell);
  return `${countVerdicts(read.length - left)} taken.${left ? ` ${left} left out: their translation is not here, or has changed.` : ""}`;
}

// Keys.

let current = null; // {row, system}

function choose(row, system = 0) {
  for (const old of document.querySelectorAll(".segments .current")) old.classList.remove("current");
  const last = Math.max(row.cells.length - 1, 0);
  current = { row, system: Math.min(Math.max(system, 0), last) };
  row.element.classList.add("current");
  if (row.cells.length > 1) row.cells[current.system].element.classList.add("current");
  equip(row);
}

function move(step) {
  let table = current?.row.table ?? tables[0];
  const here = table.shown.includes(current?.row) ? current.row.place + step : findInView(table);
  let row = table.shown[here];
  while (!row && tables.includes(table)) { // on to the next language, or back to the last
    table = tables[tables.indexOf(table) + step];
    row = table?.shown.at(step > 0 ? 0 : -1);
  }
  if (!row) return;
  choose(row, current?.system);
  row.element.tabIndex = -1;
  row.element.focus({ preventScroll: true });
  row.element.scrollIntoView({ block: "nearest" });
}

function findInView(table) { // the first segment that begins below the head of the table
  const near = [...table.near].flatMap((group) => [...group.rows]);
  const seen = near.find((element) => element.getBoundingClientRect().top > 40);
  return table.byElement.get(seen)?.place ?? 0;
}

function findRow(element) {
  return element ? tables.map((table) => table.byElement.get(element)).find(Boolean) : undefined;
}

function judgeCurrent(severity) {
  const cell = current?.row.cells[current.system];
  if (cell) judge(cell, severity, find(cell).comment);
  else say("Choose a segment first: press j, or click on it.");
}

function showKeys() { document.getElementById("keys").showModal(); }

const actions = {
  j: () => move(1),
  k: () => move(-1),
  l: () => current && choose(current.row, current.system + 1),
  h: () => current && choose(current.row, current.system - 1),
  0: () => judgeCurrent(""),
  c: () => current?.row.cells[current.system]?.element.querySelector(".review input").focus(),
  d: () => (current?.row.table ?? tables[0]).form.differences?.click(),
  "/": () => (current?.row.table ?? tables[0]).form.find.focus(),
  "?": showKeys,
  ...Object.fromEntries(SEVERITIES.map((severity, i) => [i + 1, () => judgeCurrent(severity)])),
};
const arrows = { ArrowDown: "j", ArrowUp: "k", ArrowRight: "l", ArrowLeft: "h" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (field) {
    if (event.key === "Escape" && current) { field.blur(); current.row.element.focus(); }
    return;
  }
  const name = document.activeElement === current?.row.element ? arrows[event.key] ?? event.key : event.key;
  if (Object.hasOwn(actions, name)) {
    event.preventDefault();
    actions[name]();
  }
});

document.addEventListener("focusin", (event) => {
  const element = event.target.closest(".segments tbody tr");
  const row = findRow(element);
  const system = row ? row.cells.findIndex((cell) => cell.element.contains(event.target)) : -1;
  if (system >= 0) choose(row, system);
});

document.addEventListener("click", (event) => {
  const row = findRow(document.getElementById(event.target.closest("a[href^='#']")?.hash.slice(1)));
  if (row) { // the browser goes there next
    row.table.reveal(row);
    choose(row);
  }
});

document.addEventListener("click", (event) => {
  const element = event.target.closest(".segments tbody tr");
  const row = findRow(element);
  if (!row || event.target.closest("input, select")) return;
  choose(row, Math.max(row.cells.findIndex((cell) => cell.element.contains(event.target)), 0));
  if (getSelection().isCollapsed) { element.tabIndex = -1; element.focus({ preventScroll: true }); }
});

addEventListener("storage", (event) => { // another tab
  if (event.key !== STORE) return;
  const before = [...edits.keys()];
  restore();
  for (const key of new Set([...before, ...edits.keys()])) {
    if (cells.has(key)) refresh(cells.get(key));
  }
});

addEventListener("beforeprint", () => {
  for (const table of tables) {
    if (table.form.differences?.checked) for (const row of table.rows) differ(row, true);
  }
});

const tables = Array.from(document.querySelectorAll("form.tools"), (tools) => new Table(tools));

for (const [key, cell] of cells) {
  if ("verdict" in cell.element.dataset) {
    const comment = cell.element.querySelector(".said bdi").textContent;
    given.set(key, { severity: cell.element.dataset.verdict, comment });
  }
}
restore();
announceUnused();
for (const key of edits.keys()) if (cells.has(key)) refresh(cells.get(key));
for (const table of tables) table.start();
performance.mark("ready");
