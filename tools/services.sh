#!/usr/bin/env bash
# Starts or installs what tests and the demonstration talk to: PostgreSQL, and Chromium for the pages.
# Writes var/services.env with the address of the server it found or made. What cannot be had is said, and tests that
# need it are skipped and counted.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p var
port=54329
want=${1:-all}

say() { echo "services: $*" >&2; }
root() { [ "$(id -u)" = 0 ]; }
install_package() {
  root && command -v apt-get >/dev/null || return 1
  say "installing $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
    >var/apt.log 2>&1
}
answers() { .venv/bin/python - "$1" 2>/dev/null <<'PY'
import sys
import psycopg
with psycopg.connect(sys.argv[1], connect_timeout=3) as db:
    assert db.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()[0]
PY
}
programs() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
as_server() { if root; then runuser -u postgres -- "$@"; else "$@"; fi; }

start_own() {
  local bin data
  bin=$(programs)
  [ -n "$bin" ] || { command -v initdb >/dev/null && bin=$(dirname "$(command -v initdb)"); }
  [ -n "$bin" ] || return 1
  if root; then data=/var/lib/postgresql/sekisho; else data=$PWD/var/postgresql; fi
  if ! as_server test -f "$data/PG_VERSION"; then
    as_server mkdir -p "$data"
    as_server "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >var/initdb.log 2>&1 || return 1
  fi
  as_server "$bin/pg_ctl" -D "$data" -w -l "$data/log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" start >var/pg_ctl.log 2>&1
}

postgresql() {
  local there=${SEKISHO_TEST_POSTGRESQL:-postgresql://postgres@127.0.0.1:5432/postgres}
  local own=postgresql://postgres@127.0.0.1:$port/postgres
  if answers "$there"; then echo "export SEKISHO_TEST_POSTGRESQL='$there'"; return; fi
  if answers "$own"; then echo "export SEKISHO_TEST_POSTGRESQL='$own'"; return; fi
  if ! start_own; then install_package postgresql && start_own; fi
  if answers "$own"; then echo "export SEKISHO_TEST_POSTGRESQL='$own'"; return; fi
  say "no PostgreSQL can be had here: install it, or set SEKISHO_TEST_POSTGRESQL; its tests will be skipped and counted"
}

browser() {
  type -P chromium >/dev/null || install_package chromium fonts-noto-cjk
  if type -P chromium >/dev/null; then
    echo "export SEKISHO_TEST_CHROMIUM='$(type -P chromium)'"
  else
    say "no Chromium can be had here: its tests will be skipped and counted"
  fi
}

{
  postgresql
  if [ "$want" = all ]; then
    browser
    command -v strace >/dev/null || install_package strace || say "no strace: faults of single system calls will be skipped and counted"
  fi
} >var/services.env
