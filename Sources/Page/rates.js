// Rates: the tiles, and the time line of the last two minutes.

const decisions = ['answered', 'forwarded', 'refused', 'failed', 'silent'];

function rateOf(state, decision, context) {
  return state.rates.reduce(
    (sum, rate) =>
      sum + (rate.decision === decision && (context === undefined || rate.context === context) ? rate.perSecond : 0), 0);
}

function drawTiles(state) {
  const [answered, forwarded, refused, failed, silent] = decisions.map((decision) => rateOf(state, decision));
  const all = answered + forwarded + refused + failed + silent;
  // The same times as below, in the panel that has their uncertainty.
  const times = timesOf(state, 'residence', everyContext, 'answered');
  setText(byID('rates-window'), `the last ${amount(Math.round(state.window), 'second')}`);
  const tiles = [
    ['queries a second', rateText(all), ''],
    ['refused a second', rateText(refused), shareText(refused, all), refused > 0],
    ['failed or silent', rateText(failed + silent), shareText(failed + silent, all), failed + silent > 0],
    ['residence p50', quantileText(times, 'p50'), 'answered'],
    ['residence p99', quantileText(times, 'p99'), 'answered'],
  ];
  reconcile(byID('tiles'), tiles, (tile) => tile[0],
    (tile) => element('div', {}, element('dt', {}, tile[0]), element('dd', {}, element('span'), ' ', element('small'))),
    (node, [, value, aside, isBad]) => {
      const [span, small] = node.lastChild.children;
      setText(span, value);
      setText(small, aside);
      span.className = isBad ? 'some' : '';
    });
  const isQuiet = all === 0 && state.rates.every((rate) => rate.total === 0) && state.refusals.length === 0
    && state.calls.length === 0 && state.history.every((second) => decisions.every((name) => !(second[name] > 0)));
  byID('try-it').hidden = !isQuiet;
  byID('timeline-figure').hidden = isQuiet;
  if (isQuiet) setText(byID('try-lines'), linesToTry(state).join('\n'));
}

/// The servers that names of others are asked of; the panel is there where there are some.
function drawUpstreams(state) {
  const forwarding = state.forwarding;
  byID('upstreams').hidden = !forwarding;
  if (!forwarding) return;
  setText(byID('upstreams-cache'), `${amount(forwarding.cacheEntries, 'answer')} kept, ${grouped(Math.round(forwarding.cacheOctets / 1024))} KiB; `
    + `${amount(forwarding.outstanding, 'question')} asked now, ${grouped(forwarding.waiting)} waiting`);
  reconcile(byID('upstream-rows').tBodies[0], forwarding.upstreams, (one) => one.server,
    (one) => element('tr', {}, element('th', { scope: 'row' }, one.server), element('td'),
      ...Array.from({ length: 3 }, () => element('td', { class: 'number' }))),
    (node, one) => {
      setText(node.cells[1], one.isDown ? 'taken for dead' : one.failures > 0 ? `${one.failures} failed in a row` : 'well');
      node.cells[1].className = one.isDown ? 'bad-text' : '';
      const time = one.responseTime > 0 ? timeText(one.responseTime) : '–';
      [time, grouped(one.asked), grouped(one.failed)].forEach((value, index) => setText(node.cells[index + 2], value));
    });
}

/// Commands that make this server answer, from where it listens and where its contexts are.
function linesToTry(state) {
  const listener = state.server.listening.find((text) => !text.startsWith('[')) ?? state.server.listening[0] ?? '';
  const split = listener.lastIndexOf(':');
  const host = listener.slice(0, split).replace(/^\[|\]$/g, '').replace(/^.* /, '');
  const address = host === '0.0.0.0' || host === '' ? '127.0.0.1' : host;
  const dig = `dig @${address} -p ${listener.slice(split + 1).replace(/\D.*$/, '')}`;
  const sources = state.contexts.flatMap((context) => context.from).filter((prefix) => prefix.startsWith('127.'))
    .map((prefix) => prefix.replace(/\/\d+$/, '').replace(/\.0$/, '.1'));
  const names = [...new Set(state.calls.map((call) => call.target))];
  const zone = state.snapshot.zones[0] ?? '.';
  const lines = [`${dig} ${shellWord(names[0] ?? zone)} ANY`, `${dig} +short CH TXT whoami.ambit`];
  for (const source of [...new Set(sources)].slice(0, 3)) lines.push(`${dig} -b ${source} +short CH TXT whoami.ambit`);
  return lines;
}

// MARK: - Time line

const timeline = { seconds: [], chosen: null, span: 120 };

/// A round number at or above, and the step between the lines below it.
function roundScale(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  const top = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= most) ?? 10 * power;
  return { top, step: top / 2 };
}

function drawTimeline(state) {
  const box = byID('timeline');
  const width = box.clientWidth;
  if (state) {
    const end = Date.parse(state.history.at(-1)?.time ?? state.time);
    timeline.seconds = state.history.map((second) => ({ ...second, age: (end - Date.parse(second.time)) / 1000 }))
      .filter((second) => second.age >= 0 && second.age <= timeline.span);
  }
  if (width === 0) return;
  const seconds = timeline.seconds;
  const left = 46, right = 10, ratesTop = 18, ratesBottom = 158, timesTop = 190, timesBottom = 262, height = 284;
  const x = (age) => left + (1 - age / timeline.span) * (width - left - right);
  const svg = drawing('svg', { viewBox: `0 0 ${width} ${height}`, height, 'aria-hidden': 'true' },
    drawing('defs', {}, drawing('pattern',
      { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      drawing('rect', { width: 6, height: 6, class: 'hatch-ground' }),
      drawing('path', { d: 'M1.75 0v6', class: 'hatch-line' }))));
  const label = (text, at, y, anchor = 'end') => svg.append(drawing('text', { x: at, y, 'text-anchor': anchor }, text));

  const most = Math.max(...seconds.map((second) => decisions.reduce((sum, name) => sum + (second[name] ?? 0), 0)), 1);
  const { top, step } = roundScale(most);
  const y = (rate) => ratesBottom - (rate / top) * (ratesBottom - ratesTop);
  for (let rate = 0; rate <= top; rate += step) {
    svg.append(drawing('path', { class: rate === 0 ? 'axis base' : 'axis', d: `M${left} ${y(rate)}H${width - right}` }));
    label(rate < 10 && rate % 1 !== 0 ? rate.toFixed(1) : grouped(rate), left - 6, y(rate) + 4);
  }
  label('queries a second', left, 11, 'start');
  const base = seconds.map(() => 0);
  for (const name of decisions) {
    const over = seconds.map((second, index) => base[index] + (second[name] ?? 0));
    if (seconds.some((second) => second[name] > 0)) {
      const upper = seconds.map((second, index) => `${x(second.age).toFixed(1)} ${y(over[index]).toFixed(1)}`);
      const lower = seconds.map((second, index) => `${x(second.age).toFixed(1)} ${y(base[index]).toFixed(1)}`).reverse();
      svg.append(drawing('path', { class: `area ${name}`, d: `M${upper.join('L')}L${lower.join('L')}Z` }));
    }
    over.forEach((value, index) => { base[index] = value; });
  }

  const times = seconds.flatMap((second) => [second.p50, second.p99]).filter((time) => time > 0);
  label('residence of answered queries', left, timesTop - 8, 'start');
  const low = Math.floor(Math.log10(Math.min(...times, 1e-5)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...times, 2e-5)) - 1e-9));
  const yTime = (time) => timesBottom - ((Math.log10(time) - low) / (high - low)) * (timesBottom - timesTop);
  const stride = Math.ceil((high - low) / 4);
  for (let power = low; power <= high; power += stride) {
    svg.append(drawing('path', { class: power === low ? 'axis base' : 'axis', d: `M${left} ${yTime(10 ** power)}H${width - right}` }));
    label(decadeText(power), left - 6, yTime(10 ** power) + 4);
  }
  for (const name of ['p50', 'p99']) svg.append(drawing('path', { class: name, d: brokenLine(seconds, name, x, yTime) }));
  for (let age = 0; age <= timeline.span; age += width < 500 ? 60 : 30) {
    label(age === 0 ? 'now' : `${age} s ago`, x(age), height - 4, age === 0 ? 'end' : age === timeline.span ? 'start' : 'middle');
  }
  timeline.place = x;
  timeline.cursor = drawing('path', { class: 'cursor' });
  timeline.draw = (age) => `M${x(age)} ${ratesTop}V${ratesBottom}M${x(age)} ${timesTop}V${timesBottom}`;
  svg.append(timeline.cursor);
  box.replaceChildren(svg);
  showSecond();
}

/// `1 µs` for -6.
function decadeText(power) {
  const [size, unit] = unitOf(10 ** power);
  return `${Math.round(10 ** power / size)}\u202f${unit}`;
}

/// A line through the seconds that have a time; it breaks where there is none.
function brokenLine(seconds, name, x, y) {
  let path = '', isOpen = false;
  for (const second of seconds) {
    if (second[name] > 0) path += `${isOpen ? 'L' : 'M'}${x(second.age).toFixed(1)} ${y(second[name]).toFixed(1)}`;
    if (second[name] > 0 && !isOpen) path += 'h0.1';
    isOpen = second[name] > 0;
  }
  return path;
}

function showSecond() {
  const second = timeline.chosen === null ? undefined : timeline.seconds.find((one) => Math.round(one.age) === timeline.chosen);
  timeline.cursor?.setAttribute('d', second ? timeline.draw(second.age) : '');
  setText(byID('timeline-readout'), second
    ? `${clockText(second.time)} UTC: ${decisions.map((name) => `${rateText(second[name] ?? 0)} ${name}`).join(', ')}`
      + (second.p50 > 0 ? `; p50 ${timeText(second.p50)}, p99 ${timeText(second.p99)}` : '')
    : '');
}

function prepareTimeline() {
  const box = byID('timeline');
  const choose = (age) => {
    timeline.chosen = age === null ? null : Math.min(timeline.span, Math.max(0, Math.round(age)));
    showSecond();
  };
  box.addEventListener('pointermove', (event) => {
    if (!timeline.place) return;
    const left = timeline.place(timeline.span), right = timeline.place(0);
    choose((1 - (event.clientX - box.getBoundingClientRect().left - left) / (right - left)) * timeline.span);
  });
  box.addEventListener('pointerleave', () => choose(null));
  box.addEventListener('blur', () => choose(null));
  box.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: 1, ArrowRight: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (event.key === 'Escape') choose(null);
    else if (step !== undefined) choose((timeline.chosen ?? -step) + step);
    else if (event.key === 'Home') choose(timeline.span);
    else if (event.key === 'End') choose(0);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(() => drawTimeline()).observe(box);
}
