"""The sentences of the program and the table by which the page says them: neither lacks the other.

What the code says is read from its source: each string, with a hole where something is filled in.
"""

from __future__ import annotations

import ast
import errno
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nokturn.errors
from nokturn.studio import problems
from nokturn.studio.sentences import LOCALES, coded, forms, recognised, table, translated
from nokturn.workflows.models import list_models

SOURCE = Path(nokturn.errors.__file__).parent
ENGLISH = json.loads((LOCALES / "en.json").read_text("utf-8"))
HOLE = "\0"
SENTENCES = re.compile(r"(?<=[.!?]) +")
ERRORS = {name for module in (nokturn.errors, problems) for name, kind in vars(module).items()
          if isinstance(kind, type) and issubclass(kind, nokturn.errors.Error)}  # fmt: skip
SAYS = ERRORS | {"Answer", "document", "repair", "_repair", "report", "_change", "ValueError"}
SPOKEN = (  # modules whose every sentence reaches the page
    "studio/**/*.py", "corpora/_findings.py", "corpora/_ingest.py", "corpora/base.py",
    "formats/base.py", "formats/abc.py",
    "formats/_abc_*.py", "formats/midi.py", "formats/_midi_*.py", "formats/_musicxml_*.py",
    "generation/compose.py", "training/advice.py", "workflows/check_data.py", "workflows/cut.py",
    "workflows/exports.py", "workflows/lofi_console.py", "workflows/models.py",
    "workflows/restore.py", "workflows/sound.py", "workflows/trainings.py", "workflows/wishes.py",
)  # fmt: skip
TERMINAL = {"studio/serve.py", "studio/_lock.py"}  # speak before there is a page
UNHEARD = {  # of programs that ask otherwise than the page does; of writing what it never writes;
    # of the terminal, of strict reading, of the description of the API
    "abc: {}.", 'Send {"abc": "X:1 ..."}.', "A MIDI file holds one piece, not {}.",
    "Write a file for each.", "{} is not a program.", "General MIDI has 0 to 127.",
    "Others could reach a studio at {}, and it has no token.",
    "Start it with `nokturn studio`, which makes one, or listen at 127.0.0.1.",
    "{} file, {} piece to learn from; {} with a problem, {} left out.",
    "{} file, {} pieces to learn from; {} with a problem, {} left out.",
    "{} files, {} piece to learn from; {} with a problem, {} left out.",
    "{} files, {} pieces to learn from; {} with a problem, {} left out.",
    "{} stand before {}",
    "Composes, plays, trains and produces; the verbs are those of the command line.",
}  # fmt: skip
FRAMES = {  # made by `nokturn.errors.position`
    "at", "atLine", "inPlace", "inLine", "inFile", "textAt", "textAtLine", "text", "primerAt",
    "primerAtLine", "primer",
}  # fmt: skip


def templates(node: ast.AST) -> list[str]:
    """Return what an expression of text may say, with holes."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            said = [""]
            for part in parts:
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                said = [a + b for a in said for b in templates(inner)]
            return said
        case ast.IfExp(body=one, orelse=other):
            return templates(one) + templates(other)
        case ast.BinOp(left=one, op=ast.Add(), right=other):
            said = [a + b for a in templates(one) for b in templates(other)]
            return [text if text.strip(HOLE) else HOLE for text in said]
    return [HOLE]


def name_of(call: ast.Call) -> str:
    """Return the name of what is called."""
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def silent(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes that say nothing by themselves: documentation, parts of texts."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            found.add(id(node.value))
        elif isinstance(node, ast.JoinedStr | ast.BinOp):
            found |= {id(inner) for inner in ast.walk(node) if inner is not node}
    return found


@cache
def every_string() -> list[str]:
    """Return every text in the source, and every sentence of it, with holes."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
                for text in templates(node):
                    found.update([text, *SENTENCES.split(text)])
    return sorted(text for text in found if len(letters(text)) > 4)


def said_by(path: Path) -> Iterator[str]:
    """Yield the sentences that a module says: to an error, of a repair, or with a full stop."""
    tree = ast.parse(path.read_text("utf-8"))
    parts = silent(tree)
    for node in ast.walk(tree):
        texts: list[str] = []
        if isinstance(node, ast.Call) and name_of(node) in SAYS:
            given = [*node.args, *(k.value for k in node.keywords if k.arg in ("why", "fix"))]
            texts = [text for value in given for text in templates(value)]
        elif isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "mended":
            texts = templates(node.slice)
        elif isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in parts:
            texts = [text for text in templates(node) if re.search(r"[a-z]{2}\.$", text)]
        texts = [text.removeprefix(f"{HOLE}: ") for text in texts]  # of the file
        yield from (text for text in texts if " " in text and len(letters(text)) > 6)


def letters(text: str) -> str:
    return re.sub("[^A-Za-z]", "", text)


def same(text: str) -> str:
    """Return a sentence without what may differ: its first letter's size and its full stop."""
    return (text[:1].lower() + text[1:]).strip().removesuffix(".")


def fits(said: str, written: str) -> bool:
    """Return whether a text of the source can have become a sentence of the table.

    It may say less: what the table has in words may be filled in; but not next to nothing.
    """
    parts = same(written).split(HOLE)
    if not all(part in same(said) for part in parts):
        return False
    holes = ".+".join(map(re.escape, parts))
    enough = len(letters(written)) > 0.2 * len(letters(said))
    return bool(enough and re.fullmatch(holes, same(said), re.DOTALL))


def holds(said: str, written: str) -> bool:
    """Return whether a text of the source holds all words of a sentence, in their order."""
    parts = [part for part in re.split(r"\W*7\W*", same(said).lower()) if part]
    if not all(part in written.lower() for part in parts):
        return False
    return bool(re.search(".*".join(map(re.escape, parts)), written.lower(), re.DOTALL))


@cache
def english() -> dict[str, list[str]]:
    """Return the English sentences by code, with 7 for what is filled in."""
    return {
        code: [re.sub(r"\{[a-z]\w*\}", "7", text) for text in forms(said)]
        for code, said in table("en").items()
    }


def outside() -> set[str]:
    """Return what others say: the system, the parser of XML, the cards of built-in models."""
    cards = {str(model.card.get(line)) for model in list_models() for line in ("corpus", "licence")}
    reasons = {text[:1].upper() + text[1:] for text in expat.errors.messages.values()}
    return {os.strerror(number) for number in errno.errorcode} | reasons | cards


@pytest.mark.parametrize("group", ENGLISH["said"])
def test_the_code_says_what_the_table_has(group: str) -> None:
    said = {code: forms[-1] for code, forms in english().items() if code.startswith(f"{group}.")}
    foreign = outside() if group in ("system", "musicxml", "cards") else set()
    unsaid = [
        code
        for code, text in said.items()
        if code.partition(".")[2] not in FRAMES
        and text not in foreign
        and not any(fits(text, one) or holds(text, one) for one in every_string())
    ]
    assert not unsaid


@pytest.mark.parametrize("glob", SPOKEN)
def test_the_table_has_what_the_code_says(glob: str) -> None:
    known = [text for forms in english().values() for text in forms]
    missing = []
    for path in SOURCE.glob(glob):
        if path.relative_to(SOURCE).as_posix() in TERMINAL:
            continue
        for text in said_by(path):
            sentences = [one for one in SENTENCES.split(text) if len(letters(one)) > 6]
            whole = any(fits(one, text) for one in known)
            if not (whole or all(any(fits(k, one) for k in known) for one in sentences)):
                missing.append(f"{path.name}: {text.replace(HOLE, '{}')}")
    assert not [line for line in missing if line.partition(": ")[2] not in UNHEARD]


def test_every_kind_of_problem_has_a_title() -> None:
    kinds = {kind for _, kind, _ in problems.KINDS}
    for path in (SOURCE / "studio").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node) in ("Answer", "document"):
                args = node.args[:2] if name_of(node) == "Answer" else node.args[:1]
                kinds |= {a.value for a in args if isinstance(a, ast.Constant) and a.value != ""}
    kinds = {kind for kind in kinds if isinstance(kind, str)}
    assert {"refused", "busy", "internal", "missing"} <= kinds
    assert not [kind for kind in kinds if not ENGLISH["errors"].get(kind, {}).get("title")]


FIELD = {"inner": {"code": "abc.meansNothing", "params": {"word": "'x'"}}}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("There is no such piece.", [("library.noPiece", {})]),
        ("there is no such piece", [("library.noPiece", {})]),
        ("jig.abc, line 7, column 12: 'x' means nothing here; left out.",
         [("common.at", {"file": "jig.abc", "line": 7, "column": 12, **FIELD})]),
        ("From epoch 50 on it copies more: 2 % -> 9 %.",
         [("advice.copiesMore", {"epoch": 50, "before": "2%", "share": "9%"})]),
        ("It holds 1,200,000 notes; the limit is 1,000,000.",
         [("midi.manyNotes", {"n": 1200000, "most": 1000000})]),
        ("The same melody as a.abc:3 Mr. Reel: left out. Only one note.",
         [("files.copy", {"name": "a.abc:3 Mr. Reel"}), ("files.fewNotes", {})]),
        ("Did you mean folk? Known: folk, jigs.",
         [("common.didYouMean", {"name": "folk"}), ("common.known", {"names": "folk, jigs"})]),
        ("Cannot write to /x: No space left on device.",
         [("upload.cannotWrite", {"place": "/x", "inner": {"code": "system.full", "params": {}}})]),
    ],
    ids=["whole", "within another", "a place", "shares", "large numbers", "two, one with a title",
         "a remedy", "a reason of the system"],
)  # fmt: skip
def test_a_sentence_is_recognised(text, parts) -> None:
    assert recognised(text) == [{"code": code, "params": params} for code, params in parts]


def test_what_is_not_known_stays_as_it_is() -> None:
    assert recognised("Verovio said no.") == []
    assert recognised("The disk is full. So it is.") == [
        {"code": "studio.diskFull", "params": {}},
        {"text": "So it is."},
    ]
    assert recognised("reel.abc, line 3: my dog ate it.") == []  # the place alone helps nobody
    assert recognised("The disk is full. " * 100) == []
    assert recognised("a, line 1: " * 45) == []  # in no time
    assert coded({"what": "Hm."}, "what") == {"what": "Hm.", "said": {}}


@given(st.sampled_from(sorted(table("en").items())), st.data())
def test_whatever_is_filled_in_can_be_sent(row, data) -> None:
    numbers = st.text("0123456789,.-%", min_size=1, max_size=30)
    others = st.sampled_from(["the disk is full", "line 1: it is empty", "a. B: "])
    odd = st.one_of(st.text(max_size=60), numbers, others)
    text = re.sub(r"\{\w+\}", lambda _: data.draw(odd), forms(row[1])[-1])
    json.dumps(recognised(text), allow_nan=False)


def test_only_what_is_whole_in_a_language_is_translated() -> None:
    assert translated("The disk is full. Make room, then try again.", "pl") == (
        "Dysk jest pełny. Zwolnij miejsce i spróbuj ponownie."
    )
    for text in ("The disk is full. So it is.", "There are no bars 3-9.", ""):
        assert translated(text, "pl") == text
    assert translated("The disk is full.", "ro") == "The disk is full."  # waits to be filled


@pytest.mark.parametrize("kind", sorted(ERRORS))
def test_an_error_is_told_with_its_codes(kind: str) -> None:
    made = getattr(nokturn.errors, kind, None) or getattr(problems, kind)
    told = problems.problem(made("There is no such piece.", "Look for it in the library."))
    if kind == "Error":
        assert told["said"]["what"][0]["code"] == "studio.broke"
    else:
        assert told["said"]["what"][0]["code"] == "library.noPiece"
        assert told["said"]["fix"][0]["code"] == "common.inLibrary"


def test_an_address_that_is_none_is_said_in_codes(studio) -> None:
    codes = {
        "pieces/none": "library.noPiece", "jobs/none": "studio.noJob",
        "models/none": "models.none", "nowhere": "studio.nothingHere",
    }  # fmt: skip
    for path, code in codes.items():
        error = studio.get(f"/api/{path}").json()["error"]
        assert error["said"]["what"][0]["code"] == code
