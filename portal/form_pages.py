"""Pages that hold one form, by which administrators make and change a resource."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse

from accounts.errors import MeridianError
from portal.forms import Form
from portal.lists import Text
from portal.requests import Request, away, page

Save = Callable[[dict[str, Any]], tuple[str, str]]
"""Calls a service with the cleaned fields. Returns the message and the address to go to."""


def form_page(
    request: Request,
    form: Form,
    save: Save,
    *,
    heading: Text,
    intro: Text = "",
    button: Text,
    back: str,
    values: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Return the page of a form. Save a valid one, then leave for the address that `save` returns.

    `values` are further ones for the template, such as the row that the page belongs to.
    """
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                message, to = save(form.cleaned_data)
            except MeridianError as error:
                form.refuse(error)
                status = error.status
            else:
                return away(request, message, to)
    parts = {"form": form, "heading": heading, "intro": intro, "button": button, "back": back}
    return page(request, "forms/page.html", parts | dict(values or {}), status=status)
