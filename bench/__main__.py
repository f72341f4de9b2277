"""python -m bench [--quick] [--list] [NAME…]: what ./dev bench runs, in its environment."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import traceback
from pathlib import Path

import django

from bench import database
from bench.harness import FOUND, Run

HERE = Path(__file__).parent


def main() -> int:
    """Run the benchmarks that were named. Returns 1 if one failed, 2 if a name is unknown."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="two rounds: shows that they work, not how fast")
    parser.add_argument("--list", action="store_true", help="only list the benchmarks")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "praticonnect.settings")
    django.setup()
    for path in sorted(HERE.glob("bench_*.py")):
        importlib.import_module(f"bench.{path.stem}")
    unknown = [name for name in options.names if name not in FOUND]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(FOUND) or 'none yet'}")
    if options.list:
        print("\n".join(FOUND))
        return 0
    database.make_fresh()
    return run_all(options.names or list(FOUND), quick=options.quick)


def run_all(names: list[str], *, quick: bool) -> int:
    """Run each, print its tables, write its JSON; a failed one doesn't keep the others from running."""
    failed = []
    for name in names:
        run = Run(name, quick=quick)
        try:
            FOUND[name](run)
        except Exception:  # noqa: BLE001  (whatever went wrong: say it, go on, end with 1)
            traceback.print_exc()
            failed.append(name)
            continue
        report(run)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def report(run: Run) -> None:
    """Print one benchmark's tables and figures and keep them under var/bench."""
    print(f"\n## {run.name}\n")
    for table in run.tables:
        print(table.markdown() + "\n")
    for name, value in run.figures.items():
        print(f"- {name}: {value:,.1f}")
    facts = {"python": platform.python_version(), "cores": os.cpu_count(), "machine": platform.machine()}
    target = Path(os.environ["PRATICONNECT_VAR"]) / f"{run.name}.json"
    target.write_text(json.dumps({**run.as_json(), "on": facts}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
