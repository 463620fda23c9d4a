"""The questions of the pages: complete, fair to a reader who guesses, and no two alike."""

import itertools
import re
import sys
from collections import Counter
from math import sqrt
from pathlib import Path

import pytest
import yaml

from tests.book.tiny_book import ROOT
from tests.selection import PARTS

sys.path.insert(0, str(ROOT / "book" / "_extensions"))
from questions import FOLDER, LETTERS, QuestionError, file_of, mixed, read_questions

BOOK = ROOT / "book"
LANGUAGES = ("en", "ja")
DIRECTIVE = re.compile(r"^```\{questions\}\s*$", re.MULTILINE)
FILES = sorted(path for path in (ROOT / FOLDER).glob("*/*.yaml") if path.parent.name in PARTS)
FOLDERS = sorted({path.parent for path in FILES})
PAGES = sorted(page for part in PARTS for page in (BOOK / part).glob("*.md"))

every_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
every_part = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def of_part(folder):
    """Return (page, question) pairs of a part, in the order of the book's pages."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    files = [ROOT / file_of(name) for name in chapters if name.startswith(f"book/{folder.name}/")]
    return [(f.stem, question) for f in files if f.is_file() for question in read_questions(f)]


def plain(text):
    """Return a text in small letters, without marks, spaces and case."""
    return re.sub(r"[\W_]+", "", text.casefold())


# --- that nothing is missing


@every_file
def test_a_file_belongs_to_a_page_that_shows_it(path):
    page = BOOK / path.parent.name / f"{path.stem}.md"
    assert page.is_file(), f"{path} has no page"
    assert len(DIRECTIVE.findall(page.read_text(encoding="utf-8"))) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_that_shows_questions_has_them(page):
    if DIRECTIVE.search(page.read_text(encoding="utf-8")):
        assert (ROOT / file_of(f"book/{page.parent.name}/{page.stem}")).is_file()


@every_file
def test_a_page_has_six_to_eight_questions_of_several_kinds(path):
    questions = read_questions(path)  # which checks form, options, explanations and key
    assert 6 <= len(questions) <= 8
    kinds = Counter(question.kind for question in questions)
    assert kinds["calculation"] >= 1
    assert kinds["blank"] >= 1


@every_file
def test_an_explanation_says_whether_its_option_is_right(path):
    for question in read_questions(path):
        for letter, option in zip(LETTERS, question.options, strict=False):
            begins = ("Right.", "正しい。") if letter == question.key else ("Wrong.", "誤り。")
            for language, begin in zip(LANGUAGES, begins, strict=True):
                why = getattr(option.why, language)
                assert why.startswith(begin), f"{question.id}, {letter}: {why}"
                assert len(why) > len(begin) + 5, f"{question.id}, {letter} is not explained"


@every_file
def test_japanese_is_japanese_and_english_is_not(path):
    japanese = re.compile(r"[\u3040-\u30ff]")  # kana: no sentence does without
    for question in read_questions(path):
        for text in (question.text, *(option.why for option in question.options)):
            assert japanese.search(text.ja), f"{question.id}: {text.ja}"
            assert not japanese.search(text.en), f"{question.id}: {text.en}"


@every_file
def test_the_options_of_a_question_differ(path):
    for question in read_questions(path):
        for language in LANGUAGES:
            texts = ["".join(getattr(option.text, language).split()) for option in question.options]
            assert len(set(texts)) == len(texts), f"{question.id}: {texts}"


# --- that guessing does not pay


def too_uneven(counts, expected):
    """Whether Pearson's chi-square is beyond its 1 % point at three degrees of freedom."""
    return sum((counts[x] - mean) ** 2 / mean for x, mean in expected.items() if mean) > 11.34


@every_part
def test_keys_are_spread_evenly_over_the_positions(folder):
    """Rule: over a part, chi-square of the keys' letters is below its 1 % point.

    And with 16 questions or more, no letter is the key more often than 1.5 times its share.
    """
    questions = [question for _, question in of_part(folder)]
    counts = Counter(question.key for question in questions)
    expected = {
        letter: sum(1 / len(q.options) for q in questions if i < len(q.options))
        for i, letter in enumerate(LETTERS)
    }
    assert not too_uneven(counts, expected), counts
    if len(questions) >= 16:
        assert all(counts[letter] <= 1.5 * mean for letter, mean in expected.items()), counts


def pattern(keys):
    """Say what is regular in a page's keys, or return None."""
    if any(len(set(keys[i : i + 4])) == 1 for i in range(len(keys) - 3)):
        return "the same letter four times in a row"
    for period in range(1, len(keys) - 2):  # three comparisons at least
        if all(a == b for a, b in zip(keys, keys[period:], strict=False)):
            return f"the letters repeat after {period}"
    steps = {(LETTERS.index(b) - LETTERS.index(a)) % 4 for a, b in itertools.pairwise(keys)}
    return "every letter follows from the one before" if len(steps) == 1 else None


@pytest.mark.parametrize(
    ("keys", "regular"),
    [
        ("ABCDABCD", True),
        ("DCBADC", True),
        ("ACBACB", True),
        ("ABABAB", True),
        ("BDCCCCAB", True),
        ("CAADBDBC", False),
        ("BCADDB", False),
    ],
)
def test_a_pattern_is_seen(keys, regular):
    assert (pattern(keys) is not None) == regular


@every_part
def test_keys_follow_no_pattern(folder):
    """Rule: no page's keys repeat or step regularly; no two pages have the same; and over a part
    the step from one key to the next is spread as by chance (chi-square, 0.1 % point).
    """
    pages = {}
    for page, question in of_part(folder):
        pages[page] = pages.get(page, "") + question.key
    for page, keys in pages.items():
        assert pattern(keys) is None, f"{page}: {keys}, {pattern(keys)}"
    assert len(set(pages.values())) == len(pages), pages
    steps = Counter(
        (LETTERS.index(b) - LETTERS.index(a)) % 4
        for keys in pages.values()
        for a, b in itertools.pairwise(keys)
    )
    mean = sum(steps.values()) / 4
    chi_square = sum((steps[step] - mean) ** 2 / mean for step in range(4))
    assert chi_square <= 16.27, f"steps from key to key, 0 being the same again: {steps}"


def visible_length(markdown):
    """Count what a reader sees: a command of TeX is one sign, marks and braces are none."""
    return len(re.sub(r"[\s$`*{}_^]", "", re.sub(r"\\[A-Za-z]+", "x", markdown)))


@every_part
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_option_is_not_the_longest_more_often_than_by_chance(folder, language):
    """Rule: at most the share that chance gives and 1.64 of its standard deviations (5 % point).

    An option counts as the longest if no other is as long. Where all are short (numbers, code)
    length tells nothing, and the question is left out.
    """
    longest, chance, variance = 0, 0.0, 0.0
    for _, question in of_part(folder):
        lengths = [visible_length(getattr(o.text, language)) for o in question.options]
        if max(lengths) < 12:
            continue
        right = lengths[LETTERS.index(question.key)]
        longest += lengths.count(max(lengths)) == 1 and right == max(lengths)
        share = 1 / len(lengths)
        chance, variance = chance + share, variance + share * (1 - share)
    assert longest <= chance + 1.64 * sqrt(variance)


# --- that no two are alike


def test_no_two_questions_are_alike():
    seen = {}
    for path in FILES:
        for question in read_questions(path):
            for language in LANGUAGES:
                # The same words may ask about other code.
                text = plain(getattr(question.text, language)) + plain(question.code or "")
                where = f"{path.parent.name}/{path.stem}, {question.id}"
                assert text not in seen, f"{where} asks what {seen[text]} asks"
                seen[text] = where


@every_part
def test_the_mixed_order_is_fixed_and_mixes_pages(folder):
    questions = of_part(folder)
    order = [(page, question.id) for page, question in mixed(questions)]
    assert order == [(page, question.id) for page, question in mixed(questions[::-1])]
    assert sorted(order) == sorted((page, question.id) for page, question in questions)
    if len({page for page, _ in order}) > 1:
        assert [page for page, _ in order] != sorted(page for page, _ in order)


# --- the reader

GOOD = """\
- id: two-and-two
  kind: calculation
  text: {en: "What is $2 + 2$?", ja: "$2 + 2$ はいくつか。"}
  options:
    - {en: "$3$", ja: "$3$", why: {en: "Wrong. One less.", ja: "誤り。1少ない。"}}
    - {en: "$4$", ja: "$4$", why: {en: "Right. Two pairs.", ja: "正しい。2組ある。"}}
    - {en: "$5$", ja: "$5$", why: {en: "Wrong. One more.", ja: "誤り。1多い。"}}
    - {en: "$22$", ja: "$22$", why: {en: "Wrong. Digits.", ja: "誤り。数字を並べた。"}}
  key: B
  source: "Arithmetic"
"""


def written(folder, text):
    path = folder / "page.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read(tmp_path):
    (question,) = read_questions(written(tmp_path, GOOD))
    assert (question.id, question.kind, question.key) == ("two-and-two", "calculation", "B")
    assert question.text.ja == "$2 + 2$ はいくつか。"
    assert question.right.text.en == "$4$"
    assert question.code is None


LAST = GOOD.splitlines(keepends=True)[7]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("key: B", "key: E", "question 'two-and-two', key: expected one of A, B, C, D, got 'E'"),
        ("key: B", "key: [B]", "key: expected one of A, B, C, D, got ['B']"),
        (LAST, "", None),
        (LAST, LAST * 2, "options: expected a list of four or three, got 5 of them"),
        ("kind: calculation", "kind: sum", "kind: expected choice | calculation | blank, got"),
        ("kind: calculation", "kind: blank", "expected a blank, ____, in the code or the text"),
        ('  source: "Arithmetic"\n', "", "source, found no source"),
        ('"Arithmetic"', '"A"\n  hint: "none"', "got hint as well"),
        ('"Arithmetic"', '"A"\n  key: C', "found 'key' twice"),
        ('"Arithmetic"', "", "source: expected a text, got nothing"),
        ('{en: "$3$"', "{en: 3", "option A, en: expected a text, got 3; put it in quotes"),
        ('{en: "$3$"', '{en: "3."', "what Markdown takes for a list"),
        ('"誤り。1少ない。"', '""', "option A, why, ja: expected a text, got an empty one"),
        (', ja: "$2 + 2$ はいくつか。"', "", "text: expected en, ja, found no ja"),
        ("id: two-and-two", "id: Two and two", "expected small letters, digits and hyphens"),
        ("- id: two-and-two\n  kind", "- kind", "no. 1: expected id, kind"),
        ("key: B", "key: : B", "expected YAML in UTF-8, got an error"),
    ],
)
def test_a_fault_is_named_with_file_and_question(tmp_path, old, new, message):
    assert GOOD.count(old) == 1
    path = written(tmp_path, GOOD.replace(old, new))
    if message is None:  # three options will do
        assert len(read_questions(path)[0].options) == 3
        return
    with pytest.raises(QuestionError) as error:
        read_questions(path)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a list of questions, got nothing"),
        ("a: 1", "expected a list of questions, got {'a': 1}"),
        (GOOD * 2, "question 'two-and-two': expected an id of its own, got one used before"),
    ],
)
def test_a_file_that_is_no_list_of_questions_is_named(tmp_path, text, message):
    with pytest.raises(QuestionError, match=re.escape(message)):
        read_questions(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(QuestionError, match="expected a file of questions, found none"):
        read_questions(Path(tmp_path / "none.yaml"))
