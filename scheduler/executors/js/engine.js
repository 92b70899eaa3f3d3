// A selector engine that stands for an element by a text: what `asked` wants to know of the element. It runs beside the
// page's own scripts, where they neither see nor disturb it. With `note` it stands for the element itself and notes what is
// to be known of the page at that very moment; `noted` asks for that.
(() => {
  const readings = READINGS;
  let last = null;
  return {
    queryAll(element, asked) {
      const wanted = JSON.parse(asked);
      if (wanted.note) {
        last = {note: wanted.note, facts: FACTS()};
        return [element];
      }
      const told = wanted.describe ? DESCRIBE([element], wanted)[0] : {};
      if (wanted.mark) told.mark = MARK(element);
      if (wanted.reading) told.held = readings[wanted.reading](element, wanted.argument);
      if (wanted.facts) told.facts = FACTS();
      if (wanted.noted) told.facts = last?.note === wanted.noted ? last.facts : null;
      if (wanted.enter) told.ready = ENTER(element, wanted.enter);
      const answer = document.createElement('data');
      answer.textContent = JSON.stringify(told);
      return [answer];
    },
    query(element, asked) { return this.queryAll(element, asked)[0]; },
  };
})()
