/*
 * What answers a deed: toasts (from the page, and from HX-Trigger {"toast": {level, text, undo_url}}), the dialog that names
 * the consequence before it happens (data-confirm), and pages shown in a dialog (data-dialog).
 */
const region = document.getElementById("toasts");
const said = JSON.parse(document.getElementById("ui-words")?.textContent || "null");
const ICONS = { success: "check-circle-fill", error: "exclamation-circle-fill", warning: "exclamation-triangle-fill", info: "info-circle-fill" };
const SVG = "http://www.w3.org/2000/svg";

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${region.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

function button(text, act, css = "btn btn-sm btn-quiet") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = css;
  made.append(text);
  made.addEventListener("click", act);
  return made;
}

/* Errors stay until they are dismissed; the rest goes by itself, unless it is being read or used. */
function keep(toast) {
  if (toast.dataset.level === "error") return;
  let timer = 0;
  const start = () => { timer = setTimeout(() => toast.remove(), toast.querySelector("form, [data-undo]") ? 10000 : 6000); };
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

function toast({ level = "info", text, undo_url: undo }) {
  const line = document.createElement("div");
  line.className = "toast-line";
  line.dataset.toast = "";
  line.dataset.level = level;
  const mark = document.createElement("span");
  mark.className = "toast-icon";
  mark.append(icon(ICONS[level] || ICONS.info));
  const words = document.createElement("p");
  words.textContent = text;
  line.append(mark, words);
  if (undo) {
    const back = button(said.words.undo, () => {
      line.remove();
      htmx.ajax("POST", undo, { source: document.body, swap: "none" });
    });
    back.dataset.undo = "";
    line.append(back);
  }
  const close = button(icon("x-lg"), () => line.remove(), "btn btn-sm btn-quiet btn-icon");
  close.setAttribute("aria-label", said.words.dismiss);
  line.append(close);
  region.append(line);
  keep(line);
}

document.addEventListener("toast", (event) => toast(event.detail));
document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove());
for (const line of region?.querySelectorAll("[data-toast]") || []) keep(line);

document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (!(xhr.getResponseHeader("HX-Trigger") || "").includes('"toast"')) toast({ level: "error", text: said.words.failed });
});
document.addEventListener("htmx:sendError", (event) => {
  if (!event.detail.elt.closest("[data-announce], [data-poll]")) toast({ level: "error", text: said.words.offline });
});

/* Confirm with consequence. */
const dialog = document.getElementById("confirm");
let answer = null;

function ask(source) {
  const { confirm, confirmConsequence, confirmVerb } = source.dataset;
  dialog.querySelector("[data-confirm-title]").textContent = confirm;
  dialog.querySelector("[data-confirm-text]").textContent = confirmConsequence || "";
  dialog.querySelector("[data-confirm-go]").textContent = confirmVerb || source.textContent.trim();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => { answer = resolve; });
}
dialog?.addEventListener("close", () => answer?.(dialog.returnValue === "yes"));

const asking = (element) => element?.closest?.("[data-confirm]");
const usesHtmx = (element) => element.matches("[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]");

document.addEventListener("htmx:confirm", (event) => {
  const source = asking(event.detail.triggeringEvent?.submitter) || (event.detail.elt.matches("[data-confirm]") ? event.detail.elt : null);
  if (!source || !dialog) return;
  event.preventDefault();
  ask(source).then((yes) => yes && event.detail.issueRequest(true));
});

const agreed = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  const source = asking(event.submitter) || (form.matches("[data-confirm]") ? form : null);
  if (!source || !dialog || usesHtmx(form) || agreed.delete(form)) return;
  event.preventDefault();
  const { submitter } = event;
  ask(source).then((yes) => {
    if (!yes) return;
    agreed.add(form);
    form.requestSubmit(submitter);
  });
}, true);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-confirm]");
  if (!link || !dialog || usesHtmx(link)) return;
  event.preventDefault();
  ask(link).then((yes) => yes && location.assign(link.href));
});

/* A link with data-dialog shows its page in the floating dialog; without script it is a plain link. */
const floating = document.getElementById("floating");
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-dialog]");
  if (!link || !floating || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  htmx.ajax("GET", link.href, { source: link, target: "#floating-body" }).then(() => floating.open || floating.showModal());
});
/* The server says that what the dialog was for is done (HX-Trigger: dialog-close). */
document.addEventListener("dialog-close", () => floating?.open && floating.close());
/* Whatever an answer puts into the dialog opens it. */
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target?.id === "floating-body" && target.childElementCount && !floating.open) floating.showModal();
});
for (const one of document.querySelectorAll("dialog")) one.addEventListener("click", (event) => event.target === one && one.close());
