"""The built book in a real browser: offline, light and dark, on phone and desktop."""

import functools
import http.server
import re
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.book.conftest import documents, documents_to_look_at

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.browser"]

PAGES = documents_to_look_at()
PART = [name for name in PAGES if name.count("/") == 2]
# Bytes that the first visit of a page may load, figures apart. Measured: 0.34 to 0.49 MB.
MOST_BYTES = 600_000
# The drill holds all questions of a part, in two languages. Measured: 0.76 MB with 108 questions,
# which a server that compresses sends as 0.2 MB.
MOST_BYTES_OF_DRILL = 900_000


@pytest.fixture(scope="module")
def site(book):
    """The address of a server of the built book."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(book))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Visit:
    """A page that is open in the browser, and what happened while it loaded."""

    def __init__(self, browser, address, width=1400, scheme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 900})
        self.page = self.context.new_page()
        self.page.emulate_media(color_scheme=scheme)
        self.errors, self.requests, self.weight = [], [], 0
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfinished", self._weigh)
        self.page.goto(address, wait_until="networkidle")
        # Colours and places are looked at when a change is over, not in the middle of it.
        self.page.add_style_tag(content="* { transition: none !important; }")

    def _weigh(self, request):
        if "/_images/" not in request.url:
            self.weight += request.sizes()["responseBodySize"]

    def look(self, width=1400, scheme="light"):
        """Change the window's width and the reader's colour scheme; return the page."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.mouse.move(width - 2, 898)  # what the mouse lies on looks otherwise
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        return self.page

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


@pytest.fixture(scope="module")  # tests/conftest.py sends all tests of a page to one process
def visit(browser, site, request):
    """A page of the book, loaded once for all tests of it."""
    with Visit(browser, f"{site}/{request.param}.html") as opened:
        yield opened


every_page = pytest.mark.parametrize("visit", PAGES, indirect=True)


@every_page
def test_a_page_loads_whole_without_a_network_and_without_errors(site, visit):
    assert not visit.errors
    outside = [url for url in visit.requests if not url.startswith((site, "data:", "blob:"))]
    assert not outside
    most = MOST_BYTES_OF_DRILL if "/drill" in visit.page.url else MOST_BYTES
    assert 0 < visit.weight < most
    page = visit.look()
    text = page.inner_text("article")
    assert r"\(" not in text and "$$" not in text, "mathematics was left as source"
    assert page.locator(".math").count() == page.locator(".math > math").count()


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    found = Axe().run(visit.look(scheme=scheme)).response["violations"]
    serious = {
        rule["id"]: [node["html"][:120] for node in rule["nodes"]][:3]
        for rule in found
        if rule["impact"] in ("serious", "critical")
    }
    assert not serious


@pytest.mark.parametrize("visit", PART, indirect=True)
def test_figures_say_what_they_show_and_have_no_box_in_the_dark(visit):
    page = visit.look(scheme="dark")
    images = page.locator(".cell_output img")
    for i in range(images.count()):
        image = images.nth(i)
        alt = image.get_attribute("alt") or ""
        assert len(alt) > 20 and not alt.startswith("../")
        background = image.evaluate("element => getComputedStyle(element).backgroundColor")
        assert background == "rgba(0, 0, 0, 0)"
        assert image.evaluate("element => element.naturalWidth") > 0
    captions = page.locator(".cell_output figcaption")
    assert captions.count() == images.count()


# Last, since the theme takes a moment to adapt a page to another width.
@every_page
@pytest.mark.parametrize("width", [360, 975, 1100])
def test_nothing_scrolls_sideways_and_the_contents_can_be_reached(visit, width):
    page = visit.look(width)
    widths = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    links = page.locator(".bd-sidebar-primary a.reference.internal")
    toggled = not links.first.is_visible()
    # On a narrow screen the theme moves the list into a dialog.
    opened = page.locator(
        ".bd-sidebar-primary a.reference.internal:visible, dialog a.reference.internal:visible"
    )
    if toggled:
        page.locator("button.primary-toggle:visible").first.click()
        opened.first.wait_for()
    assert opened.count() >= len(documents()) - 1
    if toggled:
        page.keyboard.press("Escape")
        if opened.first.is_visible():  # at middle widths Escape does not close it, the button does
            page.locator("button.primary-toggle:visible").first.click()
        page.wait_for_timeout(100)


def test_a_quiz_answers_without_a_server(browser, book):
    with Visit(browser, (book / "book/transformer/overview.html").as_uri()) as visit:
        assert visit.page.locator("math").count()
        option = visit.page.locator("details.sd-dropdown").first
        assert not option.locator(".sd-card-text").first.is_visible()
        option.locator("summary").click()
        assert option.locator(".sd-card-text").first.is_visible()


@pytest.mark.parametrize("place", ["site", "folder"])
@pytest.mark.parametrize(
    ("query", "term", "page"),
    [
        ("softmax", "softmax", "scaled-dot-product"),
        ("注意", "自己注意", "two-kinds-of-attention"),  # a part of a term
        ("ＭＡＳＫＳ decoder", "mask", "two-kinds-of-attention"),  # full width, capitals, plural
    ],
)
def test_search_finds_parts_of_words_and_shows_where(browser, site, book, place, query, term, page):
    address = site if place == "site" else book.as_uri()
    with Visit(browser, f"{address}/search.html?q={query}") as visit:
        results = visit.page.locator("#search-results li")
        results.first.wait_for(timeout=15_000)
        assert not visit.errors
        (result,) = results.filter(has=visit.page.locator(f"> a[href$='{page}.html']")).all()
        assert term in result.inner_text().lower()
        assert result.locator("mark").count()
        sections = result.locator("p a")
        sections.first.click()
        visit.page.wait_for_url(f"**/{page}.html#*")
        assert visit.page.locator(":target").is_visible()


def test_search_says_that_it_found_nothing(browser, site):
    with Visit(browser, f"{site}/search.html?q=%3Cb%3Eqwertz") as visit:
        status = visit.page.get_by_role("status")
        status.wait_for()
        assert "Nothing was found for “<b>qwertz”" in status.inner_text()
    with Visit(browser, f"{site}/search.html") as visit:
        assert not visit.errors and visit.page.get_by_role("status").count() == 0


# How dark the page is and its text is, from 0, black, to 1.
LIGHTNESS = """element => {
    const [r, g, b] = getComputedStyle(element).color.match(/[\\d.]+/g).map(Number);
    return (0.3 * r + 0.6 * g + 0.1 * b) / 255;
}"""


@pytest.mark.parametrize("visit", PART, indirect=True)
def test_the_dark_theme_prints_black_on_white_and_comes_back(visit):
    page = visit.look(scheme="dark")
    paragraph = page.locator("article p").first
    code = page.locator("article pre").first
    assert paragraph.evaluate(LIGHTNESS) > 0.6
    page.emulate_media(media="print")
    page.wait_for_function("document.documentElement.dataset.theme == 'light'")
    for element in (paragraph, code, page.locator("article h2").first):
        assert element.evaluate(LIGHTNESS) < 0.35
        grounds = element.evaluate(
            """element => {
                const grounds = [];
                for (let e = element; e; e = e.parentElement)
                    grounds.push(getComputedStyle(e).backgroundColor);
                return grounds;
            }"""
        )
        for ground in grounds:
            numbers = [float(number) for number in re.findall(r"[\d.]+", ground)]
            assert numbers[3:] == [0] or min(numbers[:3]) > 230, grounds
    for image in page.locator(".cell_output img").all():
        assert image.evaluate("element => getComputedStyle(element).filter") == "none"
    page.emulate_media(media="screen")
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'")


@pytest.mark.parametrize("visit", PART, indirect=True)
def test_what_a_fold_is_called_holds_what_it_shows(visit):
    """Speech control finds a fold by the words that are to be seen."""
    page = visit.look()
    rules = {"runOnly": ["label-content-name-mismatch", "summary-name"]}
    rules["rules"] = {"label-content-name-mismatch": {"enabled": True}}
    assert not Axe().run(page, options=rules).response["violations"]
    for summary in page.locator("article summary:visible").all():
        shown = " ".join(summary.inner_text().split())
        assert shown
        name = summary.get_attribute("aria-label")
        assert name is None or shown.lower() in name.lower()
