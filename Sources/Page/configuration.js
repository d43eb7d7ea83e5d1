// What is served: the header's facts, what is stale, contexts and their overlays, health.

function drawConfiguration(state) {
  const { server, snapshot } = state;
  setText(byID('version'), server.version);
  const generation = `${snapshot.generation}${snapshot.version ? `, version ${snapshot.version}` : ''}`;
  setFacts(byID('facts'), [
    ['host', server.host],
    ['snapshot', generation],
    ['since', dayText(snapshot.loaded)],
    ['mode', snapshot.mode],
    [snapshot.zones.length === 1 ? 'zone' : 'zones', someOf(snapshot.zones, 3, snapshot.zonesLeftOut)],
  ]);
  const overrides = state.leases?.overrides ?? [];
  byID('overrides').hidden = overrides.length === 0;
  reconcile(byID('overrides-list'), overrides, (each) => `${each.context} ${each.name} ${each.until} ${each.addresses}`, (each) =>
    element('li', {}, `${each.name} is ${each.addresses.join(', ')} in ${each.context}, by ${each.user} until ${each.until}`));
  byID('stale').hidden = !snapshot.isStale;
  if (snapshot.isStale) {
    setText(byID('stale-since'), `The last reload was not taken into service${snapshot.staleSince ? ` (${dayText(snapshot.staleSince)})` : ''}:`);
    reconcile(byID('stale-reasons'), snapshot.staleReasons, (reason) => reason, (reason) => element('li', {}, reason));
  }
  setFacts(byID('server-facts'), [
    ['folder', server.folder],
    ['listening', server.listening.join(', ')],
    ['workers', String(server.workers)],
    ['process', String(server.process)],
    ['running since', `${dayText(server.started)}, ${spanText(server.uptime)}`],
    ['memory', sizeText(server.memory)],
    ['services', String(snapshot.services)],
    ['zones', someOf(snapshot.zones, 12, snapshot.zonesLeftOut)],
  ]);
  drawChecks(byID('checks'), state.health.checks);
  byID('endpoints-title').hidden = state.endpoints.length === 0;
  drawChecks(byID('endpoints'), endpointChecks(state.endpoints, state.endpointsLeftOut));
  drawContexts(state.contexts, state.contextsLeftOut);
}

function drawChecks(list, checks) {
  reconcile(list, checks, (check) => check.name,
    () => element('li', {}, element('span', { class: 'mark-sign' }), element('span', {}, element('b'), element('span'))),
    (row, check) => {
      row.className = check.isWell ? '' : 'bad';
      setText(row.firstChild, check.isWell ? '✓' : '✗');
      row.firstChild.setAttribute('aria-label', check.isWell ? 'well' : 'not well');
      row.firstChild.setAttribute('role', 'img');
      setText(row.lastChild.firstChild, check.name);
      setText(row.lastChild.lastChild, check.text ? `: ${check.text}` : '');
    });
}

/// Services whose endpoints are checked, and below each of them those that are down.
function endpointChecks(services, leftOut) {
  const rows = services.flatMap((service) => [
    { name: service.service, isWell: service.downCount === 0,
      text: `${service.isBroken ? 'broken, ' : ''}${service.count - service.downCount} of ${service.count} up; ${service.check}` },
    ...service.down.map((endpoint) => ({ name: `${service.service} ${endpoint.address}`, isWell: false,
      text: `down since ${dayText(endpoint.since)}${endpoint.reason ? `: ${endpoint.reason}` : ''}` })),
  ]);
  return leftOut > 0 ? [...rows, { name: `${leftOut} more services`, isWell: true, text: '' }] : rows;
}

function someOf(names, most, leftOut = 0) {
  const shown = names.slice(0, most).join(', ');
  const others = Math.max(0, names.length - most) + leftOut;
  return others > 0 ? `${shown} and ${others} more` : shown;
}

/// The tree is made anew only when the configuration is.
function drawContexts(contexts, leftOut) {
  const tree = byID('context-tree');
  const shape = JSON.stringify([contexts, leftOut]);
  if (tree.dataset.shape === shape) return;
  tree.dataset.shape = shape;
  const open = new Set([...tree.querySelectorAll('details[open]')].map((details) => details.dataset.name));
  const isFirst = tree.childElementCount === 0;
  const lists = new Map();
  tree.replaceChildren();
  for (const context of contexts) {
    const details = element('details', { open: isFirst ? contexts.length <= 12 : open.has(context.name) },
      element('summary', {}, element('b', {}, contextText(context.name)), ' ', ...contextTags(context)), aboutContext(context));
    details.dataset.name = context.name;
    const list = element('ul');
    lists.set(context.name, list);
    const parent = lists.get(context.parent);
    (parent ?? tree).append(element('li', {}, details, list));
  }
  if (contexts.length === 0) tree.append(element('li', { class: 'quiet' }, 'No contexts: everyone sees the base.'));
  if (leftOut > 0) tree.append(element('li', { class: 'quiet' }, `and ${amount(leftOut, 'more context')}`));
  for (const list of lists.values()) if (list.childElementCount === 0) list.remove();
}

function contextTags(context) {
  const tags = [];
  if (context.mode !== 'enforce') tags.push(element('span', { class: 'tag observed' }, context.mode), ' ');
  if (context.isSealed) tags.push(element('span', { class: 'tag' }, 'sealed'), ' ');
  if (context.denyAs !== 'refused') tags.push(element('span', { class: 'tag' }, `denies as ${context.denyAs}`), ' ');
  return tags;
}

function aboutContext(context) {
  const about = element('div', { class: 'about' });
  const say = (word, values) => {
    if (values.length > 0) about.append(element('div', {}, element('span', { class: 'quiet' }, `${word} `), element('span', { class: 'mono' }, someOf(values, 12))));
  };
  say('from', context.from);
  say('listens on', context.listeners);
  say('isolated from', context.isolatedFrom);
  const overlays = element('ol', {}, ...context.overlays.map((overlay) => element('li', {},
    placeNode(overlay.file), ' ',
    element('span', { class: 'quiet' }, `${amount(overlay.names, 'name')}, ${overlay.context ? (overlay.context === context.name ? 'its own' : `of ${overlay.context}`) : 'the base'}`))));
  if (context.overlaysLeftOut > 0) overlays.append(element('li', { class: 'quiet' }, `and ${context.overlaysLeftOut} more`));
  about.append(overlays);
  return about;
}
