"""One CSV file of an export, row by row, by the names in its header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.oneroster_files.export import Export
from integrations.oneroster_files.words import SOURCE
from integrations.provider import Malformed

#: What begins a text in UTF-16, as spreadsheets also save it.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
#: Characters of a header; no real one is a tenth as long.
LONGEST_HEADER = 64 * 1024
#: Characters of a row, line breaks inside its cells and all. A zip of a megabyte can hold one of gigabytes.
LONGEST_ROW = 1024 * 1024
#: A column of the exporter's own: OneRoster allows `metadata.…`, and files in the wild have `ext_…` too.
OWN = ("metadata.", "ext_")

Cells = list[str]


class Table:
    """A file while it is open. `columns` are the places of its columns, by their names in small letters."""

    def __init__(self, name: str, text: io.TextIOWrapper) -> None:
        """Reads the header. Raises `Malformed` where there is none."""
        self.name = name
        self._text = text
        header = text.readline(LONGEST_HEADER)
        self._left = LONGEST_ROW
        self._delimiter = ";" if header.count(";") > header.count(",") else ","
        names = [each.strip().lower() for each in self._header(header)]
        known = [each for each in names if each and not each.startswith(OWN)]
        if len(set(known)) < len(known):
            raise Malformed(f"{SOURCE}: {name} names a column twice.")
        self.width = len(names)
        self.columns = {each: names.index(each) for each in known}

    def must_have(self, *columns: str) -> None:
        """Raises `Malformed` unless the file has these columns."""
        for column in columns:
            if column.lower() not in self.columns:
                raise Malformed(f"{SOURCE}: {self.name} has no column {column}.")

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Each row with its number as a spreadsheet shows it, the header being the first; empty ones left out.

        A row whose cells are fewer or more than the header's comes without any: nobody can
        say which of them is missing. Raises `Malformed` where a quote is not closed, which
        would swallow the rows after it, and for a row without an end.
        """
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        number, line = 1, 0
        try:
            for cells in reader:
                number, began, line = number + 1, line, reader.line_num
                self._left = LONGEST_ROW
                if len(cells) != self.width:
                    if not any(cells):
                        continue
                    if len(cells) < self.width or any(cells[self.width :]):
                        if line - began > 1:
                            raise self.torn(number)
                        yield number, []
                        continue
                elif not any(cells):
                    continue
                yield number, cells
        except csv.Error:
            raise self.torn(number + 1) from None

    def _lines(self) -> Iterator[str]:
        """The lines, as long as those of one row are not longer than a row can be."""
        while line := self._text.readline(LONGEST_ROW):
            self._left -= len(line)
            if self._left < 0 or len(line) == LONGEST_ROW:
                raise csv.Error("a row without an end")
            yield line

    def torn(self, number: int) -> Malformed:
        """The error of a row that ends somewhere else than it should."""
        return Malformed(f"{SOURCE}: {self.name}, row {number}: the row cannot be told from the next one.")

    def _header(self, line: str) -> Cells:
        try:
            return next(csv.reader([line], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            raise Malformed(f"{SOURCE}: {self.name} has no header.") from None


@contextmanager
def table(export: Export, name: str) -> Iterator[Table]:
    """One of the export's files. Raises a `SourceError` where it is no such file.

    Bytes that are not UTF-8 survive as characters no database takes, so that they spoil one
    row and not the file.
    """
    with export.open(name) as stream:
        buffered = io.BufferedReader(stream)  # type: ignore[type-var]  # a zip's member is as good as a raw stream
        if buffered.peek(2)[:2] in UTF_16:
            raise Malformed(f"{SOURCE}: {name} is not UTF-8.")
        text = io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape", newline="")
        yield Table(name, text)


def cell(cells: Cells, at: int | None) -> str:
    """What stands in a column; "" where there is no such column."""
    return "" if at is None else cells[at]
