"""When the Admins of a school are told something of a sync, and when it is over.

Called in the transactions that make it true, so that a run taken over, a task delivered
twice or a stopped worker tells nothing twice and nothing that did not happen. A quiet
night asks one question here and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from accounts import notices
from accounts.models import Notice, School, User
from accounts.notices import Telling
from integrations.models import Connection
from rostering import sql
from rostering.models import Hold, Trigger
from rostering.saying import Words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable

    from rostering.models import Run

Kind = Notice.Kind
#: What a good sync ends. Of one connection at most one of them is true at a time.
TROUBLE = (Kind.FAILED, Kind.RECONNECT, Kind.LATE)
#: Refusals that no school can do anything about: our own key, and an address that support typed.
OURS = {"E-CLIENT-REFUSED", "E-ADDRESS-REFUSED"}


def finished(run: Run) -> None:
    """A run has reported: what was wrong is over, what waits is told, and what it began or undid."""
    if run.preview:
        return
    if run.undoes_id:
        _undone(run)
        return
    of_syncs = Notice.objects.filter(kind__in=(*TROUBLE, Kind.HOLD), closed_at=None)
    standing = list(of_syncs.filter(district=run.district_id).select_related("school"))
    trouble = [each for each in standing if each.about == _about(run.connection)]
    if trouble:
        _over(run, trouble)
    waiting = {each.about: each for each in standing if each.kind == Kind.HOLD}
    if waiting or "E-HELD" in run.issue_counts:
        _held(run, waiting)
    if run.trigger == Trigger.FIRST:
        _all_set(run)


def failed(run: Run, code: str, *, refused: bool) -> None:
    """A run ended without being carried out, and is not tried again before the next night."""
    connection = Connection.objects.select_related("district").get(pk=run.connection_id)
    if refused and code not in OURS:
        words = Words(connection).refused(connection.problem_since)
        _trouble(connection, Kind.RECONNECT, words, must_act=True)
    elif not run.preview and not run.undoes_id:
        refused_already = Notice.objects.filter(
            district=connection.district_id, kind=Kind.RECONNECT, about=_about(connection), closed_at=None
        )
        if not refused_already.exists():
            _trouble(connection, Kind.FAILED, Words(connection).failed(run, code))


def late(connection: Connection, since: dt.datetime) -> None:
    """A connection had no good sync for 26 hours."""
    _trouble(connection, Kind.LATE, Words(connection).late(since))


def let_go(connection: Connection) -> None:
    """A connection was given up: nothing of it waits for anybody any more."""
    notices.close(connection.district_id, TROUBLE, _about(connection))


def resumed(connection: Connection) -> None:
    """A pause ended by itself. One that ended before is no news any more."""
    about, link, words = _about(connection), reverse("integrations"), Words(connection)
    notices.close(connection.district_id, Kind.RESUMED, about)
    tellings = _everywhere(connection, lambda _, name: Telling(None, about, words.resumed(name), link))
    notices.tell_all(connection.district_id, Kind.RESUMED, tellings)


def decided(hold: Hold) -> None:
    """Somebody decided a hold."""
    notices.close(hold.district_id, Kind.HOLD, _about(hold))


def shrunk(hold: Hold) -> None:
    """A part of a hold was decided; the rest still waits."""
    notices.reword(hold.district_id, Kind.HOLD, _about(hold), Words(hold.connection).left(hold))


def one_yes(hold: Hold) -> None:
    """The first of two people agreed to a hold: the others are told, once, that a second yes is needed."""
    if not notices.reword(hold.district_id, Kind.HOLD, _about(hold), Words(hold.connection).held(hold)):
        return
    for notice in Notice.objects.filter(district=hold.district_id, kind=Kind.HOLD, about=_about(hold), closed_at=None):
        notices.write_again(notice, "a second yes is needed", but_not=hold.first_yes_by)


def _trouble(connection: Connection, kind: str, words: Callable[[str], str], *, must_act: bool = False) -> None:
    about, link = _about(connection), reverse("integrations")
    others = [each for each in (*TROUBLE, Kind.FIXED) if each != kind]
    notices.close(connection.district_id, others, about)
    tellings = _everywhere(connection, lambda _, name: Telling(None, about, words(name), link))
    notices.tell_all(connection.district_id, kind, tellings, must_act=must_act)


def _over(run: Run, trouble: Collection[Notice]) -> None:
    """A good sync: those who were told of the trouble are told that it is over."""
    closed = notices.close_these(trouble)
    told = {each.school_id for each in closed}
    about, words, link = _about(run.connection), Words(run.connection), reverse("sync", args=[run.pk])
    tellings = _everywhere(run.connection, lambda _, name: Telling(None, about, words.fixed(name), link))
    notices.tell_all(
        run.district_id, Kind.FIXED, [each for each in tellings if each.school_id in told], only_told_of=closed
    )


def _held(run: Run, waiting: dict[str, Notice]) -> None:
    """One notice a hold: told when it opens, kept up to date each night, closed when it waits no more."""
    ids = [int(about.partition(":")[2]) for about in waiting]
    gone = Hold.objects.filter(pk__in=ids).exclude(state=Hold.State.OPEN)
    notices.close_these(waiting[_about(hold)] for hold in gone)
    words = Words(run.connection)
    new = []
    for hold in Hold.objects.filter(run=run, state=Hold.State.OPEN).select_related("school", "run").order_by("pk"):
        about, text = _about(hold), words.held(hold)
        if about not in waiting:
            new.append(Telling(hold.school_id, about, text, page_of(hold)))
        elif waiting[about].text != text:
            notices.reword(run.district_id, Kind.HOLD, about, text)
    notices.tell_all(run.district_id, Kind.HOLD, new, must_act=True)


def _all_set(run: Run) -> None:
    people: dict[int, dict[str, int]] = {}
    for row in sql.rows("telling.standing", {"connection": run.connection_id}):
        people.setdefault(row["school_id"], {})[row["role"]] = row["people"]
    attention = {
        row["school_id"]: row["people"] for row in sql.rows("telling.attention", {"connection": run.connection_id})
    }
    words, link = Words(run.connection), reverse("accounts")

    def say(school: int | None, name: str) -> Telling:
        if school is None:
            return Telling(None, f"run:{run.pk}", words.district_all_set(name), reverse("sync", args=[run.pk]))
        return Telling(
            None, f"run:{run.pk}", words.all_set(name, people.get(school, {}), attention.get(school, 0)), link
        )

    notices.tell_all(run.district_id, Kind.READY, _everywhere(run.connection, say))


def _undone(run: Run) -> None:
    rows = sql.rows("telling.turned_back", {"run": run.pk})
    everywhere = next((row["people"] for row in rows if row["everywhere"]), 0)
    people = {row["school_id"]: row["people"] for row in rows if not row["everywhere"]}
    names = dict(School.objects.filter(pk__in=[pk for pk in people if pk is not None]).values_list("pk", "name"))
    if len(people) > 1:
        people[None] = everywhere
    words, link = Words(run.connection), reverse("sync", args=[run.undoes_id])
    by = User.objects.filter(pk=run.asked_by_id).first() if run.asked_by_id else None
    tellings = [
        Telling(school, f"run:{run.pk}", words.undone(run, by, names.get(school or 0), count), link)
        for school, count in people.items()
    ]
    notices.tell_all(run.district_id, Kind.UNDONE, tellings)


def _everywhere(connection: Connection, say: Callable[[int | None, str], Telling]) -> list[Telling]:
    """What is told at each school a connection serves, and of the district where these are several."""
    schools: Iterable[tuple[int, str]] = connection.school_links.filter(
        active=True, school__purchased=True
    ).values_list("school_id", "school__name")
    served = dict(schools)
    places: list[tuple[int | None, str]] = [*served.items()]
    if len(served) != 1:
        places.append((None, connection.district.name))
    return [say(school, name)._replace(school_id=school) for school, name in places]


def page_of(hold: Hold) -> str:
    """Where a hold is read and decided."""
    return reverse("hold", args=[hold.pk])


def _about(row: Connection | Hold) -> str:
    return f"{row._meta.model_name}:{row.pk}"
