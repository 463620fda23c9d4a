document.addEventListener("DOMContentLoaded", () => {
  // The theme names its search button "Search" while it shows "Search Ctrl+K": speech control
  // finds a button by what it shows, so let the content be the name.
  for (const button of document.querySelectorAll(".search-button-field")) {
    button.removeAttribute("aria-label");
  }
  // Docutils calls a bibliography a list whose entries are no list items.
  for (const entry of document.querySelectorAll(".citation-list > .citation")) {
    entry.setAttribute("role", "listitem");
  }
  // myst-nb calls every fold "Toggle hidden content" while it shows "Show code cell source".
  for (const summary of document.querySelectorAll(".cell summary[aria-label]")) {
    summary.removeAttribute("aria-label");
  }
  // Figures scroll sideways on a phone (book.css), so the keyboard must reach them.
  for (const figure of document.querySelectorAll(".cell_output figure")) {
    figure.tabIndex = 0;
  }
});

// Paper is white: print in the light theme, whatever the screen has.
{
  const root = document.documentElement.dataset;
  const paper = window.matchMedia("print");
  let onScreen = null;
  const dress = (printing) => {
    if (printing && onScreen === null) {
      onScreen = root.theme;
      root.theme = "light";
    } else if (!printing && onScreen !== null) {
      root.theme = onScreen;
      onScreen = null;
    }
  };
  window.addEventListener("beforeprint", () => dress(true));
  window.addEventListener("afterprint", () => dress(false));
  paper.addEventListener("change", () => dress(paper.matches));
}
