"""Addresses of the inbox, handoffs and compliance."""

from django.urls import path

from sla.views import compliance, inbox

app_name = "sla"

urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("handoffs/<int:pk>/", inbox.handoff, name="handoff"),
    path("handoffs/<int:pk>/accept/", inbox.accept, name="accept"),
    path("handoffs/<int:pk>/reject/", inbox.reject, name="reject"),
    path("handoffs/<int:pk>/assign/", inbox.assign, name="assign"),
    path("handoffs/<int:pk>/touch/", inbox.touch, name="touch"),
    path("handoffs/<int:pk>/qualify/", inbox.qualify, name="qualify"),
    path("handoffs/<int:pk>/recycle/", inbox.recycle, name="recycle"),
    path("handoffs/<int:pk>/disqualify/", inbox.disqualify, name="disqualify"),
    path("handoffs/<int:pk>/deal/", inbox.open_deal, name="open_deal"),
    path("handoffs/<int:pk>/deal/close/", inbox.close_deal, name="close_deal"),
    path("leads/<int:pk>/handoffs/", inbox.lead_handoffs, name="lead_handoffs"),
    path("compliance/", compliance.compliance, name="compliance"),
    path("compliance/clocks/", compliance.clocks, name="clocks"),
    path("handoffs/<int:pk>/evidence/", compliance.evidence, name="evidence"),
]
