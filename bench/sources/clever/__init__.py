"""Clever."""
