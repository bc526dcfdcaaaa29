"""ClassLink Roster Server."""
