// The last refusals: a table that is filtered, and that stands still while somebody points at it.

const refusals = { list: [], seen: null, unannounced: 0, lastAnnounced: -Infinity };

const refusalKey = (refusal) => JSON.stringify([refusal.time, refusal.name, refusal.type, refusal.source, refusal.rule]);

function takeRefusals(state) {
  const newer = refusals.seen ? state.refusals.filter((refusal) => !refusals.seen.has(refusalKey(refusal))) : [];
  refusals.isFirst = refusals.seen === null;
  refusals.seen = new Set(state.refusals.map(refusalKey));
  refusals.list = state.refusals;
  announce(newer);
  drawRefusals();
}

/// Says to a screen reader that there are new ones: at most every 15 seconds, all in one sentence.
function announce(newer) {
  refusals.unannounced += newer.filter((refusal) => !refusal.isOnlyObserved).length;
  if (newer.length > 0) refusals.last = newer[0];
  const now = performance.now();
  if (refusals.unannounced === 0 || now - refusals.lastAnnounced < 15000) return;
  const { last } = refusals;
  byID('announcer').replaceChildren(`${amount(refusals.unannounced, 'new refusal')}; the last: ${last.service ?? last.source} `
    + `asked for ${last.name}, refused by ${last.rule}`);
  refusals.unannounced = 0;
  refusals.lastAnnounced = now;
}

function drawRefusals(isForced = false) {
  const words = byID('refusals-filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = refusals.list.filter((refusal) => {
    const text = [refusal.name, refusal.type, refusal.source, refusal.service, refusal.context, refusal.target, refusal.rule,
      refusal.place, refusal.reason].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const body = byID('refusals-table').tBodies[0];
  const isHeld = !isForced && body.childElementCount > 0 && body.matches(':hover, :focus-within') && matchMedia('(hover: hover)').matches;
  const all = refusals.list.length;
  setText(byID('refusals-count'), isHeld ? 'held still while you are at it'
    : words.length > 0 ? `${shown.length} of ${all}` : all > 0 ? `the last ${all}` : '');
  byID('refusals-empty').hidden = shown.length > 0;
  setText(byID('refusals-empty'), all === 0 ? 'Nothing was refused yet.' : `None of the last ${amount(all, 'refusal')} has that in it.`);
  byID('refusals-table').hidden = shown.length === 0;
  if (!isHeld) reconcile(body, shown, refusalKey, refusalRow, updateRefusal);
}

function refusalRow(refusal) {
  const button = element('button', { type: 'button', class: 'small',
    'aria-label': `Explain ${refusal.name} ${refusal.type} from ${refusal.source}` }, 'Explain');
  button.addEventListener('click', () => explain({ name: refusal.name, type: refusal.type, from: refusal.source }));
  const caller = refusal.service ?? '';
  return element('tr', { class: refusals.isFirst ? undefined : 'new' },
    element('td', { class: 'mono', title: refusal.time }, clockText(refusal.time)),
    element('td', {}, element('span', { class: 'mono' }, `${refusal.name} ${refusal.type}`), ' ', element('span', { class: 'quiet count' })),
    element('td', {}, caller, caller ? ' ' : '', element('span', { class: 'mono quiet' }, refusal.source)),
    element('td', {}, contextText(refusal.context)),
    element('td', {}, element('span', { class: `tag ${refusal.isOnlyObserved ? 'observed' : 'refused'}` },
      refusal.isOnlyObserved ? `${refusal.rule}, observed` : refusal.rule)),
    placeNode(refusal.place, 'td'),
    element('td', { class: 'reason' }, withoutPlace(refusal.reason, refusal.place)),
    element('td', {}, button));
}

function updateRefusal(row, refusal) {
  setText(row.querySelector('.count'), refusal.count > 1 ? `×\u00a0${grouped(refusal.count)}` : '');
}

function prepareRefusals() {
  byID('refusals-filter').addEventListener('input', () => drawRefusals(true));
  byID('refusals-table').addEventListener('pointerleave', () => drawRefusals());
}
