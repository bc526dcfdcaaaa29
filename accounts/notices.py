"""Telling the Admins of a school something, once."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.models import Notice


def tell(
    district_id: int,
    school_id: int | None,
    kind: str,
    about: str,
    text: str,
    link: str,
    *,
    must_act: bool = False,
) -> Notice | None:
    """Tell the Admins of a school (null: the District admins); None if they were told and it is still true."""
    made = Notice(
        district_id=district_id,
        school_id=school_id,
        kind=kind,
        about=about,
        text=text,
        link=link,
        must_act=must_act,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        return None
    return made
