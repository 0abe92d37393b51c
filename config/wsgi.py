"""The WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config.bodies import whole_bodies
from config.checks import refuse_wrong_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = whole_bodies(get_wsgi_application())
refuse_wrong_settings()
