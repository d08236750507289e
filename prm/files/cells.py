"""Text on its way into a table that somebody opens in a spreadsheet, and back without loss.

A spreadsheet takes a cell that begins with one of TRIGGERS for a formula, which may fetch and send what it
likes (OWASP: CSV injection; ASVS 5.0, 1.2.10). Such a cell is written with an apostrophe before it. One that
looks as if it had been given an apostrophe already gets another, so that `restored` undoes exactly this.
"""

TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
_MARKED = frozenset(TRIGGERS + "'")


def guarded(text: str) -> str:
    """The text as every writer writes it: no spreadsheet takes it for a formula."""
    is_risky = text[:1] and text[0] in TRIGGERS
    looks_guarded = text[:1] == "'" and text[1:2] in _MARKED
    return f"'{text}" if is_risky or looks_guarded else text


def restored(cell: str) -> str:
    """What was guarded, as it was."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _MARKED else cell
