"""The drawn screens of the READMEs take the apps' own words and layout."""

from __future__ import annotations

import pytest

from tests.platforms.drawings import android, ios
from tests.platforms.drawings.sample import Sample

SAMPLE = Sample(4, 3, "data:before", "data:after", "data:damage", share=0.029, faces=1)


def test_android_s_screens_hold_what_their_state_shows() -> None:
    screens = android.screens(SAMPLE)
    result, painting = screens["Before and after"], screens["The damage, to be corrected"]
    assert "damage on 2.9 % of the picture mended, grain and blur reduced, 1 face refined." in result
    assert "data:after" in result and ">Share<" in result and ">Eraser<" not in result
    assert "data:damage" in painting and ">Eraser<" in painting and ">Share<" not in painting
    assert "Looking for damage… 50 %" in screens["At work"]


def test_ios_s_screens_say_only_what_the_app_says() -> None:
    screens = ios.screens(SAMPLE)
    assert "damage filled on 2.9% of the photo, noise and blur reduced, and faces refined: 1" in "".join(
        screens.values()
    )
    with pytest.raises(ValueError, match="does not say"):
        ios.sayer()("Restore everything")
