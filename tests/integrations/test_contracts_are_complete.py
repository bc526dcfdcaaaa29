"""No source without a contract test."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from integrations import registry
from tests.integrations.contract import ProviderContract

ROOT = Path(__file__).parents[2] / "integrations"
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/provider.py"))
#: Works, and is registered together with its pages.
WITHOUT_PAGES = {"google"}


def under_contract(folder: str) -> bool:
    """Whether tests/integrations/test_<folder>_contract.py puts that folder's provider under the contract."""
    try:
        module = importlib.import_module(f"tests.integrations.test_{folder}_contract")
    except ModuleNotFoundError:
        return False
    kept = [
        value.provider.__module__
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ProviderContract) and value is not ProviderContract
    ]
    return f"integrations.{folder}.provider" in kept


def test_there_are_providers() -> None:
    """The search finds the ones we know."""
    assert "clever" in FOLDERS


def test_every_provider_is_in_the_registry() -> None:
    """Its folder and its line belong together."""
    named = {provider: f"{provider.__module__}.{provider.__name__}" for provider in registry.PROVIDERS.values()}
    assert sorted(named.values()) == sorted(registry.SOURCES)
    folders = [name.split(".")[1] for name in named.values()]
    assert sorted([*folders, *WITHOUT_PAGES]) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_provider_is_under_contract(folder: str) -> None:
    """A folder with a provider.py has a test class that inherits the contract."""
    assert under_contract(folder)


def test_a_provider_without_a_contract_would_be_found() -> None:
    """The check can fail."""
    assert not under_contract("nothing_like_this")
