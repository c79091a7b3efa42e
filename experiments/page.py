"""A read-out as a page for the browser that loads nothing."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments.readout import SEGMENT_WARNING, Effect, ReadOut, is_beyond_chance, is_worse, sentences

CHART_WIDTH: Final = 200.0

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["in_words"] = lambda name: str(name).replace("_", " ").capitalize()


def render_readout(found: ReadOut, span: str, control: str) -> str:
    """The page as HTML.

    Parameters
    ----------
    span : str
        From when to when, in words.
    control : str
        The variant that the others are compared with.
    """
    return _TEMPLATES.get_template("readout.html").render(
        found=found,
        span=span,
        control=control,
        sentences=list(sentences(found)),
        tables=[
            ("What changes", "", [_row(one, is_beyond_chance(one)) for one in found.effects]),
            ("Guardrails", "", [_row(one, is_worse(one)) for one in found.guardrails]),
            ("Segments", SEGMENT_WARNING, [_row(one, is_beyond_chance(one)) for one in found.segments]),
        ],
    )


def _row(effect: Effect, stands_out: bool) -> dict[str, Any]:
    """An effect relative to the control, with its places on a chart from -reach to +reach."""
    ends = (effect.always_low, effect.low, effect.difference, effect.high, effect.always_high)
    reach = max(abs(effect.always_low), abs(effect.always_high)) or 1.0
    places = [f"{CHART_WIDTH / 2 * (1 + end / reach):.1f}" for end in ends]
    relative = effect.difference / effect.control if effect.control else None
    return {"effect": effect, "places": places, "relative": relative, "stands_out": stands_out}
