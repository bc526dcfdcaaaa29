"""The guide to each kind of source."""

from __future__ import annotations

from datetime import timedelta

from integrations import registry
from rostering.guides import classlink, clever
from rostering.guides.guide import Guide

#: What a school begins itself, in the order of the page. Every other kind is opened by SmartPass.
BEGUN_BY_SCHOOLS = {guide.kind: guide for guide in (clever.GUIDE, classlink.GUIDE)}


def to(kind: str) -> Guide:
    """How a kind of source is set up, and what may be said about it."""
    return BEGUN_BY_SCHOOLS.get(kind) or Guide(
        kind,
        needs="SmartPass sets this up with you.",
        takes="SmartPass sets this up with you.",
        promise=timedelta(hours=24),
        mend=f"Ask whoever looks after {registry.label(kind)} in your district whether it works, and whether "
        "SmartPass may still read it.",
    )
