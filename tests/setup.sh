# What ./examples/run and ./tests/run have in common; sourced by both, with $root set to the project's folder.
#   wf_setup            installs missing packages and configures build/
#   wf_build TARGET…    builds them
# Quiet where all is well. What a step printed is shown where it fails.

# Runs a command with its output in a file; shows the end of it where it fails.
quietly() {
  local log="$1" status=0
  shift
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    echo "failed: $* (exit code $status); the end of $log:" >&2
    tail -n 60 "$log" >&2
  fi
  return "$status"
}

missing_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package
  for package in $(grep -v '^#' "$root/tests/packages.txt") ${WF_MORE_PACKAGES:-}; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

install_packages() {
  local missing as_root=""
  missing="$(missing_packages | tr '\n' ' ')"
  [ -n "${missing// /}" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "these packages are missing, and neither root nor sudo is there to install them: $missing" >&2
      return 1
    }
    as_root="sudo"
  fi
  echo "installing: $missing"
  quietly "$root/build/apt.log" $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
  quietly "$root/build/apt.log" $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends $missing
}

# A build folder that was copied from elsewhere, or made by another generator, is configured afresh.
configure() {
  local cache="$root/build/CMakeCache.txt"
  if [ -f "$root/build/build.ninja" ] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
    return 0
  fi
  quietly "$root/build/configure.log" cmake --fresh -G Ninja -S "$root" -B "$root/build"
}

wf_setup() {
  mkdir -p "$root/build"
  install_packages
  configure
}

wf_build() {
  quietly "$root/build/build.log" ninja -C "$root/build" "$@"
}
