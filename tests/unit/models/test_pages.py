"""Pages are read the same by both YAML readers, and what cannot be read is told, never a crash."""

from importlib import resources

import pytest
import yaml

from models import pages
from models.errors import FileIsWrong
from models.pages import Page, loader_on, parse_pages
from services.wiring.setup import rule_files

SHIPPED = dict(rule_files([])) | {
    "default.yaml": resources.files("connectors.hl7v2").joinpath("profiles/default.yaml").read_text("utf-8")
}
ODD = {
    "words": "a: yes\nb: 01\nc: 2025-01-10\nd: ~\ne: 1.5\nf: 0x1F\ng: 12:30\nh: null\ni: -3\nj: .5e3\nk: True\n",
    "text": "a: |\n  one\n  two\nb: >-\n  x\n  y\nc: 'it''s'\nd: \"\\u00e9\"\ne: plain # word\n",
    "documents": "a: 1\n---\n\n---\n# nothing\n---\nb: {c: [1, {d: e}]}\n...\n",
    "accents": "é: ü\nb:\n- ñ: 1\n",
    "byte order mark": "\ufeffa: 1\n",
}


def read(base: type, text: str, monkeypatch: pytest.MonkeyPatch) -> list[Page]:
    monkeypatch.setattr(pages, "_FAST", loader_on(base))
    return parse_pages("p.yaml", text)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml: there is one reader only")
@pytest.mark.parametrize("name", [*SHIPPED, *ODD])
def test_both_readers_read_the_same_values_on_the_same_lines(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (SHIPPED | ODD)[name]
    assert read(yaml.CSafeLoader, text, monkeypatch) == read(yaml.SafeLoader, text, monkeypatch) != []


@pytest.mark.parametrize("base", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\n c: d", 2),
        ("a: {b", 1),
        ("a: 1\nb: 'x", 2),
        ("é: 1\nb: \x07\n", 2),
        ("a: 1\na: 2", 2),
        ("a: &x 1\nb: *x", 2),
        ("a: !!python/object:x 1", 1),
        ("? [1]\n: 2", 1),
        ("- 1", 1),
        ("[" * 100_000, 1),
        ("- " * 100_000, 1),
        ("[\n" * 100_000, 1),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_mistake_is_told_by_line(text: str, line: int, base: type, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileIsWrong) as wrong:
        read(base, text, monkeypatch)
    assert [problem.line for problem in wrong.value.problems] == [line]
