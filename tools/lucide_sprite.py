"""Draw static/vendor/lucide/sprite.svg from the icons of an unpacked `lucide-static` package.

Usage: python tools/lucide_sprite.py PACKAGE_DIRECTORY
Only the icons named in ICONS are kept; add a name here when a page needs one, and run it again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SPRITE = Path(__file__).parent.parent / "static/vendor/lucide/sprite.svg"

ICONS = """
activity alarm-clock archive arrow-down arrow-left arrow-right arrow-up arrow-up-down badge-check ban bell book-open building-2
calendar calendar-clock calendar-days check check-check chevron-down chevron-left chevron-right circle circle-alert circle-check circle-dot
circle-help circle-user clipboard-list clock copy download droplet external-link eye eye-off file file-check file-clock file-down
file-heart file-lock file-plus file-text file-up files filter fingerprint folder-open gavel globe hand heart-pulse history hourglass house
inbox info key-round languages landmark layers list list-checks loader lock lock-open log-in log-out mail map-pin menu message-square
minus monitor moon network octagon-alert paperclip pause pencil phone pill plus printer qr-code receipt refresh-cw repeat rotate-ccw route scale
scroll-text search send server settings shield shield-alert shield-check sliders-horizontal smartphone sparkles square-pen stethoscope
sun tag timer toggle-left toggle-right trash-2 triangle-alert undo-2 upload user user-check user-plus user-x users wallet webhook wifi-off x
""".split()


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
