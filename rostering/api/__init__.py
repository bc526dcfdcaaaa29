"""The API about sources, their syncs and what waits for a person."""
