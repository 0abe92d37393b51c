"""Measurements of `manage.py bench`, each with a limit taken in the same run. See docs/performance.md."""
