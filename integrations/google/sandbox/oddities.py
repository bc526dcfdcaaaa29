"""One of every odd account, unit and group that a Google directory can hold."""

from __future__ import annotations

from typing import Any

from integrations.google.sandbox.customer import Customer
from integrations.google.sandbox.edits import Edits
from integrations.google.sandbox.people import ZERO_WIDTH
from integrations.google.sandbox.units import ODD


def add(customer: Customer) -> None:
    """Add them all; `customer.odd_ids` then names the accounts and the groups."""
    edits = Edits(customer)
    for name in ODD:
        if customer.units.find(f"/{name}") is None:
            edits.add_ou(f"/{name}")
    people: dict[str, dict[str, Any]] = {
        "suspended": {"suspended": True},
        "archived": {"archived": True},
        "both": {"suspended": True, "archived": True},
        "one_name": {"first": "Suharto", "last": ZERO_WIDTH},
        "no_names": {"first": "", "last": ""},
        "longest": {"first": "Ā" * 60, "last": "Ž" * 60},
        "right_to_left": {"first": "مريم", "last": "بن علي"},
        "apostrophe": {"first": "D'Andre", "last": "O'Neill", "email": f"d'andre@{customer.domain}"},
        "mixed_case": {"email": f"Mixed.Case@{customer.domain.title()}"},
        "secondary": {"email": f"elsewhere@{customer.secondary}"},
        "decomposed": {"first": "Zoe\u0308", "last": "Mu\u0308ller"},
        "spaces": {"first": "  Ana ", "last": "\u00a0Ruiz\u200b "},
    }
    for at, (name, fields) in enumerate(people.items()):
        given = {"email": f"odd{at}@{customer.domain}", "first": "Odd", "last": name.title(), **fields}
        customer.odd_ids[name] = edits.add_user("/Staff" if customer.units.find("/Staff") else "/", **given)
    _changed(customer, edits)
    _groups(customer, edits)


def _changed(customer: Customer, edits: Edits) -> None:
    """Those to whom something happened before we came."""
    ids = customer.odd_ids
    ids["guest"] = edits.add_guest("visitor@elsewhere.example")
    ids["renamed"] = edits.add_user("/", "Once", "Somebody", f"once@{customer.domain}")
    edits.change_email(ids["renamed"], f"now@{customer.domain}")
    ids["deleted"] = edits.add_user("/", "Came", "Back", f"back@{customer.domain}")
    ids["recreated"] = edits.recreate(ids["deleted"])
    ids["without_flags"] = edits.add_user("/", "No", "Flags", f"flags@{customer.domain}")
    edits.set_fields(ids["without_flags"], suspended=None, archived=None)
    ids["in_odd_unit"] = edits.add_user("/O'Brien HS", "In", "Odd", f"inodd@{customer.domain}")
    ids["in_plus"] = edits.add_user("/C+D", "In", "Plus", f"inplus@{customer.domain}")


def _groups(customer: Customer, edits: Edits) -> None:
    ids = customer.odd_ids
    ids["outside_group"] = edits.add_group("Elsewhere", "all@elsewhere.example", outside=True)
    ids["everybody"] = edits.add_group("Everybody", f"everybody@{customer.domain}", members=("everybody",))
    ids["empty_group"] = edits.add_group("Nobody", f"nobody@{customer.domain}")
    nested = ids["nested"] = edits.add_group("Nested", f"nested@{customer.domain}", members=(ids["secondary"],))
    odd = ids["odd_group"] = edits.add_group("Odd & “Ends”", f"odd.ends@{customer.domain}")
    for who in (nested, ids["outside_group"], ids["secondary"], ids["suspended"], ids["archived"], ids["guest"]):
        edits.add_member(odd, who)
    edits.add_member(odd, "stranger@elsewhere.example")
    edits.add_member(odd, ids["renamed"], mail=f"once@{customer.domain}")
    edits.add_member(odd, ids["one_name"], role="OWNER", without=["status", "type", "role"])
