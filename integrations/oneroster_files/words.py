"""The names OneRoster gives to its files, and ours for the source."""

SOURCE = "OneRoster files"
MANIFEST, USERS, ORGS, ROLES = "manifest.csv", "users.csv", "orgs.csv", "roles.csv"
#: OneRoster: a file holds everything, or only what changed since the last one, or is not there.
BULK, DELTA, ABSENT = "bulk", "delta", "absent"
