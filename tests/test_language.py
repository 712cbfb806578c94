"""The language of docstrings, comments, messages and documents: DESIGN's words to avoid do not come back."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

AVOIDED = {
    r"hear|hears|heard|listens?": "attend",
    r"told|tells? \w+ apart|tells? apart": "distinguish, say, given",
    r"whom|everyone": "each node, every node, which",
    r"anew": "again, from scratch, new",
    r"besides": "also, in addition to, other than",
    r"walks?": "pass, traversal",
    r"(go|goes|went|going) on": "continue, resume",
    r"(hang|hangs) on": "depend on",
    r"(bear|bears) (it|them)|(?<!there )(is|are) (?-i:none)": "has no, is not a",
    r"mend|mends": "correct, repair",
    r"(an?|one) (row|file|module|folder|process|column|figure|embedding|line) an? [a-z]+": "one ... per ...",
    r"gone afterwards": "temporary",
    r"likelier|likeliest": "more likely, most likely",
    r"(?<!there )(is|are) no (architecture|cell|classifier|column|list|mapping|number|scalar|table)s?": "is not a",
}
"""Patterns of whole words -> what to say instead."""

ALLOWED = re.compile(r"random walks?|ast\.walk|os\.walk|`told`|\bmend:|\"told\"|told_entry|replay_told")
"""Legitimate uses: names in code and in files on disk, and terms of the field."""

_WORDS = [(re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), instead) for pattern, instead in AVOIDED.items()]


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring, comment and string with more than one word."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) > 1:
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def faults(text: str) -> list[str]:
    """The avoided words in a text, with what to say instead."""
    text = ALLOWED.sub("", " ".join(text.split()))
    return [f"{found.group()!r}: say {instead}" for word, instead in _WORDS if (found := word.search(text))]


def clean_modules() -> list[Path]:
    """The modules whose language is checked."""
    folders = (ROOT / "archflow", ROOT / "reproduce" / "archflow_reproduce", ROOT / "examples")
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def test_modules_avoid_these_words():
    assert len(clean_modules()) > 200
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {fault}"
        for path in clean_modules()
        for line, text in spoken(path)
        for fault in faults(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_documents_avoid_these_words():
    wrong = [
        f"{path.name}:{number}: {fault}"
        for path in [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for fault in faults(line)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Whom a node hears.", "'hears': say attend"),
        ("One row an architecture.", "'One row an architecture': say one ... per ..."),
        ("A random walk; the journal's key `told`.", None),
        ("The search goes\non.", "'goes on': say continue, resume"),
    ],
)
def test_words_are_found(text, fault):
    assert (fault in faults(text)) if fault else not faults(text)
