"""The JSON API with its OpenAPI description; each app brings its own router."""

from ninja import NinjaAPI

from leads.api import router as leads_router

api = NinjaAPI(
    title="Baton", version="1", urls_namespace="api", description="Submissions in, handoffs and evidence out."
)
api.add_router("", leads_router)
