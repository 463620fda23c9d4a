"""The corpus: what of a docstring is prose, what is left out, and how documents are set aside."""

import pytest

from lib.data import docstrings
from lib.data.docstrings import Document, read_documents, split_documents, split_sentences

DOCSTRING = """Return the ``first`` value of :func:`~torch.max`, if *any*.

    It is of the paragraph's second line, e.g. Of this one. And here is another sentence.

    Parameters
    ----------
    x : array_like, optional
        The numbers that are looked at. They stay as they are.
    axis, other : int
        Along which axis to look for them.

    >>> first([1, 2])
    1

    .. note:: This is a directive and is left out.

    | table | of | numbers. |

    1234567 + 2345678 == 3580245 (x) [y] {z} 99999 88888.
    Short one.
"""


def test_sentences_are_those_of_paragraphs_of_prose():
    assert split_sentences(DOCSTRING) == [
        "Return the first value of torch.max, if any.",
        "It is of the paragraph's second line, e.g. Of this one.",
        "And here is another sentence.",
        "The numbers that are looked at.",
        "They stay as they are.",
        "Along which axis to look for them.",
    ]


def test_nothing_is_left_of_what_is_no_prose():
    for text in ("", "x", ">>> 1 + 1\n2", "a b c d e f g h i j k l m n o p", "." * 50):
        assert split_sentences(text) == []
    assert split_sentences(f"It is {'very ' * 100}long.") == []


def make_package(folder, files):
    for name, text in files.items():
        path = folder / "tinypackage" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


TWO = "The first sentence of it. The second sentence of it."

OF_E = "What is written in E. This is here, too, as well."


@pytest.fixture
def package(tmp_path, monkeypatch):
    make_package(
        tmp_path,
        {
            "__init__.py": f'"""{TWO}"""\nraise ImportError("parsed, never imported")\n',
            "a.py": f'def f():\n    """{TWO} Here is more than before."""\n',
            "b.py": 'class C:\n    """Only one sentence is no document."""\n',
            "c.py": 'add_docstr(x, r"""What is written in C. It is documented elsewhere.""")\n',
            "d.py": "this is no Python\n",
            "tests/test_a.py": '"""Tests are left out. They are no prose."""\n',
            "e/__init__.py": f'async def g():\n    """{OF_E}"""\n',
        },
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "tinypackage"


def test_a_package_is_read_without_being_imported(package):
    assert read_documents([package]) == [
        Document(package, "tinypackage", TWO.replace(" The", "\nThe").split("\n")),
        Document(
            package,
            "tinypackage.a",
            [*TWO.replace(" The", "\nThe").split("\n"), "Here is more than before."],
        ),
        Document(
            package, "tinypackage.c", ["What is written in C.", "It is documented elsewhere."]
        ),
        Document(package, "tinypackage.e", OF_E.replace(" T", "\nT").split("\n")),
    ]


def test_what_repeats_itself_is_left_out(package, monkeypatch):
    texts = [
        ("m", TWO),
        ("m", TWO),
        ("n", f"New. {TWO} A third sentence of it."),
        ("o", f"O. {TWO}"),
    ]
    monkeypatch.setattr(docstrings, "_docstrings", lambda _: iter(texts))
    documents = read_documents(["any"])
    assert [document.module for document in documents] == ["m", "n"]
    assert len(documents[1].sentences) == 3  # the third time, the two sentences are dropped


def test_the_standard_library_brings_the_language_reference():
    documents = read_documents([docstrings.STANDARD_LIBRARY])
    modules = {document.module for document in documents}
    assert {"pydoc_data.topics", "json.decoder", "argparse"} <= modules
    assert not any(module.startswith(("test.", "site-packages")) for module in modules)
    assert sum(len(document.sentences) for document in documents) > 5000


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="an installed package, got 'not_there'"):
        read_documents(["not_there"])


def test_documents_are_set_aside_by_module_without_what_is_known():
    documents = [
        Document("p", f"p.m{i % 40}", [f"Sentence {i} of it.", f"And {i} again.", f"Or {i % 7}."])
        for i in range(400)
    ]
    kept, aside = split_documents(documents, one_in=4)
    assert {d.module for d in kept}.isdisjoint(d.module for d in aside)
    assert 40 < len(aside) < 200 and len(kept) + len(aside) == 400
    known = {sentence for document in kept for sentence in document.sentences}
    assert all(known.isdisjoint(document.sentences) for document in aside)
    assert all(len(document.sentences) == 2 for document in aside)
    assert split_documents(documents, one_in=4) == (kept, aside)
