"""The one exception that people at the command line are meant to read."""


class UserError(Exception):
    """What the person at the keyboard can mend: one line that says what is wrong and what to do."""
