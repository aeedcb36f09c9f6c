"""How many small faults in the checks their cases find: python -m benchmarks.mutants.

Each mutant is a check with one thing changed: by an operator of cosmic-ray, or by one of the two below that it lacks.
It is killed when a case of the check, or a test of its table boundaries, no longer holds. The changed file is written
to a temporary folder and loaded from there, in this process; the checkout is never touched. Prints a Markdown table
of the areas, and with --survivors each mutant that no case finds. CONTRIBUTING.md says what is left out.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import io
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from auditor.bundled import checks_folder
from auditor.engine import discovery
from auditor.engine.cases import load_cases, run_case
from auditor.engine.declaration import Check, DeclarationError

ROOT = Path(__file__).parents[1]
CASES = ROOT / "fixtures" / "checks"
BOUNDARIES = ROOT / "tests" / "checks" / "test_table_boundaries.py"
# A mutant that takes longer than this goes round for ever.
SECONDS = 20

LEFT_OUT = (
    "RemoveDecorator",  # what is left is no check
    # Members of enumerations are the same exactly when they are equal, and whether equal texts are one is chance.
    *("_Is_Eq", "_IsNot_NotEq", "_Eq_Is", "_NotEq_IsNot"),
)

Position = tuple[int, int]


class RemoveCall:
    """Put `None` in the place of a statement that only calls something: a demand, most often."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Position, Position]]:
        """Give the place of the call."""
        if node.type == "simple_stmt" and node.children[0].type in ("power", "atom_expr"):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put `None` there."""
        node.children[0] = get_ast(f"{node.children[0].get_first_leaf().prefix}None")
        return node


class TurnMembership:
    """Turn `in` to `not in`, and back."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Position, Position]]:
        """Give the place of each operator of the comparison that asks for membership."""
        for operator in self._operators(node):
            yield operator.start_pos, operator.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Turn one of them."""
        operator = self._operators(node)[index]
        turned = " in" if operator.type == "comp_op" else " not in"
        node.children[node.children.index(operator)] = get_ast(turned)
        return node

    @staticmethod
    def _operators(node: Any) -> list[Any]:
        if node.type != "comparison":
            return []
        return [child for child in node.children[1::2] if child.get_code().split() in (["in"], ["not", "in"])]


def operators() -> dict[str, Any]:
    """Return all operators by name."""
    names = [name for name in operator_names() if not name.endswith(LEFT_OUT)]
    classes = {name.removeprefix("core/"): get_operator(name) for name in names}
    ours = {"RemoveCall": RemoveCall(), "TurnMembership": TurnMembership()}
    return {**{name: each() for name, each in classes.items() if not each.arguments()}, **ours}


def type_annotations(source: str) -> list[tuple[Position, Position]]:
    """Return where the annotations of types are: they decide nothing."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
    return [((one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0)) for one in found if one]


@dataclass(frozen=True)
class Mutant:
    """A check file with one thing changed."""

    file: Path
    operator: str
    line: int
    source: str
    killed: bool

    def __str__(self) -> str:
        changed = difflib.ndiff(self.file.read_text(encoding="utf-8").splitlines(), self.source.splitlines())
        lines = "\n".join(f"    {line}" for line in changed if line.startswith(("-", "+")))
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.operator}\n{lines}"


def changed_sources(source: str, each: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Yield the operator, the line and the changed source of every mutant of a file."""
    spared, tree = type_annotations(source), get_ast(source)
    for name, operator in each.items():
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, place in enumerate(places):
            if not any(start <= place < end for start, end in spared):
                yield name, place[0], mutate_code(source, operator, occurrence)


class _TooSlow(BaseException):
    pass


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise _TooSlow


class Trial:
    """One check on trial: its cases, and the tests of its table boundaries if there are some."""

    def __init__(self, file: Path, checks: tuple[Check, ...]) -> None:
        self.file = file
        self.checks = checks
        self.original = next(check for check in checks if check.slug == file.stem)
        self.cases = load_cases(CASES / f"{file.stem}.toml")
        self.boundary_test = f"test_{self.original.id.casefold().replace('-', '_')}_"
        self.has_boundaries = f"def {self.boundary_test}" in BOUNDARIES.read_text(encoding="utf-8")

    def mutants(self, folder: Path, each: dict[str, Any]) -> Iterator[Mutant]:
        """Yield every mutant that still loads as a check."""
        for operator, line, source in changed_sources(self.file.read_text(encoding="utf-8"), each):
            changed = folder / self.file.name
            changed.write_text(source, encoding="utf-8")
            try:
                check = discovery.load_check(changed)
            except (DeclarationError, SyntaxError):
                continue
            yield Mutant(self.file, operator, line, source, self._is_killed(check))

    def holds(self) -> bool:
        """Whether the unchanged check passes."""
        return not self._is_killed(self.original)

    def _is_killed(self, check: Check) -> bool:
        checks = tuple(check if one.slug == check.slug else one for one in self.checks)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            return any(run_case(case, checks) for case in self.cases) or self._breaks_boundaries(checks)
        except (_TooSlow, Exception):  # noqa: BLE001 - whatever breaks a case has been found by it
            return True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _breaks_boundaries(self, checks: tuple[Check, ...]) -> bool:
        if not self.has_boundaries:
            return False
        options = ["-x", "-q", "-p", "no:cacheprovider", "-k", self.boundary_test, str(BOUNDARIES)]
        with contextlib.redirect_stdout(io.StringIO()):
            return pytest.main(options, plugins=[_Judging(checks)]) is not pytest.ExitCode.OK


class _Judging:
    """Lets the tests of a run judge by these checks."""

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self.checks = checks

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        for item in items:
            item.module.CHECKS = self.checks


def row(name: str, mutants: Sequence[Mutant]) -> str:
    """Return a row of the table."""
    killed = sum(mutant.killed for mutant in mutants)
    return f"| {name} | {len(mutants)} | {killed} | {share(mutants):.1f} % |"


def share(mutants: Sequence[Mutant]) -> float:
    """Return how many of a hundred mutants are killed."""
    return 100 * sum(mutant.killed for mutant in mutants) / max(1, len(mutants))


def main(arguments: Sequence[str] | None = None) -> None:
    """Try all mutants and print the table; exit with 1 when fewer than asked for are killed."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0] if __doc__ else None)
    parser.add_argument("slugs", nargs="*", help="checks to look at; by default all")
    parser.add_argument("--survivors", action="store_true", help="print each mutant that is not killed")
    parser.add_argument("--least", type=float, default=90, help="how many of a hundred must be killed")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGALRM, _give_up)
    warnings.simplefilter("ignore", SyntaxWarning)
    checks, each = discovery.load_checks([checks_folder()]), operators()
    mutants: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder:
        for file in discovery.check_files([checks_folder()]):
            if chosen.slugs and file.stem not in chosen.slugs:
                continue
            trial = Trial(file, checks)
            if not trial.holds():
                parser.error(f"The cases of {file.stem} do not hold as it is; mend them first.")
            for mutant in trial.mutants(Path(folder), each):
                mutants.append(mutant)
                if chosen.survivors and not mutant.killed:
                    print(mutant, flush=True)
    print("| area | mutants | killed | share |\n|---|---|---|---|")
    for area in sorted(Counter(mutant.file.parent.name for mutant in mutants)):
        print(row(area, [mutant for mutant in mutants if mutant.file.parent.name == area]))
    print(row("all", mutants))
    sys.exit(share(mutants) < chosen.least)


if __name__ == "__main__":
    main()
