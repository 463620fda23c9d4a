"""Warn about images without an alternative text, which fails a build with `-W`.

Without one, docutils writes the name of the file instead, which a screen reader then reads out.
"""

from pathlib import PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

LOGGER = getLogger(__name__)


def is_description(alt: str, uri: str) -> bool:
    """Whether an alternative text is more than nothing or the file's name."""
    file = PurePosixPath(uri)
    return alt.strip() not in ("", uri, file.name, file.stem)


def check_images(app: Sphinx, doctree: nodes.document) -> None:
    """Warn about each image of a page, cell outputs included, that lacks a description."""
    for image in doctree.findall(nodes.image):
        if not is_description(image.get("alt", ""), image["uri"]):
            LOGGER.warning(
                "image without alt text; for a cell's figure set `mystnb: image: alt:` in the "
                "cell's header",
                location=image,
                type="alt_text",
            )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("doctree-read", check_images)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
