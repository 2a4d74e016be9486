"""``nokturn evaluate``: how well a model foretells music."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal, time_words

if TYPE_CHECKING:
    from nokturn.workflows.evaluate import Evaluation
    from nokturn.workflows.likeness import Likeness

EXAMPLES = (
    "nokturn evaluate folk held-out.abc",
    "nokturn evaluate my-tunes@30 valid/ --json",
    "nokturn evaluate my-tunes@best valid/ --threads 4",
    "nokturn evaluate my-piano valid/ --adaptive",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Pieces at once; the figures do not depend on it.",
)
@click.option(
    "--adaptive",
    is_flag=True,
    help="Go on learning from each piece while it is read, and forget it after. Takes long.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def evaluate(
    terminal: Terminal,
    model: str,
    paths: tuple[str, ...],
    threads: int,
    adaptive: bool,
    as_json: bool,
) -> None:
    """Measure how well a model foretells music.

    MODEL is a name, NAME@EPOCH or a file; PATH files or folders that it has not learned from. Of a
    model without likelihood, what it writes is set beside them.
    """  # fmt: skip
    from nokturn.workflows.evaluate import evaluate as workflow
    from nokturn.workflows.likeness import Likeness

    began = time.monotonic()

    def watch(done: int, total: int) -> None:
        left_s = (time.monotonic() - began) * (total - done) / done
        terminal.progress("symbols", done, total, f"ETA {time_words(left_s)}")

    found = workflow(model, *paths, threads=threads, adaptive=adaptive, watch=watch)
    terminal.clear()
    if as_json:
        terminal.record(**asdict(found))
        return
    if isinstance(found, Likeness):
        _say_likeness(terminal, model, found)
        return
    terminal.data(f"{found.model}: {found.pieces} pieces, {found.rejected} rejected")
    if found.bounded:
        terminal.data("The costs are upper bounds: what is predicted, and the z it is told by.")
    if found.adaptive:
        terminal.data("Adaptive: the model went on learning from each piece while it read it.")
    bits = f"{found.bits_per_character:.4f} bits a {found.unit}"
    terminal.data(f"{found.nats_per_character:.4f} nats and {bits}")
    terminal.data(
        f"{found.nats_per_symbol:.4f} nats a symbol, {found.accuracy:.2%} of them guessed first"
    )
    terminal.data(f"{found.bits_per_note:.4f} bits a note")
    if found.nats_per_frame is not None and found.frame_interval is not None:
        low, high = found.frame_interval
        terminal.data(
            f"{found.nats_per_frame:.4f} nats a frame ({low:.3f} to {high:.3f}), "
            f"{found.nats_per_cell:.4f} a symbol of it, lengths known"
        )
    for line in _rebuilt(found):
        terminal.data(line)
    if found.foretold:
        terminal.data(_foretold(found.foretold))
    terminal.data(
        f"{found.symbols:,} symbols, {found.characters:,} characters, {found.notes:,} notes"
    )


def _rebuilt(evaluation: Evaluation) -> list[str]:
    """Return what is told of a vae's phrases; nothing for other models."""
    found = evaluation.reconstruction
    if found is None:
        return []
    return [
        f"{found.phrases:,} phrases: {found.forced:.2%} of their symbols come back where the true "
        f"ones are read along, {found.free:.2%} written freely; {found.whole:.2%} of the phrases "
        f"come back whole",
        f"{found.active} of {found.units} units of z are active; "
        f"divergence {found.divergence:.2f} nats a phrase",
    ]


def _say_likeness(terminal: Terminal, model: str, found: Likeness) -> None:
    """Say how near comes what a model writes that has no likelihood."""
    terminal.data(
        f"{model} has no likelihood: it writes music and foretells none. "
        f"{found.pieces} pieces that it wrote beside {found.held_out}:"
    )
    names = ("pitch_class", "interval", "duration", "onset", "texture")
    apart = ", ".join(f"{name.replace('_', ' ')} {getattr(found, name):.4f}" for name in names)
    terminal.data(f"bits apart: {found.distance:.4f} on average ({apart})")
    terminal.data(
        f"{found.variety:.0%} of its runs of eight pitches differ (of the others' "
        f"{found.held_variety:.0%}), {found.notes_a_quarter:.2f} notes a quarter "
        f"({found.held_notes_a_quarter:.2f})"
    )


def _foretold(notes: dict[str, float]) -> str:
    """Return which notes were foretold, in words."""
    return (
        f"notes of {notes['judged_frames']:,} frames, each foretold from those before: precision "
        f"{notes['precision']:.2%}, recall {notes['recall']:.2%}, F1 {notes['f1']:.3f} "
        f"(silence {notes['silent_f1']:.3f}, the frame before once more {notes['again_f1']:.3f})\n"
        f"{notes['false_positives']:,} false and {notes['false_negatives']:,} missed at threshold "
        f"{notes['threshold']:g}; {notes['cell_accuracy']:.2%} of all cells right "
        f"(silence {notes['silent_accuracy']:.2%})"
    )
