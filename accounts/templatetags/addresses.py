"""`{% url %}` as Django has it, with each address worked out only once; built into all templates by the settings."""

from django import template
from django.template import defaulttags
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape

from accounts.addresses import address

register = template.Library()


SECRET = ("my_", "invitation")  # how the names of views begin whose addresses nobody else may know: none is kept


class AddressNode(defaulttags.URLNode):
    """Of views that are in no namespace: those of the admin depend on what is being asked for."""

    def render(self, context):
        name = str(self.view_name.resolve(context))
        if self.kwargs or ":" in name or name.startswith(SECRET):
            return super().render(context)
        try:
            url = address(name, *(argument.resolve(context) for argument in self.args))
        except TypeError:  # an argument that cannot be kept
            return super().render(context)
        except NoReverseMatch:
            if self.asvar is None:
                raise
            url = ""
        if self.asvar:
            context[self.asvar] = url
            return ""
        return conditional_escape(url) if context.autoescape else url


@register.tag
def url(parser, token):
    node = defaulttags.url(parser, token)
    return AddressNode(node.view_name, node.args, node.kwargs, node.asvar)
