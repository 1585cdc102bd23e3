"""The iOS app's screen as HTML, with the words of its catalog and its accent colour.

SwiftUI's views can't be rendered here, so their structure is repeated: each function is the view of its
name in `ios_app/App/Screen`, and `say` takes only what the catalog has. `ios.css` draws the controls as iOS
has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path

from tests.platforms.drawings.sample import Sample

APP = Path(__file__).parents[3] / "ios_app/App"
Say = Callable[..., str]


def sayer() -> Say:
    """A function that gives a text of the catalog with its values put in, as HTML."""
    known = json.loads((APP / "Localizable.xcstrings").read_text())["strings"]

    def say(text: str, *values: object) -> str:
        if text not in known:
            raise ValueError(f'the iOS app does not say "{text}": draw what it says')
        for value in values:
            place = "%lld" if isinstance(value, int) else "%@"
            text = text.replace(place, str(value), 1)
        return escape(text)

    return say


def colours() -> dict[str, str]:
    """The app's accent colour."""
    content = json.loads((APP / "Assets.xcassets/AccentColor.colorset/Contents.json").read_text())
    parts = content["colors"][0]["color"]["components"]
    red, green, blue = (round(255 * float(parts[name])) for name in ("red", "green", "blue"))
    return {"accent": f"rgb({red} {green} {blue})"}


def screens(sample: Sample) -> dict[str, str]:
    """Each screen's HTML by what it shows."""
    say = sayer()
    marking = f'<i class="damage" style="mask-image:url({sample.damage})"></i>'
    choices, sources, details = _choices(say), _sources(say), _networks(say)
    return {
        "At work": _studio(say, sample, "", _activity(say), sources, choices, details),
        "The damage, to be corrected": _studio(
            say, sample, marking, _brush_bar(say), _steps(say, ""), sources, choices, details
        ),
        "Before and after": _studio(
            say,
            sample,
            _compare(say, sample),
            _steps(say, say("Find damage")),
            _result(say, sample),
            sources,
            choices,
            details,
        ),
    }


def _studio(say: Say, sample: Sample, over: str, *controls: str) -> str:
    photo = f'<img src="{sample.before}">{over}'
    fit = f'<div class="fit" style="--ratio:{sample.width / sample.height:.4f}">{photo}</div>'
    title = f"<h1>{say('Heirloom')}</h1>"
    return (
        f'{title}<div class="photo">{fit}</div><div class="controls"><div>{"".join(controls)}</div></div>'
    )


def _compare(say: Say, sample: Sample) -> str:
    labels = f'<b class="left">{say("Before")}</b><b class="right">{say("After")}</b>'
    return f'<img class="after" src="{sample.after}"><i class="line"></i>{labels}'


def _group(*views: str) -> str:
    return f"<section>{''.join(views)}</section>"


def _row(*views: str) -> str:
    return f'<div class="row">{"".join(views)}</div>'


def _button(text: str, kind: str = "") -> str:
    return f'<span class="button {kind}">{text}</span>' if text else ""


def _steps(say: Say, find: str) -> str:
    """``find`` is the button that the damage's state asks for, if any."""
    fill = _button(say("Only fill the damage"))
    return _group(_button(say("Restore"), "prominent"), _row(_button(find), fill))


def _activity(say: Say) -> str:
    bar = '<div class="bar"><i style="width:50%"></i></div>'
    return _group(f"<label>{say('Looking for damage')}{bar}</label>", _button(say("Cancel")))


def _result(say: Say, sample: Sample) -> str:
    steps = [
        say("damage filled on %@ of the photo", f"{100 * sample.share:.1f}%"),
        say("noise and blur reduced"),
        say("faces refined: %lld", sample.faces),
    ]
    done = f"{', '.join(steps[:-1])}, and {steps[-1]}"
    # The words of a ShareLink are the system's.
    share = _button(f"{SHARE}Share…")
    return _group(f'<div class="footnote">{done}</div>', _row(_button(say("Save")), share))


def _brush_bar(say: Say) -> str:
    hint = say("Paint over what was missed, and erase what is part of the picture.")
    undo, done = _button(UNDO + say("Undo"), "disabled"), _button(CHECK + say("Done"))
    return _group(
        f"<div>{say('Damage is shown in red.')}</div>",
        f'<div class="footnote">{hint}</div>',
        _segments(say("Brush"), say("Eraser"), say("Move"), chosen=0),
        _segments(say("Small"), say("Medium"), say("Large"), chosen=1),
        _row(undo, done),
    )


def _segments(*texts: str, chosen: int) -> str:
    parts = (f'<span class="{"on" * (index == chosen)}">{text}</span>' for index, text in enumerate(texts))
    return f'<div class="segments">{"".join(parts)}</div>'


def _sources(say: Say) -> str:
    return _group(_row(*(_button(say(text)) for text in ("Choose", "Files", "Take"))))


def _choices(say: Say) -> str:
    texts = "Repair damage", "Refine faces", "Keep black and white or sepia"
    toggles = (f'<div class="toggle">{say(text)}<i></i></div>' for text in texts)
    return _group(*toggles, f'<div class="slider">{say("Strength")}<i></i></div>')


def _networks(say: Say) -> str:
    return f'<section class="footnote details">{say("Technical details")}<i>›</i></section>'


def _icon(path: str) -> str:
    return f'<svg viewBox="0 0 20 20"><path d="{path}"/></svg>'


UNDO = _icon("M7 3 3 7l4 4M3 7h9a5 5 0 0 1 0 10H8")
CHECK = _icon("M3 11l5 5L17 4")
SHARE = _icon("M10 13V2M6 6l4-4 4 4M6 9H4v9h12V9h-2")
