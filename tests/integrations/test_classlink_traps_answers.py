"""The traps in an answer that is none: other envelopes, errors with status 200, web pages, nothing.

Numbered as in the second part of docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

from typing import Any

import pytest

from integrations.classlink.provider import BASE
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.provider import Malformed
from tests.integrations.conftest import OpenClassLink


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"envelope": "endpoint", "page_of": "users"}, None),
        ({"envelope": "students"}, "an unexpected answer: no list of orgs in it"),
        ({"envelope": "bare"}, "JSON that is not an object"),
        ({"no_key_at": 2}, "an unexpected answer: no list of users in it"),
        ({"not_list_at": 2}, "an unexpected answer: no list of users in it"),
        ({"stray_row_at": 2}, "users that are not objects"),
    ],
)
def test_trap_42_an_unexpected_answer_is_not_nobody(
    fault: dict[str, Any], said: str | None, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """The key is the type of what is in it; anything else stops, in words."""
    source = open_classlink(tenant)
    source.check()
    classlink.set_faults(fault)
    if said is None:
        assert len(list(source.people([]))) == 250
        return
    with pytest.raises(Malformed, match=said):
        list(source.people([]))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"error_envelope_at": 2}, "an error inside a good answer"),
        ({"error_envelope_at": 1}, "an error inside a good answer"),
    ],
)
def test_trap_43_an_error_with_status_200_is_an_error(
    fault: dict[str, Any], said: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """On whichever page."""
    classlink.set_faults(fault)
    with pytest.raises(Malformed, match=said):
        list(open_classlink(tenant).people([]))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"html_at": 2}, "a web page instead of data"),
        ({"wrong_type_at": 2}, "a web page instead of data"),
        ({"not_json_at": 2}, "something that is not JSON"),
        ({"empty_body_at": 2}, "something that is not JSON"),
        ({"page_status_at": 2, "page_status": 400, "error_body": "html"}, "HTTP 400"),
        ({"page_status_at": 2, "page_status": 422, "error_body": "empty"}, "HTTP 422"),
    ],
)
def test_trap_44_what_went_wrong_is_told_in_words(
    fault: dict[str, Any], said: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """With the place, and without a traceback of a parser."""
    classlink.set_faults(fault)
    with pytest.raises(Malformed) as caught:
        list(open_classlink(tenant).people([]))
    assert str(caught.value) == f"ClassLink answered /{tenant.application_id}{BASE}/users with {said}."
    assert caught.value.__cause__ is None
