"""The sentences of the product: what happens in one run, from the listing to the report.

fetch → stage → match → plan → confirm → guard → apply → report. Each step is one short
transaction (fetch and confirm talk to the source between theirs), begun by showing the
lease, so that a worker that was given up can write nothing. A run taken over starts
again from the listing, unless it was applied already: then only its report is missing.
"""

from __future__ import annotations

import logging
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts import tenancy
from accounts.models import School
from integrations import registry
from integrations.models import SchoolLink
from integrations.provider import Refused, SourceError, Unreachable
from integrations.rules import from_json
from rostering import holding, lease, runs, sql, summary, telling, undo
from rostering.limits import resolve
from rostering.models import Change, Run, RunState
from rostering.steps import guard
from rostering.steps.apply import Stale, apply_set, remember
from rostering.steps.confirm import confirm
from rostering.steps.fetch import fetch, staging
from rostering.steps.match import StagingLost, match, why_nobody_leaves
from rostering.steps.plan import discard, facts, fingerprint, plan
from rostering.steps.report import report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from integrations.provider import Provider
    from integrations.records import Rule

logger = logging.getLogger(__name__)

REPLANS = 3


def perform(run_id: int) -> None:
    """Carry out a run if it is there to be taken; come back quietly if it is not."""
    run = lease.claim(run_id)
    if run is None:
        return
    logger.info("run %s attempt %s begins", run.pk, run.attempt)
    with lease.heartbeat(run):
        try:
            if run.attempt - run.tries > lease.MOST_ATTEMPTS:
                _close(run, "E-WORKER", "This sync stopped a worker again and again. SmartPass has been told.")
            else:
                _Sync(run).carry_out()
        except lease.Lost:
            logger.info("run %s belongs to somebody else now", run.pk)
        except lease.SwitchedOff as off:
            with tenancy.district(run.district_id):
                runs.stop(run, by=None, why=str(off))
        except SourceError as error:
            _source_failed(run, error)
        except Stale:
            _close(run, "E-STALE", "Accounts kept changing while this sync was planned. It will be tried again.")
        except StagingLost:
            # The database was restarted under us: the next worker starts again from the listing.
            _give_back(run)


def _source_failed(run: Run, error: SourceError) -> None:
    logger.warning("run %s: %s", run.pk, error.code)
    with tenancy.district(run.district_id):
        if isinstance(error, Unreachable) and runs.retry_later(run, error):
            return
        runs.fail(run, error.code, str(error), reconnect=isinstance(error, Refused))


def _close(run: Run, code: str, text: str) -> None:
    with tenancy.district(run.district_id):
        runs.fail(run, code, text, source=False)


def _give_back(run: Run) -> None:
    with tenancy.district(run.district_id):
        Run.objects.filter(pk=run.pk, lease_token=run.lease_token).update(state=RunState.QUEUED, lease_token=None)


class _Sync:
    """One attempt at one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.seconds: dict[str, float] = {}
        self.staged = staging(run)
        self.rules: list[Rule] = []

    def carry_out(self) -> None:
        """Go through the steps; raises what stopped it."""
        if self.run.applied_at is None:
            if self.run.undoes_id:
                self._undo()
            else:
                self._sync()
        with self._step("report"):
            report(self.run, self.seconds)
            if not self.run.undoes_id and not self.run.preview:
                runs.succeed(self.run)
            telling.finished(self.run)

    def _sync(self) -> None:
        provider, scope = self._open()
        # What failed keeps whatever it touched until Python looks for garbage: connections must not wait for that.
        with closing(provider):
            self._fetch(provider, scope)
            for _ in range(REPLANS):
                self._plan()
                self._confirm(provider, scope)
                self._guard()
                if self.run.preview or self._apply():
                    return
        raise Stale

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """A step's transaction, under the lease, in the run's district."""
        began = time.monotonic()
        # In a transaction of its own, so that whoever watches reads what is going on now.
        with tenancy.district(self.run.district_id):
            lease.show(self.run, step=name)
        with tenancy.district(self.run.district_id):
            lease.show(self.run)
            sql.work_in_sets()
            yield
            lease.renew(self.run)
        self.seconds[name] = round(self.seconds.get(name, 0) + time.monotonic() - began, 3)

    def _open(self) -> tuple[Provider, list[str]]:
        with self._step("fetch"):
            self.run.settings_version = self.run.connection.settings_version
            self.run.save(update_fields=["settings_version"])
            links = SchoolLink.objects.filter(connection=self.run.connection_id, active=True, school__purchased=True)
            scope = sorted(links.values_list("external_id", flat=True))
            tried = self.run.rules
            self.rules = registry.mapping_of(self.run.connection) if tried is None else from_json(tried)
        return registry.open_provider(self.run.connection, self.rules), scope

    def _fetch(self, provider: Provider, scope: list[str]) -> None:
        began = time.monotonic()
        receipt = fetch(self.run, provider, scope, self._progress)
        self.seconds["fetch"] = round(time.monotonic() - began, 3)
        with self._step("match"):
            match(self.staged, receipt)
            self.run.receipt = receipt.as_json()
            self.run.removals = why_nobody_leaves(self.staged, receipt, set(scope))
            self.run.save(update_fields=["receipt", "removals"])

    def _progress(self, people: int) -> None:
        lease.show(self.run, people_read=people)

    def _plan(self) -> None:
        with self._step("plan"):
            roles = registry.roles_of(self.run.connection, self.rules)
            removals = not self.run.removals
            self.run.settled = facts(self.run, self.staged, roles, removals=removals)
            last = summary.last_good(self.run.connection)
            if last and last.settled == self.run.settled:
                # Nothing changed since a plan that was empty: it would be empty again.
                discard(self.run)
                self.run.issue_counts = last.issue_counts
            else:
                self.run.issue_counts = plan(self.run, self.staged, roles, removals=removals)
                if Change.objects.filter(run=self.run).exists():
                    self.run.settled = ""
            self.run.save(update_fields=["issue_counts", "settled"])

    def _confirm(self, provider: Provider, scope: list[str]) -> None:
        limits, school_limits = self._limits()
        with self._step("confirm"):
            risks = guard.suspension_risks(self.run, self._tonight(), limits, school_limits)
            over_limit = guard.rows_at_risk(self.run, risks)
        began = time.monotonic()
        budget = int(limits["confirm_budget"])
        confirm(self.run, provider, scope, budget, over_limit, lambda: lease.still_ours(self.run))
        self.seconds["confirm"] = round(self.seconds["confirm"] + time.monotonic() - began, 3)

    def _guard(self) -> None:
        limits, school_limits = self._limits()
        with self._step("guard"):
            name = fingerprint(self.run.pk)[0]
            read = self.run.released_preview
            # What support read in the preview and let go has been decided.
            known = read is not None and read.fingerprint == name
            risks = [] if known else guard.assess(self.run, self._tonight(), limits, school_limits)
            self.run.fingerprint = name
            self.run.save(update_fields=["fingerprint"])
            holding.write_holds(self.run, risks, limits)

    def _apply(self) -> bool:
        """Write tonight's unheld rows; False if they went stale and must be planned again."""
        run, kind = self.run, self.run.connection.kind
        try:
            with self._step("apply"):
                apply_set(run.district_id, run.connection_id, run.pk, None, kind, registry.label(kind))
                complete = not run.removals
                remember(
                    run.district_id,
                    run.connection_id,
                    self.staged,
                    complete=complete,
                    settings_version=run.settings_version,
                )
                self._applied()
        except Stale:
            return False
        return True

    def _undo(self) -> None:
        with self._step("plan"):
            undo.write_plan(self.run)
            self.run.fingerprint = fingerprint(self.run.pk)[0]
            self.run.save(update_fields=["fingerprint"])
        if self.run.preview:
            return
        run = self.run
        with self._step("apply"):
            kind = run.connection.kind
            apply_set(run.district_id, run.connection_id, run.pk, None, kind, registry.label(kind))
            undo.refuse_again(run)
            self._applied()

    def _applied(self) -> None:
        self.run.applied_at = now()
        self.run.save(update_fields=["applied_at"])

    def _tonight(self) -> guard.Tonight:
        return guard.Tonight(self.staged, registry.roles_of(self.run.connection, self.rules))

    def _limits(self) -> tuple[dict[str, float], Mapping[int, Mapping[str, float]]]:
        with tenancy.district(self.run.district_id):
            limits = resolve(self.run.connection.district.limits, self.run.connection.limits)
            own = dict(School.objects.exclude(limits={}).values_list("pk", "limits"))
        return limits, own
