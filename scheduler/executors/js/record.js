// The texts of parts of an element: name -> [selector, attribute]; null for a part that is not there.
(element, wanted) => {
  const read = (part, attribute) => {
    if (!part) return null;
    if (!attribute) return part.innerText ?? part.textContent;
    if (attribute === 'value') return part.type === 'password' ? null : (part.value ?? part.getAttribute('value'));
    return part.getAttribute(attribute);
  };
  return Object.fromEntries(Object.entries(wanted).map(([name, [selector, attribute]]) =>
    [name, read(element.matches(selector) ? element : element.querySelector(selector), attribute)]));
}
