/*
 * The inbox without a mouse. Rows: [data-row] in a [data-list]; j and k move, x chooses, Enter opens the row's [data-open].
 * A verb's letter clicks the element with that data-key: first in the current row, then in the open sheet, then on the page.
 */
const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";
const visible = (element) => element && element.checkVisibility();
const rowsOf = (list) => [...list.querySelectorAll("[data-row]")].filter(visible);
const list = () => document.activeElement?.closest("[data-list]") || [...document.querySelectorAll("[data-list]")].find(visible);
const current = () => document.querySelector("[data-row].is-current");
const sheet = () => document.querySelector("[data-sheet][data-open]");
let place = 0;

/* Only the current row is a stop of the Tab key, and so are the times in it: 50 rows do not take 200 presses. */
function rove(root = document) {
  for (const one of root.querySelectorAll("[data-list]")) {
    const rows = rowsOf(one);
    const here = rows.find((row) => row.classList.contains("is-current")) || rows[0];
    for (const row of rows) {
      row.tabIndex = row === here ? 0 : -1;
      for (const time of row.querySelectorAll("time[tabindex]")) time.tabIndex = row === here ? 0 : -1;
    }
  }
}

function goTo(row) {
  if (!row) return;
  for (const other of document.querySelectorAll("[data-row].is-current")) if (other !== row) other.classList.remove("is-current");
  row.classList.add("is-current");
  place = rowsOf(row.closest("[data-list]")).indexOf(row);
  rove();
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

const wide = () => matchMedia("(min-width: 1100px)").matches;

function follow(row) {
  if (row?.closest("[data-follow]") && wide()) row.querySelector("[data-open]")?.click();
}

function move(step) {
  const here = list();
  if (!here) return false;
  const rows = rowsOf(here);
  const at = rows.indexOf(current());
  const row = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
  goTo(row);
  follow(row);
  return Boolean(row);
}

function press(letter) {
  const quoted = CSS.escape(letter);
  const row = document.activeElement?.closest("[data-sheet]") ? null : current();
  for (const root of [row, sheet(), ...document.querySelectorAll("[data-sheet]"), document.querySelector("main")]) {
    const found = root && [...root.querySelectorAll(`[data-key="${quoted}" i]`)].find((one) => visible(one) && !one.disabled && (root === row || !one.closest("[data-row]")));
    if (!found) continue;
    if (found.matches(TYPING)) found.focus();
    else found.click();
    return true;
  }
  return false;
}

/* The sheet closes with focus back on the row it was opened from. */
function closeSheet() {
  const open = sheet();
  if (!open) return false;
  delete open.dataset.open;
  current()?.focus();
  return true;
}

function help() {
  const dialog = document.getElementById("help");
  if (!dialog) return false;
  const here = new Map();
  for (const one of document.querySelectorAll("main [data-key]")) {
    const word = one.dataset.keyLabel || one.getAttribute("aria-label") || one.firstChild?.textContent.trim() || one.textContent.trim();
    if (!here.has(one.dataset.key.toUpperCase())) here.set(one.dataset.key.toUpperCase(), word);
  }
  const rows = [...here].map(([key, word]) => {
    const row = document.createElement("div");
    row.innerHTML = "<dt></dt><dd><kbd></kbd></dd>";
    row.querySelector("dt").textContent = word;
    row.querySelector("kbd").textContent = key;
    return row;
  });
  dialog.querySelector("[data-help-here]").replaceChildren(...rows);
  dialog.querySelector("[data-help-here]").hidden = rows.length === 0;
  dialog.querySelector("[data-help-here-title]").hidden = rows.length === 0;
  dialog.showModal();
  return true;
}

function search() {
  const field = [...document.querySelectorAll("[data-search]")].find(visible);
  field?.focus();
  field?.select?.();
  return Boolean(field);
}

function escape() {
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  }
  return closeSheet();
}

function act(event) {
  switch (event.key) {
    case "j": return move(1);
    case "k": return move(-1);
    case "/": return search();
    case "?": return help();
    case "x": {
      const box = current()?.querySelector("[data-choose]");
      box?.click();
      return Boolean(box);
    }
    case "Enter": {
      if (!event.target.matches?.("[data-row]")) return false;
      const link = event.target.querySelector("[data-open]");
      link?.click();
      return Boolean(link);
    }
    default: return event.key.length === 1 && press(event.key);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog:modal")) return; // the dialog has the keys
  if (event.key === "Escape") {
    if (event.target.matches?.("[data-search]")) event.target.blur();
    else if (escape()) event.preventDefault();
    return;
  }
  if (event.target.closest?.(TYPING)) return;
  if (act(event)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (row) {
    for (const other of document.querySelectorAll("[data-row].is-current")) other.classList.remove("is-current");
    row.classList.add("is-current");
    place = rowsOf(row.closest("[data-list]")).indexOf(row);
    rove();
  }
  if (event.target.closest("[data-sheet-close]")) closeSheet();
  if (event.target.closest("[data-help]")) help();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row && event.target === row && !row.classList.contains("is-current") && row.matches(":focus-visible")) goTo(row);
});

/* What was decided leaves the list; the next one takes its place, under the same keys, and in the sheet if that is open. */
let before = null; // id of the row that was current before a swap

function succeed() {
  if (before === null || current()) return;
  const lost = !document.activeElement || document.activeElement === document.body;
  const here = list();
  const rows = here ? rowsOf(here) : [];
  const same = document.getElementById(before);
  before = null;
  const next = same || rows[Math.min(place, rows.length - 1)];
  if (!next) return void closeSheet();
  if (lost) goTo(next);
  else next.classList.add("is-current");
  rove();
  if (same) return;
  if (sheet() && !wide()) next.querySelector("[data-open]")?.click();
  else follow(next);
}

document.addEventListener("htmx:beforeSwap", () => {
  if (current()?.id) before = current().id;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target || event.target;
  if (target?.matches?.("[data-sheet]")) {
    if (target.childElementCount) target.dataset.open = "";
    else delete target.dataset.open;
    target.scrollTop = 0;
    // Side by side the row keeps the focus, so that j and k go on; a sheet over the list takes it.
    if (!wide() && target.childElementCount) target.querySelector("#sheet-title, h2, h1")?.focus({ preventScroll: true });
  }
  rove();
  succeed();
});

rove();
