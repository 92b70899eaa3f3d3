// What is to be known of elements that fit a locator: what each is called, what it holds, and how else it can be found.
// With `near` in `asked` each says where it stands; with `record` the only one says its other locators.
(elements, asked) => {
  const squeeze = text => (text ?? '').replace(/\s+/g, ' ').trim();
  const INPUTS = {checkbox: 'checkbox', radio: 'radio', button: 'button', submit: 'button', reset: 'button',
    image: 'button', range: 'slider', number: 'spinbutton', search: 'searchbox', file: 'button', color: 'color'};
  const TAGS = {BUTTON: 'button', TEXTAREA: 'textbox', H1: 'heading', H2: 'heading', H3: 'heading', H4: 'heading',
    H5: 'heading', H6: 'heading', IMG: 'img', LI: 'listitem', UL: 'list', OL: 'list', TABLE: 'table', TR: 'row',
    TD: 'cell', TH: 'columnheader', OPTION: 'option', DIALOG: 'dialog', NAV: 'navigation', MAIN: 'main', P: 'paragraph'};
  const roleOf = e => {
    const stated = squeeze(e.getAttribute('role')).split(' ')[0];
    if (stated) return stated;
    if (e.tagName === 'A') return e.hasAttribute('href') ? 'link' : 'generic';
    if (e.tagName === 'SELECT') return e.multiple || e.size > 1 ? 'listbox' : 'combobox';
    if (e.tagName === 'INPUT') return INPUTS[e.type] ?? (e.list ? 'combobox' : 'textbox');
    return TAGS[e.tagName] ?? 'generic';
  };
  const labelOf = e => {
    const words = [...(e.labels ?? [])].map(label => {
      const copy = label.cloneNode(true);
      copy.querySelectorAll('input,select,textarea,button,script,style').forEach(part => part.remove());
      return squeeze(copy.textContent);
    });
    return squeeze(words.join(' '));
  };
  const NAMED = new Set(['button', 'link', 'heading', 'option', 'cell', 'columnheader', 'row', 'tab', 'menuitem', 'checkbox',
    'radio', 'switch', 'treeitem']);
  const nameOf = e => {
    const by = squeeze(e.getAttribute('aria-labelledby'));
    const root = e.getRootNode();
    if (by) return squeeze(by.split(' ').map(id => root.getElementById?.(id)?.textContent ?? '').join(' '));
    const own = squeeze(e.getAttribute('aria-label')) || labelOf(e);
    if (own) return own;
    if (e.tagName === 'INPUT' && ['button', 'submit', 'reset'].includes(e.type)) return squeeze(e.value);
    if (e.tagName === 'IMG') return squeeze(e.alt);
    if (NAMED.has(roleOf(e)) && e.tagName !== 'INPUT') {
      const words = squeeze(e.textContent) || [...e.querySelectorAll('img[alt]')].map(one => squeeze(one.alt)).join(' ');
      if (words) return words;
    }
    return squeeze(e.title) || squeeze(e.getAttribute('placeholder'));
  };
  const shownAs = e => {
    const words = squeeze(e.innerText || e.placeholder || e.getAttribute('aria-label') || e.name).slice(0, 40);
    return '<' + e.tagName.toLowerCase() + (e.id ? ' id=' + e.id : '') + '>' + (words ? ' ' + words : '');
  };
  const only = (e, selector) => {
    try {
      const found = e.getRootNode().querySelectorAll(selector);
      return found.length === 1 && found[0] === e;
    } catch { return false; }
  };
  const quote = text => '"' + text.replace(/\\/g, '\\\\').replace(/"/g, '\\"') + '"';
  const others = e => {
    const alike = e.getRootNode().querySelectorAll(e.tagName.toLowerCase() + ',[role]');
    return alike.length > 400 ? null : [...alike].filter(one => one !== e);
  };
  const waysTo = (e, role, name) => {
    const ways = [], rest = others(e), short = text => text && text.length <= 80;
    const unlike = (of, value) => rest !== null && !rest.some(one => of(one) === value);
    const test = e.getAttribute('data-testid');
    if (test && only(e, '[data-testid=' + quote(test) + ']')) ways.push({by: 'test_id', value: test});
    if (/^[a-z]+$/.test(role) && role !== 'generic' && role !== 'color' && short(name)
        && unlike(one => roleOf(one) === role && nameOf(one), name)) ways.push({by: 'role', value: role, name});
    const label = labelOf(e) || squeeze(e.getAttribute('aria-label')), hint = e.getAttribute('placeholder');
    const field = 'value' in e && !['BUTTON', 'LI', 'OPTION'].includes(e.tagName);
    if (field && short(label) && unlike(labelOf, label)) ways.push({by: 'label', value: label});
    if (short(hint) && only(e, '[placeholder=' + quote(hint) + ']')) ways.push({by: 'placeholder', value: hint});
    const words = squeeze(e.innerText);
    if (!field && short(words) && !e.children.length && unlike(one => squeeze(one.textContent), words))
      ways.push({by: 'text', value: words});
    if (e.id && !/\d{3,}|[:.]|[0-9a-f]{8}/.test(e.id) && only(e, '#' + CSS.escape(e.id)))
      ways.push({by: 'css', value: '#' + CSS.escape(e.id)});
    const tag = e.tagName.toLowerCase();
    for (const attribute of ['name', 'autocomplete', 'aria-label', 'title', 'href']) {
      const value = e.getAttribute(attribute), selector = tag + '[' + attribute + '=' + quote(value ?? '') + ']';
      if (value && value.length <= 120 && only(e, selector)) ways.push({by: 'css', value: selector});
    }
    const row = e.closest('tr,[role=row],li'), anchor = row?.querySelector('th,td,[role=cell],[role=gridcell]');
    const beside = squeeze(anchor?.innerText);
    if (anchor && !anchor.contains(e) && short(beside) && role !== 'generic')
      ways.push({by: 'role', value: role, name: short(name) ? name : null, near: beside});
    return ways;
  };
  return elements.slice(0, 50).map(e => {
    const role = roleOf(e), name = nameOf(e), box = asked.near ? e.getBoundingClientRect() : null;
    return {
      role, name: name.slice(0, 80), shown: shownAs(e),
      box: box && [box.x, box.y, box.width, box.height],
      ways: asked.record && elements.length === 1 ? waysTo(e, role, name) : [],
    };
  }).concat(Array(Math.max(elements.length - 50, 0)).fill({role: '', name: '', shown: '', box: null, ways: []}));
}
