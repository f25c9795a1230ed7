"""The rules of the house that no linter knows. A rule that nothing checks is no rule."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tastebuds.rpc.v1.access_pb2 import access

ROOT = Path(__file__).parent.parent
SERVICES = ("auth", "catalog", "ingest", "menus", "gateway")
SOURCES = [
    path
    for place in ("libs/common/src", "services", "deploy/local/src", "bench", "chaos")
    for path in sorted((ROOT / place).rglob("*.py"))
    if "migrations" not in path.parts
]
TESTS = [path for path in SOURCES if "tests" in path.parts] + sorted((ROOT / "tests").rglob("*.py"))
CODE = [path for path in SOURCES if "tests" not in path.parts]

BANNED_NAMES = {"utils", "helpers", "util", "helper", "misc", "base", "manager"}
# Where any error may be caught, because a loop or an answer must go on (house style 11).
BOUNDARIES = {
    "libs/common/src/common/durables.py",
    "libs/common/src/common/following.py",
    "libs/common/src/common/grpc_interceptor.py",
    "libs/common/src/common/ops_http.py",
    "libs/common/src/common/outbox.py",
    "libs/common/src/common/process.py",
    "libs/common/src/common/trying.py",
    "services/ingest/src/ingest/jobs/consumers.py",
}
WIRE_LAYERS = {"service", "repository", "models", "errors"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def each(paths: list[Path]):
    return pytest.mark.parametrize("path", paths, ids=named)


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@each(CODE)
def test_files_can_be_held_in_mind(path):
    limit = 80 if path.name == "main.py" else 400
    if "libs/common" in named(path):
        limit = 150
    assert lines_of(path) <= limit


@each(TESTS)
def test_test_files_too(path):
    assert lines_of(path) <= 600


@each(CODE)
def test_functions_are_short_and_ask_for_little(path):
    for function in functions_of(path):
        assert function.end_lineno is not None
        first = function.body[0].lineno if function.body else function.lineno
        assert function.end_lineno - first + 1 <= 40, function.name
        arguments = [*function.args.args, *function.args.kwonlyargs]
        asked = [a.arg for a in arguments if a.arg not in {"self", "cls", "session"}]
        if function.name != "__init__":
            assert len(asked) <= 5, f"{function.name} asks for {asked}"


@each(SOURCES)
def test_names_say_what_a_thing_is(path):
    assert path.stem not in BANNED_NAMES
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            assert not node.name.endswith(("Manager", "Helper", "Util", "Utils")), node.name
            assert not node.name.startswith("Base") or node.name == "Base", node.name


@each(SOURCES + [path for path in TESTS if path not in SOURCES])
def test_nothing_is_mocked(path):
    if path == Path(__file__):
        return
    text = path.read_text()
    assert "unittest.mock" not in text
    assert "monkeypatch.setattr" not in text


@each([path for path in CODE if named(path) not in BOUNDARIES])
def test_errors_are_caught_by_name(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"
            caught = ast.unparse(node.type)
            assert "Exception" not in caught.split("."), f"line {node.lineno}"
            assert caught != "BaseException" or ends_with_raise(node), f"line {node.lineno}"


def ends_with_raise(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


@each([path for path in CODE if path.stem in WIRE_LAYERS and "services" in path.parts])
def test_no_dicts_of_anything_travel_between_rooms(path):
    for function in functions_of(path):
        signature = ast.unparse(function.args) + ast.unparse(function.returns or ast.Constant(None))
        assert "dict[str, Any]" not in signature, function.name


def all_methods():
    contracts = ROOT / "libs/contracts/src"
    for file in sorted(contracts.rglob("*_pb2.py")):
        module = importlib.import_module(
            ".".join(file.relative_to(contracts).with_suffix("").parts)
        )
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


@pytest.mark.parametrize("method", list(all_methods()), ids=lambda method: method.full_name)
def test_every_rpc_names_its_callers(method):
    callers = method.GetOptions().Extensions[access].callers
    assert callers
    assert set(callers) <= set(SERVICES)


@pytest.mark.parametrize("method", list(all_methods()), ids=lambda method: method.full_name)
def test_every_rpc_has_a_request_and_a_reply_of_its_own(method):
    assert method.input_type.name == f"{method.name}Request"
    assert method.output_type.name == f"{method.name}Response"


def test_nats_finds_no_aiohttp():
    """It imports it wherever it is installed, which costs each process 7 MB, for web sockets."""
    assert "\naiohttp==" not in (ROOT / "requirements.lock").read_text()
