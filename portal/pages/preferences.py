"""Personal preferences: theme, language, present project."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import check_for_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import BadInput, NotFound
from portal.requests import Request, away, is_htmx
from portal.signing_in import remember, safe_next
from portal.themes import COLUMNS, ROWS, THEME_COOKIE, THEMES


@require_POST
def preferences(request: Request) -> HttpResponse:
    """Store the theme, the rows and columns of lists, or the language with the user.

    What counts before signing in is kept in the browser too.
    """
    user, data = request.user, request.POST
    if theme := data.get("theme"):
        if theme not in THEMES:
            raise BadInput(fields={"theme": _("There is no such theme.")})
        user.theme = theme
        user.save(update_fields=["theme"])
        response = HttpResponse(status=204) if is_htmx(request) else redirect(safe_next(request))
        remember(response, THEME_COOKIE, theme)
        return response
    if rows := data.get("rows"):
        if rows not in ROWS:
            raise BadInput(fields={"rows": _("There are no such rows.")})
        user.rows = rows
        user.save(update_fields=["rows"])
        return redirect(safe_next(request))
    if "columns" in data:
        user.hidden_columns = [name for name in COLUMNS if name not in data.getlist("columns")]
        user.save(update_fields=["hidden_columns"])
        return HttpResponse(status=204) if is_htmx(request) else redirect(safe_next(request))
    language = data.get("language", "")
    if language not in dict(settings.LANGUAGES) or not check_for_language(language):
        raise BadInput(fields={"language": _("There is no such language.")})
    user.language = language
    user.save(update_fields=["language"])
    with override(language):
        response = away(request, _("The interface speaks English now."), safe_next(request))
    remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@require_POST
def switch_project(request: Request) -> HttpResponse:
    """Work in another project from now on. Raise NotFound for a foreign one."""
    project_id = request.POST.get("project", "")
    project = next((project for project in request.context.projects if project.id == project_id), None)
    if project is None:
        raise NotFound
    request.session["project_id"] = project.id
    return away(request, _("You work in %(project)s now.") % {"project": project.name}, "/")
