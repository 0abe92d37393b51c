/* Choosing rows, columns, density, the "3 new" announcer, figures that change live. */
const chosen = (root) => [...root.querySelectorAll("[data-choose]")];
const said = JSON.parse(document.getElementById("ui-words")?.textContent || "null");
const store = {
  read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch {
      // storage refused: the choice lasts as long as the page
    }
  },
};

/* The scope of a bulk bar: the nearest [data-bulk-scope], else the page. */
const scopeOf = (element) => element.closest("[data-bulk-scope]") || document.querySelector("main") || document;
let anchor = null;

function count(scope) {
  const boxes = chosen(scope);
  const number = boxes.filter((box) => box.checked).length;
  for (const bar of scope.querySelectorAll("[data-bulk]")) {
    bar.hidden = number === 0;
    bar.querySelector("[data-bulk-count]").textContent = said.words.chosen.replace("%(n)s", number);
  }
  for (const all of scope.querySelectorAll("[data-choose-all]")) {
    all.checked = number > 0 && number === boxes.length;
    all.indeterminate = number > 0 && number < boxes.length;
  }
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-choose]");
  if (box) {
    const boxes = chosen(scopeOf(box));
    if (event.shiftKey && anchor && boxes.includes(anchor)) {
      const [from, to] = [boxes.indexOf(anchor), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    anchor = box;
    count(scopeOf(box));
  }
  const clear = event.target.closest?.("[data-bulk-clear]");
  if (clear) {
    const scope = scopeOf(clear);
    for (const one of chosen(scope)) one.checked = false;
    count(scope);
    (scope.querySelector("[data-row].is-current") || scope.querySelector("[data-choose-all]"))?.focus();
  }
  if (event.target.closest?.("[data-density-toggle]")) {
    store.write("density", document.documentElement.dataset.density === "roomy" ? "" : "roomy");
    dispatchEvent(new Event("baton:looks"));
    looks();
  }
  const theme = event.target.closest?.("[data-theme-choice]");
  if (theme) {
    store.write("theme", theme.dataset.themeChoice === "auto" ? "" : theme.dataset.themeChoice);
    dispatchEvent(new Event("baton:looks"));
    looks();
  }
});

document.addEventListener("change", (event) => {
  const all = event.target.closest?.("[data-choose-all]");
  if (all) {
    const scope = scopeOf(all);
    for (const box of chosen(scope)) box.checked = all.checked;
    count(scope);
  }
  const column = event.target.closest?.("[data-column]");
  if (column) {
    const table = column.dataset.columnsOf;
    const hidden = new Set(hiddenColumns(table));
    if (column.checked) hidden.delete(column.dataset.column);
    else hidden.add(column.dataset.column);
    store.write(`columns:${table}`, [...hidden].join(" "));
    columns();
  }
});

const hiddenColumns = (table) => (store.read(`columns:${table}`) || "").split(" ").filter(Boolean);

function columns() {
  for (const table of document.querySelectorAll("table[id][data-list]")) {
    const hidden = hiddenColumns(table.id);
    for (const cell of table.querySelectorAll("[data-col]")) cell.hidden = hidden.includes(cell.dataset.col);
    for (const box of document.querySelectorAll(`[data-columns-of="${CSS.escape(table.id)}"]`)) box.checked = !hidden.includes(box.dataset.column);
  }
}

function looks() {
  const { theme, density } = document.documentElement.dataset;
  for (const button of document.querySelectorAll("[data-density-toggle]")) button.setAttribute("aria-pressed", density === "roomy");
  for (const button of document.querySelectorAll("[data-theme-choice]")) button.setAttribute("aria-pressed", button.dataset.themeChoice === theme);
}

/* New rows announce themselves, in the page and in the tab's title, and never push what is being read. */
const title = document.title;
function announce() {
  let number = 0;
  for (const one of document.querySelectorAll("[data-announce] [data-new-count]")) number += Number(one.dataset.newCount);
  document.title = number ? `(${number}) ${title}` : title;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.closest("[data-announce], [data-poll]")) event.preventDefault();
});

/* Who was logged out meanwhile is led to the log-in; not by a question the page asks by itself while somebody writes. */
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const writes = document.querySelector("dialog[open]") || document.activeElement?.matches("input, textarea, select");
  if (writes && event.detail.elt.closest("[data-announce], [data-poll]") && event.detail.xhr.getResponseHeader("HX-Redirect")) event.preventDefault();
});

const before = new Map();
document.addEventListener("htmx:beforeSwap", () => {
  before.clear();
  for (const one of document.querySelectorAll("[data-live][id]")) before.set(one.id, one.textContent);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const one of document.querySelectorAll("[data-live][id]")) {
    one.classList.toggle("is-new", before.has(one.id) && before.get(one.id) !== one.textContent);
  }
  columns();
  looks();
  announce();
  uncover();
  for (const bar of document.querySelectorAll("[data-bulk]")) count(scopeOf(bar));
});

/* The view that is on is in sight, also where the others leave it no room. */
function uncover() {
  for (const one of document.querySelectorAll(".views [aria-current]")) {
    const strip = one.closest("ul"), hidden = one.getBoundingClientRect().right - strip.getBoundingClientRect().right;
    if (hidden > 0) strip.scrollLeft += hidden;
  }
}

columns();
looks();
announce();
uncover();
for (const bar of document.querySelectorAll("[data-bulk]")) count(scopeOf(bar));
