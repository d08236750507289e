"""Text can be read whatever colour a portal brings: WCAG 2.2 AA, 4.5:1 for text and 3:1 for edges."""

import itertools

import pytest

from tests.look.colour import Theme, contrast, hex_of, rule, tokens

BRANDS = [
    hex_of(hue, lightness, chroma)
    for hue, (lightness, chroma) in itertools.product(
        range(0, 360, 15), [(0.35, 0.1), (0.55, 0.25), (0.75, 0.15), (0.9, 0.12)]
    )
] + ["#000000", "#ffffff", "#ffff00", "#00ff00", "#0000ff", "#4f46e5"]
TEXT = ["--ink", "--ink-2", "--ink-3"]
SURFACES = ["--ground", "--surface", "--surface-2", "--surface-3"]
STATES = ["ok", "warn", "bad", "info", "live"]
PAIRS = [
    *itertools.product(TEXT, SURFACES),
    *itertools.product(TEXT, ["--brand-soft", *(f"--{state}-soft" for state in STATES)]),
    *itertools.product(["--brand-fg"], [*SURFACES, "--brand-soft"]),
    *((f"--{state}", f"--{state}-soft") for state in STATES),
    *itertools.product([f"--{state}" for state in STATES], SURFACES),
    *itertools.product(["--brand-ink"], ["--brand-solid", "--brand-solid-2", "--bad-solid"]),
]
both = pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])


@both
@pytest.mark.parametrize("brand", BRANDS)
def test_text_on_its_ground_reaches_4_5(brand: str, is_dark: bool) -> None:
    theme = Theme(brand, hue=270, is_dark=is_dark)

    found = {pair: contrast(*(theme.colour(name) for name in pair)) for pair in PAIRS}

    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < 4.5} == {}


@both
@pytest.mark.parametrize("hue", range(0, 360, 15))
def test_text_in_any_grey_reaches_4_5(hue: int, is_dark: bool) -> None:
    theme = Theme("#4f46e5", hue=hue, is_dark=is_dark)

    found = {pair: contrast(*(theme.colour(name) for name in pair)) for pair in PAIRS}

    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < 4.5} == {}


@both
@pytest.mark.parametrize("hue", range(0, 360, 15))
def test_edges_of_controls_reach_3(hue: int, is_dark: bool) -> None:
    theme = Theme("#4f46e5", hue=hue, is_dark=is_dark)

    for surface in ("--surface", "--surface-2"):
        assert contrast(theme.colour("--edge"), theme.colour(surface)) >= 3


@both
@pytest.mark.parametrize("tone", [20, 48, 78, 115, 148, 175, 205, 235, 262, 290, 320, 350])
def test_initials_on_tiles_reach_4_5(tone: int, is_dark: bool) -> None:
    theme, tile = Theme("#4f46e5", hue=0, is_dark=is_dark), rule(".avatar, .tile")
    ground, letters = (
        theme.colour(tile[part].replace("var(--tone, var(--hue))", str(tone))) for part in ("background", "color")
    )

    assert contrast(ground, letters) >= 4.5


def test_the_checker_sees_a_bad_pair() -> None:
    theme = Theme("#ffff00", hue=270, is_dark=False)
    white, brand = theme.colour("--brand-ink"), theme.colour("--brand")

    assert contrast(white, brand) < 1.2
    assert contrast(white, white) == 1
    assert contrast(white, (0, 0, 0)) == pytest.approx(21, abs=1e-3)
    assert {"--brand-solid", "--ink-3", "--edge"} <= tokens().keys()
