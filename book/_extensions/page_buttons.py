"""Offer each page as a notebook to download, and to launch once the repository has an address.

The theme can do both, but only if Binder or Colab is configured. It fails if no repository is
configured, and gives Colab the page's Markdown source, which Colab cannot open.

What is downloaded, and what Binder and Colab open, is a plain notebook, see `plain_notebook`. Both
take it from the branch with the built book. Binder installs what `.binder/` lists, and fetches that
branch when it starts.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import nbformat
from docutils import nodes
from plain_notebook import plain_notebook
from sphinx.application import Sphinx
from sphinx.config import Config

from grader.addresses import book_address

# The branch that holds the built book, whose notebooks Colab opens.
PUBLISHED_BRANCH = "gh-pages"


def enable_repository_button(app: Sphinx, config: Config) -> None:
    """Show the theme's link to the repository exactly when there is an address."""
    options = config.html_theme_options
    options["use_repository_button"] = bool(options.get("repository_url"))


def launch_links(repository_url: str, branch: str, docname: str) -> dict[str, str]:
    """Return the addresses at which Binder and Colab open a page of a GitHub repository."""
    repository = urlsplit(repository_url).path.strip("/")
    folder = repository.rpartition("/")[2]
    pull = {
        "repo": repository_url,
        "branch": PUBLISHED_BRANCH,
        "urlpath": f"lab/tree/{folder}/_sources/{docname}.ipynb",
    }
    start = quote(f"git-pull?{urlencode(pull)}", safe="")
    return {
        "Binder": f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath={start}",
        "Colab": f"https://colab.research.google.com/github/{repository}"
        f"/blob/{PUBLISHED_BRANCH}/_sources/{docname}.ipynb",
    }


def numbers_of(app: Sphinx, docname: str) -> dict[str, str]:
    """The numbers of a page's equations ("6.1") and figures ("Fig. 6.1"), by their ids."""
    styles = {"displaymath": "%s", "figure": app.config.numfig_format["figure"]}
    return {
        name: styles[kind] % ".".join(map(str, number))
        for kind, numbers in app.env.toc_fignumbers.get(docname, {}).items()
        if kind in styles
        for name, number in numbers.items()
    }


def add_buttons(
    app: Sphinx,
    pagename: str,
    _templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Offer a page's executed notebook to the download menu, and add the launch menu."""
    if doctree is None or "kernelspec" not in app.env.metadata[pagename]:
        return
    options = app.config.html_theme_options
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    download = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
    download.parent.mkdir(parents=True, exist_ok=True)
    address = book_address(options.get("repository_url", ""))
    notebook = plain_notebook(
        nbformat.read(executed, 4),
        doctree,
        course=app.config.html_title or app.config.project,
        repository=options.get("repository_url", ""),
        branch=options.get("repository_branch", ""),
        page=address and f"{address}{pagename}.html",
        numbers=numbers_of(app, pagename),
    )
    nbformat.write(notebook, download)
    context["ipynb_source"] = f"{pagename}.ipynb"

    if options.get("repository_url"):
        links = launch_links(options["repository_url"], options["repository_branch"], pagename)
        context["header_buttons"].append(
            {
                "type": "group",
                "tooltip": "Run this page online",
                "icon": "fas fa-rocket",
                "label": "launch-buttons",
                "buttons": [
                    {"type": "link", "text": name, "tooltip": f"Run on {name}", "url": url}
                    for name, url in links.items()
                ],
            }
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("config-inited", enable_repository_button)
    # At this priority the function runs after the theme has made the list of buttons (also 500),
    # and before the theme reads `ipynb_source` (501).
    app.connect("html-page-context", add_buttons, priority=500)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
