"""Drives the page of a real server. usage: page.py ZONES PICTURES; AMBIT, PORT and HTTP_PORT in the environment."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import urllib.request
from urllib.parse import urlsplit

from browser import ENTER, RIGHT, TAB, Browser, until

zones, pictures = sys.argv[1:3]
port, http_port = os.environ["PORT"], os.environ["HTTP_PORT"]
address = f"http://127.0.0.1:{http_port}/"

# What the keyboard must reach: whatever is seen and takes part. Behind a call's names stand counts and rates, which change.
REACHABLE = """
  return [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.disabled).map(nameOf);
  function nameOf(node) {
    return node.id || `${node.localName} ${node.getAttribute('aria-label')?.split(':')[0] ?? node.textContent.trim().slice(0, 40)}`;
  }"""
ACTIVE = REACHABLE.replace(REACHABLE[:REACHABLE.index("  function")], """
  const active = document.activeElement;
  return active === document.body || !active ? '' : nameOf(active);
""")

# Texts whose contrast with what is behind them is below WCAG's 4.5.
PALE = """
  const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => { const [r, g, b] = numbers(colour); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (at instanceof HTMLElement && (numbers(colour)[3] ?? 1) > 0.99) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const pale = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest('script, style, noscript, title')) continue;
    const style = getComputedStyle(node), own = light(node instanceof SVGElement ? style.fill : style.color), other = light(behind(node));
    const ratio = (Math.max(own, other) + 0.05) / (Math.min(own, other) + 0.05);
    count += 1;
    if (ratio < 4.5) pale.add(`${node.localName}.${node.getAttribute('class')} ${walker.currentNode.data.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return { count, pale: [...pale] };"""


def check(title, is_right, got=""):
    print(f"ok {title}" if is_right else f"FAILED {title}\n   got:      {str(got)[:1500]}", flush=True)


def serve():
    arguments = [os.environ["AMBIT"], "serve", zones, "--listen", f"127.0.0.1:{port}", "--http", f"127.0.0.1:{http_port}"]
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=open("page.err", "w"), text=True)
    for line in server.stdout:
        if line.startswith("listening on"):
            break
    return server


def dig(*words):
    asked = subprocess.run(["dig", "-r", "@127.0.0.1", "-p", port, "+tries=1", "+timeout=3", *words], capture_output=True, text=True)
    return asked.stdout


def stop(server):
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=15)


def text(selector):
    return browser.run("const node = document.querySelector(arguments[0]); return node?.checkVisibility() ? node.innerText : ''", selector)


def count(selector):
    return browser.run("return document.querySelectorAll(arguments[0]).length", selector)


def server_state():
    with urllib.request.urlopen(f"{address}state.json", timeout=5) as response:
        return response.read().decode()


def answers():
    return browser.run("return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/state.json')).length")


def plain(text):
    return text.replace("\u202f", " ")


def status_is(wanted, seconds=15):
    return until(lambda: browser.run("return document.querySelector('#status').dataset.state") == wanted, seconds)


def rows(word):
    return browser.run("return [...document.querySelectorAll('#refusals-table tbody tr')].map((row) => row.innerText)"
                       ".filter((row) => row.includes(arguments[0]))", word)


def label(start):
    return browser.run("return [...document.querySelectorAll('#graph .call')].map((call) => call.getAttribute('aria-label'))"
                       ".find((text) => text.startsWith(arguments[0])) ?? ''", start)


def type_into(selector, value):
    browser.run("const node = document.querySelector(arguments[0]); node.value = arguments[1];"
                "node.dispatchEvent(new Event('input', { bubbles: true })); node.focus()", selector, value)


def empty_page():
    browser.open(address)
    check("the page opens and is live", status_is("live"), text("body"))
    check("before any query it shows what to try", "dig @127.0.0.1" in text("#try-lines"), text("#rates"))
    lines = [line for line in text("#try-lines").splitlines() if line.startswith("dig ")]
    answers = [subprocess.run([*shlex.split(line), "+tries=1", "+timeout=3"], capture_output=True, text=True).stdout for line in lines]
    check("what it shows to try gets answers", len(lines) > 2 and all(answer.strip() for answer in answers), list(zip(lines, answers)))


def calls_and_refusals():
    dig("-b", "127.0.2.66", "orders.mesh.test")
    for _ in range(5):
        dig("-b", "127.0.2.10", "checkout.mesh.test")
    seen = until(lambda: rows("orders.mesh.test. A"))
    check("a refusal made with dig appears, with its rule and line",
          bool(seen) and all(word in seen[0] for word in ("batch", "127.0.2.66", "shard-a", "refuse", "orders.policy:5")), seen)
    edge = until(lambda: label("batch → orders: 0 answered, 1 refused"))
    check("the refused call is in the graph", bool(edge), browser.run(
        "return [...document.querySelectorAll('#graph .call')].map((call) => call.getAttribute('aria-label'))"))
    dashes = browser.run("""
      const call = [...document.querySelectorAll('#graph .call')].find((one) => one.getAttribute('aria-label').startsWith('batch → orders'));
      return [...call.querySelectorAll('.edge')].filter((path) => path.checkVisibility()).map((path) => getComputedStyle(path).strokeDasharray)""")
    check("it is told by its dashes, not by colour alone", len(dashes) == 1 and dashes[0] != "none", dashes)
    check("answered calls are counted", bool(until(lambda: label("web → checkout: 5 answered, 0 refused"))), label("web"))
    check("the rates have moved", until(lambda: text("#tiles dd") != "0"), text("#tiles"))
    check("the time line and the histogram are drawn", until(lambda: count("#timeline .area") and count("#histogram .bars")), text("#latency"))
    check("residence has its uncertainty", " ± " in text("#histogram-text"), text("#histogram-text"))
    browser.run("""
      window.realFetch = window.fetch;
      window.uncertainty = 16e-6;
      window.fetch = async (path, ...rest) => {
        const response = await window.realFetch(path, ...rest);
        if (path !== '/state.json') return response;
        const state = await response.json();
        state.latencies = [{ metric: 'residence', context: 'a', decision: 'answered', transport: 'udp', count: 9, p50: 64e-6, p95: 6e-4,
          p99: 640e-6, max: 1e-3, mean: 1e-4, constantUncertainty: 1e-6, uncertainty: window.uncertainty,
          buckets: [{ from: 60e-6, to: 70e-6, count: 9 }] }];
        return { ok: true, json: async () => state };
      }""")
    check("p50 is off by clocks, half a bucket, and what comes of timing a sample",
          until(lambda: "p50 64.0 ± 7.0 µs, p99 640 ± 16 µs" in plain(text("#histogram-text"))), text("#histogram-text"))
    browser.run("window.uncertainty = 137")
    check("where too few are timed it is unknown", until(lambda: text("#histogram-text").count("± unknown") == 2), text("#histogram-text"))
    browser.run("window.fetch = window.realFetch")
    def is_same_time():
        tile, panel = browser.run("return ['#tiles > :nth-child(4) dd', '#histogram-text'].map((one) => document.querySelector(one).textContent)")
        numbers = re.search(r"[\d.]+", tile), re.search(r"p50 ([\d.]+)", panel)
        return all(numbers) and abs(float(numbers[0][0]) - float(numbers[1][1])) <= 0.5
    check("the tile has the time that the panel has, which rounds it", until(is_same_time), (text("#tiles"), text("#histogram-text")))
    dig("-b", "127.0.2.66", "orders.mesh.test")
    again = until(lambda: [row for row in rows("orders.mesh.test. A") if "×\u00a02 since" in row])
    check("what is refused again is one row, which counts", again and len(rows("orders.mesh.test. A")) == 1, rows("orders"))
    wrapped = browser.run("return [...document.querySelectorAll('#refusals-table .source, #refusals-table .time')]"
                          ".filter((node) => node.getClientRects().length > 1).length")
    check("addresses and times are in one line", wrapped == 0, wrapped)
    check("new refusals are announced", until(lambda: "refus" in browser.run("return document.querySelector('#announcer').textContent")))


def explain_box():
    browser.run("document.querySelector('#refusals-table tbody tr button').click()")
    result = until(lambda: "orders.policy:5" in text("#explain-result") and text("#explain-result")) or ""
    check("a refusal's button explains it", all(word in result for word in ("refused", "services.policy:17", "May they?", "REFUSED",
          "ambit explain orders.mesh.test. A zones --from 127.0.2.66")), result or text("#explain-result"))
    link = browser.run("return location.hash")
    check("the question stands in the address", link == "#explain?name=orders.mesh.test.&type=A&from=127.0.2.66", link)
    type_into("#explain-from", "127.0.2")
    browser.press(ENTER)
    error = until(lambda: text("#explain-result .error")) or ""
    check("what is wrong with a question is said", "127.0.2" in error and "address" in error, error)
    type_into("#explain-name", "")
    browser.press(ENTER)
    example = browser.run("return ['name', 'from'].map((field) => document.querySelector(`#explain-${field}`).placeholder)")
    check("examples are of the configuration", example[0] and example[1].startswith("127.0."), example)
    check("a question without a name is told so", until(lambda: "Which name" in text("#explain-result")), text("#explain-result"))
    marks = browser.run("return ['name', 'from'].map((field) => document.querySelector(`#explain-${field}`).ariaInvalid)")
    check("and the field is marked, no other", marks == ["true", "false"], marks)
    browser.open("about:blank")
    browser.open(f"{address}#explain?name=web&type=A&from=127.0.2.20")
    check("and its command has the folder, which may be told later",
          until(lambda: "ambit explain web A zones --from 127.0.2.20" in text("#explain-result")), text("#explain-result"))
    check("a link opens with its answer", until(lambda: "acyclic" in text("#explain-result")), text("#explain"))


def hostile_names():
    name = "<img src=x onerror=alert(1)>.mesh.test"
    dig("-b", "127.0.9.9", name.replace(" ", "\\032"))
    dig("-b", "127.0.9.9", "\\000\\255\\\"--></script><b>.mesh.test")
    check("a hostile name is shown as text", bool(until(lambda: rows("<img"))), text("#refusals"))
    browser.run("[...document.querySelectorAll('#refusals-table tbody tr')].find((row) => row.innerText.includes('<img'))"
                ".querySelector('button').click()")
    check("and explained as text", until(lambda: "<img" in text("#explain-result")), text("#explain-result"))
    check("nothing of it became an element", count("img") == 0 and count("#app b > b") == 0)


def filtering_and_pausing():
    type_into("#refusals-filter", "placement 127.0.9")
    check("the list is filtered", until(lambda: rows("placement") and not rows("orders.policy")), text("#refusals"))
    type_into("#refusals-filter", "no such thing")
    check("a filter that finds nothing says so", until(lambda: "has that in it" in text("#refusals-empty")), text("#refusals"))
    type_into("#refusals-filter", "")
    browser.run("document.activeElement.blur(); document.querySelector('#pause').click()")
    check("it can be paused", status_is("paused"))
    dig("-b", "127.0.2.30", "reports.mesh.test")
    check("the server has what comes meanwhile", bool(until(lambda: "reports.mesh.test." in server_state())))
    # What would ask, had it not been paused, has had its answer when ours is here.
    browser.run("document.dispatchEvent(new Event('visibilitychange')); return fetch('/state.json').then(() => fetch('/state.json')).then(() => 1)")
    check("a paused page stands still", not rows("reports.mesh.test."))
    told = browser.run("const now = performance.now; performance.now = () => now.call(performance) + 60000;"
                       "document.querySelector('#pause').click();"
                       "return document.querySelector('#status').dataset.state")
    check("who goes on after a while is not told that the figures stand still", told == "live", told)
    check("and goes on", bool(until(lambda: rows("reports.mesh.test."))), text("#refusals"))


def keyboard():
    browser.open("about:blank")
    browser.open(address)
    status_is("live")
    until(lambda: count("#graph .call"))
    browser.press(TAB)
    check("the first stop is the way past the header", browser.run("return document.activeElement.className") == "skip")
    wanted = set(browser.run(REACHABLE))
    reached = [browser.run(ACTIVE)]
    for _ in range(len(wanted) + 30):
        browser.press(TAB)
        reached.append(browser.run(ACTIVE))
        if reached[-1] == reached[0] or reached[-1] == "":
            break
    check("the keyboard reaches everything and is caught nowhere", len(wanted) > 20 and wanted <= set(reached) and len(reached) < len(wanted) + 30,
          sorted(wanted - set(reached)) or reached[-5:])
    browser.run("document.querySelector('#graph .call[tabindex=\"0\"]').focus()")

    def told():
        """The call that has the focus, once what is told below the graph is its own; read together, as its rate changes."""
        label, detail = browser.run("return [document.activeElement.getAttribute('aria-label'),"
                                    "document.querySelector('#graph-detail').innerText.split('\\n')[0]]")
        return label if label == detail else ""

    first = until(told)
    browser.press(RIGHT)
    second = until(told)
    check("arrow keys walk along the calls, whose counts and line are told",
          first and second and first.split(":")[0] != second.split(":")[0], (first, second, text("#graph-detail")))
    before = answers()
    check("an update comes, and is drawn before the next", bool(until(lambda: answers() > before + 1)))
    kept = browser.run("return document.activeElement.getAttribute('aria-label')") or ""
    check("an update keeps the focus", kept.split(":")[0] == (second or "").split(":")[0] != "", kept)


def looks():
    os.makedirs(pictures, exist_ok=True)
    for name, width, height, scale, is_dark in (("light", 1280, 900, 1, False), ("dark", 1280, 900, 1, True), ("phone", 360, 740, 2, False),
                                                ("phone-dark", 360, 740, 2, True), ("zoom-200", 640, 450, 2, False)):
        browser.screen(width, height, scale=scale, is_dark=is_dark)
        browser.open("about:blank")
        browser.open(f"{address}#explain?name=orders&type=A&from=127.0.2.66")
        until(lambda: count("#graph .call") and "orders.policy:5" in text("#explain-result"))
        overflow = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        check(f"{name}: nothing is to be scrolled sideways", overflow <= 0, overflow)
        contrast = browser.run(PALE)
        check(f"{name}: every text has contrast enough", contrast["count"] > 100 and not contrast["pale"], contrast)
        browser.picture(f"{pictures}/{name}.png")
    browser.screen(1280, 900)


def without_script():
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    browser.open("about:blank")
    browser.open(address)
    names = {node.get("name", {}).get("value", "") for node in browser.command("Accessibility.getFullAXTree")["nodes"]}
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    check("without script it says what to do", "ambit top" in names and "Pause" not in names, names)


def going_and_coming(server):
    browser.open("about:blank")
    browser.open(address)
    status_is("live")
    policy = pathlib.Path(zones, "orders.policy")
    right = policy.read_text()
    policy.write_text(right.replace("refuse  batch", "refuse  bacth"))
    server.send_signal(signal.SIGHUP)
    check("a failed reload is shown, with its reason", until(lambda: "bacth" in text("#stale-reasons")), text("body")[:600])
    policy.write_text(right)
    server.send_signal(signal.SIGHUP)
    check("and gone with the next good one", until(lambda: not text("#stale")), text("#stale"))
    for line, told in (("measure every 10", "one in 10 queries is timed"), ("measure off", "no query is timed")):
        policy.write_text(f"{right}\n{line}\n")
        server.send_signal(signal.SIGHUP)
        check(f"{line} is told beside the times", until(lambda: text("#latency-timed") == told), text("#latency-timed"))
        check("and times of before are gone", until(lambda: text("#tiles > :nth-child(4) dd").startswith("–")), text("#tiles"))
    policy.write_text(right)
    server.send_signal(signal.SIGHUP)
    check("that all are timed is not told", until(lambda: not text("#latency-timed")), text("#latency-timed"))
    noise = [entry["message"] for entry in browser.log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    noise = [line for line in noise if "/explain.json" not in line]  # the questions that were wrong: 400
    check("the console has no errors", not noise, noise)
    stop(server)
    check("a server that is gone is said to be", status_is("gone") and "does not answer" in text("#connection"), text("header"))
    server = serve()
    check("a server that is back is live again", status_is("live", 25) and not text("#connection"), text("header"))
    return server


def no_outside_requests():
    outside, own = set(), set()
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            (own if url.startswith(address) else outside).add(urlsplit(url).scheme + ":" + url[:120])
    outside = {url for url in outside if not url.startswith(("data:", "about:", "chrome:"))}
    check("nothing is asked of anybody else", own and not outside, outside)


server = serve()
with tempfile.TemporaryDirectory(prefix="ambit-browser.") as folder:
    browser = Browser(folder)
    try:
        for part in (empty_page, calls_and_refusals, explain_box, hostile_names, filtering_and_pausing, keyboard, looks, without_script):
            try:
                part()
            except (RuntimeError, OSError) as error:
                check(f"{part.__name__}: goes through", False, error)
        server = going_and_coming(server)
        no_outside_requests()
    finally:
        browser.close()
        stop(server)
