"""What `roll` and `hybrid` do beyond `FrameModel`: the choice between two outputs.

    output = "ordered"    the notes of a frame one after the other, from high to low: each knows
                          those above it
    output = "sigmoid"    every key by itself, as the first networks of this kind had it

Both say how likely the next symbol is, so their figures can be compared: from independent keys
with probabilities p the next lower note is j with p_j times (1 - p) of every key that is passed
over. Independent keys know nothing of harmony within a frame, which is their weakness; the ordered
ones need a step of the head for each note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from nokturn.errors import ModelError, UsageError
from nokturn.models import _heard, _key_stream
from nokturn.models._frame_model import Floats, FrameModel, FrameSettings, FrameStream, Ints
from nokturn.models.base import IGNORED, Cost, Inputs, Stream

if TYPE_CHECKING:
    import torch

    from nokturn.models import _key_net

REACH = 24  # semitones around a key, each way
WORDS = 32  # of the small network that reads them

Share = Annotated[float, Field(gt=0, lt=1)]


class KeySettings(FrameSettings):
    """Settings of both outputs."""

    output: Literal["ordered", "sigmoid"] = "ordered"
    recall: bool = True  # keys hear ages, repeats and their neighbours (sigmoid)
    positive_weight: float = Field(default=1.0, ge=0.1, le=100)  # of notes in the loss (sigmoid)
    focal: float = Field(default=0.0, ge=0, le=5)  # how much less sure predictions count (sigmoid)
    miss_penalty: float = Field(default=0.0, ge=0, le=100)  # added per missed note (sigmoid)
    threshold: Literal["calibrated"] | Share = "calibrated"  # above it a key counts as foretold
    calibrated: Share = 0.5  # the threshold with the best F1 on held-out pieces; set by training
    writes: Literal["draws", "threshold"] = "draws"  # keys by their odds, or all above threshold

    @property
    def independent(self) -> bool:
        """Whether every key is foretold by itself."""
        return self.output == "sigmoid"

    @property
    def recalls(self) -> bool:
        """Whether independent keys hear more than the frame before."""
        return self.independent and self.recall


class KeyModel(FrameModel):
    """A network over frames with one of two outputs."""

    settings_class = KeySettings
    settings: KeySettings

    @classmethod
    def shapes(cls, inputs: Inputs, settings: Any) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        shapes = super().shapes(inputs, settings)
        if not settings.independent:
            return shapes
        if settings.keywise:
            raise ModelError(
                "model.keywise is for notes that are foretold in order: independent keys have one.",
                "Leave model.keywise at 0.",
            )
        if not settings.separator:
            raise ModelError(
                'model.output = "sigmoid" is for rolls: in a grid of voices no key is by itself.',
                "Use the encoding piano_roll, or leave the output ordered.",
            )
        heard = _heard.key_sizes(settings.layout, settings.recalls)
        shapes |= {"read": (settings.width, heard), "head.places": (settings.width, heard)}
        if settings.recalls:
            shapes |= {
                "near": (WORDS, _heard.ROLLS, 2 * REACH + 1),
                "near_state": (WORDS, settings.width),
                "near_bias": (WORDS,),
                "near_out": (WORDS,),
            }
        return shapes

    def hear(self, symbols: Ints) -> _heard.Heard:
        """Return what is known at each place, or at each frame; see `FrameModel.hear`."""
        s = self.settings
        if not s.independent:
            return super().hear(symbols)
        return _heard.keys_heard(symbols, s.layout, s.recalls)

    # -- in torch --------------------------------------------------------------------------------

    def _head(
        self,
        weights: Mapping[str, torch.Tensor],
        z: torch.Tensor,
        batch: object,
        noise: torch.Generator | None,
        rows: Sequence[Ints],
        targets: torch.Tensor | None,
        said: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return logits (T, B, V), or of independent keys (F, B, V)."""
        from nokturn.models import _frame_net as net
        from nokturn.models import _key_net

        assert isinstance(batch, net.Batch)
        s = self.settings
        if not s.independent:
            return super()._head(weights, z, batch, noise, rows, targets, said)
        keys = net.logits(weights, z, batch, s.layout)
        if not s.recalls:
            return keys
        rolls = batch.frames[..., : _heard.ROLLS * s.pitches]
        rolls = rolls.reshape(*rolls.shape[:-1], _heard.ROLLS, s.pitches)
        more = _key_net.near(weights, z, rolls, s.dropout, noise)
        return _widened(keys, more, s)

    def _said(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        noise: torch.Generator | None,
        targets: torch.Tensor | None,
    ) -> tuple[torch.Tensor, _key_net.Places]:
        """Return the logits of independent keys (F, B, V), and where the symbols stand."""
        from nokturn.models import _key_net

        rows = self._rows(ids, targets)
        keys = self._run(weights, ids, rows, noise, targets)
        return keys, _key_net.Places.of(rows, self.settings.layout, ids.device)

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) of whole pieces; see `Model.forward`. There is no state."""
        if not self.settings.independent:
            return super().forward(weights, ids, channels, state, noise)
        from nokturn.models import _key_net

        layout = self.settings.layout
        keys, places = self._said(weights, ids, noise, None)
        said = _key_net.Frames.of(keys, layout)
        found = _key_net.in_order(said, places, layout, self.inputs.symbols)
        return found.transpose(0, 1), ()

    def cost(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        targets: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
        *,
        smoothing: float = 0.0,
        progress: float = 1.0,
        balance: torch.Tensor | None = None,
    ) -> Cost:
        """Return what predictions cost; in training the loss is bent as the settings say.

        Independent keys know no smoothing.
        """
        if not self.settings.independent:
            logits = self._logits(weights, ids, noise, targets)
            return self.cost_of(logits, targets, smoothing=smoothing, balance=balance)
        import torch

        from nokturn.models import _key_net

        s = self.settings
        keys, places = self._said(weights, ids, noise, targets)
        wanted = targets.t()[: len(places.frame)]
        said = _key_net.Frames.of(keys, s.layout)
        found, first = _key_net.scores(said, places, wanted.clamp(min=0), s.layout)
        counted = (wanted != IGNORED).to(found)
        nats = -(found * counted).detach().sum(0)
        if noise is not None and (s.positive_weight, s.focal, s.miss_penalty) != (1, 0, 0):
            bend = _key_net.Bend(s.positive_weight, s.focal, s.miss_penalty)
            said = _key_net.Frames.of(keys, s.layout, bend)
            found, _ = _key_net.scores(said, places, wanted.clamp(min=0), s.layout)
        weighed = counted if balance is None else counted * balance[wanted.clamp(min=0)]
        correct = torch.sum(first & (wanted != IGNORED))
        return Cost(-(found * weighed).sum(), nats, correct, ())

    def key_probabilities(
        self, weights: Mapping[str, torch.Tensor], ids: torch.Tensor
    ) -> torch.Tensor | None:
        """Return how likely each key is in each frame, (F, cells); see `Model`."""
        s = self.settings
        if not s.independent:
            return None
        keys, _ = self._said(weights, ids[None], None, None)
        odds = keys[:-1, 0, s.first : s.first + s.kinds * s.pitches].sigmoid()
        odds[:, s.pitches :] *= odds[:, : s.pitches] if s.kinds > 1 else 1
        return odds

    # -- the threshold ---------------------------------------------------------------------------

    @property
    def threshold(self) -> float:
        """What a key's probability must be above to count as foretold."""
        s = self.settings
        return s.calibrated if isinstance(s.threshold, str) else s.threshold

    def calibrated(self, threshold: float) -> Self:
        """Return the model with the threshold that was found best for it."""
        return self._with(calibrated=threshold) if self.settings.independent else self

    def writing_above(self, threshold: float | None) -> Self:
        """Return the model writing all keys above a threshold instead of drawing them.

        None = the calibrated one. Raises `UsageError` where keys are not independent.
        """
        if not self.settings.independent:
            raise UsageError(
                "This model foretells notes one after the other: it has no threshold.",
                "Leave the threshold out.",
            )
        return self._with(writes="threshold", threshold=threshold or "calibrated")

    def _with(self, **changes: Any) -> Self:
        twin = self.with_weights(self.weights)
        twin.settings = self.settings.model_copy(update=changes)
        return twin

    # -- in NumPy --------------------------------------------------------------------------------

    def key_logits(self, z: Floats, here: _heard.Heard, symbols: Ints) -> Floats:
        """Return the logits (V,) of independent keys in the present frame."""
        s = self.settings
        keys = self._raw_logits(z, here)
        if s.recalls:
            rolls = here.frames[-1, : _heard.ROLLS * s.pitches].reshape(_heard.ROLLS, s.pitches)
            keys[s.first : s.first + s.pitches] += _key_stream.near(self.weights, z, rolls)
        return keys

    def stream(self) -> Stream:
        """Return a stream that has read nothing yet."""
        return _key_stream.KeyStream(self) if self.settings.independent else FrameStream(self)


def _widened(keys: torch.Tensor, more: torch.Tensor, settings: KeySettings) -> torch.Tensor:
    """Return logits (F, B, V) with more (F, B, keys) added where keys sound."""
    from torch.nn import functional

    rest = keys.shape[-1] - settings.first - settings.pitches
    return keys + functional.pad(more, (settings.first, rest))
