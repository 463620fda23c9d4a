"""Every section of the study notes has its page, in the learner's order."""

import re

import pytest
import yaml

from tests.book.tiny_book import ROOT
from tests.selection import PARTS

# A part's folder → its pages: slug → the notes' heading, or None for a page of the course's own.
OUTLINE = {
    "transformer": {
        "overview": "Transformer の概要",
        "attention-as-lookup": "Attention は何をしているのか",
        "attention": "注意機構",
        "scaled-dot-product": None,  # English in the notes: Scaled dot product attention
        "multi-head": None,  # English in the notes: Multi-Head attention
        "two-kinds-of-attention": "注意機構には二種類ある",
        "positional-encoding": "位置エンコーディング",
        "feed-forward": "Position-Wise Feed-Forward Networks",
        "residual-and-normalisation": None,
        "training": None,
        "decoding": None,
        "strengths": "Transformer の長所",
        "weaknesses": "Transformer の短所",
        "lab-translator": None,
    },
}
PAGES = [
    pytest.param(part, slug, heading, id=f"{part}/{slug}")
    for part, pages in OUTLINE.items()
    if part in PARTS
    for slug, heading in pages.items()
]


def chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]


@pytest.mark.parametrize("part", OUTLINE)
def test_the_part_has_its_pages_in_the_learners_order(part):
    listed = [name for name in chapters() if name.startswith(f"book/{part}/")]
    assert listed == [f"book/{part}/{slug}" for slug in OUTLINE[part]]


def test_what_students_read_comes_before_the_guides_for_others():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    captions = [part["caption"] for part in toc["parts"]]
    assert captions[-3:] == ["Back matter", "Teacher's guide", "Maintainer's guide"]
    assert all(caption.startswith("Part ") for caption in captions[:-3])


@pytest.mark.parametrize(("part", "slug", "heading"), PAGES)
def test_the_title_is_english_with_the_japanese_in_brackets(part, slug, heading):
    text = (ROOT / "book" / part / f"{slug}.md").read_text(encoding="utf-8")
    (title,) = re.findall(
        r"^# (?!%)(.+)$", text.partition("\n---\n")[2].partition("\n```")[0], re.M
    )
    assert re.fullmatch(r"[\x20-\x7e]+ \(.+\)", title), title
    if heading is not None:
        assert title.endswith(f"({heading})"), title


@pytest.mark.parametrize(("part", "slug", "heading"), PAGES)
def test_a_page_has_questions_with_four_explained_options(part, slug, heading):
    text = (ROOT / "book" / part / f"{slug}.md").read_text(encoding="utf-8")
    if "```{questions}" in text:
        return  # test_questions.py looks at these
    questions = re.split(r"^\*\*\d\. ", text.partition("\n## Questions")[2], flags=re.M)[1:]
    assert len(questions) >= 3
    for question in questions:
        options = re.findall(r"```\{dropdown\} ([A-D])\. [^\n]+\n(.*?)\n```", question, re.DOTALL)
        assert [letter for letter, _ in options] == list("ABCD")
        assert sum("**Right" in body for _, body in options) == 1
        assert all(len(body) > 20 for _, body in options), "an option without an explanation"
