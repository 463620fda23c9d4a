"""The directive that shows questions: in a browser, on paper, and when their files change."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.book.tiny_book import ROOT, TinyBook

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.browser"]

PAGE = "book/transformer/lab-translator"
FILE = "book/questions/transformer/lab-translator.yaml"
FILES = {
    f"{PAGE}.md": "# A page\n\n## Questions\n\n```{questions}\n```\n",
    "book/drill.md": "# Drill\n\n## Part\n\n```{questions} transformer\n```\n",
    FILE: (ROOT / FILE).read_text(encoding="utf-8"),
}
# All questions of the part, on the drill; their pages are empty but one.
OTHERS = {}
for path in sorted((ROOT / FILE).parent.glob("*.yaml")):
    OTHERS[f"book/transformer/{path.stem}.md"] = f"# The page {path.stem}\n"
    OTHERS[f"book/questions/transformer/{path.name}"] = path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A book with one page of questions and a drill of all, built."""
    made = TinyBook(tmp_path_factory.mktemp("questions"), OTHERS | FILES)
    made.build()
    return made


@pytest.fixture
def show(browser, built):
    """Return a function that opens a page of the book."""
    contexts = []

    def opened(name, scripts=True, scheme="light", width=1280):
        size = {"width": width, "height": 900}
        context = browser.new_context(java_script_enabled=scripts, viewport=size)
        contexts.append(context)
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.goto((built.folder / "_build/html" / f"{name}.html").as_uri(), wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_answers_are_folded_and_open_without_scripts(show):
    question = show(PAGE, scripts=False).locator(".question").first
    right = question.get_by_text("Answer: C", exact=True)
    assert not right.is_visible()
    question.locator("summary", has_text="Answer").first.click()
    assert right.is_visible()
    japanese = question.get_by_text("解答: C", exact=True)
    question.locator("summary", has_text="日本語").click()
    assert not japanese.is_visible()
    assert question.locator("details[lang=ja] > ol > li").count() == 4
    question.locator("summary", has_text="解答").click()
    assert japanese.is_visible()


def test_mathematics_and_code_are_set(show):
    page = show(PAGE)
    assert page.locator(".question .math > math").count() > 20
    assert page.locator(".question .highlight-python").count() >= 2
    article = page.locator("article").text_content()
    assert "$" not in article
    assert "____" in article


@pytest.mark.parametrize("name", [PAGE, "book/drill"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_when_all_is_open(show, name, scheme):
    page = show(name, scheme=scheme, width=360)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page, {"include": [["article"]]}).response["violations"]
    assert not [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")]
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


def test_answers_are_printed_though_they_are_folded(show):
    page = show(PAGE)
    heights = "[...document.querySelectorAll('.question details')].map(d => d.offsetHeight)"
    folded = page.evaluate(heights)
    page.emulate_media(media="print")
    printed = page.evaluate(heights)
    # What is folded in something folded has no height before.
    assert all(after > max(before, 40) for before, after in zip(folded, printed, strict=True))


def test_the_drill_shows_all_questions_and_links_their_pages(built):
    page, drill = built.html(PAGE), built.html("book/drill")
    shown = 'class="question '
    assert page.count(shown) == FILES[FILE].count("\n  key: ")
    assert drill.count(shown) == sum(text.count("\n  key: ") for text in OTHERS.values())
    assert drill.count('href="transformer/lab-translator.html"') > 5
    assert 'id="question-transformer-lab-translator-one-pass"' in drill
    assert 'id="question-one-pass"' in page


def test_a_page_is_written_anew_when_its_questions_change_come_or_go(tiny_book):
    book = tiny_book(FILES | {"book/transformer/other.md": "# Other\n"})
    book.build()
    text = FILES[FILE]
    book.write(FILE, text.replace("A hundred sentences were", "Seventy sentences were"))
    book.build()
    for name in (PAGE, "book/drill"):
        assert "Seventy sentences were" in book.html(name)
    other = FILE.replace("lab-translator", "other")
    book.write(other, text.replace("A hundred sentences were", "Twelve sentences were"))
    book.write("book/transformer/other.md", "# Other\n\n```{questions}\n```\n")
    book.build()
    assert "Twelve sentences were" in book.html("book/drill")
    book.write(FILE, text.replace("key: C", "key: X", 1))
    log = book.build_and_fail()
    assert "question 'one-pass', key: expected one of A, B, C, D, got 'X'" in log
