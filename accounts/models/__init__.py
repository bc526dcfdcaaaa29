"""Who people are, what they are told, and the keys of their programs."""

from accounts.models.notices import Mail, Notice
from accounts.models.people import (
    NAME,
    AuditEvent,
    District,
    EmailAlias,
    MailWish,
    Membership,
    Pin,
    School,
    StaffRole,
    User,
    UserManager,
)
from accounts.models.standing import ROLE_BITS, STANDS, STATUS_BITS, Roles, Status
from accounts.models.tokens import ApiToken

__all__ = [
    "NAME",
    "ROLE_BITS",
    "STANDS",
    "STATUS_BITS",
    "ApiToken",
    "AuditEvent",
    "District",
    "EmailAlias",
    "Mail",
    "MailWish",
    "Membership",
    "Notice",
    "Pin",
    "Roles",
    "School",
    "StaffRole",
    "Status",
    "User",
    "UserManager",
]
