"""The pre-commit hooks that are patterns: they refuse bad files, and no file of the repository."""

import re

import pytest
import yaml

from tests.environments import ROOT, own_files

CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for repo in CONFIG["repos"] for hook in repo["hooks"]}


def refuses(hook, name, content):
    """Whether a hook refuses a file, by the rules of pre-commit's language pygrep."""
    whole = "--multiline" in hook.get("args", [])
    parts = [content] if whole else content.splitlines(keepends=True)
    flags = re.MULTILINE | re.DOTALL if whole else 0
    pattern = re.compile(hook["entry"].encode(), flags)
    return bool(re.search(hook.get("files", ""), name)) and any(map(pattern.search, parts))


@pytest.mark.parametrize(
    "hook", [h for h in HOOKS.values() if h["language"] == "pygrep"], ids=lambda h: h["id"]
)
def test_no_file_here_is_refused(hook):
    files = {name: (ROOT / name).read_bytes() for name in own_files()}
    texts = {name: content for name, content in files.items() if b"\0" not in content}
    assert len(texts) > 100
    assert [name for name, content in texts.items() if refuses(hook, name, content)] == []


@pytest.mark.parametrize(
    ("hook", "name", "content"),
    [
        ("final-newline", "a.py", b"x = 1"),
        ("final-newline", "a.py", b"x = 1\n\n"),
        ("no-outputs", "solutions/a/b.ipynb", b'{\n "execution_count": 3,\n "outputs": []\n}\n'),
        ("no-outputs", "exercises/a/b.ipynb", b'{\n "output_type": "stream"\n}\n'),
    ],
)
def test_a_bad_file_is_refused(hook, name, content):
    assert refuses(HOOKS[hook], name, content)
