"""What the help page explains: questions that come up, and the words of the pages."""

from __future__ import annotations

QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "When does syncing occur?",
        (
            "Once every 24 hours, at 11:00 PM Eastern. It usually takes a few hours.",
            "For a sync during the day, open Integrations and ask for one.",
        ),
    ),
    (
        "How long does the first sync take?",
        (
            "With Clever, linking your schools and the first sync are usually done within a few hours.",
            "With ClassLink it can take up to 48 hours.",
        ),
    ),
    (
        "Are people told when we make their account?",
        ("No. SmartPass tells nobody about a new account. You decide when and how your school does.",),
    ),
    (
        "What happens to somebody who leaves?",
        (
            "A sync suspends them: they disappear from SmartPass and can't sign in, and their data is kept.",
            "If they come back in the source, the same account comes back. A sync never deletes anybody.",
        ),
    ),
    (
        "Why does a sync wait for approval?",
        (
            "When much more would change than usual, we stop before doing it. Nothing of it has happened.",
            "Somebody reads the list and releases or rejects it. The rest of the sync goes on.",
        ),
    ),
    (
        "Somebody is missing. What now?",
        ("Find a person says whether the source shares them, and what keeps them out.",),
    ),
    (
        "What does a pause do?",
        (
            "While a source is paused no sync starts. Accounts stay as they are, and everybody can sign in.",
            "Before you resume you can look at what the next sync would do.",
        ),
    ),
)

TERMS: tuple[tuple[str, str], ...] = (
    ("Rostering", "Getting your students and staff into SmartPass, and keeping them right."),
    ("Account", "A person's entry. A standard account signs in with a SmartPass password and is added by hand."),
    ("Role", "Student, Teacher, Admin or Assistant. One person can be Admin and Teacher."),
    ("Assistant", "Acts for one or more teachers; has no other role."),
    ("Source", "Where accounts come from: Clever, ClassLink, OneRoster, or a person."),
    ("Sync", "The check that makes SmartPass match the source."),
    ("Preview", "What a sync would do, without doing it."),
    ("Hold", "A risky part of a sync that waits for a person's yes."),
    ("Skipped", "A person we left unchanged, with a reason."),
    ("Clever district and school", "Your district's name in Clever, and the schools it shares."),
    ("School ID (Clever)", "The number your district gives a school in Clever. Optional for us."),
    ("Tenant Name / Tenant ID", "Your district's name and number in ClassLink."),
    ("Org", "ClassLink's word for a school or district."),
    (
        "Sourced ID",
        "The fixed id ClassLink or OneRoster gives a person or an Org; it does not change when names do.",
    ),
    ("Identifier", "The number your district gives an Org in ClassLink."),
    ("Roster Server", "ClassLink's data part."),
    ("Suspended", "Hidden in SmartPass, with the data kept."),
    ("Disabled", "Can't sign in, but staff can still write passes."),
    ("Protected", "A sync may not change this account."),
)
