"""How many drawn worlds a promise is tried on, and the story of one that was broken."""

from __future__ import annotations

from collections.abc import Callable

Check = Callable[[int], list[str]]
FEW = range(15)
MANY = range(15, 165)


def kept(check: Check, seeds: range) -> None:
    """Fail with the first seed on which a check finds something, and what it finds."""
    for seed in seeds:
        wrong = check(seed)
        assert not wrong, "\n".join([f"{check.__module__}.{check.__name__}({seed})", (check.__doc__ or ""), *wrong])
