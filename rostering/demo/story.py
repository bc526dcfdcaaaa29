"""The demo's syncs: asked for as support does, carried out by the real worker, checked against the tables."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts import tenancy
from rostering import asking, summary as reports
from rostering.demo import counting, words
from rostering.demo.errors import DemoError
from rostering.models import Run, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from rostering.demo.children import Children
    from rostering.demo.words import Screen
    from rostering.demo.world import World

WHY = "The demo"
#: Longer than it takes to notice that a worker was killed and to take its run over.
STANDSTILL = 180.0


class Story:
    """What the demo tells, run by run. About `expected` people are read in the first."""

    def __init__(self, children: Children, screen: Screen, world: World, expected: int) -> None:
        self.children = children
        self.screen = screen
        self.world = world
        self.expected = expected

    def tell(self) -> list[str]:
        """Preview, sync, and sync again; the summary of the first of the two syncs.

        Raises DemoError where a run fails, the tables and its report differ, or the second
        sync changes anything.
        """
        seen = self._run("Preview", lambda: asking.preview(self.world.support, self.world.connection, WHY))
        with tenancy.support():
            self.screen.say(f"{'':<12} would be: {words.differences(reports.report(seen))}")
            first = not Run.objects.filter(connection=self.world.connection, applied_at__isnull=False).exists()
        title = "First sync" if first else "Sync"
        run = self._run(title, lambda: self._sync(seen if first else None))
        return self._check(title, run)

    def again(self) -> None:
        """One more sync, which has nothing to change. Raises DemoError if it changes something."""
        district = self.world.connection.district_id
        with tenancy.support():
            before = counting.digest(district)
        run = self._run("Second sync", lambda: self._sync(None))
        with tenancy.support():
            done = reports.report(run).done
            same = counting.digest(district) == before
        if done or not same:
            raise DemoError(f"The second sync changed something: {done or 'rows that it does not report'}.")
        self.screen.say(f"{'':<12} nothing changes: every account, membership and link is what it was, to the byte")

    def _sync(self, seen: Run | None) -> tuple[Run, bool]:
        if seen is None:
            return asking.sync_now(self.world.support, self.world.connection, WHY)
        return asking.first_sync(self.world.support, seen, seen.fingerprint, WHY)

    def _run(self, title: str, ask: Callable[[], tuple[Run, bool]]) -> Run:
        """Have a run carried out; one that is going already, say tonight's, is waited for first."""
        while True:
            with tenancy.support():
                run, new = ask()
            ended = self._follow(title if new else "Unfinished", run.pk)
            if new and ended.state == RunState.DONE:
                return ended
            if new:
                raise DemoError(f"{title}: {ended.get_state_display()}. {ended.problem} {ended.problem_text}")

    def _follow(self, title: str, run_id: int) -> Run:
        """Show a run's progress until it has ended. Raises DemoError when it stands still."""
        moved, before = time.monotonic(), None
        while True:
            self.children.check()
            with tenancy.support():
                run = Run.objects.get(pk=run_id)
            self.screen.progress(words.progress(title, run, run.people_expected or self.expected))
            if run.finished_at:
                return run
            where = (run.state, run.step, run.people_read, run.lease_until)
            if where != before or run.start_after > now():
                moved, before = time.monotonic(), where
            if time.monotonic() - moved > STANDSTILL:
                worker = next(child for child in self.children.running if child.name == "worker")
                raise DemoError(f"{title} does not go on. {worker.last_lines()}")
            time.sleep(0.1)

    def _check(self, title: str, run: Run) -> list[str]:
        with tenancy.support():
            report = reports.report(run)
            counted = counting.created_by(run)
            counting.compare(counted, report)
            return words.summary(title, report, counted, counting.standing(run))
