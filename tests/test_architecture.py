"""The rules of the house that a machine can check: what imports what, where things live, how long files are."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
TOP_LEVEL = {
    "manage.py",
    "pyproject.toml",
    "README.md",
    "portal",
    "qa",
    "accounts",
    "templates",
    "static",
    "fixtures",
    "tests",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    "requirements.txt",
    "locale",
}

# Of qa/: the nouns, and what shows them or starts something. Everything else there is a verb.
NOT_VERBS = {"__init__", "apps", "errors", "migrations", "models"} | {
    "admin", "feeds", "forms", "management", "sitemaps", "structured_data", "templatetags", "urls", "views",
}  # fmt: skip
VERBS = sorted(
    f"qa.{path.stem}"
    for path in (ROOT / "qa").iterdir()
    if path.stem not in NOT_VERBS and (path.suffix == ".py" or (path / "__init__.py").exists())
)

# Who may not import what; every prefix that fits a module counts.
FORBIDDEN = [
    ("accounts", ["qa", "portal"]),
    ("qa.models", ["qa.forms", "qa.views", "qa.admin", "qa.templatetags", *VERBS]),
    ("qa.forms", ["qa.views", "qa.admin"]),
    ("qa.views", ["qa.admin", "qa.management"]),
    ("qa.admin", ["qa.views", "qa.management"]),
    ("qa.management", ["qa.views", "qa.admin"]),
    ("qa.urls", ["qa.admin"]),
    ("qa", ["portal"]),
    *((verb, [f"qa.{name}" for name in sorted(NOT_VERBS - {"errors", "models"})]) for verb in VERBS),
    *((verb, ["django.shortcuts", "accounts.admin", "accounts.limits", "accounts.views"]) for verb in VERBS),
]


def files(*endings):
    """What is kept under version control, or everything where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    names = (
        listed.stdout.splitlines() if listed.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    )
    found = [Path(name) for name in names if name.endswith(endings) and (ROOT / name).exists()]
    return [path for path in found if path.parts[0] in TOP_LEVEL]


PYTHON = [path for path in files(".py") if "migrations" not in path.parts]
CODE = [path for path in PYTHON if path.parts[0] != "tests"]
TEMPLATES = files(".html")


def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def imports_of(path):
    for node in ast.walk(ast.parse(source(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_name(path):
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def is_within(module, package):
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("path", CODE, ids=str)
def test_imports_point_down(path):
    module = module_name(path)
    forbidden = [name for prefix, names in FORBIDDEN if is_within(module, prefix) for name in names]
    wrong = {name for name in imports_of(path) for package in forbidden if is_within(name, package)}
    assert not wrong


@pytest.mark.parametrize("path", [p for p in CODE if p.parts[:2] != ("qa", "models")], ids=str)
def test_models_are_imported_from_their_package(path):
    modules = [f"qa.models.{file.stem}" for file in (ROOT / "qa" / "models").glob("[a-z]*.py")]
    assert not {name for name in imports_of(path) for module in modules if is_within(name, module)}


@pytest.mark.parametrize("path", CODE, ids=str)
def test_no_private_name_is_taken_from_another_module(path):
    taken = {name for name in imports_of(path) if re.search(r"\._[a-z]", name)}
    assert not {name for name in taken if is_within(name, "qa") or is_within(name, "accounts")}


@pytest.mark.parametrize("path", [p for p in CODE if p.parts[:2] != ("qa", "models")], ids=str)
def test_only_the_models_filter_on_status(path):
    assert not re.search(r"(filter|exclude|get|Q)\([^)]*\bstatus(__\w+)?\s*=", source(path))


@pytest.mark.parametrize("path", [p for p in CODE if "templatetags" not in p.parts], ids=str)
def test_only_template_tags_mark_text_as_safe(path):
    assert "mark_safe" not in source(path)
    assert "SafeString" not in source(path)


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_templates_hold_no_unescaped_text_and_no_inline_style_or_script(path):
    text = source(path)
    assert not re.search(r"\|\s*safe\b|autoescape off", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"(src|href)=\"(https?:)?//", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_templates_put_no_separator_into_a_key(path):
    """A page would write "1,704": write {{ row.pk|unlocalize }}."""
    assert not re.search(r"{{ [\w.]*\.pk }}", source(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_templates_leave_the_tags_that_the_settings_build_in(path):
    """Loaded again, Django's own would take their place."""
    assert not re.search(r"{% load [^%]*\b(i18n|static)\b", source(path))


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.parts[1] == "partials"], ids=str)
def test_partials_say_what_they_need(path):
    assert source(path).startswith("{# Needs: ")


@pytest.mark.parametrize("path", CODE, ids=str)
def test_every_module_says_what_lives_in_it_and_is_short(path):
    text = source(path)
    assert text.count("\n") <= 400
    tree = ast.parse(text)
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > 40
    ]
    assert not long
    if tree.body and path.name not in ("apps.py", "__init__.py"):
        assert ast.get_docstring(tree)


def test_no_model_overrides_save():
    models = [path for path in CODE if "models" in path.parts or path.name == "models.py"]
    assert not [path for path in models if re.search(r"def save\(", source(path))]


def test_nothing_else_lies_at_the_top():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    entries = {Path(name).parts[0] for name in listed}
    assert {entry for entry in entries if not entry.startswith(".")} <= TOP_LEVEL
