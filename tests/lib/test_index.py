"""The index in `lib/__init__.py` lists every module once, in an order in which it can be read."""

import ast
import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import lib

MODULES = sorted(m.name for m in pkgutil.walk_packages(lib.__path__, "lib.") if not m.ispkg)
LISTED = re.findall(r"^    (lib\.[\w.]+)  +\S", lib.__doc__, re.MULTILINE)
# Where the course shows by example what a function does. A set, so that none is lost unseen.
EXAMPLES = {
    "lib.data.dates.translate_date",
    "lib.data.pairs.join_sentences",
    "lib.data.vocabulary.CharacterVocabulary",
    "lib.decoding.length_penalty",
    "lib.masks.causal_mask",
    "lib.masks.padding_mask",
    "lib.positions.sinusoidal_positions",
    "lib.training.shift_right",
}


def source_of(module: str) -> str:
    path = Path(lib.__path__[0], *module.split(".")[1:]).with_suffix(".py")
    return path.read_text(encoding="utf-8")


def imports(source: str):
    """The modules and names that a source imports, anywhere in it, as dotted names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "lib is imported by its full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def examples():
    """Every docstring with an example in it, by the full name of what it describes."""
    parser = doctest.DocTestParser()
    for module in MODULES:
        unread = [(module, ast.parse(source_of(module)))]
        while unread:
            name, node = unread.pop()
            if (docstring := ast.get_docstring(node)) and parser.get_examples(docstring):
                yield pytest.param(module, name, docstring, id=name)
            unread += [
                (f"{name}.{child.name}", child)
                for child in node.body
                if isinstance(child, ast.FunctionDef | ast.ClassDef)
            ]


def test_every_module_is_listed_once():
    assert sorted(LISTED) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_modules_listed_before_it(module):
    before = LISTED[: LISTED.index(module)]
    for name in imports(source_of(module)):
        if name.split(".")[0] == "lib":
            assert name in before or name.rpartition(".")[0] in before, name


def test_the_examples_are_all_found():
    assert {parameter.id for parameter in examples()} == EXAMPLES


@pytest.mark.parametrize(("module", "name", "docstring"), list(examples()))
def test_an_example_gives_what_it_says(module, name, docstring):
    namespace = dict(vars(importlib.import_module(module)))
    test = doctest.DocTestParser().get_doctest(docstring, namespace, name, None, 0)
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test)
    assert runner.failures == 0, "see the captured output"
