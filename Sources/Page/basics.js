// What the other files use: elements, figures as text. Names are hostile: data enters the document as text only.

const byID = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== ''));
  return node;
}

/// An element; children are nodes or text.
const element = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
const drawing = (name, attributes = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const keptNodes = new WeakMap();

/// Makes `parent`'s children those of `items`, in order. What stays is not touched, so that focus and selection stay too.
function reconcile(parent, items, keyOf, create, update) {
  const before = keptNodes.get(parent) ?? new Map();
  const after = new Map();
  for (const item of items) {
    let key = keyOf(item);
    while (after.has(key)) key += '+';
    after.set(key, item);
  }
  for (const [key, node] of before) {
    if (!after.has(key)) {
      node.remove();
      before.delete(key);
    }
  }
  let next = parent.firstChild;
  const nodes = new Map();
  for (const [key, item] of after) {
    const node = before.get(key) ?? create(item);
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
    update?.(node, item);
    nodes.set(key, node);
  }
  keptNodes.set(parent, nodes);
}

/// Rows of `<dt>`, `<dd>` in a `<div>` each, changed in place; a value may be text or nodes.
function setFacts(list, facts) {
  reconcile(list, facts, (fact) => fact[0],
    (fact) => element('div', {}, element('dt', {}, fact[0]), element('dd')),
    (row, [, value, kind]) => {
      setText(row.lastChild, value);
      row.lastChild.className = kind ?? '';
    });
}

/// Sets a choice's options, and keeps what is chosen while it exists.
function setOptions(select, values, nameOf) {
  if (select.dataset.values === JSON.stringify(values)) return;
  select.dataset.values = JSON.stringify(values);
  const chosen = select.options.length > 0 ? select.value : null;
  select.replaceChildren(...values.map((value) => element('option', { value }, nameOf(value))));
  if (values.includes(chosen)) select.value = chosen;
}

// MARK: - Figures

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

function rateText(rate) {
  if (!(rate > 0)) return '0';
  if (rate < 0.1) return '<\u20090.1';
  return rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate));
}

function shareText(part, whole) {
  if (!(whole > 0) || part === 0) return '';
  const share = (100 * part) / whole;
  return share > 0 && share < 0.1 ? '<\u20090.1\u202f%' : `${share.toFixed(share < 10 ? 1 : 0)}\u202f%`;
}

const timeUnits = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];
const unitOf = (seconds) => timeUnits.find(([size]) => seconds >= size * 0.9995) ?? timeUnits[3];

/// Three digits and the unit: `12.3 µs`.
function timeText(seconds) {
  if (seconds === undefined || seconds === null || !Number.isFinite(seconds)) return '–';
  if (seconds <= 0) return '0';
  const [size, unit] = unitOf(seconds);
  const value = seconds / size;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)}\u202f${unit}`;
}

/// An uncertainty of this many seconds says that there is no bound: too few were timed.
const unknownFrom = 100;

/// A time and what it may be off by, in one unit: `12.3 ± 0.4 µs`.
function timeTextWithin(seconds, uncertainty) {
  if (!(seconds > 0) || !(uncertainty > 0)) return timeText(seconds);
  if (uncertainty >= unknownFrom) return `${timeText(seconds)} ± unknown`;
  const [size, unit] = unitOf(seconds);
  const off = uncertainty / size;
  const digits = Math.min(3, Math.max(0, 1 - Math.floor(Math.log10(off))));
  const rounded = off < 0.001 ? '0.001' : off.toFixed(digits);
  return `${(seconds / size).toFixed(digits)} ± ${rounded}\u202f${unit}`;
}

function spanText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400), hours = Math.floor(whole / 3600) % 24, minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

function sizeText(octets) {
  if (octets >= 2 ** 30) return `${(octets / 2 ** 30).toFixed(1)} GiB`;
  return octets >= 2 ** 20 ? `${Math.round(octets / 2 ** 20)} MiB` : `${Math.round(octets / 1024)} KiB`;
}

const clockText = (time) => time.slice(11, 19);
const dayText = (time) => `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
const amount = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

/// A word as a shell takes it, whatever is in it.
const shellWord = (text) => (/^[\w.:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/// A reason whose line stands beside it.
const withoutPlace = (text, place) => (place ? text.replace(` (${place})`, '') : text);

/// `teams/orders.policy:5`, which may break after its slashes only.
const placeNode = (place, name = 'span') => element(name, { class: 'place' },
  ...(place ?? '').split(/(?<=\/)/).flatMap((part, index) => (index > 0 ? [element('wbr'), part] : [part])));

const noContext = '(nowhere)';
const contextText = (name) => (name === undefined || name === null || name === '' ? noContext : name);
