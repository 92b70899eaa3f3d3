// A mark of an element that stays while it is the same to a person: what it is and what it is called.
e => {
  const field = 'value' in e && !['BUTTON', 'LI', 'OPTION'].includes(e.tagName);
  const named = ['role', 'type', 'id', 'name', 'aria-label', 'placeholder', 'title', 'href', 'data-testid'];
  return [e.tagName, ...named.map(name => e.getAttribute(name) ?? ''), field ? '' : e.textContent.slice(0, 200)].join('\n');
}
