// The last refusals: a table that is filtered, and that stands still while somebody points at it.

const refusals = { list: [], seen: null, now: '', unannounced: 0, lastAnnounced: -Infinity };

/// What makes refusals alike: such are one row, however many come.
const refusalKey = (refusal) => JSON.stringify([refusal.name, refusal.type, refusal.source, refusal.service, refusal.context,
  refusal.target, refusal.rule, refusal.place, refusal.isOnlyObserved]);

function takeRefusals(state) {
  const before = (refusal) => refusals.seen?.get(refusalKey(refusal)) ?? 0;
  // One that had to make room and came again counts from 1.
  const newer = refusals.seen ? state.refusals.filter((refusal) => refusal.count !== before(refusal))
    .map((refusal) => ({ ...refusal, added: refusal.count > before(refusal) ? refusal.count - before(refusal) : refusal.count })) : [];
  refusals.isFirst = refusals.seen === null;
  refusals.seen = new Map(state.refusals.map((refusal) => [refusalKey(refusal), refusal.count]));
  refusals.list = state.refusals;
  refusals.now = state.time;
  announce(newer);
  drawRefusals();
}

/// Says to a screen reader that there are new ones: at most every 15 seconds, all in one sentence.
function announce(newer) {
  refusals.unannounced += newer.reduce((sum, refusal) => sum + (refusal.isOnlyObserved ? 0 : refusal.added), 0);
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
    : words.length > 0 ? `${shown.length} of ${all}` : all > 0 ? 'those alike are one' : '');
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
    element('td', { class: 'mono time' }),
    element('td', { class: 'name' }, element('span', { class: 'mono' }, `${refusal.name} ${refusal.type}`), ' ', element('span', { class: 'quiet count' })),
    element('td', {}, caller, caller ? ' ' : '', element('span', { class: 'mono quiet source' }, refusal.source)),
    element('td', {}, contextText(refusal.context)),
    element('td', {}, element('span', { class: `tag ${refusal.isOnlyObserved ? 'observed' : 'refused'}` },
      refusal.isOnlyObserved ? `${refusal.rule}, observed` : refusal.rule)),
    placeNode(refusal.place, 'td'),
    element('td', { class: 'reason' }),
    element('td', {}, button));
}

function updateRefusal(row, refusal) {
  const time = row.querySelector('.time');
  setText(time, momentText(refusal.time));
  time.title = refusal.time;
  setText(row.querySelector('.count'), refusal.count > 1 ? `×\u00a0${grouped(refusal.count)} since\u00a0${momentText(refusal.first)}` : '');
  setText(row.querySelector('.reason'), withoutPlace(refusal.reason, refusal.place));
}

/// The time of day; of another day than the state's, the day too.
function momentText(time) {
  return time.slice(0, 10) === refusals.now.slice(0, 10) ? clockText(time) : `${time.slice(5, 10)} ${clockText(time)}`;
}

function prepareRefusals() {
  byID('refusals-filter').addEventListener('input', () => drawRefusals(true));
  byID('refusals-table').addEventListener('pointerleave', () => drawRefusals());
}
