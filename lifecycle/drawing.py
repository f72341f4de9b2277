"""The page docs/phases.md, drawn from the tables that the code obeys."""

from lifecycle.allowed import ALLOWED
from lifecycle.states import GRACE, MOVES, Name, by_clock

_HEAD = """# The phases of an account

Made by `manage.py phases` from `lifecycle/states.py` and `lifecycle/allowed.py`; don't edit. `./dev check` compares.

A phase is computed from the stored facts and the moment it is asked for; no job has to run. Days are counted as
`lifecycle/phases.py` says: the day a term starts in isn't counted, and it ends at the midnight after its last day.
"""


def page() -> str:
    """The whole page as Markdown: the drawing, the moves, what each phase allows."""
    return "\n".join([_HEAD, *_drawing(), "", *_moves(), "", *_allowed(), ""])


def _drawing() -> list[str]:
    arrows = [f"    {m.start} --> {m.to}: {m.event} ({m.by})" for m in MOVES]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {Name.NONE}", *arrows, "```"]


def _moves() -> list[str]:
    rows = [f"| {m.start} | {m.event} | {m.to} | {m.by} |" for m in MOVES]
    return ["| from | event | to | by |", "|---|---|---|---|", *rows]


def _allowed() -> list[str]:
    rows = [
        f"| {name} | {', '.join(sorted(act.name.lower() for act in ALLOWED[name]))} | {_lasts(name)} |" for name in Name
    ]
    return ["| phase | allows | lasts |", "|---|---|---|", *rows]


def _lasts(name: Name) -> str:
    if name is Name.TRIAL:
        return "`TRIAL_DAYS` of the day it began"
    return f"{GRACE.days} days" if by_clock(name) else "until somebody acts"
