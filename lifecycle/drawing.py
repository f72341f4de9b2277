"""The page docs/phases.md, drawn from the tables that the code obeys."""

from lifecycle.allowed import ALLOWED
from lifecycle.states import GRACE, LEAVING, MOVES, OVER_MOVES, Name, OverMove, by_clock

_HEAD = """# The phases of an account

Made by `manage.py phases` from `lifecycle/states.py` and `lifecycle/allowed.py`; don't edit. `./dev check` compares.

A phase is computed from the stored facts and the moment it is asked for; no job has to run. Days are counted as
`lifecycle/phases.py` says: the day a term starts in isn't counted, and it ends at the midnight after its last day.

A requested deletion lies over the contract's phase, which goes on beneath; it ends at an instant that
`lifecycle/deletion/rules.py` computes, thirty days later at most and never after the statutory date of the answer.
"""

_CONTRACT = "contract"


def page() -> str:
    """The whole page as Markdown: the drawing, the moves, what each phase allows."""
    return "\n".join([_HEAD, *_drawing(), "", *_moves(), "", *_allowed(), ""])


def _drawing() -> list[str]:
    arrows = [f"        {m.start} --> {m.to}: {m.event} ({m.by})" for m in MOVES]
    over = [f"    {_end(m.start)} --> {_end(m.to)}: {m.event} ({m.by})" for m in OVER_MOVES]
    inside = [f"    state {_CONTRACT} {{", f"        [*] --> {Name.NONE}", *arrows, "    }"]
    return ["```mermaid", "stateDiagram-v2", *inside, *over, "```"]


def _end(name: Name | None) -> str:
    """Either end of a move over the contract's: a phase, or whatever phase the contract is in."""
    return name or _CONTRACT


def _moves() -> list[str]:
    rows = [f"| {m.start} | {m.event} | {m.to} | {m.by} |" for m in MOVES]
    rows += [f"| {_words(m, m.start)} | {m.event} | {_words(m, m.to)} | {m.by} |" for m in OVER_MOVES]
    return ["| from | event | to | by |", "|---|---|---|---|", *rows]


def _words(made: OverMove, name: Name | None) -> str:
    if name is not None:
        return name
    return "any of the contract" if made.start is None else "the contract's own"


def _allowed() -> list[str]:
    rows = [
        f"| {name} | {', '.join(sorted(act.name.lower() for act in ALLOWED[name]))} | {_lasts(name)} |" for name in Name
    ]
    return ["| phase | allows | lasts |", "|---|---|---|", *rows]


def _lasts(name: Name) -> str:
    if name is Name.TRIAL:
        return "`TRIAL_DAYS` of the day it began"
    if name in LEAVING:
        return "until the instant of the deletion" if name is Name.DELETION_PENDING else "for good"
    return f"{GRACE.days} days" if by_clock(name) else "until somebody acts"
