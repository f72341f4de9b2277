"""The functions in PostgreSQL that number, hash and guard evidence, as migration 0001 makes them.

Those that triggers and the calendar use run with the owner's rights (the application's role has none on
the tables' shape); those of migrations run with the caller's, so that the application can't take a guard
off. All have a fixed search path and clock zone: a session's settings don't change what they do.
"""

OWNER = """language plpgsql security definer
set search_path = public, pg_temp set timezone = 'UTC'"""
CALLER = OWNER.replace("security definer", "security invoker")

FORWARDS = f"""
-- The canonical text of a row: sorted JSON of all columns that hold a value, without its own hash.
create function audit_canonical(entry jsonb) returns text language sql immutable parallel safe as $$
  select jsonb_object_agg(key, value)::text from jsonb_each(entry)
   where value <> 'null'::jsonb and key <> 'leaf'
$$;

-- Number, date and hash a new row. arguments: sequence, 'dated' for partitioned tables, 'flat' for a table
-- without JSON columns: there, stripping nulls gives the same canonical text in half the time.
create function audit_append() returns trigger {OWNER} as $$
declare told text;
begin
  new.seq := nextval(tg_argv[0]);
  if tg_argv[1] <> 'dated' then
    new.written_at := clock_timestamp();
  elsif abs(extract(epoch from new.written_at - clock_timestamp())) > 300 then
    raise exception 'written_at is the database''s own clock: leave it out' using errcode = '42501';
  end if;
  if tg_argv[2] = 'flat' then
    told := jsonb_strip_nulls(to_jsonb(new) - 'leaf')::text;
  else
    told := audit_canonical(to_jsonb(new));
  end if;
  new.leaf := sha256('\\x00'::bytea || convert_to(told, 'UTF8'));
  return new;
end $$;

-- Statement level: refuse, even where no row would be hit. arguments: table.
create function audit_refuse() returns trigger {OWNER} as $$
begin
  if tg_op = 'DELETE' and current_setting('audit.expiring', true) = 'on' then
    return null;
  end if;
  raise exception '% on % is refused: evidence only grows', tg_op, tg_argv[0] using errcode = '42501';
end $$;

-- Row level: a row leaves only with its whole month, after the month's expiry was recorded as evidence.
-- arguments: table, 'rows' | 'leaves' | 'never'.
create function audit_keep() returns trigger {OWNER} as $$
declare root text := tg_argv[0]; gone date;
begin
  if tg_op = 'DELETE' and tg_argv[1] = 'rows' then
    gone := date_trunc('month', old.written_at)::date;
  elsif tg_op = 'DELETE' and tg_argv[1] = 'leaves' then
    root := old.table_name; gone := old.month;
  end if;
  if gone is not null and exists (select from audit_expiredmonth where table_name = root and month = gone) then
    return old;
  end if;
  raise exception '% on % is refused: evidence only grows', tg_op, tg_argv[0] using errcode = '42501';
end $$;

-- Put the refusing triggers on a table. ENABLE ALWAYS: session_replication_role doesn't silence them.
create function audit_refuse_changes(root text, kind text) returns void {CALLER} as $$
begin
  execute format('create trigger audit_refuse before update or delete or truncate on %I
                  for each statement execute function audit_refuse(%L)', root, root);
  execute format('create trigger audit_keep before update or delete on %I
                  for each row execute function audit_keep(%L, %L)', root, root, kind);
  execute format('alter table %I enable always trigger audit_refuse', root);
  execute format('alter table %I enable always trigger audit_keep', root);
end $$;

-- expires: whether its months may leave at the end of a term. What has no term never leaves, whatever is recorded.
create function audit_guard(root text, expires boolean) returns void {CALLER} as $$
declare
  dated boolean := (select relkind = 'p' from pg_class where oid = root::regclass);
  flat boolean := not exists (select from pg_attribute where attrelid = root::regclass and attnum > 0
                                 and not attisdropped and atttypid in ('json'::regtype, 'jsonb'::regtype));
begin
  execute format('create sequence %I', root || '_number');
  if not dated then
    execute format('alter table %I add column if not exists seq bigint not null,
      add column if not exists written_at timestamptz not null,
      add column if not exists leaf bytea not null', root);
    execute format('create unique index if not exists %I on %I (seq)', root || '_seq', root);
  end if;
  execute format('create trigger audit_append before insert on %I
                  for each row execute function audit_append(%L, %L, %L)', root, root || '_number',
                 case when dated then 'dated' else '' end, case when flat then 'flat' else '' end);
  execute format('alter table %I enable always trigger audit_append', root);
  perform audit_refuse_changes(root, case when expires then 'rows' else 'never' end);
  if dated then
    perform audit_guard_partition(root || '_default', root);
  end if;
end $$;

-- Triggers for single rows come from the parent; those for TRUNCATE each partition needs itself.
create function audit_guard_partition(part text, root text) returns void {CALLER} as $$
begin
  execute format('create trigger audit_refuse before update or delete or truncate on %I
                  for each statement execute function audit_refuse(%L)', part, root);
  execute format('alter table %I enable always trigger audit_refuse', part);
  execute format('alter table %I enable always trigger audit_keep', part);
  execute format('alter table %I enable always trigger audit_append', part);
end $$;

create function audit_unguard(root text) returns void {CALLER} as $$
begin
  execute format('drop trigger audit_append on %I', root);
  execute format('drop trigger audit_refuse on %I', root);
  execute format('drop trigger audit_keep on %I', root);
  execute format('drop sequence %I', root || '_number');
end $$;

create function audit_partition(root text) returns void {CALLER} as $$
declare plain text := root || '_plain'; definitions text[];
begin
  select array_agg(pg_get_indexdef(indexrelid)) into definitions
    from pg_index where indrelid = root::regclass and not indisprimary;
  execute format('alter table %I rename to %I', root, plain);
  execute format('create table %I (like %I including defaults including constraints including storage)
                  partition by range (written_at)', root, plain);
  execute format('drop table %I', plain);
  execute format('alter table %I add primary key (seq, written_at)', root);
  execute coalesce(array_to_string(definitions, ';'), '');
  execute format('create table %I partition of %I default', root || '_default', root);
end $$;

-- Make the partition of one month, if it isn't there and the default partition holds none of its rows.
create function audit_make_month(root text, month date) returns boolean {OWNER} as $$
declare
  part text := root || to_char(month, '_YYYY_MM');
  since timestamptz := date_trunc('month', month); until timestamptz := since + interval '1 month';
  taken boolean;
begin
  if not exists (select from pg_trigger where tgrelid = root::regclass and tgname = 'audit_append') then
    raise exception '% is no journal', root using errcode = '42501';
  end if;
  if to_regclass(quote_ident(part)) is not null then
    return false;
  end if;
  execute format('select exists (select from %I where written_at >= %L and written_at < %L)',
                 root || '_default', since, until) into taken;
  if taken then
    return false;
  end if;
  execute format('create table %I partition of %I for values from (%L) to (%L)', part, root, since, until);
  perform audit_guard_partition(part, root);
  return true;
end $$;

-- Remove a month whose expiry is recorded. Returns the number of rows that left.
create function audit_drop_month(root text, gone date) returns bigint {OWNER} as $$
declare
  part text := root || to_char(gone, '_YYYY_MM');
  since timestamptz := date_trunc('month', gone); until timestamptz := since + interval '1 month';
  alone bigint := 0; mixed bigint;
begin
  if not exists (select from pg_trigger where tgrelid = root::regclass and tgname = 'audit_keep'
                  and tgargs = convert_to(root, 'UTF8') || '\\x00'::bytea || 'rows'::bytea || '\\x00'::bytea) then
    raise exception '% never expires: evidence only grows', root using errcode = '42501';
  end if;
  if not exists (select from audit_expiredmonth where table_name = root and month = gone) then
    raise exception 'the expiry of % in % is not recorded', root, gone using errcode = '42501';
  end if;
  if to_regclass(quote_ident(part)) is not null then
    execute format('select count(*) from %I', part) into alone;
    execute format('drop table %I', part);
  end if;
  perform set_config('audit.expiring', 'on', true);
  execute format('delete from %I where written_at >= %L and written_at < %L', root, since, until);
  get diagnostics mixed = row_count;
  delete from audit_sealleaves where table_name = root and month = gone;
  perform set_config('audit.expiring', 'off', true);
  return alone + mixed;
end $$;

revoke execute on function audit_guard(text, boolean), audit_guard_partition(text, text), audit_unguard(text),
  audit_partition(text), audit_refuse_changes(text, text), audit_make_month(text, date),
  audit_drop_month(text, date) from public;
"""  # noqa: S608 - two fixed words are put in

BACKWARDS = """
drop function audit_drop_month(text, date), audit_make_month(text, date), audit_partition(text),
  audit_unguard(text), audit_guard(text, boolean), audit_guard_partition(text, text), audit_refuse_changes(text, text),
  audit_keep(), audit_refuse(), audit_append(), audit_canonical(jsonb);
"""
