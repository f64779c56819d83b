"""What a template may be made of: text, facts by name, comparisons with constants, and a walk through a list. No more.

Whoever writes a template need not be who runs the notifier. What is not in this grammar is refused before the template
is ever rendered: attributes and calls (the ways out of a sandbox), arithmetic and ranges (memory, time), includes and
macros, filters, and every name that is no fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes

MAX_CHARACTERS = 4_000
MAX_WORD = 200
"""Characters of a constant; a template is read by people on their telephones."""

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.And,
    nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.For,
)  # fmt: skip
_LOOP = ("loop", "index")


def refusals(source: str, names: Collection[str]) -> list[str]:
    """Return what is wrong with a template, a line each; `names` are the facts that a template may ask for."""
    if len(source) > MAX_CHARACTERS:
        return [f"it has {len(source)} characters; up to {MAX_CHARACTERS} are taken"]
    try:
        tree = Environment(autoescape=True).parse(source)
    except (TemplateSyntaxError, RecursionError) as error:
        return [f"it is no template: {error}"]
    loops = [node.target.name for node in tree.find_all(nodes.For) if isinstance(node.target, nodes.Name)]
    known = {*names, *loops}
    return sorted({f"line {node.lineno}: {why}" for node in _walk(tree) for why in _wrong(node, known)})


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield every node that is not allowed for as a whole: `loop.index` is."""
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and (node.node.name, node.attr) == _LOOP:
        return
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _wrong(node: nodes.Node, known: Collection[str]) -> Iterator[str]:
    if not isinstance(node, _ALLOWED):
        yield f"{type(node).__name__} is not allowed"
    elif isinstance(node, nodes.Name) and node.name not in known:
        yield f"{node.name!r} is no fact"
    elif isinstance(node, nodes.Const) and len(str(node.value)) > MAX_WORD:
        yield f"a constant has more than {MAX_WORD} characters"
    elif isinstance(node, nodes.For):
        yield from _wrong_loop(node)


def _wrong_loop(node: nodes.For) -> Iterator[str]:
    """A loop inside a loop multiplies, one over anything but a fact could be made as long as its writer likes."""
    if node.recursive or not isinstance(node.iter, nodes.Name) or not isinstance(node.target, nodes.Name):
        yield "a loop goes through one fact"
    if next(nodes.Output(list(node.body)).find_all(nodes.For), None) is not None:
        yield "a loop has no loop inside"
