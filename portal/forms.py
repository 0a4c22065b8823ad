"""Forms in Meridian's markup: labels, help and errors tied to their fields for screen readers."""

from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import engines
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import MeridianError
from accounts.services import passwords
from compute.engine.services import local_times

NEW_PASSWORD = gettext_lazy("New password")
MOST_AT_A_GLANCE = 12
"""How many choices a list of boxes shows without a field that narrows it."""

_CONTROLS = {
    forms.Select: "form-select",
    forms.CheckboxInput: "form-check-input",
    forms.RadioSelect: "form-check-input",
}


def _add_css_class(field: forms.Field) -> None:
    """Set the class that style sheets expect on the field's control."""
    classes = (css for widget, css in _CONTROLS.items() if isinstance(field.widget, widget))
    field.widget.attrs.setdefault("class", next(classes, "form-control"))


class Renderer(DjangoTemplates):
    """Render fields with our own template, and widgets with Django's."""

    field_template_name = "forms/field.html"

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("forms/"):
            return engines["django"].get_template(template_name)
        return super().get_template(template_name)


class Form(forms.Form):
    """A form that only parses. Services validate, and `refuse` shows their errors at the fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _add_css_class(field)

    def add(self, name: str, field: forms.Field) -> None:
        """Add a field that the class does not have."""
        _add_css_class(field)
        self.fields[name] = field

    def refuse(self, error: MeridianError) -> None:
        """Show a service's error at its fields if the form has them, else above the form."""
        has_fields = False
        for name, text in error.fields.items():
            self.add_error(name if name in self.fields else None, str(text or error))
            has_fields = True
        if not has_fields:
            self.add_error(None, str(error))
        for name in self.errors:
            if name in self.fields:
                css = self.fields[name].widget.attrs["class"]
                self.fields[name].widget.attrs["class"] = f"{css} is-invalid"


class CheckList(forms.CheckboxSelectMultiple):
    """Any number of choices. A long list scrolls and has a field that narrows it (static/js/check-list.js)."""

    template_name = "forms/check_list.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return _with_length(super().get_context(name, value, attrs))


class RadioList(forms.RadioSelect):
    """One of the choices, in such a list."""

    template_name = "forms/check_list.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return _with_length(super().get_context(name, value, attrs))


def _with_length(context: dict[str, Any]) -> dict[str, Any]:
    context["widget"]["is_long"] = len(context["widget"]["optgroups"]) > MOST_AT_A_GLANCE
    return context


def description_field() -> forms.CharField:
    """Return the optional description of a resource."""
    return forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


def time_zone_field() -> forms.ChoiceField:
    """Return a choice of time zones. static/js/time-zone.js chooses the browser's own."""
    return forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        initial="UTC",
        choices=lambda: [(name, name.replace("_", " ")) for name in local_times.time_zones()],
        widget=forms.Select(attrs={"data-time-zone": ""}),
    )


class Pairs(forms.CharField):
    """Lines of key=value, cleaned to {key: value}. The last value of a key counts; empty lines are skipped."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        attributes = {"rows": rows, "spellcheck": "false", "autocomplete": "off"}
        super().__init__(required=False, strip=False, widget=forms.Textarea(attrs=attributes), **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not self.pairs(line):
                raise forms.ValidationError(_("Line %(number)s is no key=value.") % {"number": number})
        return self.pairs(text)

    @staticmethod
    def pairs(text: str) -> dict[str, str]:
        """Return the lines of the form key=value."""
        parts = [line.partition("=") for line in text.splitlines()]
        return {key.strip(): value.strip() for key, sign, value in parts if sign and key.strip()}

    def prepare_value(self, value: Any) -> Any:
        """Return a dictionary as lines, anything else unchanged."""
        if isinstance(value, dict):
            return "\n".join(f"{key}={text}" for key, text in sorted(value.items()))
        return value


class NewPassword(forms.CharField):
    """A new password. Typed once, since the browser keeps it and can show it."""

    def __init__(self, *, label: Any = NEW_PASSWORD, autofocus: bool = False) -> None:
        super().__init__(
            label=label,
            max_length=1024,
            strip=False,
            help_text=lazy(passwords.hint, str)(),
            widget=forms.PasswordInput(
                attrs={"autocomplete": "new-password"} | ({"autofocus": True} if autofocus else {})
            ),
        )
