// Latency: the histogram, and the tables by context and by population.

const everyContext = ' every';
const latency = { state: null };

/// Several populations as one. Their histograms add exactly; a quantile of the sum is known to half a bucket and what
/// `others` adds.
function merged(list, others) {
  const buckets = new Map();
  let count = 0, sum = 0, max = 0;
  for (const one of list) {
    count += one.count;
    sum += one.mean * one.count;
    max = Math.max(max, one.max);
    for (const bucket of one.buckets) {
      const known = buckets.get(bucket.from);
      if (known) known.count += bucket.count;
      else buckets.set(bucket.from, { ...bucket });
    }
  }
  const ordered = [...buckets.values()].sort((one, other) => one.from - other.from);
  const quantile = (share) => {
    let rank = Math.max(1, Math.ceil(share * count));
    for (const bucket of ordered) {
      rank -= bucket.count;
      if (rank <= 0) return { at: Math.min(max, (bucket.from + bucket.to) / 2), off: (bucket.to - bucket.from) / 2 };
    }
    return { at: max, off: 0 };
  };
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map(quantile);
  return { count, buckets: ordered, max, mean: count > 0 ? sum / count : 0, p50: p50.at, p95: p95.at, p99: p99.at, isMerged: true,
    off: { p50: p50.off + others, p99: p99.off + others } };
}

/// Half a bucket of the server's own histogram, as a part of a quantile that is read from it.
const bucketError = 1 / 64;

/// What comes of timing a sample: what an uncertainty, which is that of p99, has beyond these parts.
const samplingOf = (one) => Math.max(0, one.uncertainty - one.constantUncertainty - one.p99 * bucketError);

function timesOf(state, metric, context, decision) {
  const list = state.latencies.filter((one) => one.metric === metric && one.count > 0
    && (context === everyContext || one.context === context) && (decision === 'all' || one.decision === decision));
  if (list.length === 0) return undefined;
  const others = Math.max(...list.map((one) => one.constantUncertainty + samplingOf(one)));
  if (list.length > 1) return merged(list, others);
  const [one] = list;
  return { ...one, off: { p50: one.p50 * bucketError + others, p99: one.uncertainty } };
}

/// One of the times; of several populations as one, it is known to half a bucket.
const quantileText = (times, name) => (times ? `${times.isMerged ? '≈\u2009' : ''}${timeText(times[name])}` : '–');

function drawLatency(state) {
  if (state) latency.state = state;
  if (!latency.state) return;
  const names = [...new Set([...latency.state.rates, ...latency.state.latencies].map((one) => one.context))];
  setOptions(byID('latency-context'), [everyContext, ...names],
    (name) => (name === everyContext ? 'all' : contextText(name)));
  setOptions(byID('latency-decision'), ['answered', 'forwarded', 'refused', 'failed', 'all'], (name) => name);
  setText(byID('latency-window'), `the last ${amount(Math.round(latency.state.window), 'second')}`);
  const { timed } = latency.state.snapshot;
  byID('latency-timed').hidden = timed === 'all';
  setText(byID('latency-timed'), timed === 'none' ? 'no query is timed' : `${timed} queries is timed`);
  byID('by-context').hidden = names.length === 0;
  drawByContext(latency.state, names);
  drawHistogram(latency.state);
  if (byID('populations').closest('details').open) drawPopulations(latency.state);
}

function drawHistogram(state) {
  const box = byID('histogram');
  const width = box.clientWidth;
  if (width === 0) return;
  const context = byID('latency-context').value, decision = byID('latency-decision').value;
  const shown = [['queue', timesOf(state, 'queue', context, decision)], ['residence', timesOf(state, 'residence', context, decision)]]
    .filter(([, times]) => times?.buckets.length > 0);
  if (shown.length === 0) {
    box.replaceChildren(element('p', { class: 'empty' }, state.snapshot.timed === 'none'
      ? 'No query is timed: the policy says measure off.' : 'No such query was timed in the window.'));
    setText(byID('histogram-text'), '');
    return;
  }
  const bounds = shown.flatMap(([, times]) => times.buckets.flatMap((bucket) => [lowerEdge(bucket), bucket.to]));
  const low = Math.floor(Math.log10(Math.min(...bounds)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...bounds)) - 1e-9));
  const left = 40, right = 10, top = 26, bottom = 210, height = 236;
  const x = (time) => left + ((Math.log10(Math.max(time, 10 ** low)) - low) / (high - low)) * (width - left - right);
  const shares = shown.flatMap(([, times]) => times.buckets.map((bucket) => bucket.count / times.count));
  const scale = roundScale(Math.max(...shares) * 100);
  const y = (share) => bottom - ((share * 100) / scale.top) * (bottom - top);
  const svg = drawing('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img' });
  for (let share = 0; share <= scale.top; share += scale.step) {
    svg.append(drawing('path', { class: share === 0 ? 'axis base' : 'axis', d: `M${left} ${y(share / 100)}H${width - right}` }),
      drawing('text', { x: left - 6, y: y(share / 100) + 4, 'text-anchor': 'end' }, `${share}\u202f%`));
  }
  const stride = Math.ceil((high - low) / Math.max(2, Math.floor((width - left) / 70)));
  for (let power = low; power <= high; power += 1) {
    for (let digit = 1; digit < (power === high ? 2 : 10); digit += 1) {
      const at = x(digit * 10 ** power);
      svg.append(drawing('path', { class: 'axis base', d: `M${at} ${bottom}v${digit === 1 ? 6 : 3}` }));
    }
    if ((power - low) % stride === 0) {
      svg.append(drawing('text', { x: x(10 ** power), y: height - 6, 'text-anchor': power === low ? 'start' : power === high ? 'end' : 'middle' },
        decadeText(power)));
    }
  }
  const residence = shown.find(([name]) => name === 'residence')?.[1];
  if (residence) {
    for (const name of ['p50', 'p99']) {
      const off = residence.off[name];
      if (off >= unknownFrom) continue;
      const from = x(residence[name] - off), to = x(residence[name] + off);
      svg.append(drawing('rect', { class: 'mark-band', x: from, y: top, width: Math.max(to - from, 1), height: bottom - top }));
    }
  }
  for (const [name, times] of shown) svg.append(drawing('path', { class: `bars ${name}`, d: outline(times, x, y, bottom) }));
  if (residence) {
    const places = ['p50', 'p99'].map((name) => x(residence[name]));
    const isTight = places[1] - places[0] < 40;
    ['p50', 'p99'].forEach((name, index) => {
      const at = places[index];
      const anchor = isTight ? (index === 0 ? 'end' : 'start') : at > width - 40 ? 'end' : at < left + 20 ? 'start' : 'middle';
      svg.append(drawing('path', { class: 'mark', d: `M${at} ${top - 4}V${bottom}` }),
        drawing('text', { class: 'mark-text', x: at, y: top - 9, 'text-anchor': anchor }, name));
    });
  }
  const texts = [...shown].reverse().map(([name, times]) =>
    `${name}: ${amount(times.count, 'query').replace('querys', 'queries')}, p50 ${timeTextWithin(times.p50, times.off.p50)}, `
    + `p99 ${timeTextWithin(times.p99, times.off.p99)}, max ${timeText(times.max)}`);
  svg.setAttribute('aria-label', texts.join('; '));
  box.replaceChildren(svg);
  const isMerged = shown.some(([, times]) => times.isMerged);
  setText(byID('histogram-text'), `${texts.join('. ')}. The grey bands are what p50 and p99 may be off by`
    + `${isMerged ? ': several populations added, known to half a bucket' : ''}; four bars an octave.`);
}

/// A bucket that begins at nothing is drawn as wide as the others.
const lowerEdge = (bucket) => (bucket.from > 0 ? bucket.from : bucket.to / 2 ** 0.25);

function outline(times, x, y, bottom) {
  let path = '', last = null;
  for (const bucket of times.buckets) {
    const from = lowerEdge(bucket);
    const isNext = last !== null && Math.abs(from - last) < from * 1e-6;
    if (!isNext) path += `${last === null ? '' : `V${bottom}`}M${x(from).toFixed(1)} ${bottom}`;
    path += `V${y(bucket.count / times.count).toFixed(1)}H${x(bucket.to).toFixed(1)}`;
    last = bucket.to;
  }
  return last === null ? '' : `${path}V${bottom}`;
}

function drawByContext(state, names) {
  const rows = names.map((name) => ({
    name, answered: rateOf(state, 'answered', name), refused: rateOf(state, 'refused', name),
    other: rateOf(state, 'forwarded', name) + rateOf(state, 'failed', name) + rateOf(state, 'silent', name),
    residence: timesOf(state, 'residence', name, 'answered'), queue: timesOf(state, 'queue', name, 'answered'),
  }));
  reconcile(byID('by-context').tBodies[0], rows, (row) => row.name,
    (row) => element('tr', {}, element('th', { scope: 'row' }, contextText(row.name)),
      ...Array.from({ length: 7 }, () => element('td', { class: 'number' }))),
    (node, row) => {
      const values = [rateText(row.answered), rateText(row.refused), rateText(row.other),
        quantileText(row.residence, 'p50'), quantileText(row.residence, 'p99'), quantileText(row.queue, 'p50'), quantileText(row.queue, 'p99')];
      values.forEach((value, index) => {
        const cell = node.cells[index + 1];
        setText(cell, value);
        cell.className = value === '0' || value === '–' ? 'number zero' : index === 1 || index === 2 ? 'number bad-text' : 'number';
      });
    });
}

function drawPopulations(state) {
  const leftOut = state.latenciesLeftOut;
  setText(byID('populations-left-out'), leftOut > 0 ? `${amount(leftOut, 'population')} more found no room in this table.` : '');
  reconcile(byID('populations').tBodies[0], state.latencies,
    (one) => JSON.stringify([one.context, one.decision, one.transport, one.metric]),
    (one) => element('tr', {}, element('th', { scope: 'row' }, contextText(one.context)), element('td', {}, one.decision),
      element('td', {}, one.transport), element('td', {}, one.metric),
      ...Array.from({ length: 7 }, () => element('td', { class: 'number' }))),
    (node, one) => {
      const values = [grouped(one.count), timeText(one.p50), timeText(one.p95), timeText(one.p99), timeText(one.max), timeText(one.mean),
        one.uncertainty < unknownFrom ? `± ${timeText(one.uncertainty)}` : 'unknown'];
      values.forEach((value, index) => setText(node.cells[index + 4], value));
    });
}

function prepareLatency() {
  byID('latency-context').addEventListener('change', () => drawLatency());
  byID('latency-decision').addEventListener('change', () => drawLatency());
  byID('populations').closest('details').addEventListener('toggle', () => drawLatency());
  new ResizeObserver(() => drawLatency()).observe(byID('histogram'));
}
