#!/usr/bin/env bash
# Everything that is tested, in random order, on the servers that services.sh found or made.
set -uo pipefail
cd "$(dirname "$0")/.."
[ -f var/services.env ] && . var/services.env
exec .venv/bin/python -m pytest -q "$@"
