"""Answers that are the same but for names, comments, docstrings, annotations and layout."""

import ast
import hashlib
from dataclasses import dataclass

MOST_CHARACTERS = 20_000  # of an answer that is parsed, which takes a hundred times as much memory


@dataclass(frozen=True)
class Form:
    """The form of an answer: what is left when names and layout are taken away.

    Attributes:
        digest: equal for answers of the same form.
        size: the number of nodes of its syntax tree; a line of code has some ten.
    """

    digest: str
    size: int


def form_of(source: str, kept: frozenset[str] = frozenset()) -> Form | None:
    """The form of an answer, or None if it is no Python or too long.

    Args:
        source: the answer.
        kept: names to leave as they are, such as those that the task prescribes.
    """
    if len(source) > MOST_CHARACTERS:
        return None
    try:
        tree = ast.parse(source)
        _Bare().visit(tree)
        _Renamed(_bound_names(tree) - kept).visit(tree)
        dump = ast.dump(tree)
        size = sum(1 for _ in ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Form(hashlib.sha256(dump.encode("utf-8", "replace")).hexdigest(), size)


class _Bare(ast.NodeTransformer):
    """Takes away docstrings and other texts that stand alone, and annotations."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def _bound_names(tree: ast.AST) -> set[str]:
    """The names that an answer binds: parameters, variables, functions, its own attributes."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                names.add(name)
    return {name for name in names if not name.startswith("__")}


class _Renamed(ast.NodeTransformer):
    """Replaces names by numbers, in the order in which they first stand in the answer."""

    def __init__(self, names: set[str]):
        self.names, self.numbers = names, dict[str, str]()

    def visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "arg", "attr", "name", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name in self.names:
                setattr(node, field, self.numbers.setdefault(name, f"name{len(self.numbers)}"))
        return self.generic_visit(node)
