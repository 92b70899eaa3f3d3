// Makes a field ready to take a text in place of what it holds: the keyboard is there and all of it is selected. False, with
// nothing done, where that is not all there is to it: the field is of another kind, or nobody may enter anything now.
(e, kind) => {
  const TAKING = ['text', 'email', 'search', 'tel', 'url', 'number'];
  if (e.tagName !== 'TEXTAREA' && !(e.tagName === 'INPUT' && TAKING.includes(e.type))) return false;
  if (e.type === 'number' && kind !== 'number') return false;
  if (e.readOnly || e.matches(':disabled') || e.closest('[aria-disabled=true],[aria-readonly=true],[inert]')) return false;
  e.select();
  e.focus();
  return e.getRootNode().activeElement === e;
}
