/* The calendar editor: focus goes to what the answer is about, a new country shows its regions, and nothing is lost by leaving. */
const form = () => document.querySelector("[data-unsaved]");
let dirty = form()?.hasAttribute("data-dirty") || false;

function focus() {
  const wanted = document.querySelector("#editor [data-focus]");
  if (!wanted) return;
  wanted.focus({ preventScroll: true });
  wanted.scrollIntoView({ block: "center" });
}

document.addEventListener("input", (event) => {
  if (event.target.closest("[data-unsaved]")) dirty = true;
});
document.addEventListener("change", (event) => {
  const follower = document.querySelector(`[data-follows="${CSS.escape(event.target.id || "-")}"]`);
  follower?.click();
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-unsaved]") && !event.defaultPrevented) dirty = false;
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) dirty = false;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "editor") return;
  dirty = form()?.hasAttribute("data-dirty") || false;
  focus();
});
addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

document.documentElement.classList.add("has-script");
focus();
