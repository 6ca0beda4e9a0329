"""The house keeps its own rules: rooms, contracts that can break, lengths, docs."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ROOT / "src" / "tocsin"

BREAKS = {
    "floors": ("core/severity.py", "import tocsin.store.database"),
    "pure": ("core/severity.py", "import time"),
    "blind": ("integrations/canary.py", "import tocsin.store.alerts"),
    "egress": ("integrations/canary.py", "import httpx2"),
    "independent": ("integrations/canary.py", "import tocsin.integrations.ntfy"),
    "wiring": ("web/live.py", "import tocsin.system"),
    "lifecycle": ("core/people/people.py", "import tocsin.core.pages.escalation"),
    "engine and vendors": ("engine/sources.py", "import tocsin.integrations.smtp"),
}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path)
        for path in ROOMS.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_every_room_is_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"^- \*\*(\w+)\*\*", text, re.M))
    rooms = {
        path.stem
        for path in ROOMS.iterdir()
        if path.name[0] not in "_." and path.suffix in ("", ".py")
    }
    assert named == rooms


@pytest.mark.parametrize(
    ("name", "most"),
    [("README.md", 120), ("ARCHITECTURE.md", 200), ("CONTRIBUTING.md", 150)],
)
def test_the_front_pages_stay_short(name: str, most: int) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= most


def test_every_link_of_the_docs_leads_somewhere() -> None:
    lost = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            if not (page.parent / target).exists():
                lost.append(f"{page.name}: {target}")
    assert not lost


@pytest.mark.slow  # analyses a copy of the whole tree
@pytest.mark.parametrize("contract", BREAKS)
def test_each_import_contract_can_break(contract: str, tmp_path: Path) -> None:
    shutil.copytree(
        ROOMS,
        tmp_path / "tocsin",
        ignore=shutil.ignore_patterns("__pycache__", "static"),
    )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    file, line = BREAKS[contract]
    path = tmp_path / "tocsin" / file
    path.write_text(path.read_text() + f"\n{line}\n")
    script = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0, done.stdout[-500:]
    assert "BROKEN" in done.stdout, done.stdout[-500:] + done.stderr[-500:]


def test_the_diagram_of_escalation_is_the_table() -> None:
    from tests import docs_escalation

    assert docs_escalation.current() == docs_escalation.diagram()


def test_the_configuration_page_applies_as_it_stands(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from tocsin.engine.configuration import apply_files
    from tocsin.store.migrate import migrate
    from tocsin.store.sqlite import open_sqlite

    path = tmp_path / "t.db"
    migrate(f"sqlite:///{path}")
    database = open_sqlite(str(path), threaded=False)
    page = (ROOT / "docs/preparation/configuration.md").read_text()
    (sample,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    applied = apply_files(
        database,
        [("page.yaml", sample)],
        now=datetime(2024, 3, 5, tzinfo=UTC),
        new_key=lambda: "e" * 32,
        recorder=lambda tx, noun, name, before, after, documents: None,
    )
    assert applied.done, applied.problems
