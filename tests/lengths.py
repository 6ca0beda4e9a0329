"""Files up to 300 lines, functions up to 40, unless `# long because:` says why."""

import ast
import sys
from pathlib import Path

FILE, FUNCTION = 300, 40
REASON = "# long because:"


def main() -> int:
    found = []
    for path in sorted(Path("src").rglob("*.py")):
        if "migrations" in path.parts:
            continue
        text = path.read_text("utf-8")
        lines = text.splitlines()
        if len(lines) > FILE and REASON not in "\n".join(lines[:20]):
            found.append(f"{path}: {len(lines)} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                beside = "\n".join(lines[max(0, node.lineno - 3) : node.lineno + 3])
                if length > FUNCTION and REASON not in beside:
                    found.append(
                        f"{path}:{node.lineno}: {node.name} has {length} lines"
                    )
    print("\n".join(found) or "Every file and function is short enough.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
