"""Django's PostgreSQL backend, with a health check of kept connections that asks nobody (see base.py)."""
