
// Words: which one of the source, a reference or a translation answers which. What is shown is
// painted over the text (CSS Custom Highlight API), so that the text itself stays as it is.

const STRENGTHS = { a: 1, b: 2, c: 3 }; // as eval/render/links.py writes them
const PAINTS = ["word", "faint", "likely", "sure"]; // by strength; the chosen word itself first
const paints = globalThis.CSS?.highlights; // not in every browser
const spoken = document.getElementById("counterparts");
let chosen = null; // {text, run}: the word that was clicked or stepped to
let pointed = null; // the word under the pointer

const hasLinks = (row) => Boolean(row?.querySelector("[data-links]"));

function listTexts(row) { // the linked ones, the source first
  const cells = [row.querySelector('td[data-label="Source"]'), ...row.querySelectorAll("td[data-links]")];
  return cells.map((cell) => cell?.querySelector(":scope > .text")).filter(Boolean);
}

function findRuns(text) { // [[start, end]...] of what stands between white space
  const plain = text.plain ?? text.textContent;
  return Array.from(plain.matchAll(/\S+/g), (match) => [match.index, match.index + match[0].length]);
}

function findPieces(text) { // the nodes of the text and where they begin, also where differences are shown
  const plain = text.plain ?? text.textContent;
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const pieces = [];
  let at = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest("del") || (text.plain && !node.data.trim())) continue;
    at = plain.indexOf(node.data, at);
    pieces.push({ node, at });
    at += node.length;
  }
  return pieces;
}

function makeRanges(text, [start, end]) {
  return findPieces(text)
    .filter(({ node, at }) => at < end && at + node.length > start)
    .map(({ node, at }) => {
      const range = new Range();
      range.setStart(node, Math.max(start - at, 0));
      range.setEnd(node, Math.min(end - at, node.length));
      return range;
    });
}

function readLinks(text) { // [[[run of the source, strength]...]...]; of the source itself, each run with itself
  const { links } = text.parentElement.dataset;
  if (links === undefined) return findRuns(text).map((_, run) => [[run, 3]]);
  return links.split(" ").map((field) => (
    Array.from(field.matchAll(/(\d+)([abc])/g), ([, run, letter]) => [Number(run), STRENGTHS[letter]])));
}

function findCounterparts({ text, run }) { // [{text, run, strength}...] in the other columns
  const sources = new Map(readLinks(text)[run] ?? []);
  return listTexts(text.closest("tr")).filter((other) => other !== text).flatMap((other) => (
    readLinks(other).map((links, i) => ({
      text: other,
      run: i,
      strength: Math.max(0, ...links.map(([source, strength]) => Math.min(strength, sources.get(source) ?? 0))),
    })).filter(({ strength }) => strength > 0)));
}

function paint(word) {
  for (const name of PAINTS) paints.delete(name);
  if (!word) return [];
  const found = findCounterparts(word);
  const groups = PAINTS.map(() => []);
  for (const { text, run, strength } of [{ ...word, strength: 0 }, ...found]) {
    groups[strength].push(...makeRanges(text, findRuns(text)[run]));
  }
  groups.forEach((ranges, i) => paints.set(PAINTS[i], new Highlight(...ranges)));
  return found;
}

function pick(word) { // for good, until another one is
  chosen = word;
  pointed = null;
  return paint(word);
}

function findWord(x, y) { // what stands at this place of the window
  const place = document.caretPositionFromPoint?.(x, y);
  const range = place ? null : document.caretRangeFromPoint?.(x, y);
  const node = place?.offsetNode ?? range?.startContainer;
  const offset = place?.offset ?? range?.startOffset;
  const text = node?.parentElement?.closest(".segments td > .text");
  const piece = text && findPieces(text).find((each) => each.node === node);
  if (!piece || !hasLinks(text.closest("tr"))) return null;
  const at = piece.at + offset;
  const near = findRuns(text).map((span, run) => ({ span, run })).filter(({ span: [start, end] }) => start <= at && at <= end);
  const hit = near.find(({ span }) => makeRanges(text, span).some((each) => (
    [...each.getClientRects()].some((box) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom))));
  return hit ? { text, run: hit.run } : null;
}

function point(event) {
  const word = event.pointerType === "touch" ? null : findWord(event.clientX, event.clientY);
  if (word?.text === pointed?.text && word?.run === pointed?.run) return;
  pointed = word;
  paint(word ?? chosen);
}

function read({ text, run }) {
  return (text.plain ?? text.textContent).slice(...findRuns(text)[run]);
}

function speak(found) {
  const said = found.map((word) => `${word.text.parentElement.dataset.label}: ${read(word)}`);
  spoken.textContent = `${read(chosen)}. ${said.join("; ") || "Nothing answers it"}.`;
}

function getCurrentText() { // of the translation that is chosen, or else the source
  const { row, system } = current;
  const text = row.cells[system]?.element.querySelector(":scope > .text");
  return text?.parentElement.dataset.links === undefined ? listTexts(row.element)[0] : text;
}

function stepWord(step) {
  if (!paints || !hasLinks(current?.row.element)) return;
  const here = chosen && current.row.element.contains(chosen.text);
  const text = here ? chosen.text : getCurrentText();
  const last = findRuns(text).length - 1;
  const run = here ? chosen.run + step : step > 0 ? 0 : last;
  speak(pick({ text, run: Math.min(Math.max(run, 0), last) }));
}

function stepColumn() { // to the likeliest counterpart in the next column that has one
  if (!paints || !chosen || !current?.row.element.contains(chosen.text)) { stepWord(1); return; }
  const texts = listTexts(current.row.element);
  const here = texts.indexOf(chosen.text);
  const distance = ({ text }) => (texts.indexOf(text) - here + texts.length) % texts.length;
  const [next] = findCounterparts(chosen)
    .sort((a, b) => distance(a) - distance(b) || b.strength - a.strength || a.run - b.run);
  if (next) speak(pick({ text: next.text, run: next.run }));
}

if (paints) {
  Object.assign(actions, { w: () => stepWord(1), b: () => stepWord(-1), s: stepColumn });
  let due = 0;
  document.addEventListener("pointermove", (event) => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(() => point(event));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("input, select, button, a")) return;
    pick(event.target.closest(".segments") ? findWord(event.clientX, event.clientY) : null);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") pick(null); });
  addEventListener("beforeprint", () => pick(null));
}
