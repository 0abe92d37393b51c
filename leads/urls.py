"""Addresses of intake, the submissions review, and leads."""

from django.urls import path

from leads.views import hosted, merging, people, submissions

app_name = "leads"

urlpatterns = [
    path("f/<slug:slug>/", hosted.hosted_form, name="form"),
    path("submissions/", submissions.submissions, name="submissions"),
    path("submissions/bulk/", submissions.bulk, name="submissions_bulk"),
    path("submissions/take-back/", submissions.take_back, name="submissions_take_back"),
    path("submissions/<int:pk>/", submissions.submission, name="submission"),
    path("submissions/<int:pk>/decide/", submissions.decide, name="submission_decide"),
    path("submissions/<int:pk>/correct/", submissions.correct, name="submission_correct"),
    path("leads/", people.lead_list, name="list"),
    path("leads/<int:pk>/", people.lead_detail, name="detail"),
    path("leads/<int:pk>/timeline/", people.timeline_page, name="timeline"),
    path("leads/<int:pk>/hand-off/", people.hand_off, name="hand_off"),
    path("leads/<int:pk>/nurture/", people.nurture, name="nurture"),
    path("leads/<int:pk>/disqualify/", people.disqualify, name="disqualify"),
    path("leads/<int:pk>/merge/", merging.merge, name="merge"),
    path("leads/<int:pk>/merge/<int:other>/", merging.merge_with, name="merge_with"),
    path("leads/<int:pk>/reopen/", people.reopen, name="reopen"),
]
