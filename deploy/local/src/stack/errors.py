class StackError(Exception):
    """Something the person at the keyboard can mend; its text is one clear line (or a few)."""
