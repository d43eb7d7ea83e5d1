# The page, driven in a headless Chromium: what dig does is seen, the explain box, the keyboard, narrow and dark, a server
# that goes and comes back. PAGE_SHOTS=FOLDER keeps the pictures.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! is_there chromedriver; then
  skip "the page in a browser, for want of chromedriver (package chromium-driver)"
  exit 0
fi
copy_zones zones
HTTP_PORT=$(free_port) PORT=$port timeout --kill-after=5 150 python3 "$here/page.py" zones "${PAGE_SHOTS:-$work/shots}" 2>&1
same "the driver of the browser ends well" 0 "$?"
