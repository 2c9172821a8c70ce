# Functions that deploy/run and tests/run share; to be sourced by bash with `set -euo pipefail`.
# They keep the terminal quiet: everything a tool says goes to $KITH_LOGS, and its end is shown when it fails.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
KITH_LOGS=${KITH_LOGS:-$repository/build/logs}
KITH_JOBS=${KITH_JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }

# run_quietly <log name> <what it does> <command>...: one line on the terminal; on failure the log's last lines.
run_quietly() {
  local log=$KITH_LOGS/$1.log title=$2 began=$SECONDS
  shift 2
  mkdir -p "$KITH_LOGS"
  printf '%s … ' "$title"
  if "$@" >"$log" 2>&1 </dev/null; then
    say "done ($((SECONDS - began)) s)"
  else
    local code=$?
    say "failed"
    tail -n 40 "$log" >&2
    say "The whole log: $log" >&2
    return "$code"
  fi
}

# packages [tests]: the names in deploy/packages, with those of the tests if asked.
packages() {
  awk -v tests="${1:-}" '!/^#/ && NF && ($2 == "" || $2 == tests) { print $1 }' "$repository/deploy/packages"
}

# install_packages [tests]: a fraction of a second where everything is installed already.
install_packages() {
  local wanted missing as_root=()
  mapfile -t wanted < <(packages "${1:-}")
  missing=$(comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
      awk '$1 == "ii" { print $2 }' | sort -u))
  [ -z "$missing" ] && return
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      say "These packages are missing; install them as root: $(echo $missing)" >&2
      return 1
    }
    as_root=(sudo)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q)
  run_quietly apt-update 'Reading the package lists' "${apt[@]}" update
  # shellcheck disable=SC2086 - one word per package
  without_services run_quietly apt-install "Installing $(echo $missing | wc -w) packages" \
    "${apt[@]}" install -y --no-install-recommends $missing
}

# without_services <command>...: packages that it installs start no service of theirs; only their tools are wanted.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
  fi
  "$@"
)

# configure <preset>: once; afterwards ninja sees for itself when CMake must run again.
configure() {
  [ -f "$repository/build/$1/build.ninja" ] ||
    run_quietly "configure-$1" "Configuring $1" cmake -S "$repository" --preset "$1"
}

# build <preset> [target...]: shows how far it is, as one moving line on a terminal and every tenth part elsewhere.
build() {
  local preset=$1 log=$KITH_LOGS/build-$1.log began=$SECONDS live=0
  shift
  configure "$preset"
  mkdir -p "$KITH_LOGS"
  [ -t 1 ] && live=1
  if (cd "$repository" && NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" -j "$KITH_JOBS" \
      ${1:+--target "$@"}) 2>&1 </dev/null | tee "$log" | awk -v preset="$preset" -v live="$live" '
        match($0, /^\[[0-9]+\/[0-9]+\]/) {
          split(substr($0, 2, RLENGTH - 2), part, "/")
          percent = int(100 * part[1] / part[2])
          if (live) printf "\rBuilding %s: %d %% (%d of %d)\033[K", preset, percent, part[1], part[2]
          else if (percent >= told + 10) {
            printf "Building %s: %d %%\n", preset, percent
            told = percent - percent % 10
          }
          fflush()
        }
        END { if (live) printf "\r\033[K" }'; then
    say "Built $preset ($((SECONDS - began)) s)"
  else
    grep -nE -A 12 'error:|FAILED:|ninja: error|undefined reference' "$log" | head -n 60 >&2 || true
    say "The build failed. The whole log: $log" >&2
    return 1
  fi
}
