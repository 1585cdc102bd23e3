"""The Android app's screen as HTML, made of its own layout, strings and colours.

A LinearLayout is a flexible box, and a dp a pixel of CSS. The widgets are drawn by `android.css` as in
Android's Material theme. What `Controls.kt` sets for a state is given as attributes by the views' ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from tests.platforms.drawings.sample import Sample

RES = Path(__file__).parents[3] / "android_app/app/src/main/res"
NAMESPACE = "{http://schemas.android.com/apk/res/android}"
BOXES = "LinearLayout", "RadioGroup", "PanelScroll"
"""Views that only hold others."""
State = Mapping[str, Mapping[str, str]]
"""Attributes by a view's id, instead of the layout's."""


def strings() -> dict[str, str]:
    """The app's English words by name, a plural's by `name.quantity`."""
    root = ElementTree.parse(RES / "values/strings.xml").getroot()
    texts = {each.attrib["name"]: each.text or "" for each in root.iter("string")}
    for plural in root.iter("plurals"):
        texts |= {f"{plural.attrib['name']}.{item.attrib['quantity']}": item.text or "" for item in plural}
    # Java's "%1$d" is Python's "%d", the arguments being in order; apostrophes are escaped.
    return {name: re.sub(r"%\d\$", "%", text).replace("\\'", "'") for name, text in texts.items()}


def colours() -> dict[str, str]:
    """The app's colours by name."""
    return {
        each.attrib["name"]: each.text or ""
        for each in ElementTree.parse(RES / "values/colors.xml").getroot()
    }


def screens(sample: Sample) -> dict[str, str]:
    """Each screen's HTML by what it shows."""
    words = strings()
    done = [
        words["done_damage"] % (100 * sample.share),
        words["done_restored"],
        words["done_faces.one" if sample.faces == 1 else "done_faces.other"] % sample.faces,
    ]
    gone, idle = {"visibility": "gone"}, {"visibility": "invisible"}
    off = {"enabled": "false"}
    common = {
        "strength_label": {"text": words["strength"] % 100},
        "engine": {"text": words["engine_cpu"]},
    }
    result = {"message": {"text": words["done"] % ", ".join(done)}, "progress": idle, "cancel": gone}
    painting = {
        "message": {"text": words["damage_found"]},
        "progress": idle,
        "cancel": gone,
        "paint": gone,
        "choosing": gone,
        "painting": {"visibility": "visible"},
        "undo": off,
    }
    choices = ("open", "camera", "save", "share", "strength", "scratches", "faces", "keep_gray")
    working = {
        # Quarters, as `Controls.kt` words them.
        "message": {"text": words["percent"] % (words["finding"], 50)},
        "progress": {"progress": "500"},
        **dict.fromkeys(("paint", "mend", "restore"), gone),
        **dict.fromkeys(choices, off),
    }
    compared = _picture(sample, sample.after, labels=(words["before"], words["after"]))
    return {
        "At work": _screen(common | working, _picture(sample)),
        "The damage, to be corrected": _screen(common | painting, _picture(sample, damage=sample.damage)),
        "Before and after": _screen(common | result, compared),
    }


def _screen(state: State, picture: str) -> str:
    return Page(state, picture).view(ElementTree.parse(RES / "layout/main.xml").getroot(), "vertical")


def _picture(sample: Sample, after: str = "", damage: str = "", labels: tuple[str, str] = ("", "")) -> str:
    """What `PictureView.kt` draws."""
    html = f'<img src="{sample.before}">'
    if after:
        html += f'<img class="after" src="{after}">'
    if damage:
        html += f'<i class="damage" style="mask-image:url({damage})"></i>'
    if after:
        html += f'<b class="left">{labels[0]}</b><b class="right">{labels[1]}</b>'
        html += '<i class="line"></i><i class="knob"></i>'
    ratio = sample.width / sample.height
    return f'<div class="fit" style="--ratio:{ratio:.4f}">{html}</div>'


class Page:
    """Makes HTML of a layout in one state."""

    def __init__(self, state: State, picture: str) -> None:
        self._state = state
        self._picture = picture
        self._words = strings()
        self._checked: set[str] = set()

    def view(self, element: ElementTree.Element, orientation: str) -> str:
        """A view and those in it, within a layout of that orientation."""
        if element.tag == "include":
            name = element.attrib["layout"].removeprefix("@layout/")
            return self.view(ElementTree.parse(RES / f"layout/{name}.xml").getroot(), orientation)
        attributes = {name.removeprefix(NAMESPACE): value for name, value in element.attrib.items()}
        identity = attributes.get("id", "").rpartition("/")[2]
        attributes |= self._state.get(identity, {})
        if attributes.get("visibility") == "gone":
            return ""
        tag = element.tag.rpartition(".")[2]
        if "checkedButton" in attributes:
            self._checked.add(attributes["checkedButton"].rpartition("/")[2])
        checked = attributes.get("checked") == "true" or identity in self._checked
        classes = [tag, attributes.get("textAppearance", "").rpartition(".")[2]]
        classes += ["on"] * checked + ["disabled"] * (attributes.get("enabled") == "false")
        direction = attributes.get("orientation", "vertical")
        inside = "".join(self.view(child, direction) for child in element) + self._content(tag, attributes)
        classes += [direction] * (tag in BOXES)
        return f'<div class="{" ".join(classes)}" style="{_style(attributes, orientation)}">{inside}</div>'

    def _content(self, tag: str, attributes: Mapping[str, str]) -> str:
        text = attributes.get("text", "")
        if text.startswith("@string/"):
            text = self._words[text.removeprefix("@string/")]
        share = 100 * int(attributes.get("progress", 0)) / int(attributes.get("max", 100))
        if tag in BOXES:
            return ""
        match tag:
            case "TextView" | "Button":
                return escape(text)
            case "Switch":
                return f"<span>{escape(text)}</span><i></i>"
            case "RadioButton":
                return f"<i></i><span>{escape(text)}</span>"
            case "SeekBar" | "ProgressBar":
                return f'<i style="--share:{share}%"></i>'
            case "PictureView":
                return self._picture
        raise ValueError(f"how a {tag} of the layout is drawn is not known: add it here and to android.css")


def _style(attributes: Mapping[str, str], orientation: str) -> str:
    """CSS of what a layout says about a view's size and visibility."""
    rules = []
    for side, along in (("width", "horizontal"), ("height", "vertical")):
        value = attributes[f"layout_{side}"]
        if value == "0dp" and along == orientation:
            rules.append(f"flex:{attributes['layout_weight']} 1 0")
        elif value == "match_parent":
            rules.append(f"{side}:100%")
        elif value != "wrap_content":
            rules.append(f"{side}:{value.replace('dp', 'px')}")
    for name, rule in (("minHeight", "min-height"), ("padding", "padding")):
        if name in attributes:
            rules.append(f"{rule}:{attributes[name].replace('dp', 'px')}")
    if "minLines" in attributes:
        rules.append(f"min-height:{attributes['minLines']}lh")
    if attributes.get("visibility") == "invisible":
        rules.append("visibility:hidden")
    return ";".join(rules)
