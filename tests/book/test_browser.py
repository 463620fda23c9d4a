"""The built book in a real browser: offline, light and dark, on phone and desktop."""

import functools
import http.server
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.book.conftest import documents

pytest_plugins = ["tests.browser"]

PAGES = documents()
PART = [name for name in PAGES if name.count("/") == 2]
# Bytes that the first visit of a page fetches. Measured: about 1.9 MB, of which MathJax is 1.2.
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def site(book):
    """The address of the book on a server of our own."""

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
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.errors, self.requests, self.weight = [], [], 0
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfinished", self._weigh)
        self.page.goto(address, wait_until="networkidle")

    def _weigh(self, request):
        self.weight += request.sizes()["responseBodySize"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_whole_without_a_network_and_without_errors(browser, site, name):
    with Visit(browser, f"{site}/{name}.html") as visit:
        assert not visit.errors
        outside = [url for url in visit.requests if not url.startswith((site, "data:", "blob:"))]
        assert not outside
        assert 0 < visit.weight < MOST_BYTES
        text = visit.page.inner_text("article")
        assert r"\(" not in text and "$$" not in text, "mathematics was left as source"
        if visit.page.locator(".math").count():
            assert visit.page.locator("mjx-container").count() > 0


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 975, 1100])
def test_nothing_scrolls_sideways_and_the_contents_can_be_reached(browser, site, name, width):
    with Visit(browser, f"{site}/{name}.html", width=width) as visit:
        widths = visit.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert widths[0] <= widths[1]
        links = visit.page.locator(".bd-sidebar-primary a.reference.internal")
        if not links.first.is_visible():
            toggle = visit.page.locator("button.primary-toggle:visible").first
            toggle.click()
            visit.page.wait_for_timeout(400)
        # On a narrow screen the theme moves the list into a dialog.
        opened = visit.page.locator(
            ".bd-sidebar-primary a.reference.internal:visible, dialog a.reference.internal:visible"
        )
        assert opened.count() >= len(PAGES) - 1


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, site, name, scheme):
    with Visit(browser, f"{site}/{name}.html", scheme=scheme) as visit:
        assert visit.page.evaluate("document.documentElement.dataset.theme") == scheme
        found = Axe().run(visit.page).response["violations"]
        serious = {
            rule["id"]: [node["html"][:120] for node in rule["nodes"]][:3]
            for rule in found
            if rule["impact"] in ("serious", "critical")
        }
        assert not serious


@pytest.mark.parametrize("name", PART)
def test_figures_say_what_they_show_and_have_no_box_in_the_dark(browser, site, name):
    with Visit(browser, f"{site}/{name}.html", scheme="dark") as visit:
        images = visit.page.locator(".cell_output img")
        for i in range(images.count()):
            image = images.nth(i)
            alt = image.get_attribute("alt") or ""
            assert len(alt) > 20 and not alt.startswith("../")
            background = image.evaluate("element => getComputedStyle(element).backgroundColor")
            assert background == "rgba(0, 0, 0, 0)"
            assert image.evaluate("element => element.naturalWidth") > 0
        captions = visit.page.locator(".cell_output figcaption")
        assert captions.count() == images.count()


def test_a_quiz_answers_without_a_server(browser, book):
    with Visit(browser, (book / f"{PART[0]}.html").as_uri()) as visit:
        assert not [error for error in visit.errors if "MathJax" in error]
        option = visit.page.locator("details.sd-dropdown").first
        assert not option.locator(".sd-card-text").first.is_visible()
        option.locator("summary").click()
        assert option.locator(".sd-card-text").first.is_visible()


def test_search_finds_a_word(browser, site):
    with Visit(browser, f"{site}/search.html?q=softmax") as visit:
        visit.page.wait_for_selector("#search-results li", timeout=15_000)
        assert not visit.errors
