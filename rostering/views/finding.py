"""Why is this person missing, or like this?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import account_for, admin_reach, person, reach_of, zone_of
from accounts.clock import both, tonight
from accounts.deeds import IN_THE_SHELL, Deed, Reason, form_for, offer
from accounts.here import here
from accounts.people import NotPossible
from accounts.shell import page, shows
from integrations import registry
from rostering import asking, checking, explained, finding
from rostering.access_people import account_behind, record_for, rejection_for
from rostering.models import Change

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from rostering.models import Record, Rejection

PAGE = 50


@require_safe
@never_cache
@login_required
def find(request: HttpRequest) -> HttpResponse:
    """One box for whatever somebody knows of a person; one hit opens its explanation."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    words, at = request.GET.get("q", "").strip(), here(request).school
    if not words:
        return page(request, "rostering/find.html", "find", {"words": ""})
    found = finding.find(reach.user, words, at)
    if found.count() == 1:
        (hit,) = found[0:1]
        return redirect("explain", hit.account.pk) if hit.account else _to_record(hit.record)
    listed: Any = found
    values: dict[str, Any] = {"words": words, "cut": found.cut}
    values["page"] = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    if not found.count():
        more, hidden = finding.elsewhere(reach.user, words, at)
        close = [] if more or hidden else finding.close(reach.user, words, at)
        values |= {"more": more, "hidden": hidden, "close": close, "looked": finding.looked_at(reach.user)}
    return page(request, "rostering/find.html", "find", values)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def explain(request: HttpRequest, account_id: int) -> HttpResponse:
    """Why an account is as it is; on a POST also what the source says now."""
    user = _reader(request)
    return _explained(request, account_for(user, account_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def explain_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """Why somebody whom the source lists has no account here."""
    user = _reader(request)
    record = record_for(user, record_id)
    account = account_behind(user, record)
    return redirect("explain", account.pk) if account else _explained(request, None, record)


@login_required
def let_sync_try(request: HttpRequest, rejection_id: int) -> HttpResponse:
    """Take back a refusal, so that the same change may be planned again."""
    user = _reader(request)
    rejection = rejection_for(user, rejection_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        if asking.lift_rejection(user, rejection, given["why"]):
            messages.success(request, "The sync may try this again. It does so in its next run.")
        else:
            messages.info(request, "The sync may try this again already. Nothing was done twice.")
        return redirect(_back(user, rejection))

    return offer(request, _deed(user, rejection), form_for(request, Reason), do, shows("find"))


def _reader(request: HttpRequest) -> User:
    """Whoever may read explanations; for everybody else there is nothing at these addresses."""
    user = person(request)
    if not reach_of(user).administers:
        raise Http404
    return user


def _deed(user: User, rejection: Rejection) -> Deed:
    source = registry.label(rejection.connection.kind)
    where = rejection.school.name if rejection.school else "the district"
    what = str(Change.Kind(rejection.kind).label).lower()
    return Deed(
        "Let the sync try again",
        "Let the sync try again",
        _back(user, rejection),
        says=(
            f"At {where}, a change was rejected on {both(rejection.at, zone_of(user))}: {what}.",
            f"From now on the sync may plan it again, if {source} still says the same. Nothing changes at once.",
        ),
        template=IN_THE_SHELL,
    )


def _back(user: User, rejection: Rejection) -> str:
    return explained.address_of(user, rejection) or reverse("find")


def _to_record(record: Record | None) -> HttpResponse:
    return redirect("explain_record", record.pk) if record else redirect("find")


def _explained(request: HttpRequest, account: User | None, record: Record | None) -> HttpResponse:
    """The explanation of an account, or of a record without one; on a POST with what the source says now."""
    user = _reader(request)
    stories = explained.of_account(user, account) if account else []
    if record:
        stories = [explained.of_record(user, record)]
    at = here(request).school
    values = {
        "name": explained.title(stories, account),
        "account": account,
        "record": record,
        "stories": stories,
        "places": explained.places(user, account) if account else [],
        "elsewhere": at if account and not explained.is_at(user, account, at) else None,
        # Somebody of SmartPass reads this too, and has no school around the page to say it.
        "zone": zone_of(user),
        "tonight": tonight(zone_of(user)),
    }
    if request.method == "POST":
        values |= _asked(request, stories)
    return page(request, "rostering/explain.html", "find", values)


def _asked(request: HttpRequest, stories: list[explained.Story]) -> dict[str, Any]:
    source = request.POST.get("source", "")
    story = next((each for each in stories if str(each.seen.told.connection.pk) == source), None)
    if story is None or not story.can_ask:
        return {"refused": "Nothing was asked. Press the button once more."}
    try:
        return {"answer": checking.ask(story.seen), "asked": story}
    except NotPossible as refused:
        return {"refused": str(refused), "asked": story}
