#!/bin/sh
# Installs the real programs that the tests speak to, where they are missing and this may
# be done (Debian, root). They are programs to run, not services: none is started here.
missing=""
want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
want prometheus prometheus
want prometheus-alertmanager prometheus-alertmanager
want vmalert victoria-metrics
want chromium chromium
want wrk wrk
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need these Debian packages:$missing" >&2
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
exit $status
