// What stands in each field that holds a secret, also in open shadow roots, so that it can be blanked elsewhere.
() => {
  const SECRET = 'input[type=password],input[autocomplete~=one-time-code],input[autocomplete^=cc-],'
    + 'input[autocomplete~=current-password],input[autocomplete~=new-password]';
  const values = [];
  const visit = root => {
    for (const field of root.querySelectorAll(SECRET)) values.push(field.value);
    for (const e of root.querySelectorAll('*')) if (e.shadowRoot) visit(e.shadowRoot);
  };
  visit(document);
  return values;
}
