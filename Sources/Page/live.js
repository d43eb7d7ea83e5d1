// Asks for /state.json every second and draws it; says so when the server is gone, stands still, or is another one.

const live = { isPaused: false, timer: 0, failures: 0, lastTime: '', lastMoved: 0, lastAnswer: null, version: '', shown: null };

async function poll() {
  clearTimeout(live.timer);
  if (live.isAsking || live.isPaused || document.hidden) return;
  live.isAsking = true;
  let state = null, reason = '';
  try {
    const response = await fetch('/state.json', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    if (!response.ok) reason = `It says ${response.status}.`;
    else state = await response.json();
  } catch (error) {
    reason = error.name === 'TimeoutError' ? 'It did not answer within 5 seconds.' : '';
  }
  live.isAsking = false;
  if (live.isPaused) return;
  if (state) {
    live.failures = 0;
    take(state);
    draw(state);
    live.timer = setTimeout(poll, 1000);
  } else {
    live.failures += 1;
    live.reason = reason;
    live.nextTry = performance.now() + 1000 * Math.min(10, 2 ** (live.failures - 1));
    live.timer = setTimeout(poll, live.nextTry - performance.now());
  }
  showConnection();
}

function take(state) {
  const now = performance.now();
  if (state.time !== live.lastTime) live.lastMoved = now;
  live.lastTime = state.time;
  live.lastAnswer = now;
  live.version ||= state.server.version;
  live.isOtherVersion = live.version !== state.server.version;
  live.shown = state;
}

function draw(state) {
  for (const part of [drawConfiguration, drawTiles, drawUpstreams, drawTimeline, drawLatency, drawGraph, takeRefusals, takeExamples]) {
    try {
      part(state);
    } catch (error) {
      // What one part cannot draw leaves the others whole.
      console.error(error);
    }
  }
}

function showConnection() {
  const now = performance.now();
  const isGone = live.failures > 0;
  const isStill = !isGone && live.lastAnswer !== null && now - live.lastMoved > 5000;
  const condition = live.isPaused ? 'paused' : isGone ? 'gone' : isStill ? 'still' : live.lastAnswer === null ? 'waiting' : 'live';
  byID('status').dataset.state = condition;
  setText(byID('status-text'), { paused: 'paused', gone: 'no answer', still: 'stands still', waiting: 'connecting', live: 'live' }[condition]);
  document.body.classList.toggle('is-old', isGone || isStill);
  const host = live.shown ? ` · ${live.shown.server.host}` : '';
  const isBad = isGone || isStill || live.shown?.snapshot.isStale || live.shown?.health.isWell === false;
  document.title = `${isBad ? '(!) ' : ''}Ambit${host}`;
  byID('connection').hidden = live.isPaused || !(isGone || isStill || live.isOtherVersion);
  byID('try-now').hidden = !isGone;
  if (isGone) {
    const ago = live.lastAnswer === null ? '' : ` What is shown is ${spanText((now - live.lastAnswer) / 1000)} old.`;
    const wait = Math.max(0, Math.ceil((live.nextTry - now) / 1000));
    setText(byID('connection-title'), 'The server does not answer.');
    // The seconds run for the eye alone: a screen reader hears the status in the header.
    setText(byID('connection-text'), `${live.reason}${ago} Trying again${wait > 0 ? ` in ${wait} s` : ''}.`.trim());
  } else if (isStill) {
    setText(byID('connection-title'), 'The figures stand still.');
    setText(byID('connection-text'), `The server answers, but tells the state of ${dayText(live.lastTime)}.`);
  } else if (live.isOtherVersion) {
    setText(byID('connection-title'), 'The server is another version now.');
    setText(byID('connection-text'), `It is ${live.shown.server.version}; this page came with ${live.version}: reload it.`);
  }
}

/// Nothing was asked for a while: until there is an answer, it is not the server's fault that nothing has moved.
function beginAnew() {
  live.lastMoved = performance.now();
}

function prepareLive() {
  const pause = byID('pause');
  pause.addEventListener('click', () => {
    live.isPaused = !live.isPaused;
    pause.setAttribute('aria-pressed', live.isPaused);
    beginAnew();
    showConnection();
    if (!live.isPaused) poll();
  });
  byID('try-now').addEventListener('click', poll);
  document.addEventListener('visibilitychange', () => {
    beginAnew();
    poll();
  });
  setInterval(() => { if (!document.hidden) showConnection(); }, 1000);
}

byID('app').hidden = false;
for (const prepare of [prepareTimeline, prepareLatency, prepareGraph, prepareRefusals, prepareExplain, prepareLive]) prepare();
poll();
