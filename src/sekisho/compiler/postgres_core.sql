-- The gate's own tables and functions in a governed PostgreSQL database.
-- Filled by compiler.postgres piece by piece; what is filled in is quoted and stands neither in a comment nor in a body of
-- code. The gate's role owns everything here.
-- Every function is a definer function with a fixed search_path; every name is qualified.

create schema sekisho authorization {{gate}};
--;
-- One row: permits of another epoch are void; opt-in purposes are open until the lease lapses. `position` is how far
-- in the ledgers of people and consent this store has followed, `changed_at` when somebody's standing changed last.
create table sekisho.lease (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null,
  open_until timestamptz not null,
  position bigint not null,
  changed_at timestamptz not null,
  store text not null
);
--;
insert into sekisho.lease (epoch, open_until, position, changed_at, store) values (1, '-infinity', 0, '-infinity', {{store}});
--;
create table sekisho.purpose (
  number smallint primary key check (number between 0 and 62),
  name text not null unique,
  clause text not null
);
--;
create table sekisho.login (
  name name primary key,
  ceiling bigint not null,
  pooled boolean not null
);
--;
-- HMAC keys per login, kept as the two padded blocks of RFC 2104 so that no extension is needed.
create table sekisho.key (
  id text primary key,
  login name not null references sekisho.login (name) on delete cascade,
  inner_pad bytea not null check (octet_length(inner_pad) = 64),
  outer_pad bytea not null check (octet_length(outer_pad) = 64)
);
--;
-- Every permit ever witnessed here: append-only, committed before its token is handed out.
create table sekisho.permit (
  serial bigint generated always as identity primary key,
  digest bytea not null unique,
  login name not null,
  number smallint not null,
  actor text not null,
  reason text not null,
  subject text not null,
  scope text not null,
  single boolean not null,
  pid integer not null,
  not_before timestamptz not null,
  redeem timestamptz not null,
  until timestamptz not null,
  epoch bigint not null,
  issued_at timestamptz not null default clock_timestamp()
);
--;
-- What waits to be carried into the evidence log.
create table sekisho.outbox (
  serial bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  body jsonb not null
);
--;
-- Who has entered: emptied by a crash, which is right. One row a backend, so it is updated in place.
create unlogged table sekisho.entered (
  pid integer primary key,
  number smallint not null,
  xid xid8,
  session text,
  until timestamptz not null,
  subject_class text not null,
  subject_key text not null,
  permit bigint not null,
  login name not null
) with (fillfactor = 20);
--;
-- Rows to lock, which nobody else can: they keep a new person's row and a change of that person's standing from passing
-- each other unseen, and two uses of permits from burning at once (those below zero). Advisory locks would do, but every
-- login could take them and stop every withdrawal.
create table sekisho.bucket (n integer primary key);
--;
insert into sekisho.bucket select generate_series(-16, {{buckets}} - 1);
--;
-- People whose standing is not their class's default.
create table sekisho.standing (
  class text not null,
  key text not null,
  mask bigint not null check (mask >= 0),
  primary key (class, key)
);
--;
-- What was applied, so that it can be taken back and compared.
create table sekisho.applied (
  position integer primary key,
  name text not null unique,
  needs text[] not null,
  fingerprint text not null,
  down text[] not null,
  before text not null
);
--;
create table sekisho.expected (
  kind text not null,
  name text not null,
  digest text not null,
  primary key (kind, name)
);
--;
-- A spent permit must stay spent when its transaction is rolled back: sequences do not roll back.
do $$ begin
  for slot in 0..15 loop
    execute pg_catalog.format('create sequence sekisho.burn_%s minvalue 0 start 0', slot);
  end loop;
end $$;
--;
create function sekisho.bytes_of(part text) returns bytea
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select decode(translate(part, '-_', '+/') || repeat('=', (4 - length(part) % 4) % 4), 'base64')
$$;
--;
create function sekisho.refuse(what text, remedy text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = 'insufficient_privilege', message = 'sekisho: ' || what, hint = remedy;
end $$;
--;
-- Verify a token once and record it; committed by the issuer before anybody can use it. `words` are the reason behind
-- the digest in the token: they wait here until they are carried to the ledgers, and never enter the log.
create function sekisho.witness_permit(token text, words text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parts text[] := string_to_array(token, '.');
  p jsonb;
  k sekisho.key;
  l sekisho.login;
  present timestamptz := clock_timestamp();
  taken bigint;
begin
  if coalesce(array_length(parts, 1), 0) <> 3 or parts[1] <> 'sk1' then
    perform sekisho.refuse('this is not a permit', 'ask for one with `sekisho gate permit`');
  end if;
  begin
    p := convert_from(sekisho.bytes_of(parts[2]), 'UTF8')::jsonb;
    select * into k from sekisho.key where id = p->>'key';
    if k.id is null or sekisho.bytes_of(parts[3])
        <> sha256(k.outer_pad || sha256(k.inner_pad || convert_to('sk1.' || parts[2], 'UTF8'))) then
      p := null;
    end if;
  exception when data_exception or character_not_in_repertoire or untranslatable_character then
    p := null;
  end;
  if p is null then
    perform sekisho.refuse('this permit is not signed with a key that is known here', 'ask for one with `sekisho gate permit`');
  end if;
  select * into l from sekisho.login where name = k.login;
  -- `is distinct from`: what is not said must not count as agreed
  if l.name is null or p->>'login' is distinct from k.login or p->>'database' is distinct from current_database()
      or p->>'store' is distinct from (select store from sekisho.lease) then
    perform sekisho.refuse('this permit is for another login or another database', 'ask for one for this store');
  end if;
  if not exists (select from sekisho.purpose u where u.number = (p->>'number')::smallint and u.name = p->>'purpose')
      or l.ceiling & (1::bigint << (p->>'number')::integer) = 0 then
    perform sekisho.refuse('this purpose is above the ceiling of login ' || l.name, 'widen `logins:` in the map, plan and apply');
  end if;
  if (p->>'epoch')::bigint <> (select epoch from sekisho.lease) then
    perform sekisho.refuse('this permit is of another epoch of the store', 'ask for a new one');
  end if;
  if to_timestamp((p->>'until')::bigint) > present + interval '15 minutes 5 seconds'
      or to_timestamp((p->>'until')::bigint) <= present or to_timestamp((p->>'redeem')::bigint) <= present
      or p->>'scope' not in ('transaction', 'session') or (p->>'scope' = 'session' and (l.pooled or not (p->>'single')::boolean and (p->>'pid')::integer = 0)) then
    perform sekisho.refuse('this permit is over, too long, or of a scope that this login may not have', 'ask for a new one');
  end if;
  if p->>'reason' is distinct from encode(sha256(convert_to((p->>'nonce') || ':' || words, 'UTF8')), 'hex') then
    perform sekisho.refuse('these are not the words of this permit''s reason', 'give the reason that was signed');
  end if;
  insert into sekisho.permit (digest, login, number, actor, reason, subject, scope, single, pid, not_before, redeem, until, epoch)
  values (sha256(convert_to(token, 'UTF8')), k.login, (p->>'number')::smallint, p->>'actor', p->>'reason', p->>'subject',
          p->>'scope', (p->>'single')::boolean, (p->>'pid')::integer, to_timestamp((p->>'not_before')::bigint),
          to_timestamp((p->>'redeem')::bigint), to_timestamp((p->>'until')::bigint), (p->>'epoch')::bigint)
  returning serial into taken;
  insert into sekisho.outbox (body) values (jsonb_build_object('kind', 'permit-issued', 'serial', taken,
    'digest', encode(sha256(convert_to(token, 'UTF8')), 'hex'), 'purpose', p->>'purpose', 'number', (p->>'number')::integer,
    'actor', p->>'actor', 'reason', p->>'reason', 'scope', p->>'scope', 'single', (p->>'single')::boolean,
    'subject', p->>'subject', 'nonce', p->>'nonce', 'words', words, 'not_before', (p->>'not_before')::bigint, 'until', (p->>'until')::bigint));
  return taken;
end $$;
--;
-- A single permit is spent by its first use. That must stay when its transaction is rolled back, so it is a bit in a
-- sequence: forty permits a sequence, and above their bits the number of the forty, which only grows. A row that nobody
-- else can lock keeps two uses from writing one sequence at once; it is let go with the inner block.
create function sekisho.burn(serial bigint, redeem timestamptz) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  forty bigint := serial / 40;
  slot bigint := forty % 16;
  own_bit bigint := 1::bigint << (serial % 40)::integer;
  mine bigint := (forty / 16) << 40;
  held bigint;
  spent boolean := true;
begin
  if clock_timestamp() > redeem then
    perform sekisho.refuse('this permit was not redeemed in time', 'ask for a new one and paste it within a minute');
  end if;
  begin
    perform from sekisho.bucket b where b.n = -1 - slot for update;
    execute format('select last_value from sekisho.%I', 'burn_' || slot) into held;
    spent := held >= mine + (1::bigint << 40) or (held >= mine and held & own_bit <> 0);
    if not spent then
      perform setval(format('sekisho.%I', 'burn_' || slot)::regclass, greatest(held, mine) | own_bit);
    end if;
    raise exception using errcode = 'SKBRN';
  exception when sqlstate 'SKBRN' then null;
  end;
  if spent then
    perform sekisho.refuse('this permit is spent', 'a permit for a person is used once; ask for a new one');
  end if;
end $$;
--;
-- Enter with a witnessed permit: for this transaction, or for this session until it ends or resets. One look-up and one
-- write, since services do this in every transaction.
create function sekisho.enter(token text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p record;
  secret text;
begin
  select t.*, l.epoch as present_epoch, u.name as purpose, u.clause into p
    from sekisho.permit t cross join sekisho.lease l left join sekisho.purpose u on u.number = t.number
    where t.digest = sha256(convert_to(token, 'UTF8')) and t.login = session_user;
  if not found then
    perform sekisho.refuse('this permit is not witnessed here for login ' || session_user, 'ask for one with `sekisho gate permit`');
  end if;
  if clock_timestamp() >= p.until or clock_timestamp() < p.not_before then
    perform sekisho.refuse('this permit is over', 'ask for a new one');
  end if;
  if p.epoch <> p.present_epoch then
    perform sekisho.refuse('this permit is of another epoch of the store', 'ask for a new one');
  end if;
  if p.pid <> 0 and p.pid <> pg_backend_pid() then
    perform sekisho.refuse('this permit is bound to another connection', 'ask for one of your own');
  end if;
  if p.single then
    perform sekisho.burn(p.serial, p.redeem);
  end if;
  if p.scope = 'session' then
    secret := replace(gen_random_uuid()::text, '-', '');
    perform set_config('sekisho.session', secret, false);
  end if;
  insert into sekisho.entered as e (pid, number, xid, session, until, subject_class, subject_key, permit, login)
  values (pg_backend_pid(), p.number, case when secret is null then pg_current_xact_id() end, secret, p.until,
          split_part(p.subject, ':', 1), substr(p.subject, strpos(p.subject, ':') + 1), p.serial, session_user)
  on conflict (pid) do update set number = excluded.number, xid = excluded.xid, session = excluded.session,
    until = excluded.until, subject_class = excluded.subject_class, subject_key = excluded.subject_key,
    permit = excluded.permit, login = excluded.login;
  return p.purpose || ' (clause #' || p.clause || ')';
end $$;
--;
create function sekisho.leave() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from sekisho.entered where pid = pg_backend_pid();
  perform set_config('sekisho.session', '', false);
end $$;
--;
-- Readings and refusals of integrations, durable when this commits. Nothing but what is listed enters.
create function sekisho.witness_readings(bodies jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into sekisho.outbox (body)
  select jsonb_build_object('kind', b->>'kind', 'purpose', b->>'purpose', 'data', b->'data')
  from jsonb_array_elements(bodies) b where b->>'kind' in ('readings', 'refusal')
$$;
--;
-- Open opt-in purposes until an instant, if this store has followed the ledgers to `head`; gives null where it has not.
create function sekisho.renew(until timestamptz, head bigint) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update sekisho.lease set open_until = least(until, clock_timestamp() + interval '10 minutes')
  where position = head returning epoch
$$;
--;
-- Void every permit at once and close opt-in purposes.
create function sekisho.close_store() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  now_epoch bigint;
begin
  update sekisho.lease set epoch = epoch + 1, open_until = '-infinity', changed_at = clock_timestamp()
    returning epoch into now_epoch;
  -- not deleted: what has entered is still to be ended, and `overdue` finds it here
  update sekisho.entered set until = '-infinity';
  return now_epoch;
end $$;
--;
-- Hand over what waits for the evidence log; the caller deletes it by committing.
create function sekisho.collect(most integer) returns table (serial bigint, at timestamptz, body jsonb)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from sekisho.outbox o where o.serial in
    (select i.serial from sekisho.outbox i order by i.serial limit most for update skip locked)
  returning o.serial, o.at, o.body
$$;
--;
-- End what is over and return the backends to terminate: those whose permit has passed, those of the gate's logins that
-- still look at people as they stood before the last change (a snapshot held while idle), and nothing of anybody else's.
-- A statement with values keeps its snapshot until the next one also where that would take a new one, and no catalogue tells
-- the two apart: hence some patience, or every application would be cut off between two of its statements.
create function sekisho.overdue(patience interval) returns setof integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with gone as (
    delete from sekisho.entered e
    where e.until <= clock_timestamp() or not exists (select from pg_stat_get_activity(e.pid) a)
    returning e.pid, e.login
  )
  select a.pid from gone g join pg_stat_activity a on a.pid = g.pid and a.usename = g.login and a.datname = current_database()
  union
  select a.pid from pg_stat_activity a, sekisho.lease l
  where a.datname = current_database() and a.usename in (select name from sekisho.login)
    and a.state like 'idle in transaction%' and a.backend_xmin is not null and a.xact_start < l.changed_at
    and a.state_change <= clock_timestamp() - patience
$$;
