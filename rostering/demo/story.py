"""The demo's syncs: asked for as support does, carried out by the real worker, checked against the tables."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts import tenancy
from integrations import registry
from rostering import asking, summary as reports
from rostering.demo import counting, words
from rostering.demo.errors import DemoError
from rostering.models import Run, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from integrations.models import Connection
    from rostering.demo.children import Children
    from rostering.demo.words import Screen
    from rostering.demo.world import World

WHY = "The demo"
#: Longer than it takes to notice that a worker was killed and to take its run over.
STANDSTILL = 180.0


class Story:
    """What the demo tells, source by source and run by run. `expected` people are read in the first run of each."""

    def __init__(self, children: Children, screen: Screen, world: World, expected: Sequence[int]) -> None:
        self.children = children
        self.screen = screen
        self.world = world
        self.expected = {tie.pk: people for tie, people in zip(world.connections, expected, strict=True)}

    def tell(self) -> list[str]:
        """Preview and sync from each source; the summaries of the syncs.

        Raises DemoError where a run fails, or the tables and its report differ.
        """
        return [line for tie in self.world.connections for line in self._tell(tie)]

    def again(self) -> None:
        """One more sync from each source, which has nothing to change. Raises DemoError if it changes something."""
        with tenancy.support():
            before = counting.digest(self.world.district.pk)
        for tie in self.world.connections:
            self.screen.say(_from(tie))
            run = self._run("Second sync", partial(self._sync, tie, None))
            with tenancy.support():
                done = reports.report(run).done
                same = counting.digest(self.world.district.pk) == before
            if done or not same:
                raise DemoError(f"The second sync changed something: {done or 'rows that it does not report'}.")
        self.screen.say(f"{'':<12} nothing changes: every account, membership and link is what it was, to the byte")

    def _tell(self, tie: Connection) -> list[str]:
        self.screen.say(_from(tie))
        seen = self._run("Preview", partial(asking.preview, self.world.support, tie, WHY))
        with tenancy.support():
            self.screen.say(f"{'':<12} would be: {words.differences(reports.report(seen))}")
            first = not Run.objects.filter(connection=tie, applied_at__isnull=False).exists()
        title = "First sync" if first else "Sync"
        run = self._run(title, partial(self._sync, tie, seen if first else None))
        return self._check(f"{title} from {registry.label(tie.kind)}", run)

    def _sync(self, tie: Connection, seen: Run | None) -> tuple[Run, bool]:
        if seen is None:
            return asking.sync_now(self.world.support, tie, WHY)
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
            self.screen.progress(words.progress(title, run, run.people_expected or self.expected[run.connection_id]))
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


def _from(tie: Connection) -> str:
    return f"From {registry.label(tie.kind)}, {tie.tenant_name}:"
