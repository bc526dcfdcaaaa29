"""What the web server says about itself, and what it writes down about those who ask."""

import logging

import pytest
from django.core.cache import cache
from django.test import Client
from redis import ConnectionError as NoConnection


@pytest.mark.django_db
def test_healthy(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "failed": []}


@pytest.mark.django_db
def test_not_ready_says_which_part_and_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise NoConnection("to redis://:password@broker")

    monkeypatch.setattr(cache, "set", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failed", "failed": ["cache"]}


@pytest.mark.django_db
def test_a_query_string_is_never_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/healthz?code=hush-1&state=hush-2")
        client.get("/no-such-page?code=hush-3")
    assert "GET /healthz" in caplog.text
    assert "GET /no-such-page" in caplog.text
    assert "hush" not in caplog.text
