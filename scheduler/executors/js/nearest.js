// What can be seen and used on the page: role and name of each, to say what is there instead of what was sought.
(elements) => {
  const squeeze = text => (text ?? '').replace(/\s+/g, ' ').trim();
  const seen = [];
  for (const e of elements) {
    if (seen.length >= 300) break;
    if (e.checkVisibility && !e.checkVisibility({visibilityProperty: true})) continue;
    const tag = e.tagName.toLowerCase();
    const label = [...(e.labels ?? [])].map(one => squeeze(one.innerText)).join(' ');
    const button = ['submit', 'button', 'reset'].includes(e.type);
    const role = e.getAttribute('role') || (tag === 'a' ? 'link' : tag === 'select' ? 'combobox' : tag === 'button' || button
      ? 'button' : tag === 'input' && ['checkbox', 'radio'].includes(e.type) ? e.type
      : tag === 'input' || tag === 'textarea' ? 'textbox' : /^h[1-6]$/.test(tag) ? 'heading' : 'generic');
    const name = squeeze(e.getAttribute('aria-label')) || label || (tag === 'input' && button ? squeeze(e.value) : '')
      || (['input', 'select', 'textarea'].includes(tag) ? '' : squeeze(e.innerText))
      || squeeze(e.getAttribute('placeholder')) || squeeze(e.title) || squeeze(e.getAttribute('name'));
    seen.push({role, name: name.slice(0, 80), id: e.id, test: e.getAttribute('data-testid') ?? ''});
  }
  return seen;
}
