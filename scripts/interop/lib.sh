# The interop tests' common ground; every topic sources it. A case is one printed line: "ok …", "FAILED …" (with what was
# expected and what was got) or "skipped: …". All traffic stays on loopback; only processes started here are ended here.
# shellcheck shell=bash

set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
AMBIT=${AMBIT:-$root/.build/release/ambit}
export AMBIT PYTHONDONTWRITEBYTECODE=1

work=$(mktemp -d "${TMPDIR:-/tmp}/ambit-interop.XXXXXX")
pids=()

clean_up() {
  local pid
  for pid in "${pids[@]}"; do
    kill -KILL "$pid" && wait "$pid"
  done 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 3

# --- cases -----------------------------------------------------------------------------------------------------------

ok() { echo "ok $1"; }
skip() { echo "skipped: $1"; }
failed() { # TITLE WANTED GOT
  echo "FAILED $1"
  echo "   expected: ${2//$'\n'/$'\n'             }"
  echo "   got:      ${3//$'\n'/$'\n'             }"
}

# The text is exactly this.
same() { # TITLE WANTED GOT
  if [[ $3 == "$2" ]]; then ok "$1"; else failed "$@"; fi
}

# The text has this in it; nothing is in every text, so it is no needle.
has() { # TITLE NEEDLE TEXT
  if [[ $2 && $3 == *"$2"* ]]; then ok "$1"; else failed "$1" "… $2 …" "$3"; fi
}

# The text matches this extended regular expression.
matches() { # TITLE PATTERN TEXT
  if [[ $2 && $3 =~ $2 ]]; then ok "$1"; else failed "$1" "matching $2" "$3"; fi
}

# The command succeeds.
succeeds() { # TITLE COMMAND…
  local title=$1 output
  shift
  if output=$("$@" 2>&1); then ok "$title"; else failed "$title" "success of: $*" "exit $?: $output"; fi
}

# Tries a command every 50 ms until it succeeds, for at most 10 s.
until_true() {
  local try
  for ((try = 0; try < 200; try++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  return 1
}

is_there() { command -v "$1" >/dev/null; }

# For a topic in a mount and a network namespace of its own: `enter` becomes the words before a command there. Where
# namespaces are not permitted, or one of the programs is not here, the topic is skipped and ends.
needs_namespaces() { # TOPIC PROGRAM…
  local topic=$1 options program
  shift
  enter=()
  for options in "-n -m" "-r -n -m"; do
    # shellcheck disable=SC2086
    if unshare $options true 2>/dev/null; then
      read -ra enter <<<"unshare $options"
      break
    fi
  done
  if ((${#enter[@]} == 0)); then
    skip "$topic: namespaces are not permitted here"
    exit 0
  fi
  for program in "$@"; do
    if ! is_there "$program"; then
      skip "$topic: no $program here"
      exit 0
    fi
  done
}

# --- servers ---------------------------------------------------------------------------------------------------------

# A port that is free for UDP and TCP, on IPv4 and IPv6.
free_port() {
  python3 - <<'END'
import contextlib, random, socket
for _ in range(200):
    port = random.randrange(20000, 30000)  # below the ports that the kernel gives to clients
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("0.0.0.0", port))
            with contextlib.suppress(OSError):
                six = stack.enter_context(socket.socket(socket.AF_INET6, kind))
                six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                six.bind(("::1", port))
        print(port)
        break
END
}

# A copy of the example to change at will.
copy_zones() { cp -R "$root/zones" "$1"; }

# Starts `ambit serve DIR` with the options given, by default on $port of 127.0.0.1 and ::1, without HTTP; waits until it is
# ready.
# Output goes to $out and $err; its process is $server.
port=$(free_port)
starts=0
serve() { # DIR [OPTION…]
  local listens=()
  [[ " $* " == *" --listen "* ]] || listens=(--listen "127.0.0.1:$port" --listen "[::1]:$port")
  [[ " $* " == *" --http "* ]] || listens+=(--http off)
  starts=$((starts + 1))
  out=$work/out.$starts err=$work/err.$starts
  "$AMBIT" serve "$@" "${listens[@]}" >"$out" 2>"$err" &
  server=$!
  pids+=("$server")
  if ! until_true is_ready_or_gone || ! grep -q '^listening on' "$out"; then
    failed "the server starts: ambit serve $*" "listening on …" "$(cat "$out" "$err")"
    exit 1
  fi
}
is_ready_or_gone() { grep -q '^listening on' "$out" || is_gone "$server"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# Ends a server and waits for its end, at most 10 s; its exit code is $code.
stop() { # PID [SIGNAL]
  kill "-${2:-TERM}" "$1" 2>/dev/null
  until_true is_gone "$1" || kill -KILL "$1"
  wait "$1"
  code=$?
}

# Sends SIGHUP and waits until the log says what became of it.
reload() {
  local before
  before=$(reloads)
  kill -HUP "$server"
  until_true more_reloads_than "$before" || failed "a reload is logged" "a line" "$(cat "$err")"
}
reloads() { grep -cE ' (reloaded|[^ ]+ was not reloaded|cannot reload)' "$err"; }
more_reloads_than() { (($(reloads) > $1)); }

# --- questions -------------------------------------------------------------------------------------------------------

# dig at the server under test.
ask() { dig -r @127.0.0.1 -p "$port" +tries=1 +timeout=3 "$@"; }

# The RDATA of the answer, sorted, on one line.
data() { ask +short "$@" | sort | paste -sd ' '; }

# The RCODE.
status() { ask "$@" | sed -nE 's/.*status: ([A-Z]+).*/\1/p'; }

# The Extended DNS Error: its number and its text.
ede() { ask "$@" | sed -nE 's/^; EDE: ([0-9]+) \([^)]*\): \((.*)\)$/\1 \2/p'; }
