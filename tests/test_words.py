"""One name, one meaning; docstrings that say what a thing is or does."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("inr_experiments/**/*.py"), *ROOT.glob("scripts/**/*.py")])
#: A docstring is a sentence or a noun phrase, no clause.
CLAUSE = re.compile(r"(What|Which|Whether|How|Of|Those|By|Where|Who) ")


def documented() -> list[tuple[str, str]]:
    """The place and docstring of every module, class and function."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds) and (text := ast.get_docstring(node)):
                found.append((f"{path.relative_to(ROOT)}: {getattr(node, 'name', '')}", text))
    return found


def test_no_docstring_is_a_clause():
    assert [place for place, text in documented() if CLAUSE.match(text)] == []


def test_no_public_class_has_the_name_of_another():
    names = Counter(
        node.name
        for path in ROOT.glob("inr_experiments/**/*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []
