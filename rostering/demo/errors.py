"""What ends the demo early."""


class DemoError(Exception):
    """Why the demo cannot go on, in words for whoever started it."""


class Asked(Exception):
    """Somebody asked the demo to stop, or whoever started it is gone."""
