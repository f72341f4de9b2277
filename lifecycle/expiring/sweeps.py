"""The sweeps of evidence and journals, in the order in which they run."""

from audit.evidence import keep_month_while
from consents import proofs
from lifecycle.expiring import audience, boxes, facts, money, months, office, orders, training, usage, versions
from lifecycle.sweeping import sweep_with


def register() -> None:
    """Have each run in every sweep. Contracts go before the requests that say when they ended."""
    keep_month_while(months.EVENTS, months.tells_of_something_living)
    sweep_with(versions.sweep)
    sweep_with(facts.sweep_proofs, destroys={proofs.RULE: "consents.ConsentEvent"})
    for rows in facts.TABLES:
        sweep_with(rows, destroys={rows.name: rows.kind})
    sweep_with(office.sweep)
    sweep_with(audience.sweep)
    sweep_with(usage.sweep)
    sweep_with(training.sweep)
    sweep_with(boxes.sweep)
    sweep_with(money.sweep, destroys={money.NAME: "adapters.Payment"})
    sweep_with(orders.tell)
    sweep_with(orders.forget, destroys=orders.DESTROYS)
    for journal in months.JOURNALS:
        sweep_with(journal, destroys={journal.name: journal.kind})
