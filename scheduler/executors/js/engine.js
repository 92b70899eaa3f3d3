// A selector engine that stands for an element by a text: what `asked` wants to know of the element. It runs beside the
// page's own scripts, where they neither see nor disturb it.
({
  queryAll(element, asked) {
    const wanted = JSON.parse(asked), readings = READINGS;
    const told = wanted.describe ? DESCRIBE([element], wanted)[0] : {};
    told.mark = MARK(element);
    if (wanted.reading) told.held = readings[wanted.reading](element, wanted.argument);
    const answer = document.createElement('data');
    answer.textContent = JSON.stringify(told);
    return [answer];
  },
  query(element, asked) { return this.queryAll(element, asked)[0]; },
})
