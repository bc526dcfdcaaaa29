"""Why somebody is missing, or as they are: what the page of the same name says, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from rest_framework.response import Response

from accounts.access import account_for
from accounts.api.describing import described
from accounts.api.keys import caller
from accounts.api.reading import asked
from rostering import explained, finding, reasons
from rostering.api import shapes_explained as shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.request import Request

    from accounts.models import User
    from rostering.explained import Story

TAG = "Explanations"
#: No email or id is that of more people than anybody wants to read about.
MOST = 10


@described(
    "explain_get",
    "Explain a person",
    shapes.ExplainedShape,
    tag=TAG,
    query=shapes.Explaining,
    refuses=("not_found",),
)
def explain(request: Request) -> Response:
    """Why somebody is missing, or as they are: the reason, who can mend it, and what tonight's sync would do.

    Only what the key's maker may know of them. Who is only at other schools is not found.
    """
    user = caller(request)
    (name, value), *_ = asked(request, shapes.Explaining).items()
    found = list(_account(user, value) if name == "account" else _known_as(user, value))
    if not found:
        raise Http404
    return Response(shapes.ExplainedShape({"results": found}).data)


def _account(user: User, account_id: int) -> Iterator[dict[str, Any]]:
    account = account_for(user, account_id)
    stories = explained.of_account(user, account)
    name = explained.title(stories, account)
    for story in stories:
        yield _told(story, name, account.pk)
    if not stories:
        yield _by_hand(name, account.pk)


def _known_as(user: User, words: str) -> Iterator[dict[str, Any]]:
    for hit in finding.exactly(user, words)[0:MOST]:
        if hit.account is not None:
            yield from _account(user, hit.account.pk)
        elif hit.record is not None:
            story = explained.of_record(user, hit.record)
            yield _told(story, explained.title([story], None), None)


def _told(story: Story, name: str, account: int | None) -> dict[str, Any]:
    return {
        "account": account,
        "name": name,
        "connection": story.seen.told.connection.pk,
        "source_name": story.source,
        "code": story.head.code,
        "says": story.reason.says,
        "helps": story.reason.helps,
        "owner": story.reason.owner,
        "steps": story.steps,
        "values": [{"where": where, "value": each} for where, values in story.values for each in values],
        "tonight": story.tonight,
    }


def _by_hand(name: str, account: int) -> dict[str, Any]:
    reason = reasons.reason("E-BY-HAND")
    return {
        "account": account,
        "name": name,
        "connection": None,
        "source_name": "",
        "code": "E-BY-HAND",
        "says": reason.says,
        "helps": reason.helps,
        "owner": reason.owner,
        "steps": [],
        "values": [],
        "tonight": [],
    }
