"""Refuses raw SQL that carries values: part of `make check`, run as `python -m yhteiso.local.raw_sql`.

Row security guards against our own forgotten filters; whoever can write SQL of their own as the web login can change hats.
So SQL is a constant with parameters, or psycopg's `sql.SQL("…")` with identifiers and literals put in by psycopg. An
f-string, `%`, `.format`, `+`, or a name that nobody can follow to a constant is refused in `execute`, `executemany`, `raw`,
`copy`, `RawSQL`, `extra` and `RunSQL`. A function that hands its own argument on is held to the same wherever it is called.
"""

import ast
import sys
from collections.abc import Iterator

from yhteiso.local.places import CHECKOUT

METHODS = {"execute", "executemany", "raw", "extra", "RawSQL", "RunSQL", "copy"}
WHOLE = {"extra", "RunSQL"}  # every argument is SQL, in lists and dictionaries too
# Run by hand as the owner, outside any request: they put back links and indexes in PostgreSQL's own words, and explain
# the queries that Django made.
BY_HAND = {"yhteiso/demo/bulk.py", "yhteiso/demo/measure.py"}
APPS = ("yhteiso", "networks", "cases", "meetings", "metrics")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    """Every finding as `path:line: what`; the exit code is 1 when there is one."""
    paths = [path for app in APPS for path in sorted((CHECKOUT / app).rglob("*.py"))]
    sources = {path.relative_to(CHECKOUT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    found = findings({path: text for path, text in sources.items() if path not in BY_HAND})
    print("\n".join(found) or "No raw SQL with values.")
    return 1 if found else 0


def findings(sources: dict[str, str]) -> list[str]:
    """What is refused in these files, by path and text. Passing on of SQL is followed between them by function name."""
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    sinks = _handing_on(trees)
    return [
        f"{path}:{node.lineno}: {ast.unparse(node)[:80]}"
        for path, tree in trees.items()
        for call, function in _calls(tree)
        for node in _sql_of(call, sinks, migration="/migrations/" in path)
        if not _is_constant(node, tree, function) and not _own_argument(node, function)
    ]


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, Function | None]]:
    """Each call with the innermost function around it."""

    def walk(node: ast.AST, function: Function | None) -> Iterator[tuple[ast.Call, Function | None]]:
        if isinstance(node, ast.Call):
            yield node, function
        inner = node if isinstance(node, Function) else function
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner)

    yield from walk(tree, None)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _sql_of(call: ast.Call, sinks: dict[str, set[str | int]], *, migration: bool) -> Iterator[ast.expr]:
    """The arguments of a call that are SQL."""
    name = _name(call)
    if name in WHOLE:
        for value in (*call.args, *(k.value for k in call.keywords)):
            if not migration and not (isinstance(value, ast.Attribute) and value.attr == "noop"):
                yield from _leaves(value)
    elif name in METHODS:
        yield from call.args[:1]
        yield from (k.value for k in call.keywords if k.arg in ("sql", "query", "raw_query"))
    for place in sinks.get(name, ()):
        if isinstance(place, int) and place < len(call.args):
            yield call.args[place]
        yield from (k.value for k in call.keywords if k.arg == place)


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            yield from _leaves(item)
    elif isinstance(node, ast.Dict):
        for item in node.values:
            yield from _leaves(item)
    elif not (isinstance(node, ast.Constant) and not isinstance(node.value, str)):
        yield node


def _handing_on(trees: dict[str, ast.Module]) -> dict[str, set[str | int]]:
    """Functions that hand an argument of their own on as SQL: name → positions and names of those arguments."""
    sinks: dict[str, set[str | int]] = {}
    grown = True
    while grown:
        grown = False
        for path, tree in trees.items():
            for call, function in _calls(tree):
                for node in _sql_of(call, sinks, migration="/migrations/" in path):
                    if function and _own_argument(node, function) and isinstance(node, ast.Name):
                        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
                        place: set[str | int] = {node.id}
                        if node.id in names:
                            place.add(names.index(node.id) - (names[0] in ("self", "cls")))
                        known = sinks.setdefault(function.name, set())
                        grown = grown or not place <= known
                        known |= place
    return sinks


def _own_argument(node: ast.expr, function: Function | None) -> bool:
    """An argument of the function around the call, as it came in: then its callers are looked at."""
    if not isinstance(node, ast.Name) or function is None:
        return False
    arguments = function.args
    names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return node.id in names and not _assigned(node.id, function)


def _is_constant(node: ast.expr, tree: ast.Module, function: Function | None) -> bool:
    """A text in the source, psycopg's own composition of one, or a name bound to nothing else."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Call):
        return _is_composed(node, tree, function)
    if isinstance(node, ast.IfExp):
        return _is_constant(node.body, tree, function) and _is_constant(node.orelse, tree, function)
    if not isinstance(node, ast.Name):
        return False
    values = _assigned(node.id, function) if function else []
    values = values or _assigned(node.id, tree)
    return bool(values) and all(value is not None and _is_constant(value, tree, function) for value in values)


def _is_composed(node: ast.Call, tree: ast.Module, function: Function | None) -> bool:
    """`sql.SQL("…")`, with or without `.format(…)` of psycopg; `sql.Identifier` and `sql.Literal`, which quote."""
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr in ("format", "join")
        and isinstance(node.func.value, ast.Call)
    ):
        return _name(node.func.value) == "SQL" and _is_composed(node.func.value, tree, function)
    if _name(node) in ("Identifier", "Literal"):
        return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "sql"
    return _name(node) == "SQL" and len(node.args) == 1 and _is_constant(node.args[0], tree, function)


def _assigned(name: str, scope: ast.AST) -> list[ast.expr | None]:
    """Everything that the name is bound to in this function, or at the module's own level; None where it can't be told."""
    values: list[ast.expr | None] = []
    for node in ast.walk(scope) if isinstance(scope, Function) else ast.iter_child_nodes(scope):
        if (isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)) or (
            isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name
        ):
            values.append(node.value)
        elif isinstance(node, ast.AugAssign | ast.For | ast.NamedExpr | ast.comprehension):
            if isinstance(node.target, ast.Name) and node.target.id == name:
                values.append(None)
        elif isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
            values.append(None)
    return values


if __name__ == "__main__":
    sys.exit(main())
