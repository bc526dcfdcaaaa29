"""What can go wrong with the embedded services, in one word."""


class EmbeddedError(RuntimeError):
    """The services cannot run here; the message says why and what to do."""
