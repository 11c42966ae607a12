"""The structure of the node's code: imports between its packages go one way, and files and folders are small."""

import ast
import unittest
from pathlib import Path
from typing import Iterator, Tuple

SCRIPTS = Path(__file__).resolve().parents[2] / "blender_scripts"
NODE = SCRIPTS / "farm_node"

BELOW = {
    "files": set(),
    "wire": {"files"},
    "cache": {"files", "wire"},
    "slots": {"files", "wire", "cache"},
    "job": {"files", "wire", "cache", "slots"},
    "session": {"files", "wire", "cache", "slots", "job"},
}
"""The packages that each may import."""

ENTRY = {"program", "node", "options", "ready_file", "shutdown", "awake"}
"""Files at the root that may import every package. All packages may use the other files there."""


def modules() -> Iterator[Tuple[str, Path]]:
    """Their names below farm_node, for example `wire.link`."""
    for path in sorted(NODE.rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(NODE).with_suffix("").parts), path


def imports_of(name: str, path: Path) -> Iterator[str]:
    """The modules of farm_node that a module imports."""
    package = name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            base = package[: len(package) - (node.level - 1)]
            if node.module:
                yield ".".join([*base, node.module])


class Architecture(unittest.TestCase):
    def test_imports_between_packages_run_one_way(self) -> None:
        wrong = []
        for name, path in modules():
            package = name.split(".")[0] if "." in name else None
            for target in imports_of(name, path):
                into = target.split(".")[0] if "." in target else None
                if package is None:
                    is_wrong = into not in (None, "files") and name not in ENTRY
                else:
                    is_wrong = into not in BELOW[package] | {package} if into else target in ENTRY
                if is_wrong:
                    wrong.append(f"{name} imports {target}")
        self.assertEqual(wrong, [])

    def test_no_module_imports_itself_through_others(self) -> None:
        graph = {name: set(imports_of(name, path)) for name, path in modules()}
        done: set = set()

        def visit(name: str, trail: Tuple[str, ...]) -> None:
            self.assertNotIn(name, trail, f"a circle of imports: {' -> '.join([*trail, name])}")
            if name in done:
                return
            for target in graph.get(name, ()):
                visit(target, (*trail, name))
            done.add(name)

        for name in graph:
            visit(name, ())

    def test_no_file_is_too_long(self) -> None:
        files = [path for path in SCRIPTS.rglob("*.py") if "vendor" not in path.parts]
        lengths = {str(path.relative_to(SCRIPTS)): len(path.read_text("utf-8").splitlines()) for path in files}
        self.assertEqual({name: lines for name, lines in lengths.items() if lines > 250}, {})

    def test_no_folder_has_too_many_files(self) -> None:
        folders = {path.parent for path in SCRIPTS.rglob("*.py") if "vendor" not in path.parts}
        sizes = {str(folder.relative_to(SCRIPTS)): len(list(folder.glob("*.py"))) for folder in folders}
        self.assertEqual({name: size for name, size in sizes.items() if size > 22}, {})


if __name__ == "__main__":
    unittest.main()
