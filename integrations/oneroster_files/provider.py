"""OneRoster's CSV files as a source of people: an export that a district's own job puts into a folder here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from django import forms

from integrations.oneroster.mapping import PLACE_WORDS, ROLE_DEFAULTS, SCHOOL
from integrations.oneroster.several import SeveralRecords, master_of
from integrations.oneroster_files.export import Export
from integrations.oneroster_files.manifest import Manifest, must_be_oneroster, read_manifest
from integrations.oneroster_files.reading import Reading
from integrations.oneroster_files.rows import Row, Users, collect_roles, orgs
from integrations.oneroster_files.spill import Spill
from integrations.oneroster_files.table import table
from integrations.oneroster_files.words import BULK, DELTA, ORGS, ROLES, SOURCE, USERS
from integrations.provider import Malformed, Provider, Refused, Unreachable
from integrations.records import Found, Person, Place, Receipt, Tenant

logger = logging.getLogger(__name__)


def folder(text: str) -> str:
    """A path below the root in one spelling. Raises ValueError for one that leads anywhere else."""
    steps = [step for step in text.strip().split("/") if step]
    if not steps or text.strip().startswith("/") or not text.isprintable() or "\\" in text:
        raise ValueError(text)
    if any(step.startswith(".") for step in steps):
        raise ValueError(text)
    return "/".join(steps)


class OneRosterFilesProvider(Provider):
    """One district's folder of OneRoster CSV files, of 1.0, 1.1 or 1.2.

    `hosts` holds ``root``, below which all folders are; `settings` this one's ``folder``.
    """

    kind = "oneroster_files"
    label = SOURCE
    place_words = PLACE_WORDS
    answers_by_id = False
    role_defaults: ClassVar[Mapping[str, tuple[str, ...]]] = ROLE_DEFAULTS
    #: So many rows of users.csv count as a page.
    page_size: ClassVar[int] = 5_000
    #: Called whenever as many rows have been read.
    turned: Callable[[], None] = staticmethod(lambda: None)

    class Settings(forms.Form):
        """Which folder it is."""

        folder = forms.CharField(
            label="Folder",
            max_length=200,
            help_text="Below the folder for OneRoster files on the servers: where this district's export arrives.",
        )

        def clean_folder(self) -> str:
            """Below the root, and always spelled the same."""
            try:
                return folder(self.cleaned_data["folder"])
            except ValueError:
                raise forms.ValidationError(
                    "That is not the path of a folder below the one for OneRoster files."
                ) from None

    @classmethod
    def upstream(cls, settings: Mapping[str, str]) -> Tenant:
        """The folder: two districts never share one."""
        return Tenant(settings["folder"], settings["folder"])

    def check(self) -> None:
        """The orgs, the headers, and one row of users.csv. Raises a `SourceError`."""
        with self._export() as export, Spill() as spill:
            manifest = self._manifest(export)
            orgs(export, manifest)
            if ROLES in manifest.ways:
                with table(export, ROLES) as roles:
                    must_be_oneroster(roles)
            with table(export, USERS) as listed:
                next(Users(listed, manifest, spill).told(), None)
                self.turned()

    def places(self) -> list[Place]:
        """The schools in orgs.csv, sorted by name."""
        with self._export() as export:
            found, _ = orgs(export, self._manifest(export))
            self.turned()
        schools = [org for org in found.values() if org.kind == SCHOOL]
        return sorted(schools, key=lambda place: (place.name.casefold(), place))

    def people(self, scope: Sequence[str]) -> Iterator[Person]:  # noqa: ARG002  the whole export is read
        """Everybody in users.csv, guardians left out.

        `scope` narrows nothing. The file is read twice: to count its rows and to find ids that
        several rows have, and then row by row. Records that say that they are one person come
        last. Raises `Changed` where the export was written meanwhile.
        """
        self._receipt = None
        receipt = Receipt()
        with self._export() as export, Spill() as spill, SeveralRecords() as several:
            manifest = self._manifest(export)
            known, wrong = orgs(export, manifest)
            if ROLES in manifest.ways:
                collect_roles(export, spill)
            with table(export, USERS) as listed:
                receipt.announced = Users(listed, manifest, spill).survey(self._turn)
            with table(export, USERS) as listed:
                reading = Reading(receipt, spill, {key: org.kind for key, org in known.items()})
                for person, row in reading.people(self._turning(receipt, Users(listed, manifest, spill).told())):
                    if not person.problem and (master := master_of(row)):
                        several.add(master, person)
                    else:
                        yield person
            yield from several
            receipt.ignored += several.united
            export.must_be_the_same()
            receipt.as_of = export.as_of
        receipt.places = [key for key, org in known.items() if org.kind == SCHOOL]
        receipt.closed = not manifest.changes_only
        receipt.notes = reading.notes(manifest, wrong)
        logger.info("%s: %s rows of %s", SOURCE, receipt.rows, USERS)
        self._receipt = receipt

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """Files answer no questions."""
        del external_id, scope
        raise NotImplementedError(f"{SOURCE} answer no questions.")

    def _export(self) -> Export:
        try:
            return Export(self.hosts.get("root", ""), folder(self.settings.get("folder", "")))
        except ValueError:
            raise Refused(f"{SOURCE}: no folder is set for this district.") from None

    def _manifest(self, export: Export) -> Manifest:
        """How the files are to be read. Raises a `SourceError` where they cannot tell who anybody is."""
        manifest = read_manifest(export)
        ways = manifest.ways
        if USERS not in ways:
            if manifest.there:
                raise Malformed(f"{SOURCE}: the manifest says that there is no {USERS}.")
            raise Unreachable(f"{SOURCE}: {USERS} has not come yet.")
        if ways[USERS] == BULK and ORGS not in ways:
            raise Malformed(f"{SOURCE}: there is no {ORGS}, so nobody can be told apart by school.")
        if ways.get(ROLES) == DELTA:
            raise Malformed(
                f"{SOURCE}: {ROLES} holds only what changed (delta), which does not say all that somebody is. "
                "Export everything (bulk)."
            )
        return manifest

    def _turn(self, row: int) -> bool:
        """Whether a page ends with this row; then `turned` is told."""
        ends = row % self.page_size == 0
        if ends:
            self.turned()
        return ends

    def _turning(self, receipt: Receipt, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            receipt.pages += self._turn(receipt.rows)
            receipt.rows += 1
            yield row
