// Shows where the words of a query stand, parts of words included, so that 注意 finds 自己注意.
// The text of the pages comes from searchtext.js, which book/_extensions/search_text.py writes.
{
  const MOST_SECTIONS = 3;  // of a page that are shown
  const AROUND = 70;  // characters before and after a word in an excerpt

  const query = new URLSearchParams(location.search).get("q") ?? "";
  const words = query.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  // "masks" finds "mask", too.
  const forms = words.map((word) => (/^[a-z]{3,}s$/.test(word) ? word.slice(0, -1) : word));

  const count = (text, word) => text.split(word).length - 1;

  function excerpt(text) {
    const low = text.toLowerCase();
    const places = forms.map((word) => low.indexOf(word)).filter((place) => place >= 0);
    const start = Math.max(0, (places.length ? Math.min(...places) : 0) - AROUND);
    const end = start + 2 * AROUND;
    return (start ? "…" : "") + text.slice(start, end) + (end < text.length ? "…" : "");
  }

  // Puts a text into an element, the found words marked.
  function fill(element, text) {
    const escaped = forms.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    for (const part of text.split(new RegExp(`(${escaped.join("|")})`, "i"))) {
      const isFound = forms.includes(part.toLowerCase());
      const piece = isFound ? document.createElement("mark") : document.createTextNode(part);
      if (isFound) piece.textContent = part;
      element.append(piece);
    }
    return element;
  }

  function link(address, text) {
    const anchor = document.createElement("a");
    anchor.href = address;
    return fill(anchor, text);
  }

  function found(address, sections) {
    const whole = sections.map(([, heading, text]) => `${heading} ${text}`.toLowerCase());
    const all = whole.join(" ");
    if (!forms.every((word) => all.includes(word))) return null;
    const scored = sections.map(([id, heading, text], i) => {
      let score = 0;
      for (const word of forms) {
        const here = count(whole[i], word);
        if (here) score += 10 + Math.min(here, 9) + 30 * heading.toLowerCase().includes(word);
      }
      return { id, heading, text, score, isTitle: i === 0 };
    });
    const score = Math.max(...scored.map((section) => section.score + 50 * section.isTitle *
      forms.every((word) => section.heading.toLowerCase().includes(word))));
    const best = scored.filter((section) => section.score > 0);
    best.sort((one, other) => other.score - one.score);
    return { address, title: sections[0][1], score, sections: best.slice(0, MOST_SECTIONS) };
  }

  window.searchText = (pages) => {
    const results = Object.entries(pages).map((page) => found(...page)).filter(Boolean);
    results.sort((one, other) => other.score - one.score);
    const place = document.querySelector("#search-results");
    const summary = document.createElement("p");
    summary.setAttribute("role", "status");
    summary.textContent = results.length
      ? `“${query}” is on ${results.length} ${results.length === 1 ? "page" : "pages"}.`
      : `Nothing was found for “${query}”. Every word must be on the page; try fewer.`;
    const list = document.createElement("ul");
    for (const result of results) {
      const item = document.createElement("li");
      item.append(link(result.address, result.title));
      for (const { id, heading, text, isTitle } of result.sections) {
        const line = document.createElement("p");
        if (!isTitle) line.append(link(`${result.address}#${id}`, heading), " ");
        line.append(fill(document.createElement("span"), excerpt(text)));
        item.append(line);
      }
      list.append(item);
    }
    place.replaceChildren(summary, list);
  };

  if (forms.length) {
    document.querySelector(".bd-search-container input[name=q]").value = query;
    const script = document.createElement("script");
    script.src = "searchtext.js";
    document.head.append(script);
  }
}
