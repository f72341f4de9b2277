"""Rows that leave are found by their numbers at once, whatever PostgreSQL's planner thinks of the table's size."""

from django.db import migrations

from audit.migrations._functions import OWNER

FORWARDS = f"""
create function audit_numbers(named int8multirange) returns bigint[] language sql immutable
set search_path = public, pg_temp as $$
  select array(select number from unnest(named) as part, generate_series(lower(part), upper(part) - 1) as number)
$$;

create or replace function audit_allow() returns trigger {OWNER} as $$
declare terms text[] := audit_terms(new.table_name); wanted bigint[] := audit_numbers(new.numbers); found bigint; early bigint;
begin
  if terms is null or terms[2] <> 'each' then
    raise exception 'rows of % never leave: evidence only grows', new.table_name using errcode = '42501';
  end if;
  if terms[3] <> '' and new.rule <> terms[3] then
    raise exception 'rows of % leave under %, not under %', new.table_name, terms[3], new.rule using errcode = '42501';
  end if;
  execute format('select count(*), max(gone.%1$I), count(*) filter (where gone.%1$I + %2$L::interval > $2 or not (%3$s))
                    from %4$I as gone where gone.seq = any($1)', terms[5], terms[4] || ' months', terms[6], new.table_name)
     into found, new.newest, early using wanted, new.at;
  if found <> new.rows or found <> cardinality(wanted) then
    raise exception 'not every row of % that was to leave is there', new.table_name using errcode = '42501';
  end if;
  if early > 0 then
    raise exception '% rows of % are not at the end of their term yet', early, new.table_name using errcode = '42501';
  end if;
  return new;
end $$;

create or replace function audit_drop_rows(record bigint) returns bigint {OWNER} as $$
declare root text; wanted bigint[]; gone bigint;
begin
  select table_name, audit_numbers(numbers) into root, wanted from audit_expiredrows where seq = record;
  if root is null then
    raise exception 'there is no record % of rows that left', record using errcode = '42501';
  end if;
  perform set_config('audit.expiring', record::text, true);
  execute format('delete from %I where seq = any($1)', root) using wanted;
  get diagnostics gone = row_count;
  perform set_config('audit.expiring', 'off', true);
  return gone;
end $$;
"""  # noqa: S608 - a fixed word is put in


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_rows")]

    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]
