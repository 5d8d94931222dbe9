"""Django's tags that are asked most often, working out only once what is always the same.

Sentences and addresses that depend on nothing are written when a template is read, and other sentences taken apart; an
address that cannot be made is an error only where it is shown. The form of other addresses, templates to include and
the dates of days are worked out the first time. The settings build these tags into all templates, which need not load
them.
"""

import datetime
from functools import lru_cache

from django import template
from django.conf import settings
from django.template import defaultfilters, defaulttags, loader_tags
from django.template.base import TextNode, TokenType, Variable, VariableNode
from django.templatetags import i18n, static
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape

from accounts.addresses import address

register = template.Library()


class AddressNode(defaulttags.URLNode):
    """Of views that are in no namespace: those of the admin depend on what is being asked for."""

    def __init__(self, node):
        super().__init__(node.view_name, node.args, node.kwargs, node.asvar)
        self.name = node.view_name.var if _is_constant(node.view_name) else None

    def render(self, context):
        name = self.name or str(self.view_name.resolve(context))
        if self.kwargs or ":" in name:
            return super().render(context)
        try:
            url = address(name, *(argument.resolve(context) for argument in self.args))
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
    node = AddressNode(defaulttags.url(parser, token))
    of_portal = node.name and ":" not in node.name and not node.kwargs
    return _written(node) if of_portal and not node.asvar and all(map(_is_constant, node.args)) else node


class NamedTemplate:
    """A template of a name that is always the same, looked up the first time it is included."""

    def __init__(self, name):
        self.name, self.template = name, None

    def resolve(self, context):
        self.template = self.template or context.template.engine.get_template(self.name)
        return self.template


@register.tag
def include(parser, token):
    node = loader_tags.do_include(parser, token)
    if _is_constant(node.template):
        node.template = NamedTemplate(node.template.var)
    return node


@register.tag("blocktrans")
@register.tag("blocktranslate")
def blocktranslate(parser, token):
    node = i18n.do_block_translate(parser, token)
    names = [piece.contents for piece in node.singular if piece.token_type == TokenType.VAR]
    depends = settings.USE_I18N or node.asvar or node.message_context or node.plural or node.trimmed
    if depends or not all(map(str.isidentifier, names)):
        return node
    pieces = [
        TextNode(piece.contents)
        if piece.token_type == TokenType.TEXT
        else VariableNode(parser.compile_filter(piece.contents))
        for piece in node.singular
    ]
    return defaulttags.WithNode(None, None, template.NodeList(pieces), node.extra_context)


@register.tag("static")
def file_address(parser, token):
    node = static.do_static(parser, token)
    return _written(node) if node.varname is None and _is_constant(node.path) else node


@register.tag("trans")
@register.tag("translate")
def translate(parser, token):
    node = i18n.do_translate(parser, token)
    depends = settings.USE_I18N or node.asvar or node.message_context or not _is_constant(node.filter_expression)
    return node if depends else _written(node)


@register.filter(expects_localtime=True)
def date(value, form=None):
    if type(value) is datetime.date and not settings.USE_I18N:  # of moments there are too many to keep
        return _date(value, form)
    return defaultfilters.date(value, form)


@lru_cache(maxsize=10_000)
def _date(value, form):
    return defaultfilters.date(value, form)


def _is_constant(expression):
    of = expression.var
    is_text = isinstance(of, str) or (isinstance(of, Variable) and isinstance(of.literal, str))
    return is_text and not expression.filters


def _written(node):
    try:
        return TextNode(node.render(template.Context()))
    except (NoReverseMatch, ValueError):  # of a view or file that is not there, where nobody may ever ask for it
        return node
