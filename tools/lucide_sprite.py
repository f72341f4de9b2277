"""Draw static/vendor/lucide/sprite.svg from the icons of an unpacked `lucide-static` package.

Usage: python tools/lucide_sprite.py PACKAGE_DIRECTORY
Only the icons named in static/vendor/lucide/icons.txt are kept; add a name there when a page needs one, and run it again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SPRITE = Path(__file__).parent.parent / "static/vendor/lucide/sprite.svg"

ICONS = SPRITE.with_name("icons.txt").read_text().split()


def symbol(name: str, svg: str) -> str:
    """One icon of the package as a `<symbol>`; drawing attributes come from the stylesheet (`.icon`)."""
    body = re.sub(r".*?<svg[^>]*>(.*)</svg>.*", r"\1", svg, flags=re.DOTALL)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(body.split())}</symbol>'


def main(package: Path) -> None:
    """Write the sprite; a name the package does not have stops with its file name."""
    symbols = [symbol(name, (package / "icons" / f"{name}.svg").read_text()) for name in ICONS]
    SPRITE.write_text('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
