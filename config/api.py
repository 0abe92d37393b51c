"""The JSON API with its OpenAPI description; each app brings its own routers."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from accounts.api import router as account
from leads.api import errors
from leads.api.activities import router as activities
from leads.api.reading import RequestParser
from leads.api.submissions import router as submissions
from leads.api.telling import ExactRenderer
from sla.api import errors as sla_errors
from sla.api.agreements import router as agreements
from sla.api.compliance import router as compliance
from sla.api.handoffs import router as handoffs
from sla.api.leads import router as leads
from sla.api.verbs import router as verbs

api = NinjaAPI(
    title="Baton",
    version="1",
    urls_namespace="api",
    description="Submissions in, with the key of a source. Everything else with a person's API token, in that person's name and "
    "with that person's rights. Times are ISO 8601; those sent need an offset. Lists come newest first, in pages: `next` is the "
    "address of the page that follows. See docs/api.md.",
    parser=RequestParser(),
    renderer=ExactRenderer(),
)
errors.install(api)
sla_errors.install(api)
for router in (submissions, account, leads, activities, handoffs, verbs, agreements, compliance):
    api.add_router("", router)


@csrf_exempt
def unknown_address(request: HttpRequest, address: str) -> HttpResponse:
    """Programs read JSON, also where they were led astray."""
    message = _("The API has no address /api/v1/%s.") % address
    return errors.one(404, "not_found", "address", message, _("All addresses are listed at /api/v1/docs."))
