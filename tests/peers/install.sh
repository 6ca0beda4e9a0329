#!/bin/sh
# Installs the real programs that the tests speak to, where they are missing and this may
# be done (Debian, root). They are programs to run, not services: none is started here.
missing=""
# Programs from npm (see package.json), anew when the lock file is newer than they are.
provider() {
  here=$(dirname "$0")
  [ "$here/node_modules/.package-lock.json" -nt "$here/package-lock.json" ] ||
    ! command -v npm >/dev/null 2>&1 ||
    (cd "$here" && npm ci --silent --ignore-scripts --no-audit --no-fund >/dev/null)
}
# A Matrix homeserver, in an environment of its own: no part of Tocsin touches it.
homeserver() {
  at=$(dirname "$0")/../../.cache/synapse
  [ -x "$at/bin/synapse_homeserver" ] ||
    { python3 -m venv "$at" && "$at/bin/python" -m pip install --quiet \
        --disable-pip-version-check 'matrix-synapse>=1.150,<2'; } ||
    echo "matrix-synapse could not be installed; its tests are left out" >&2
}
want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
want prometheus prometheus
want prometheus-alertmanager prometheus-alertmanager
want vmalert victoria-metrics
want chromium chromium
want wrk wrk
want npm npm
want postfix postfix
want curl curl
[ -n "$missing" ] || { provider; homeserver; exit 0; }
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need these Debian packages:$missing" >&2
  homeserver
  exit 0
fi
# Keeps the packages from starting services of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made=1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends $missing >/dev/null
status=$?
[ -z "${made:-}" ] || rm -f "$policy"
provider
homeserver
exit $status
