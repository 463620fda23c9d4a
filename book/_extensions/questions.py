"""Questions as data: a reader of their files, and the directive `questions` that shows them.

The questions of the page `book/PART/PAGE` live in `book/questions/PART/PAGE.yaml`, in English and
Japanese. Without an argument the directive shows those of its own page; with a part's name, all of
that part, in a mixed order that stays the same. Answers are folded with `<details>`, which needs no
script; `book.css` unfolds them on paper.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

FOLDER = "book/questions"
LANGUAGES = ("en", "ja")
LETTERS = "ABCD"
# What a kind of question is called, in Japanese and in English.
KINDS = {
    "choice": ("選択", "choice"),
    "calculation": ("計算", "calculation"),
    "blank": ("穴埋め", "fill in the blank"),
}
BLANK = "____"


class QuestionError(ValueError):
    """A file of questions is not as it should be."""


@dataclass(frozen=True)
class Text:
    """The same Markdown in both languages."""

    en: str
    ja: str


@dataclass(frozen=True)
class Option:
    """An option, and why it is right or wrong."""

    text: Text
    why: Text


@dataclass(frozen=True)
class Question:
    """A question with its options; `key` is the letter of the right one."""

    id: str
    kind: str
    text: Text
    code: str | None
    options: tuple[Option, ...]
    key: str
    source: str

    @property
    def right(self) -> Option:
        """The option that is right."""
        return self.options[LETTERS.index(self.key)]


class _Loader(yaml.SafeLoader):
    """A loader that refuses a name given twice, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [self.construct_object(name, deep=True) for name, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"found {name!r} twice in one mapping", node.start_mark
                )
        return super().construct_mapping(node, deep)


def read_questions(path: Path) -> list[Question]:
    """Read a file of questions.

    Raises:
        QuestionError: if the file is missing, or is not as described in the maintainer's guide. The
            message names the file, the question, what was expected and what was found.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise QuestionError(f"{path}: expected a file of questions, found none") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise QuestionError(f"{path}: expected YAML in UTF-8, got an error: {error}") from error
    if not isinstance(data, list) or not data:
        raise QuestionError(f"{path}: expected a list of questions, got {_shown(data)}")
    questions = []
    for number, entry in enumerate(data, start=1):
        name = entry.get("id") if isinstance(entry, dict) else None
        where = f"{path}: question {name!r}" if isinstance(name, str) else f"{path}: no. {number}"
        question = _question(entry, where)
        if any(question.id == earlier.id for earlier in questions):
            raise QuestionError(f"{where}: expected an id of its own, got one used before")
        questions.append(question)
    return questions


def _question(entry: Any, where: str) -> Question:
    names = ("id", "kind", "text", "options", "key", "source")
    _check_names(entry, names, where, optional=("code",))
    name = _text(entry["id"], f"{where}, id")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise QuestionError(
            f"{where}, id: expected small letters, digits and hyphens, got {name!r}"
        )
    if entry["kind"] not in KINDS:
        raise QuestionError(
            f"{where}, kind: expected {' | '.join(KINDS)}, got {_shown(entry['kind'])}"
        )
    options = entry["options"]
    if not isinstance(options, list) or len(options) not in (3, 4):
        count = f"{len(options)} of them" if isinstance(options, list) else _shown(options)
        raise QuestionError(f"{where}, options: expected a list of four or three, got {count}")
    letters = LETTERS[: len(options)]
    if not isinstance(entry["key"], str) or entry["key"] not in tuple(letters):
        raise QuestionError(
            f"{where}, key: expected one of {', '.join(letters)}, got {_shown(entry['key'])}"
        )
    question = Question(
        id=name,
        kind=entry["kind"],
        text=_both(entry["text"], f"{where}, text"),
        code=_text(entry["code"], f"{where}, code") if "code" in entry else None,
        options=tuple(
            _option(option, f"{where}, option {letter}")
            for letter, option in zip(letters, options, strict=True)
        ),
        key=entry["key"],
        source=_text(entry["source"], f"{where}, source"),
    )
    if question.kind == "blank":
        for language in LANGUAGES:
            if BLANK not in (question.code or "") + getattr(question.text, language):
                raise QuestionError(
                    f"{where}: expected a blank, {BLANK}, in the code or the text ({language}), "
                    "found none"
                )
    return question


def _option(entry: Any, where: str) -> Option:
    _check_names(entry, (*LANGUAGES, "why"), where)
    text = _both({language: entry[language] for language in LANGUAGES}, where)
    for language in LANGUAGES:
        if re.match(r"(\d+[.)]|[-+*#>])(\s|$)", getattr(text, language)):
            raise QuestionError(
                f"{where}, {language}: expected a text, got what Markdown takes for a list, a "
                f"heading or a quotation: {_shown(getattr(text, language))}"
            )
    return Option(text, _both(entry["why"], f"{where}, why"))


def _both(entry: Any, where: str) -> Text:
    _check_names(entry, LANGUAGES, where)
    return Text(*(_text(entry[language], f"{where}, {language}") for language in LANGUAGES))


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        hint = "; put it in quotes" if isinstance(value, bool | int | float) else ""
        raise QuestionError(f"{where}: expected a text, got {_shown(value)}{hint}")
    if not value.strip():
        raise QuestionError(f"{where}: expected a text, got an empty one")
    return value.strip("\n").rstrip()


def _check_names(entry: Any, names: tuple[str, ...], where: str, optional: tuple = ()) -> None:
    expected = f"expected {', '.join(names)}"
    if not isinstance(entry, dict):
        raise QuestionError(f"{where}: {expected}, got {_shown(entry)}")
    if missing := [name for name in names if name not in entry]:
        raise QuestionError(f"{where}: {expected}, found no {', '.join(missing)}")
    if unknown := [str(name) for name in entry if name not in (*names, *optional)]:
        raise QuestionError(f"{where}: {expected}, got {', '.join(unknown)} as well")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def file_of(docname: str) -> str:
    """Return the file of a page's questions, relative to the book's source folder."""
    return f"{FOLDER}/{docname.removeprefix('book/')}.yaml"


def files_of_part(root: Path, part: str) -> list[Path]:
    """Return the files of a part's questions, sorted."""
    return sorted((root / FOLDER / part).glob("*.yaml"))


def mixed(questions: list[tuple[str, Question]]) -> list[tuple[str, Question]]:
    """Return (page, question) pairs in the order of a hash of their names.

    So the order looks drawn by lot, is the same everywhere, and a new question moves no other.
    """
    return sorted(
        questions,
        key=lambda pair: hashlib.sha256(f"{pair[0]}/{pair[1].id}".encode()).hexdigest(),
    )


class details(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes like elements
    """Text that is folded until the reader opens it; the first child is its `summary`."""


class summary(nodes.General, nodes.TextElement):  # noqa: N801
    """What of a `details` is always seen."""


class heading(nodes.rubric):  # noqa: N801
    """The heading of a question, which the list of the page's contents leaves out."""


class Questions(SphinxDirective):
    """Show the questions of the page, or all of the part that is named."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the questions' nodes."""
        root = Path(self.env.srcdir)
        part = self.arguments[0] if self.arguments else None
        if part is None:
            files = [root / file_of(self.env.docname)]
        else:
            files = files_of_part(root, part)
            drills = self.env.__dict__.setdefault("question_drills", {})
            drills.setdefault(self.env.docname, {})[part] = [file.name for file in files]
            if not files:
                raise self.error(f"{root / FOLDER / part}: expected files of questions, found none")
        for file in files:
            self.env.note_dependency(str(file))
        try:
            questions = [
                (file.stem, question) for file in files for question in read_questions(file)
            ]
        except QuestionError as error:
            raise self.error(str(error)) from error
        if part is None:
            return [self.question(n, q) for n, (_, q) in enumerate(questions, start=1)]
        return [
            self.question(n, q, f"{part}/{page}")
            for n, (page, q) in enumerate(mixed(questions), start=1)
        ]

    def question(self, number: int, question: Question, page: str | None = None) -> nodes.Element:
        """Return a question in English, its answer, and the same in Japanese.

        Args:
            number: shown before the question.
            question: what to show.
            page: PART/PAGE, to which the question then links.
        """
        name = question.id if page is None else f"{page.replace('/', '-')}-{question.id}"
        box = nodes.container(classes=["question"], ids=[f"question-{name}"])
        japanese, english = KINDS[question.kind]
        kind = nodes.inline("", "", classes=["question-kind"])
        kind += [_raw(f'<span lang="ja">{japanese}</span>'), nodes.Text(f" · {english}")]
        box += heading("", f"{number} ", kind)
        if page is not None:
            box += self.link(page)
        box += self.body(question, "en")
        box += self.answer(question, "en", "Answer", "Source: ")
        translation = details(
            "", summary("", "日本語"), classes=["question-japanese"], language="ja"
        )
        translation += self.body(question, "ja")
        translation += self.answer(question, "ja", "解答", "出典：")
        box += translation
        return box

    def body(self, question: Question, language: str) -> list[nodes.Node]:
        """Return the text, the code and the options in one language."""
        parts = self.parsed(getattr(question.text, language))
        if question.code is not None:
            parts.append(nodes.literal_block(question.code, question.code, language="python"))
        return [*parts, self.lettered([getattr(o.text, language) for o in question.options])]

    def answer(self, question: Question, language: str, word: str, before_source: str) -> details:
        """Return the folded answer in one language."""
        folded = details("", summary("", word), classes=["question-answer"])
        folded += nodes.paragraph("", "", nodes.strong("", f"{word}: {question.key}"))
        folded += self.lettered([getattr(option.why, language) for option in question.options])
        source = nodes.container(classes=["question-source"])
        source += self.parsed(before_source + question.source)
        folded += source
        return folded

    def lettered(self, texts: list[str]) -> nodes.enumerated_list:
        """Return texts as a list from A on."""
        items = nodes.enumerated_list(enumtype="upperalpha", prefix="", suffix=".")
        for text in texts:
            items += nodes.list_item("", *self.parsed(text))
        return items

    def parsed(self, markdown: str) -> list[nodes.Node]:
        """Return the nodes of a piece of Markdown."""
        parent = nodes.Element()
        lines = StringList(markdown.splitlines(), source="questions")
        self.state.nested_parse(lines, self.content_offset, parent)
        return parent.children

    def link(self, page: str) -> nodes.paragraph:
        """Return a line that links to the page; Sphinx puts its title in."""
        target = f"/book/{page}"
        reference = addnodes.pending_xref(
            "",
            nodes.inline("", page, classes=["xref", "doc"]),
            refdoc=self.env.docname,
            refdomain="std",
            reftype="doc",
            refexplicit=False,
            reftarget=target,
            refwarn=True,
        )
        return nodes.paragraph("", "Page: ", reference, classes=["question-page"])


def _raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def visit_details(self: Any, node: details) -> None:
    """Begin a `<details>`, in the language of its text."""
    language = {"lang": node["language"]} if "language" in node else {}
    self.body.append(self.starttag(node, "details", **language))


def depart_details(self: Any, _node: details) -> None:
    """End a `<details>`."""
    self.body.append("</details>\n")


def visit_summary(self: Any, node: summary) -> None:
    """Begin a `<summary>`."""
    self.body.append(self.starttag(node, "summary", ""))


def depart_summary(self: Any, _node: summary) -> None:
    """End a `<summary>`."""
    self.body.append("</summary>\n")


def visit_heading(self: Any, node: heading) -> None:
    """Begin an `<h3>`."""
    self.body.append(self.starttag(node, "h3", ""))


def depart_heading(self: Any, _node: heading) -> None:
    """End an `<h3>`."""
    self.body.append("</h3>\n")


def find_stale_drills(app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """Return the pages that show a whole part, if files of it have come or gone."""
    root = Path(app.srcdir)
    return [
        docname
        for docname, parts in getattr(env, "question_drills", {}).items()
        if docname in env.found_docs
        and any([f.name for f in files_of_part(root, p)] != names for p, names in parts.items())
    ]


def forget(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget which parts a page shows before it is read again."""
    getattr(env, "question_drills", {}).pop(docname, None)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_node(details, html=(visit_details, depart_details))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_node(heading, html=(visit_heading, depart_heading))
    app.add_directive("questions", Questions)
    app.connect("env-get-outdated", find_stale_drills)
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
