// The call graph: the busiest calls drawn, refused ones before others; all of them in a table.

const graph = { state: null, shape: '', edges: [], focused: null, pointed: null, mostDrawn: 50 };

const callerOf = (call) => call.service ?? (call.context ? `callers in ${call.context}` : 'callers nowhere');
const callerKey = (call) => (call.service !== undefined && call.service !== null ? `s ${call.service}` : `c ${call.context ?? ''}`);

const countOf = (call) => call.answered + call.refused + call.wouldRefuse;

/// Calls as edges: those of one caller to one target are one, with its rows by context.
function edgesOf(calls) {
  const edges = new Map();
  for (const call of calls) {
    const key = JSON.stringify([callerKey(call), call.target]);
    if (!edges.has(key)) {
      edges.set(key, { key, from: callerKey(call), to: `s ${call.target}`, caller: callerOf(call), target: call.target,
        isContext: !callerKey(call).startsWith('s'), answered: 0, refused: 0, wouldRefuse: 0, perSecond: 0, calls: [] });
    }
    const edge = edges.get(key);
    for (const name of ['answered', 'refused', 'wouldRefuse', 'perSecond']) edge[name] += call[name];
    edge.calls.push(call);
  }
  for (const edge of edges.values()) edge.isRefused = edge.refused > 0 && edge.answered + edge.wouldRefuse === 0;
  return [...edges.values()];
}

/// What is seen of the calls as a whole: cycles, and rates far above the usual ones.
function drawWatched(state) {
  const rows = [
    ...(state.cycles ?? []).map((cycle) => ({ key: JSON.stringify(['cycle', cycle.context, cycle.services]), kind: cycle.isJudged ? 'refused' : 'observed', tag: 'cycle',
      text: `${cycle.services.join(' → ')}${cycle.context ? ` in ${cycle.context}` : ''}, ${cycle.isJudged ? 'against acyclic observed' : 'among calls seen'} since ${dayText(cycle.first)}` })),
    ...(state.storms ?? []).map((storm) => ({ key: JSON.stringify(['storm', callerOf(storm), storm.context, storm.target]), kind: 'refused', tag: 'retry storm?',
      text: `${callerOf(storm)} → ${storm.target}: ${rateText(storm.perSecond)} lookups/s, usual ${rateText(storm.usual)}, peak ${rateText(storm.peak)}, since ${dayText(storm.since)}` })),
  ];
  byID('watched').hidden = rows.length === 0;
  reconcile(byID('watched'), rows, (row) => row.key,
    (row) => element('li', {}, element('span', { class: `tag ${row.kind}` }, row.tag), ' ', element('span', { class: 'text' })),
    (item, row) => setText(item.querySelector('.text'), row.text));
}

function drawGraph(state) {
  if (state) graph.state = state;
  if (!graph.state) return;
  drawWatched(graph.state);
  const all = graph.state.calls;
  const contexts = [...new Set(all.map((call) => call.context ?? ''))].sort();
  setOptions(byID('graph-context'), [everyContext, ...contexts], (name) => (name === everyContext ? 'all' : contextText(name)));
  const context = byID('graph-context').value;
  const isRefusedOnly = byID('graph-refused').checked;
  const calls = all.filter((call) => (context === everyContext || (call.context ?? '') === context)
    && (!isRefusedOnly || call.refused > 0 || call.wouldRefuse > 0));
  const edges = edgesOf(calls);
  // Refusals are what one looks for: they are drawn first, as far as they leave half of the room.
  const busiest = (list) => list.sort((one, other) => countOf(other) - countOf(one));
  const refused = busiest(edges.filter((edge) => edge.refused + edge.wouldRefuse > 0));
  const rest = busiest(edges.filter((edge) => edge.refused + edge.wouldRefuse === 0));
  const firstRefused = refused.slice(0, Math.max(graph.mostDrawn / 2, graph.mostDrawn - rest.length));
  const drawn = [...firstRefused, ...rest.slice(0, graph.mostDrawn - firstRefused.length)]
    .sort((one, other) => (one.key < other.key ? -1 : 1));

  byID('graph-empty').hidden = edges.length > 0;
  setText(byID('graph-empty'), all.length === 0 ? 'No service has been asked for yet.' : 'No such calls.');
  byID('graph-figure').hidden = edges.length === 0;
  byID('calls-more').hidden = calls.length === 0;
  byID('graph-detail').hidden = edges.length === 0;
  setText(byID('graph-count'), edges.length > drawn.length
    ? `the busiest ${drawn.length} of ${amount(edges.length, 'call')}; the others are in the table` : edges.length > 0 ? amount(edges.length, 'call') : '');
  const leftOut = graph.state.callsLeftOut;
  setText(byID('calls-left-out'), leftOut > 0 ? `About ${amount(leftOut, 'lookup')} more found no room in this table.` : '');
  setText(byID('calls-summary'), `All ${amount(calls.length, 'call')} as a table`);
  if (byID('calls-more').open) drawCalls(calls);
  if (edges.length > 0) drawEdges(drawn);
}

function drawEdges(edges) {
  const box = byID('graph-scroll');
  const width = box.clientWidth;
  if (width === 0) return;
  const shape = JSON.stringify([width, edges.map((edge) => [edge.key, edge.isRefused])]);
  if (shape !== graph.shape) {
    graph.shape = shape;
    buildGraph(box, edges, width);
  }
  graph.edges = edges;
  for (const edge of edges) showFigures(graph.groups.get(edge.key), edge);
  tellFocused();
}

const kindsOf = (edge) => [['answered', edge.answered], ['observed', edge.wouldRefuse], ['refused', edge.refused]]
  .filter(([, count]) => count > 0).map(([kind]) => kind);

function showFigures(group, edge) {
  group.classList.toggle('idle', !(edge.perSecond > 0));
  group.setAttribute('aria-label', edgeText(edge));
  const kinds = kindsOf(edge);
  const width = Math.min(8, 1.5 + 1.6 * Math.log10(1 + edge.perSecond));
  for (const path of group.querySelectorAll('.edge')) {
    const kind = path.dataset.kind;
    path.style.display = kinds.includes(kind) ? '' : 'none';
    // Where several are true of one call, their lines run beside each other.
    const aside = kinds.indexOf(kind) * (width / 2 + 3);
    path.setAttribute('transform', graph.isUpright ? `translate(${aside} 0)` : `translate(0 ${aside})`);
    path.style.strokeWidth = kind === kinds[0] ? width : Math.min(width, 2);
    path.setAttribute('marker-end', `url(#arrow-${kind})`);
  }
}

function buildGraph(box, edges, available) {
  // Taking an element away takes its focus, which the new one of the same call is given again.
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const nodes = new Map();
  const most = available < 600 ? 14 : 24;
  const add = (key, name, short, isContext) => {
    if (nodes.has(key)) return;
    const label = short.length > most ? `${short.slice(0, most - 1)}…` : short;
    nodes.set(key, { key, name, label, isContext, width: Math.max(50, label.length * 7.2 + 18) });
  };
  for (const edge of edges) {
    add(edge.from, edge.caller, edge.isContext ? edge.caller.replace(/^callers /, '') : edge.caller, edge.isContext);
    add(edge.to, edge.target, edge.target, false);
  }
  const ordered = [...nodes.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
  graph.isUpright = available < 600;
  const size = layOut(ordered, edges, available, graph.isUpright);
  // A little too wide is drawn a little smaller; wider than that is scrolled.
  const scale = size.width > available && size.width * 0.78 <= available ? available / size.width : 1;
  const svg = drawing('svg', { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width * scale, height: size.height * scale, role: 'group',
    'aria-label': 'Call graph; arrow keys move between calls' }, drawing('defs', {},
    ...['answered', 'refused', 'observed'].map((kind) => drawing('marker', { id: `arrow-${kind}`, viewBox: '0 0 8 8', refX: 7, refY: 4,
      markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto' },
    drawing('path', { d: 'M0 0 8 4 0 8z', class: `arrow-${kind}` })))));
  graph.groups = new Map();
  for (const edge of edges) {
    const group = drawing('g', { class: 'call', role: 'img', tabindex: -1 },
      drawing('path', { class: 'hit', d: edge.path }),
      ...['answered', 'observed', 'refused'].map((kind) => drawing('path', { class: `edge ${kind}`, 'data-kind': kind, d: edge.path })));
    group.dataset.key = edge.key;
    graph.groups.set(edge.key, group);
    svg.append(group);
  }
  graph.nodeGroups = new Map(ordered.map((node) => [node.key,
    drawing('g', { class: node.isContext ? 'node context' : 'node', 'data-node': node.key },
      drawing('title', {}, node.name),
      drawing('rect', { x: node.x, y: node.y, width: node.width, height: boxHeight, rx: node.isContext ? boxHeight / 2 : 6 }),
      drawing('text', { x: node.x + node.width / 2, y: node.y + boxHeight / 2 + 4.5 }, node.label))]));
  svg.append(...graph.nodeGroups.values());
  box.replaceChildren(svg);
  const first = graph.groups.get(focused) ?? graph.groups.values().next().value;
  first?.setAttribute('tabindex', 0);
  if (focused !== undefined) first?.focus({ preventScroll: true });
}

function edgeText(edge) {
  const counts = [`${grouped(edge.answered)} answered`, `${grouped(edge.refused)} refused`];
  if (edge.wouldRefuse > 0) counts.push(`${grouped(edge.wouldRefuse)} would be refused`);
  return `${edge.caller} → ${edge.target}: ${counts.join(', ')}, ${rateText(edge.perSecond)} a second`;
}

/// Says below the graph what is known of the call, or of the node's calls, that the pointer or the keyboard is at.
function tellFocused() {
  const box = byID('graph-detail');
  const key = graph.pointed ?? graph.focused;
  const shown = graph.edges.filter((edge) => edge.key === key || edge.from === key || edge.to === key);
  const svg = byID('graph-scroll').firstElementChild;
  svg?.classList.toggle('has-focus', shown.length > 0);
  for (const edge of graph.edges) graph.groups.get(edge.key)?.classList.toggle('is-shown', shown.includes(edge));
  for (const [name, node] of graph.nodeGroups ?? []) {
    node.classList.toggle('is-shown', shown.some((edge) => edge.from === name || edge.to === name));
  }
  if (shown.length === 0) {
    if (box.dataset.key !== '') box.replaceChildren(element('p', { class: 'quiet' }, 'Point at a call or a service, or walk with the arrow keys: counts, rule and line stand here.'));
    box.dataset.key = '';
    return;
  }
  box.dataset.key = key;
  const lines = [];
  for (const edge of shown.slice(0, 8)) {
    lines.push(element('p', {}, element('b', {}, edgeText(edge))));
    if (shown.length > 3) continue;
    for (const call of edge.calls.slice(0, 6)) {
      const parts = [`in ${contextText(call.context)}: ${grouped(call.answered)} answered, ${grouped(call.refused)} refused`];
      if (call.wouldRefuse > 0) parts.push(`, ${grouped(call.wouldRefuse)} would be refused`);
      if (call.rule) parts.push(', last by ', element('b', {}, call.rule), ' ');
      if (call.place) parts.push(placeNode(call.place));
      lines.push(element('p', {}, ...parts));
    }
  }
  if (shown.length > 8) lines.push(element('p', { class: 'quiet' }, `and ${amount(shown.length - 8, 'more call')}`));
  box.replaceChildren(...lines);
}

function drawCalls(calls) {
  const sorted = [...calls].sort((one, other) => countOf(other) - countOf(one));
  reconcile(byID('calls').tBodies[0], sorted, (call) => JSON.stringify([callerKey(call), call.context, call.target]),
    (call) => element('tr', {}, element('th', { scope: 'row' }, callerOf(call)), element('td', {}, contextText(call.context)),
      element('td', {}, call.target), ...Array.from({ length: 4 }, () => element('td', { class: 'number' })),
      element('td'), element('td', { class: 'place' })),
    (row, call) => {
      const values = [rateText(call.perSecond), grouped(call.answered), grouped(call.refused), grouped(call.wouldRefuse),
        call.rule ?? '', call.place ?? ''];
      values.forEach((value, index) => setText(row.cells[index + 3], value));
      row.cells[5].className = call.refused > 0 ? 'number bad-text' : 'number';
    });
}

function prepareGraph() {
  const box = byID('graph-scroll');
  const redraw = () => drawGraph();
  byID('graph-context').addEventListener('change', redraw);
  byID('graph-refused').addEventListener('change', redraw);
  byID('calls-more').addEventListener('toggle', redraw);
  new ResizeObserver(redraw).observe(box);

  const keyAt = (target) => {
    const group = target instanceof Element ? target.closest('[data-key], [data-node]') : null;
    return group ? group.dataset.key ?? group.dataset.node : null;
  };
  const point = (key) => {
    if (graph.pointed === key) return;
    graph.pointed = key;
    tellFocused();
  };
  box.addEventListener('pointerover', (event) => point(keyAt(event.target)));
  box.addEventListener('pointerleave', () => point(null));
  box.addEventListener('click', (event) => {
    const key = keyAt(event.target);
    graph.focused = graph.focused === key ? null : key;
    tellFocused();
  });
  box.addEventListener('focusin', (event) => {
    graph.focused = keyAt(event.target);
    tellFocused();
  });
  box.addEventListener('focusout', () => {
    graph.focused = null;
    tellFocused();
  });
  box.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const groups = [...(graph.groups?.values() ?? [])];
    const at = groups.indexOf(document.activeElement);
    let next = step ? (at + step + groups.length) % groups.length : { Home: 0, End: groups.length - 1 }[event.key];
    if (event.key === 'Escape') {
      graph.focused = null;
      tellFocused();
      return;
    }
    if (next === undefined || groups.length === 0) return;
    event.preventDefault();
    groups[Math.max(at, 0)]?.setAttribute('tabindex', -1);
    groups[next].setAttribute('tabindex', 0);
    groups[next].focus();
  });
}
