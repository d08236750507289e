"""Where Django's formats of a language differ from the Unicode CLDR, which all else follows (prm/world.py)."""
