"""Spanish with a point between thousands, as its amounts of money have it."""

THOUSAND_SEPARATOR = "."
