"""Celery's entry of the relay: nothing in, a count out."""

from celery import shared_task


@shared_task
def drain() -> int:
    """Every ten seconds, and when the bell rings: send what waits."""
    return 0
