"""The site of the Django admin: one door for everybody, and a plain refusal for those who may not enter."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts.policies import check_can_open


class Administration(AdminSite):
    """Log-in is the log-in of the site, so that wrong passwords are counted in one place."""

    site_header = _("Baton administration")
    site_title = _("Baton")
    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators, and whoever an administrator let in; what they may do there is up to their permissions."""
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        return user.is_staff or user.is_administrator

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The address of the admin's own log-in leads to the only one there is."""
        return redirect_to_login(request.GET.get("next") or request.path.removesuffix("login/"))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuses people who are logged in without access, instead of asking them to log in again and again."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                check_can_open(request.user, "admin")
            return inner(request, *args, **kwargs)

        return guarded
