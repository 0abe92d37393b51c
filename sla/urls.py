"""Addresses of the inbox, handoffs and compliance."""

from django.urls import path

from sla.views import calendars, compliance, handoffs, inbox

app_name = "sla"

urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("handoffs/<int:pk>/", handoffs.handoff, name="handoff"),
    path("handoffs/<int:pk>/accept/", handoffs.accept, name="accept"),
    path("handoffs/<int:pk>/reject/", handoffs.by_form, {"name": "reject"}, name="reject"),
    path("handoffs/<int:pk>/assign/", handoffs.by_form, {"name": "assign"}, name="assign"),
    path("handoffs/<int:pk>/touch/", handoffs.by_form, {"name": "touch"}, name="touch"),
    path("handoffs/<int:pk>/qualify/", handoffs.by_form, {"name": "qualify"}, name="qualify"),
    path("handoffs/<int:pk>/recycle/", handoffs.by_form, {"name": "recycle"}, name="recycle"),
    path("handoffs/<int:pk>/disqualify/", handoffs.by_form, {"name": "disqualify"}, name="disqualify"),
    path("handoffs/<int:pk>/pause/", handoffs.by_form, {"name": "pause"}, name="pause"),
    path("handoffs/<int:pk>/resume/", handoffs.by_form, {"name": "resume"}, name="resume"),
    path("handoffs/<int:pk>/waive/", handoffs.by_form, {"name": "waive"}, name="waive"),
    path("handoffs/<int:pk>/deal/", handoffs.by_form, {"name": "open_deal"}, name="open_deal"),
    path("handoffs/<int:pk>/deal/close/", handoffs.by_form, {"name": "close_deal"}, name="close_deal"),
    path("leads/<int:pk>/handoffs/", handoffs.lead_handoffs, name="lead_handoffs"),
    path("compliance/", compliance.compliance, name="compliance"),
    path("compliance/clocks/", compliance.clocks, name="clocks"),
    path("handoffs/<int:pk>/evidence/", compliance.evidence, name="evidence"),
    path("calendars/", calendars.calendars, name="calendars"),
    path("calendars/new/", calendars.new, name="calendar_new"),
    path("calendars/preview/", calendars.preview, name="calendar_preview"),
    path("calendars/<int:pk>/", calendars.calendar, name="calendar"),
    path("calendars/<int:pk>/edit/", calendars.edit, name="calendar_edit"),
]
