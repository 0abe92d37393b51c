"""Settings, URLs, Celery and checks: the only package that knows all apps."""

from config.celery import app as celery_app

__all__ = ("celery_app",)
