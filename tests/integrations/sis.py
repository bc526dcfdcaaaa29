"""What somebody types in to open a OneRoster sandbox, as a provider gets it."""

from __future__ import annotations

from integrations import opening
from integrations.oneroster.sandbox import District, OneRosterSandbox
from integrations.sis.settings import BEARER, SisSettings


def on_paper(sandbox: OneRosterSandbox, district: District | None = None, auth: str = "") -> dict[str, str]:
    """The fields of support's form."""
    told = sandbox.settings(district, auth)
    secret = told["bearer"] if told["auth"] == BEARER else told["secret"]
    return {**{name: told[name] for name in ("base_url", "version", "auth", "key", "token_url")}, "secret": secret}


def typed(
    sandbox: OneRosterSandbox, district: District | None = None, auth: str = "", **instead: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The settings and the secrets of a filled-in form."""
    form = SisSettings({**on_paper(sandbox, district, auth), **instead})
    assert form.is_valid(), form.errors
    return opening.split("sis", form.cleaned_data)
