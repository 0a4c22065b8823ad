"""Forms in the house's markup: labels, help and errors tied to their fields for screen readers."""

from django.forms.renderers import DjangoTemplates, EngineMixin
from django.template import engines
from django.template.backends.django import DjangoTemplates as Engine


class Renderer(DjangoTemplates):
    """Django's own widget templates, our field template."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def get_template(self, template_name: str):  # type: ignore[no-untyped-def]
        if template_name.startswith("forms/"):
            return engines["django"].get_template(template_name)
        return super().get_template(template_name)


__all__ = ["Engine", "EngineMixin", "Renderer"]
