"""The themes that a person may choose; "auto" follows their system."""

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
ROWS = ("normal", "compact")
"""How high the rows of lists may be."""
COLUMNS = ("addresses", "size", "age")
"""The columns that the list of instances may leave out."""
