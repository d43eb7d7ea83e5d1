// The explain box: why a caller gets the answer it gets. The question stands in the address (#explain?name=…), so that
// it can be sent to somebody.

const explainFields = ['name', 'type', 'from', 'certificate', 'user'];
const explanations = { count: 0, folder: '', command: null };

/// Asks, and takes the reader there.
function explain(question) {
  const query = new URLSearchParams();
  for (const field of explainFields) if (question[field]) query.set(field, question[field]);
  const hash = `#explain?${query}`;
  if (location.hash === hash) followAddress();
  else location.hash = hash;
}

/// Fills the box from the address, and asks where it says enough.
function followAddress() {
  if (!location.hash.startsWith('#explain?')) return;
  const query = new URLSearchParams(location.hash.slice('#explain?'.length));
  for (const field of explainFields) byID(`explain-${field}`).value = query.get(field) ?? (field === 'type' ? 'A' : '');
  if (query.get('certificate') || query.get('user')) byID('explain-identity').open = true;
  byID('explain').scrollIntoView();
  ask();
}

async function ask() {
  const question = Object.fromEntries(explainFields.map((field) => [field, byID(`explain-${field}`).value.trim()]));
  const result = byID('explain-result');
  const missing = ['name', 'from'].find((field) => question[field] === '');
  for (const field of ['name', 'from']) byID(`explain-${field}`).setAttribute('aria-invalid', String(field === missing));
  if (missing) {
    showError(missing === 'name' ? `Which name?${forExample('name')}` : `Whose address? The answer depends on where the caller stands.${forExample('from')}`);
    byID(`explain-${missing}`).focus();
    return;
  }
  const query = new URLSearchParams();
  for (const field of explainFields) if (question[field]) query.set(field, question[field]);
  const number = (explanations.count += 1);
  try {
    const response = await fetch(`/explain.json?${query}`, { cache: 'no-store', signal: AbortSignal.timeout(8000) });
    const body = await response.json();
    if (number !== explanations.count) return;
    if (!response.ok) showError(typeof body.error === 'string' ? body.error : `The server says ${response.status}.`);
    else showExplanation(body, question);
  } catch {
    if (number === explanations.count) showError('The server did not answer; is it running?');
  }
}

/// What the server gave as an example of this field, if it has given one.
function forExample(field) {
  const example = byID(`explain-${field}`).placeholder;
  return example ? ` For example ${example}` : '';
}

/// Examples are of the configuration that is served.
function takeExamples(state) {
  byID('explain-name').placeholder = state.snapshot.exampleName;
  byID('explain-from').placeholder = state.snapshot.exampleSource;
  explanations.folder = state.server.folder;
  showCommand();
}

/// A link may be answered before the server has told its folder.
function showCommand() {
  const line = byID('explain-result').querySelector('.commands');
  if (line) setText(line, explanations.command(explanations.folder));
}

function showError(text) {
  byID('explain-result').replaceChildren(element('p', { class: 'error' }, text));
  setText(byID('explain-told'), text);
}

function showExplanation(explanation, question) {
  const { decision, refusal, response } = explanation;
  const isObserved = explanation.isOnlyObserved;
  const verdict = element('p', { class: 'verdict' }, element('span', { class: `tag ${isObserved ? 'observed' : decision}` },
    isObserved ? `${decision}, would be refused` : decision), ' ', element('b', { class: 'mono' }, `${explanation.name} ${explanation.type}`),
  ' for ', element('b', {}, explanation.service ?? explanation.source), explanation.service ? ` at ${explanation.source}` : '',
  explanation.context ? ` in ${explanation.context}` : '');
  const why = refusal ? element('p', {}, ...factParts({ ...refusal, text: withoutPlace(refusal.text, refusal.place) })) : null;
  const steps = element('ol', { class: 'steps' }, element('li', {}, element('b', {}, 'Who calls'), factList(explanation.caller)));
  for (const step of explanation.steps) {
    const about = [step.zone ? `zone ${step.zone}` : '', step.service ? `service ${step.service}` : ''].filter(Boolean).join(', ');
    steps.append(element('li', {}, element('b', { class: 'mono' }, step.owner), about ? element('span', { class: 'quiet' }, `  ${about}`) : '',
      step.rules.length > 0 ? element('p', { class: 'quiet' }, 'May they?') : '', step.rules.length > 0 ? factList(step.rules) : '',
      step.data.length > 0 ? element('p', { class: 'quiet' }, decision === 'refused' ? 'The data they would have got' : 'Which data?') : '',
      step.data.length > 0 ? factList(step.data) : ''));
  }
  steps.append(element('li', {}, element('b', {}, 'The response'), responseList(response)));
  const words = (folder) => [question.name, question.type || 'A', folder].filter(Boolean).map(shellWord).join(' ');
  const extra = [['--certificate', question.certificate], ['--user', question.user]].filter(([, value]) => value)
    .map(([option, value]) => ` ${option} ${shellWord(value)}`).join('');
  setText(byID('explain-told'), `${decision}${refusal ? `: ${refusal.text}` : ''}`);
  byID('explain-result').replaceChildren(...[verdict, why, steps,
    element('p', { class: 'commands mono' })].filter(Boolean));
  explanations.command = (folder) => `ambit explain ${words(folder)} --from ${shellWord(question.from)}${extra}`;
  showCommand();
}

const factParts = (fact) => [element('span', {}, fact.text), fact.place ? ' ' : '',
  fact.place ? placeNode(fact.place) : ''];

const factList = (facts) => element('ul', { class: 'facts-list' }, ...facts.map((fact) => element('li', {}, ...factParts(fact))));

function responseList(response) {
  if (!response) return element('p', {}, 'none: silence');
  const lines = [`${response.rcode}${response.isAuthoritative ? ', authoritative' : ''}`];
  if (response.extendedError) lines.push(response.extendedError);
  const list = element('ul', { class: 'facts-list' }, ...lines.map((line) => element('li', {}, line)));
  for (const section of ['answer', 'authority', 'additional']) {
    for (const record of response[section]) {
      list.append(element('li', {}, element('span', { class: 'mono' }, record), element('span', { class: 'quiet' }, section)));
    }
  }
  return list;
}

function prepareExplain() {
  byID('explain-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const question = Object.fromEntries(explainFields.map((field) => [field, byID(`explain-${field}`).value.trim()]));
    if (question.name && question.from) explain(question);
    else ask();
  });
  addEventListener('hashchange', followAddress);
  followAddress();
}
