"""What may be the name of a student, wherever it comes in: a roster, a folder, the exchange.

A name becomes a folder, a pattern on nbgrader's command line, a line in a table and text in a page.
What means something else in one of these is refused at the door, so that nobody is graded under a
name under which no feedback comes back.
"""

WITH_A_MEANING = '<>"|?*'
LONGEST = 200  # bytes


def why_unfit(name: str) -> str:
    """Say why a text cannot be a student's name, as the end of a sentence; "" if it can."""
    if not name or name.strip() != name:
        return "begins or ends with a blank, or is empty"
    if name.startswith("."):
        return "begins with a dot"
    if "/" in name:
        return "has a '/' in it"
    if not name.isprintable():
        return "has characters in it that cannot be printed"
    found = sorted(set(name) & set(WITH_A_MEANING))
    if found:
        return f"has {' '.join(found)} in it"
    if len(name.encode()) > LONGEST:
        return f"is longer than {LONGEST} bytes"
    return ""


def harmless_name(text: str) -> str:
    """Return a first or last name as it may stand in a gradebook: no tags, and on one line."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.replace("<", "‹").replace(">", "›").split())
