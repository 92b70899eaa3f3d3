// What is read of one element, by name.
({
  value: e => e.value ?? e.innerText,
  held: e => e.value ?? (e.innerText ?? e.textContent).trim(),
  checked: e => e.checked,
  chosen: e => [...e.selectedOptions].map(o => ({value: o.value, label: o.label})),
  hovered: e => e.matches(':hover'),
  top: e => e.scrollTop <= 1,
  bottom: e => e.scrollTop + e.clientHeight >= e.scrollHeight - 2,
  in_view: e => {
    const b = e.getBoundingClientRect();
    return b.bottom > 0 && b.right > 0 && b.top < innerHeight && b.left < innerWidth;
  },
  text: (e, attribute) => {
    if (attribute !== 'value') return attribute ? e.getAttribute(attribute) : (e.innerText ?? e.textContent);
    return e.type === 'password' ? null : (e.value ?? e.getAttribute('value'));
  },
  // The addresses that have to do with a field: of its page, of the frames around it, and where its form may lead.
  around: e => {
    const form = e.form || e.closest('form');
    const buttons = [...document.querySelectorAll('[formaction]')].filter(button => form && button.form === form);
    const leads = (form ? [form, ...buttons] : []).map(one => {
      const name = one === form ? 'action' : 'formaction';
      return new URL(Element.prototype.getAttribute.call(one, name) || location.href, document.baseURI).href;
    });
    return [location.href, ...location.ancestorOrigins, ...leads.filter(url => !url.startsWith('javascript:'))];
  },
  // The texts of parts of an element: name -> [selector, attribute]; null for a part that is not there.
  record: (element, wanted) => {
    const read = (part, attribute) => {
      if (!part) return null;
      if (!attribute) return part.innerText ?? part.textContent;
      if (attribute === 'value') return part.type === 'password' ? null : (part.value ?? part.getAttribute('value'));
      return part.getAttribute(attribute);
    };
    return Object.fromEntries(Object.entries(wanted).map(([name, [selector, attribute]]) =>
      [name, read(element.matches(selector) ? element : element.querySelector(selector), attribute)]));
  },
  // A table as its headers and the texts of its rows; cells that span columns stand in each of them.
  table: table => {
    const squeeze = text => (text ?? '').replace(/\s+/g, ' ').trim();
    const isRow = e => e.tagName === 'TR' || e.getAttribute('role') === 'row';
    const CELLS = ':scope > td, :scope > th, :scope > [role=cell], :scope > [role=gridcell], :scope > [role=columnheader],'
      + ' :scope > [role=rowheader]';
    const rows = [...table.querySelectorAll('tr,[role=row]')].filter(e => e.closest('table,[role=table],[role=grid]') === table);
    const heads = e => e.tagName === 'TH' || e.getAttribute('role') === 'columnheader';
    const texts = row => [...row.querySelectorAll(CELLS)].flatMap(cell =>
      Array(Math.min(Math.max(cell.colSpan || 1, 1), 100)).fill(squeeze(cell.innerText)));
    const head = rows.find(row => row.closest('thead')) ?? rows.find(row => {
      const cells = [...row.querySelectorAll(CELLS)];
      return cells.length > 0 && cells.every(heads);
    });
    const body = rows.filter(row => row !== head && isRow(row) && !row.closest('thead') && row.querySelector(CELLS)
      && row.checkVisibility());
    return {headers: head ? texts(head) : [], rows: body.map(row => ({cells: texts(row)}))};
  },
})
