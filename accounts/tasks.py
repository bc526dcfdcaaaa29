"""Thin Celery wrappers. A task carries nothing: the rows of the outbox are the queue."""

from __future__ import annotations

from celery import shared_task

from accounts import mail, notices


@shared_task(name=mail.SEND, ignore_result=True, acks_late=False)
def send_mail() -> None:
    """Each minute, and whenever something was written: send what is due."""
    mail.send_due()


@shared_task(name="accounts.remind", ignore_result=True, acks_late=False)
def remind() -> None:
    """Now and then: write again about what still waits for somebody."""
    notices.remind()
