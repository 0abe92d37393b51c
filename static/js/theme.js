/* Loaded in <head> and run before the first paint, so that no page flashes in the wrong colours or row height. */
(() => {
  const root = document.documentElement;
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage refused: the system's colours are used
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = read("theme");
    root.dataset.bsTheme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
    root.dataset.theme = chosen || "auto";
    if (read("density") === "roomy") root.dataset.density = "roomy";
    else delete root.dataset.density;
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("baton:looks", apply);
})();
