"""A portal on a phone's home screen: the manifest, and the icon in the portal's own colour.

There is no service worker: it would keep pages, and nothing personal is kept (docs/security.md).
"""

from functools import lru_cache
from io import BytesIO

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from PIL import Image, ImageDraw

from prm.organizations.models import Portal
from prm.users.access import public_page

SIZES = (180, 192, 512)  # what iOS, Android and the splash screen ask for
FINE = 4  # drawn this many times larger, then made smaller: smooth edges
GRID = 32  # units of the drawing, which is that of templates/home/icon.svg
WHITE = "#ffffff"
LIGHTEST = 0.3  # luminance of a ground on which white is seen: 3:1, WCAG 2.2


@public_page("how a phone names and paints the portal; the name stands on the sign-in page, too")
def manifest(request: HttpRequest) -> HttpResponse:
    """W3C Web Application Manifest. Browsers fetch it without cookies."""
    portal = _portal(request)
    pictures = [_picture(portal, size, purpose) for size in SIZES for purpose in ("any", "maskable")]
    response = JsonResponse(
        {
            "id": "/",
            "name": portal.name,
            "short_name": portal.name[:12].strip(),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "theme_color": portal.brand,
            "background_color": WHITE,
            "icons": pictures,
        },
        content_type="application/manifest+json",
    )
    response["Cache-Control"] = "public, max-age=300"
    return response


@public_page("the product's own drawing in the portal's colour")
def icon(request: HttpRequest, colour: str, size: int) -> HttpResponse:
    """One of three sizes in the present colour: nobody can have others painted."""
    if colour != _portal(request).colour or size not in SIZES:
        raise Http404
    return _kept(HttpResponse(painted(f"#{colour}", size), content_type="image/png"))


@public_page("the product's own drawing in the portal's colour")
def favicon(request: HttpRequest, colour: str) -> HttpResponse:
    """The same for the browser's tab."""
    if colour != _portal(request).colour:
        raise Http404
    drawing = render_to_string("home/icon.svg", {"ground": ground_of(f"#{colour}")})
    return _kept(HttpResponse(drawing, content_type="image/svg+xml"))


def _portal(request: HttpRequest) -> Portal:
    portal: Portal | None = request.portal  # type: ignore[attr-defined]
    if portal is None:
        raise Http404
    return portal


def _kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _picture(portal: Portal, size: int, purpose: str) -> dict[str, str]:
    address = reverse("home:icon", args=[portal.colour, size])
    return {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


def ground_of(colour: str) -> str:
    """The colour itself, or as dark a shade of it as white can be seen on."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    while _luminance(channels) > LIGHTEST:
        channels = [channel * 15 // 16 for channel in channels]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _luminance(channels: list[int]) -> float:
    """WCAG 2.2, of sRGB."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in channels)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=64)
def painted(colour: str, size: int) -> bytes:
    """A PNG of the drawing: a lead, handed from one to the other. It lies in the middle, which no mask cuts."""
    side, ground = size * FINE, ground_of(colour)
    canvas = Image.new("RGB", (side, side), ground)
    pen = ImageDraw.Draw(canvas)

    def pixels(*units: float) -> list[float]:
        """From the drawing's grid, made smaller around its middle."""
        return [(GRID / 2 + (unit - GRID / 2) * 0.8) * side / GRID for unit in units]

    pen.arc(pixels(7.5, 8.5, 34.5, 34.5), 180, 270, fill=WHITE, width=round(2.4 * side / GRID))
    pen.ellipse(pixels(5.5, 18, 12.5, 25), fill=WHITE)
    pen.ellipse(pixels(16.5, 4.5, 27.5, 15.5), fill=WHITE)
    pen.ellipse(pixels(19.5, 7.5, 24.5, 12.5), fill=ground)
    made = BytesIO()
    canvas.resize((size, size), Image.Resampling.LANCZOS).save(made, "PNG", optimize=True)
    return made.getvalue()
