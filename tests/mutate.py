"""Mutation of Python: `make mutate ARGS="cases/access.py"`. Would the tests notice if one thing in these functions were wrong?

mutmut's own operators, on every function. mutmut itself passes over decorated functions, and our actions are all
`@transaction.atomic`: so the file is changed in a copy of the tree, one mutant at a time, and the tests named below run on
it until the first that fails. Texts for people (`_("…")`), docstrings, types and decorators are left alone.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parents[1]
ACCESS = ["tests/access/test_door.py", "tests/cases/test_network_page.py"]
TESTS = {
    "cases/access.py": ACCESS,
    "cases/sections.py": ["tests/access/test_door.py"],
    "cases/actions/consent.py": ["tests/access/test_consent.py"],
    "cases/actions/standing.py": ["tests/cases/test_standing.py", "tests/cases/test_exceptional.py"],
    "yhteiso/audit/seal.py": ["tests/audit/test_seal.py"],
}


def mutants(source: str) -> Iterator[tuple[int, str]]:
    """Each mutant of a file as the line that it changes and its whole text."""
    wrapper = cst.MetadataWrapper(cst.parse_module(source))
    where = wrapper.resolve(cst.metadata.PositionProvider)
    seen = {source}
    for node in _inside_functions(wrapper.module, inside=False):
        for kind, operator in mutation_operators:
            for other in operator(node) if isinstance(node, kind) else ():
                text = wrapper.module.deep_replace(node, other).code  # type: ignore[arg-type]
                if text not in seen:
                    seen.add(text)
                    yield where[node].start.line if node in where else 0, text


def _inside_functions(node: cst.CSTNode, *, inside: bool) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Annotation | cst.Decorator):
        return
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in ("_", "ngettext"):
        return
    statement = node.body[0] if isinstance(node, cst.SimpleStatementLine) else None
    if isinstance(statement, cst.Expr) and isinstance(statement.value, cst.SimpleString | cst.ConcatenatedString):
        return
    if inside:
        yield node
    for child in node.children:
        yield from _inside_functions(child, inside=inside or isinstance(node, cst.FunctionDef))


def _outcome(command: list[str], copy: Path) -> int:
    """How the tests ended. A run that was ended from outside says nothing of the mutant: it is run again, thrice at most."""
    for _try in range(3):
        code = subprocess.run(command, cwd=copy, env=os.environ, stdout=subprocess.DEVNULL, check=False).returncode
        if code >= 0:
            return code
    raise SystemExit("The tests were ended from outside three times.")


def main(path: str, most: int) -> int:
    """Run the mutants of one file, or `most` of them taken by lot; print those that nobody noticed."""
    source = (ROOT / path).read_text(encoding="utf-8")
    every = list(mutants(source))
    chosen = sorted(random.Random(1).sample(every, min(most, len(every))))
    left = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".local", "node_modules", "__pycache__"))
        options = ["-x", "-q", "--reuse-db", "-m", "not deep", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *TESTS[path]]
        if _outcome(command, copy):
            print("The tests fail without any mutant.")
            return 2
        for line, text in chosen:
            (copy / path).write_text(text, encoding="utf-8")
            if _outcome(command, copy) == 0:
                left.append(line)
                print(f"left: {path}:{line}: {text.splitlines()[line - 1].strip()}", flush=True)
    killed = len(chosen) - len(left)
    print(f"{path}: {killed} of {len(chosen)} mutants killed ({killed / max(len(chosen), 1):.0%}); {len(every)} there are")
    return 0 if killed >= 0.85 * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
