"""Computes what a browser makes of the colour tokens in static/css/app.css, as far as they use it.

Understood: hex colours, `oklch(l c h)`, `oklch(from <colour> l c h)` with min(), max() and + -,
`light-dark(a, b)` and `var(--x)`. OKLCH to sRGB follows CSS Color 4 section 17; out-of-gamut channels are
clipped as Chromium does. Contrast is WCAG 2.2's.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STYLESHEET = Path(__file__).parents[2] / "static" / "css" / "app.css"
Linear = tuple[float, float, float]
Lch = tuple[float, float, float]


def rule(selector: str) -> dict[str, str]:
    """The declarations of the first rule with exactly this selector."""
    body = STYLESHEET.read_text().partition(f"\n  {selector} {{")[2].partition("}")[0]
    return dict(re.findall(r"([\w-]+):\s*([^;]+);", body))


@cache
def tokens() -> dict[str, str]:
    """The custom properties that the tokens layer sets on :root, as they are written."""
    layer = STYLESHEET.read_text().partition("@layer tokens {")[2].partition("\n@layer ")[0]
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", re.sub(r"/\*.*?\*/", "", layer, flags=re.S)))


@dataclass(frozen=True)
class Theme:
    """One portal in one colour scheme."""

    brand: str
    hue: int
    is_dark: bool

    def colour(self, text: str) -> Linear:
        """A token (`--ink`) or a colour as written in CSS, as linear sRGB, each channel 0 to 1."""
        return _clipped(_linear(self._lch(f"var({text})" if text.startswith("--") else text)))

    def _lch(self, text: str) -> Lch:
        name, arguments = _call(text)
        if name == "#":
            return _from_hex(text)
        if name == "var":
            return self._lch(self._value(arguments))
        if name == "light-dark":
            return self._lch(_split(arguments, ",")[self.is_dark])
        if arguments.startswith("from "):
            origin, *parts = _split(arguments.removeprefix("from "), " ")
            lightness, chroma, hue = self._lch(origin)
            known = {"l": lightness, "c": chroma, "h": hue}
        else:
            parts, known = _split(arguments, " "), {}
        found = [_number(self._filled(part), known) for part in parts[:3]]
        return found[0], found[1], found[2]

    def _value(self, name: str) -> str:
        own = {"--brand": self.brand, "--hue": str(self.hue)}
        return own.get(name) or tokens()[name]

    def _filled(self, part: str) -> str:
        return re.sub(r"var\((--[\w-]+)\)", lambda match: self._value(match[1]), part)


def contrast(one: Linear, other: Linear) -> float:
    """WCAG 2.2: 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def hex_of(hue: float, lightness: float, chroma: float) -> str:
    """A brand colour as a portal stores it: sRGB hex, clipped into gamut."""
    channels = _clipped(_linear((lightness, chroma, hue)))
    return "#" + "".join(f"{round(255 * _encoded(channel)):02x}" for channel in channels)


def _call(text: str) -> tuple[str, str]:
    text = " ".join(text.split())
    if text.startswith("#"):
        return "#", text
    name, _, rest = text.partition("(")
    return name, rest.removesuffix(")").strip()


def _split(text: str, by: str) -> list[str]:
    """The parts of a list, commas and spaces inside brackets left alone."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == by and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _number(text: str, known: dict[str, float]) -> float:
    text = text.strip()
    name, bracket, rest = text.partition("(")
    if bracket and name in {"min", "max", "calc"}:
        values = [_number(part, known) for part in _split(rest.removesuffix(")"), ",")]
        return {"min": min, "max": max, "calc": min}[name](values)
    for sign, factor in ((" - ", -1), (" + ", 1)):
        if sign in text:
            left, _, right = text.partition(sign)
            return _number(left, known) + factor * _number(right, known)
    if text in known:
        return known[text]
    return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def _linear(colour: Lch) -> Linear:
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cone = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    return (
        4.0767416621 * cone[0] - 3.3077115913 * cone[1] + 0.2309699292 * cone[2],
        -1.2684380046 * cone[0] + 2.6097574011 * cone[1] - 0.3413193965 * cone[2],
        -0.0041960863 * cone[0] - 0.7034186147 * cone[1] + 1.7076147010 * cone[2],
    )


def _from_hex(text: str) -> Lch:
    digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
    red, green, blue = (_decoded(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    cone = (
        math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue),
        math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue),
        math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue),
    )
    lightness = 0.2104542553 * cone[0] + 0.7936177850 * cone[1] - 0.0040720468 * cone[2]
    a = 1.9779984951 * cone[0] - 2.4285922050 * cone[1] + 0.4505937099 * cone[2]
    b = 0.0259040371 * cone[0] + 0.7827717662 * cone[1] - 0.8086757660 * cone[2]
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _clipped(colour: Linear) -> Linear:
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in colour)
    return red, green, blue


def _luminance(colour: Linear) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def _decoded(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
