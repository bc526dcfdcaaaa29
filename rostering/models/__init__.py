"""How accounts come to match a roster: runs, their planned changes, holds and issues."""

from rostering.models.facts import Issue, Record
from rostering.models.plan import Answer, Change, Hold, Rejection
from rostering.models.requests import SupportRequest
from rostering.models.run import Run, RunState, Trigger

__all__ = ["Answer", "Change", "Hold", "Issue", "Record", "Rejection", "Run", "RunState", "SupportRequest", "Trigger"]
