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
  // Figures scroll sideways on a phone (book.css), so the keyboard must reach them.
  for (const figure of document.querySelectorAll(".cell_output figure")) {
    figure.tabIndex = 0;
  }
});
