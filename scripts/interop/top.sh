# What is to be seen of a running server: `ambit top` as a report, as JSON and on a terminal, and what a reload does to it.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# --- as a report -----------------------------------------------------------------------------------------------------

said=$("$AMBIT" top "$work" 2>&1 >/dev/null)
same "without a server the exit code is 3" 3 "$?"
has "and it is said" "no server of $work runs here" "$said"
"$AMBIT" top --interval never >/dev/null 2>&1
same "an interval that is none is a wrong command line" 2 "$?"

copy_zones zones
serve zones --metrics-log off
for ((try = 0; try < 20; try++)); do data -b 127.0.2.10 orders.mesh.test; done >/dev/null
for ((try = 0; try < 3; try++)); do status -b 127.0.1.66 payments.mesh.test; done >/dev/null
is_seen() { "$AMBIT" top zones --once | grep -q '^✗ batch in test .* payments .* 3 '; }
succeeds "a refused call is seen, and marked" until_true is_seen
report=$("$AMBIT" top zones --once)
has "whose server it is" "zones on" "$report"
matches "the refusal is told with rule and line" "payments\.mesh\.test\. A .*127\.0\.1\.66 +orders\.policy:[0-9]+ allow" "$report"
matches "answers have their times" "shard-a +answered udp .*[0-9][nµm] " "$report"
same "no colours where there is no terminal" 0 "$(grep -c $'\e' <<<"$report")"

# --- as JSON ---------------------------------------------------------------------------------------------------------

"$AMBIT" top zones --json >state.json
PORT=$port python3 "$here/top.py" state.json 2>&1 || failed "the checks of the JSON end well" 0 "$?"
same "looking twice gives two lines" 2 "$("$AMBIT" top zones --json --count 2 --interval 0.1 | wc -l)"

# --- on a terminal ---------------------------------------------------------------------------------------------------

screen() { tmux -L "ambit-$$" capture-pane -p; }
shows() { screen | grep -qE "$1"; }
keys() { tmux -L "ambit-$$" send-keys "$@"; }
if is_there tmux; then
  echo 'garbage' >broken.policy
  tmux -L "ambit-$$" -f /dev/null new-session -d -x 80 -y 24 "env PS1='ready> ' LC_ALL=C.UTF-8 bash --norc --noprofile"
  until_true shows 'ready>'
  keys "stty -g | cksum; $AMBIT top zones --interval 0.2; echo code=\$?; stty -g | cksum" Enter
  succeeds "the screen is drawn" until_true shows '^last refusals'
  matches "all of it within the window" '^(79|80)$' "$(screen | LC_ALL=C.UTF-8 wc -L)"
  succeeds "times reach the last column" shows 'p99 +±p99$'
  cp broken.policy zones/broken.policy
  reload
  succeeds "a reload that fails makes it stale, and says why" until_true shows '^stale since .*broken.policy:1:1: error'
  rm zones/broken.policy
  reload
  succeeds "a good one clears it" until_true shows 'enforce  well'
  tmux -L "ambit-$$" resize-window -x 130 -y 40
  succeeds "a wider window has reasons" until_true shows 'batch may not call payments: allow'
  keys q
  succeeds "q ends it" until_true shows 'code=0'
  same "the terminal is as it was" 1 "$(screen | grep -E '^[0-9]+ [0-9]+$' | sort -u | wc -l)"
  keys "clear; $AMBIT top zones; echo code=\$?" Enter
  until_true shows '^last refusals'
  keys C-c
  succeeds "so does Control-C" until_true shows 'code=0'
  succeeds "and the shell is back" shows 'ready>'
  keys "clear; $AMBIT top zones --interval 0.2; echo code=\$?" Enter
  until_true shows '^last refusals'
  stop "$server"
  succeeds "a server that goes away is said to have gone" until_true shows '^no server of zones runs here'
  keys q
  until_true shows 'code=0'
  tmux -L "ambit-$$" kill-server
else
  skip "the live screen: no tmux"
  stop "$server"
fi
