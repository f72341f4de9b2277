"""All that both databases hold, as one value a table: what changes nothing leaves it as it was."""

from django.db import connections

from care.tenancy import ALL, scope

OF_THE_RUN = {"lifecycle_sweeprun"}
TABLES = """
select oid::regclass::text from pg_class
 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1
"""


def digest() -> dict[str, str]:
    """Of each table of both databases, but what a run writes about itself."""
    found: dict[str, str] = {}
    with scope(ALL):
        for alias in ("default", "keys"):
            with connections[alias].cursor() as cursor:
                cursor.execute(TABLES)
                names = [name for (name,) in cursor.fetchall() if name not in OF_THE_RUN]
                each = (
                    f"select '{name}', md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) from {name} t"
                    for name in names
                )
                cursor.execute(" union all ".join(each))
                found |= {f"{alias}.{name}": value for name, value in cursor.fetchall()}
    return found
