/* Sets the theme before anything is painted, so that nothing flashes. */
(function () {
  let chosen = "";
  try {
    chosen = localStorage.getItem("nokturn.theme") || "";
  } catch {
    return; // storage is switched off: the system's theme it is
  }
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
})();
