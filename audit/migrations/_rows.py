"""The functions in PostgreSQL that let rows go one by one at the end of their own terms, as migration 0002 makes them.

A row leaves when three things hold: its table was made so by a migration (the trigger's own arguments say under
which rule, after how many months of which column), its leaving is recorded as evidence in audit_expiredrows, which
refuses to record a row before its term, and the deletion names that record.
"""

from audit.migrations._functions import CALLER, OWNER

FORWARDS = f"""
-- Statement level: refuse, even where no row would be hit. arguments: table.
create or replace function audit_refuse() returns trigger {OWNER} as $$
begin
  if tg_op = 'DELETE' and coalesce(current_setting('audit.expiring', true), '') not in ('', 'off') then
    return null;
  end if;
  raise exception '% on % is refused: evidence only grows', tg_op, tg_argv[0] using errcode = '42501';
end $$;

-- Row level: a row leaves with its whole month, or under the record that names it.
-- arguments: table, 'rows' | 'leaves' | 'never' | 'each'.
create or replace function audit_keep() returns trigger {OWNER} as $$
declare root text := tg_argv[0]; gone date; record text := current_setting('audit.expiring', true);
begin
  if tg_op = 'DELETE' and tg_argv[1] = 'each' then
    if record ~ '^[0-9]{{1,18}}$' and exists (select from audit_expiredrows
         where seq = record::bigint and table_name = root and numbers @> old.seq) then
      return old;
    end if;
  elsif tg_op = 'DELETE' and tg_argv[1] = 'rows' then
    gone := date_trunc('month', old.written_at)::date;
  elsif tg_op = 'DELETE' and tg_argv[1] = 'leaves' then
    root := old.table_name; gone := old.month;
  end if;
  if gone is not null and exists (select from audit_expiredmonth where table_name = root and month = gone) then
    return old;
  end if;
  raise exception '% on % is refused: evidence only grows', tg_op, tg_argv[0] using errcode = '42501';
end $$;

-- What the guard of a table says: table, kind, and for 'each' rule, months, column of the clock, condition.
create function audit_terms(root text) returns text[] language sql stable security definer
set search_path = public, pg_temp as $$
  select string_to_array(encode(tgargs, 'escape'), '\\000')
    from pg_trigger where tgrelid = to_regclass(quote_ident(root)) and tgname = 'audit_keep'
$$;

-- Before a row of audit_expiredrows is numbered: the rows it names are there, and at the end of their term.
create function audit_allow() returns trigger {OWNER} as $$
declare terms text[] := audit_terms(new.table_name); found bigint; early bigint;
begin
  if terms is null or terms[2] <> 'each' then
    raise exception 'rows of % never leave: evidence only grows', new.table_name using errcode = '42501';
  end if;
  if terms[3] <> '' and new.rule <> terms[3] then
    raise exception 'rows of % leave under %, not under %', new.table_name, terms[3], new.rule using errcode = '42501';
  end if;
  execute format('select count(*), max(gone.%1$I), count(*) filter (where gone.%1$I + %2$L::interval > $2 or not (%3$s))
                    from unnest($1) as part join %4$I as gone on gone.seq >= lower(part) and gone.seq < upper(part)',
                 terms[5], terms[4] || ' months', terms[6], new.table_name)
     into found, new.newest, early using new.numbers, new.at;
  if found <> new.rows or found <> (select sum(upper(part) - lower(part)) from unnest(new.numbers) as part) then
    raise exception 'not every row of % that was to leave is there', new.table_name using errcode = '42501';
  end if;
  if early > 0 then
    raise exception '% rows of % are not at the end of their term yet', early, new.table_name using errcode = '42501';
  end if;
  return new;
end $$;

-- Delete the rows that one record names. Returns how many.
create function audit_drop_rows(record bigint) returns bigint {OWNER} as $$
declare root text; named int8multirange; gone bigint;
begin
  select table_name, numbers into root, named from audit_expiredrows where seq = record;
  if root is null then
    raise exception 'there is no record % of rows that left', record using errcode = '42501';
  end if;
  perform set_config('audit.expiring', record::text, true);
  execute format('delete from %I as gone using unnest($1) as part
                   where gone.seq >= lower(part) and gone.seq < upper(part)', root) using named;
  get diagnostics gone = row_count;
  perform set_config('audit.expiring', 'off', true);
  return gone;
end $$;

-- Say anew how the rows of a table may leave. terms: 'rows', or 'each', rule, months, column, condition.
create function audit_let_go(root text, variadic terms text[]) returns void {CALLER} as $$
declare part text; words text;
begin
  select string_agg(quote_literal(word), ', ' order by place) into words
    from unnest(root || terms) with ordinality as said(word, place);
  execute format('drop trigger audit_keep on %I', root);
  execute format('create trigger audit_keep before update or delete on %I
                  for each row execute function audit_keep(%s)', root, words);
  for part in select root union select inhrelid::regclass::text from pg_inherits where inhparent = root::regclass loop
    execute format('alter table %s enable always trigger audit_keep', part);
  end loop;
end $$;

revoke execute on function audit_let_go(text, text[]) from public;
"""  # noqa: S608 - two fixed words are put in

BACKWARDS = """
drop function audit_let_go(text, text[]), audit_drop_rows(bigint), audit_allow(), audit_terms(text);
"""

GUARD = """
create trigger audit_allow before insert on audit_expiredrows for each row execute function audit_allow();
alter table audit_expiredrows enable always trigger audit_allow;
"""
UNGUARD = "drop trigger audit_allow on audit_expiredrows"
