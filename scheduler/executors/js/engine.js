// A selector engine that stands for an element by a text: what `asked` wants to know of the element. It runs beside the
// page's own scripts, where they neither see nor disturb it. With `note` it stands for the element itself and notes what is
// to be known of the page at that very moment; `noted` asks for that. With `after` it stands for the element once that is
// noted, so that nothing is done to the page before it was looked at.
(() => {
  const readings = READINGS;
  const notes = new Map();
  return {
    queryAll(element, asked) {
      const wanted = JSON.parse(asked);
      if (wanted.after) return notes.has(wanted.after) ? [element] : [];
      if (wanted.note) {
        if (notes.size > 20) notes.clear();
        notes.set(wanted.note, FACTS());
        return [element];
      }
      const told = wanted.describe ? DESCRIBE([element], wanted)[0] : {};
      if (wanted.mark) told.mark = MARK(element);
      if (wanted.reading) told.held = readings[wanted.reading](element, wanted.argument);
      if (wanted.facts) told.facts = FACTS();
      if (wanted.noted) told.facts = notes.get(wanted.noted) ?? null;
      if (wanted.enter) told.ready = ENTER(element, wanted.enter);
      const answer = document.createElement('data');
      answer.textContent = JSON.stringify(told);
      return [answer];
    },
    query(element, asked) { return this.queryAll(element, asked)[0]; },
  };
})()
