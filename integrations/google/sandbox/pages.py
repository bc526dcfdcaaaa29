"""What Google draws: the account chooser, the consent page, and its errors. Plain forms, no script."""

from __future__ import annotations

import html
from collections.abc import Iterable

from integrations.google.sandbox.accounts import SCOPES, Account
from integrations.sandbox.server import Response

CHOOSER, UNVERIFIED, CONSENT = (
    "/v3/signin/accountchooser",
    "/signin/oauth/warning",
    "/signin/oauth/consent",
)
#: The box that stands for all of them.
ALL = "all"
#: The status and the words of each error that Google draws and never sends back to the app.
ERRORS = {
    "redirect_uri_mismatch": (
        400,
        "Access blocked: This app's request is invalid",
        "You can't sign in because this app sent an invalid request. The redirect URI in the request does not match.",
    ),
    "invalid_request": (
        400,
        "Access blocked: Authorization Error",
        "You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy.",
    ),
    "invalid_scope": (400, "Access blocked: Authorization Error", "Some requested scopes were invalid."),
    "unsupported_response_type": (400, "Access blocked: Authorization Error", "Invalid response_type."),
    "admin_policy_enforced": (
        400,
        "Access blocked: Authorization Error",
        "Access to your account data is restricted by policies within your organization.",
    ),
    "access_not_configured": (
        400,
        "Access blocked: Your institution's admin needs to review this app",
        "Your Google Workspace admin has to configure this app before people under 18 can use it.",
    ),
    "org_internal": (
        403,
        "Access blocked: this app can only be used within its organization",
        "This client is restricted to users within its organization.",
    ),
    "access_denied": (
        403,
        "Access blocked: this app has not completed the Google verification process",
        "The app is currently being tested, and can only be accessed by developer-approved testers.",
    ),
    "disallowed_useragent": (403, "Access blocked", "You can't sign in from this screen."),
    "invalid_client": (401, "Access blocked: Authorization Error", "The OAuth client was not found."),
    "deleted_client": (401, "Access blocked: Authorization Error", "The OAuth client was deleted."),
}


def refused(error: str, account: str = "") -> Response:
    """One of Google's errors, on its own page."""
    status, title, words = ERRORS[error]
    who = f"<p>{html.escape(account)}</p>" if account else ""
    body = f"{who}<p>{html.escape(words)}</p><p>Error {status}: {html.escape(error)}</p>"
    return page(status, title, body)


def chooser(flow: str, accounts: Iterable[Account], app: str) -> Response:
    """Which account it shall be: one of those signed in, or another one."""
    items = "".join(
        f"<li><button name=account value={_quoted(each.email)}>{html.escape(' '.join(each.name))} "
        f"{html.escape(each.email)}</button></li>"
        for each in accounts
    )
    other = '<p><label>Email <input name=email type=email></label> <button name=account value="">Next</button></p>'
    forms = f"{_form(CHOOSER, flow, f'<ul>{items}</ul>')}<h2>Use another account</h2>{_form(CHOOSER, flow, other)}"
    return page(200, "Choose an account", f"<p>to continue to {html.escape(app)}</p>{forms}")


def unverified(flow: str, app: str) -> Response:
    """The warning before the consent page of an app nobody checked."""
    go = f"<details open><summary>Advanced</summary><button>Go to {html.escape(app)} (unsafe)</button></details>"
    words = "<p>The app is requesting access to sensitive info in your Google Account.</p>"
    return page(200, "Google hasn't verified this app", words + _form(UNVERIFIED, flow, go))


def consent(flow: str, account: Account, app: str, asked: list[str]) -> Response:
    """What the app wants: a box for every right, none of them ticked, and one box for all."""
    boxes = "".join(
        f"<li><label><input type=checkbox name=scope value={_quoted(scope)}> {html.escape(SCOPES[scope])}</label></li>"
        for scope in asked
    )
    every = f'<p><label><input type=checkbox name=scope value="{ALL}"> Select all</label></p>' if asked else ""
    buttons = (
        "<p><button name=answer value=cancel>Cancel</button> <button name=answer value=continue>Continue</button></p>"
    )
    words = f"<p>{html.escape(account.email)}</p><p>Select what {html.escape(app)} can access</p>"
    form = _form(CONSENT, flow, f"{every}<ul>{boxes}</ul>{buttons}")
    return page(200, f"{app} wants access to your Google Account", words + form)


def page(status: int, title: str, body: str = "") -> Response:
    """A page."""
    shown = html.escape(title, quote=False)
    text = f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{shown}</title><h1>{shown}</h1>{body}</html>"
    return Response(status, text.encode(), "text/html; charset=utf-8")


def _form(action: str, flow: str, inside: str) -> str:
    return f'<form method=post action="{action}"><input type=hidden name=flow value={_quoted(flow)}>{inside}</form>'


def _quoted(value: str) -> str:
    return f'"{html.escape(value)}"'
