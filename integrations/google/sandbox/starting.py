"""The groups that every invented customer has."""

from __future__ import annotations

from itertools import islice

from integrations.google.sandbox.customer import Customer
from integrations.google.sandbox.edits import Edits

#: Of so many people each group is made.
TEACHERS, OFFICE = 30, 5


def add_groups(customer: Customer) -> None:
    """Teachers, some from `/Staff`, and the office, which is in the teachers' group too."""
    edits = Edits(customer)
    start = customer.units.find("/Staff")
    staff = [user.id for user in islice(customer.users(start), TEACHERS + OFFICE)]
    office = edits.add_group("Office", f"office@{customer.domain}", members=tuple(staff[:OFFICE]))
    edits.add_group("Teachers", f"teachers@{customer.domain}", members=(*staff[OFFICE:], office))
