"""Addresses of the inbox, handoffs and compliance."""

from django.urls import path

from sla.views import agreement_editor, agreements, calendars, compliance, handoffs, inbox, ladders, passing

app_name = "sla"

urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("handoffs/reassign/", passing.reassign, name="reassign"),
    path("handoffs/<int:pk>/", handoffs.handoff, name="handoff"),
    path("handoffs/<int:pk>/accept/", handoffs.accept, name="accept"),
    path("handoffs/<int:pk>/reject/", handoffs.by_form, {"name": "reject"}, name="reject"),
    path("handoffs/<int:pk>/assign/", handoffs.by_form, {"name": "assign"}, name="assign"),
    path("handoffs/<int:pk>/give-back/", handoffs.by_form, {"name": "give_back"}, name="give_back"),
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
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/new/", agreement_editor.new, name="agreement_new"),
    path("agreements/<int:pk>/", agreements.agreement, name="agreement"),
    path("agreements/<int:pk>/compare/", agreements.compare, name="agreement_compare"),
    path("agreements/<int:pk>/versions/<int:number>/", agreements.version, name="agreement_version"),
    path("agreements/<int:pk>/versions/<int:number>/print/", agreements.printed, name="agreement_print"),
    path("agreements/<int:pk>/versions/<int:number>/agreement.pdf", agreements.pdf, name="agreement_pdf"),
    path("agreements/<int:pk>/draft/", agreement_editor.draft, name="agreement_draft"),
    path("agreements/<int:pk>/edit/", agreement_editor.edit, name="agreement_edit"),
    path("agreements/<int:pk>/preview/", agreement_editor.preview, name="agreement_preview"),
    path("agreements/<int:pk>/propose/", agreement_editor.propose_draft, name="agreement_propose"),
    path("agreements/<int:pk>/take-back/", agreement_editor.take_back_proposal, name="agreement_take_back"),
    path("agreements/<int:pk>/discard/", agreement_editor.discard, name="agreement_discard"),
    path("agreements/<int:pk>/sign/", agreement_editor.sign_version, name="agreement_sign"),
    path("agreements/simulate/", ladders.simulation, name="simulate"),
    path("agreements/promises/<int:pk>/ladder/", ladders.ladder, name="ladder"),
    path("calendars/", calendars.calendars, name="calendars"),
    path("calendars/new/", calendars.new, name="calendar_new"),
    path("calendars/preview/", calendars.preview, name="calendar_preview"),
    path("calendars/<int:pk>/", calendars.calendar, name="calendar"),
    path("calendars/<int:pk>/edit/", calendars.edit, name="calendar_edit"),
]
