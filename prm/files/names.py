"""What a handed-in file is called: its sender's words, made fit to be shown and to be saved anywhere.

Marks that turn the direction of writing would show `reportfdp.exe` as `reportexe.pdf`: they go.
"""

import re
import unicodedata

from prm.files.kinds import Kind

LONGEST = 255  # characters
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")  # and turn round
_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNFIT = re.compile(r'[<>:"|?*]')  # means something to Windows, beside the two slashes
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)


def plain_name(name: str) -> str:
    """The last part of what was sent, on one line, as it may be shown: nothing hidden, nothing turned round."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    return " ".join(_NO_NAME.sub(" ", _HIDDEN.sub("", last)).split())


def safe_name(name: str, kind: Kind) -> str:
    """The same as it may be saved anywhere, with an ending that is its kind's; never empty.

    Another kind's ending stays, with the right one behind it: a PDF called `x.html` is `x.html.pdf`.
    """
    plain = _UNFIT.sub("_", plain_name(name)).strip(". ") or kind.name
    if _DEVICES.match(plain):
        plain = f"_{plain}"
    root, _dot, ending = plain.rpartition(".")
    if not root or ending.lower() not in kind.endings:
        root, ending = plain, kind.endings[0]
    return f"{root[: LONGEST - len(ending) - 1].rstrip('. ')}.{ending}"
