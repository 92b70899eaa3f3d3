// Reports what a person does on a page: clicks, and what was entered once the field is left. Passwords are reported
// without their value. A target is a list of locators from the most to the least trusted, each fitting one element.
(() => {
  if (window.__cpaRecording) return;
  window.__cpaRecording = true;
  const short = text => (text || '').trim().replace(/\s+/g, ' ').slice(0, 80);
  const quoted = text => JSON.stringify(text);
  const single = css => { try { return document.querySelectorAll(css).length === 1; } catch { return false; } };
  const labelOf = field => short((field.labels && field.labels[0] && field.labels[0].innerText)
    || field.getAttribute('aria-label'));
  const nameOf = e => short(e.getAttribute('aria-label') || e.innerText || e.value);
  const roleOf = e => e.getAttribute('role') || {A: 'link', BUTTON: 'button'}[e.tagName]
    || (e.tagName === 'INPUT' && ['submit', 'button'].includes(e.type) ? 'button' : '');
  const alike = (e, role, name) => [...document.querySelectorAll('a,button,input,[role]')]
    .filter(one => roleOf(one) === role && nameOf(one) === name).length === 1;

  const locators = e => {
    const found = [];
    const role = roleOf(e), name = nameOf(e), label = labelOf(e);
    if (e.dataset && e.dataset.testid) found.push('test_id=' + e.dataset.testid);
    if (role && name && !name.includes('"') && alike(e, role, name)) found.push(`role=${role}[name=${quoted(name)}]`);
    if (!role && label) found.push('label=' + label);
    if (e.placeholder) found.push('placeholder=' + e.placeholder);
    const tag = e.tagName.toLowerCase();
    const css = [e.id && '#' + CSS.escape(e.id), ...['name', 'type', 'href'].map(
      attribute => e.getAttribute(attribute) && `${tag}[${attribute}=${quoted(e.getAttribute(attribute))}]`)];
    for (const one of css) if (one && single(one)) found.push('css=' + one);
    return found.length ? found : ['css=' + pathTo(e)];
  };
  const pathTo = e => {
    const parts = [];
    for (let one = e; one && one !== document.body; one = one.parentElement) {
      const nth = [...one.parentElement.children].filter(other => other.tagName === one.tagName).indexOf(one) + 1;
      parts.unshift(`${one.tagName.toLowerCase()}:nth-of-type(${nth})`);
    }
    return 'body > ' + parts.join(' > ');
  };
  const report = deed => window.__cpaReport(JSON.stringify({...deed, url: location.href}));

  document.addEventListener('click', event => {
    const e = event.target.closest('a,button,input[type=submit],input[type=button],input[type=checkbox],[role]');
    if (e && event.isTrusted !== false) report({kind: 'click', target: locators(e)});
  }, true);
  document.addEventListener('change', event => {
    const e = event.target;
    if (e.tagName === 'SELECT') report({kind: 'select', target: locators(e), text: short(e.selectedOptions[0]?.label)});
    else if (['INPUT', 'TEXTAREA'].includes(e.tagName) && !['checkbox', 'radio', 'submit', 'file'].includes(e.type))
      report({kind: 'fill', target: locators(e), secret: e.type === 'password', name: e.autocomplete || e.name || '',
        text: e.type === 'password' ? '' : e.value});
  }, true);
  document.addEventListener('submit', event => {
    if (!event.submitter) report({kind: 'press', target: []});  // Enter, in a form without a button
  }, true);
})();
