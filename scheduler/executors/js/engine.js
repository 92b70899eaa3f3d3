// A selector engine that stands for an element by a text: what `asked` wants to know of the element. It runs beside the
// page's own scripts, where they neither see nor disturb it. With `note` it stands for the element itself, notes what is to
// be known of the page at that very moment, and tells it where somebody listens; `noted` asks for it. With `after` it stands
// for the element once that is noted, so that nothing is done to the page before it was looked at. With `keep` it remembers
// the element under that number; with `itself` it stands for the element. `press` says where the mouse must press a box, and
// lets it press only that until `release`.
//
// `ask` answers the same without an element, for who comes through the door: `kept` is one that is remembered and still
// the only one, to be seen.
(() => {
  const DOOR = Symbol.for('cpa');
  const readings = READINGS, guard = GUARD;
  const notes = new Map(), kept = new Map();
  const remember = (number, element) => {
    if (kept.size > 20 && !kept.has(number)) kept.clear();
    kept.set(number, (kept.get(number) ?? new Set()).add(element));
  };
  const shown = element => {
    if (!element.isConnected || !element.checkVisibility({visibilityProperty: true})) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };
  const ask = asked => {
    if (asked.release) guard.release();
    const told = {};
    if (asked.kept) {
      const [element, ...others] = [...kept.get(asked.kept) ?? []].filter(shown);
      if (!element || others.length) return null;
      told.held = readings[asked.reading](element, asked.argument);
    }
    if (asked.facts) told.facts = FACTS();
    return told;
  };
  return {
    queryAll(element, asked) {
      const wanted = JSON.parse(asked), door = globalThis[DOOR];
      if (door) door.ask = ask;
      if (wanted.after && !notes.has(wanted.after)) return [];
      if (wanted.keep) remember(wanted.keep, element);
      if (wanted.itself) return [element];
      if (wanted.note) {
        if (notes.size > 20) notes.clear();
        notes.set(wanted.note, FACTS());
        globalThis.cpaNoted?.(JSON.stringify([wanted.note, notes.get(wanted.note)]));
        return [element];
      }
      const told = wanted.describe ? DESCRIBE([element], wanted)[0] : {};
      if (wanted.mark) told.mark = MARK(element);
      if (wanted.reading) told.held = readings[wanted.reading](element, wanted.argument);
      if (wanted.facts) told.facts = FACTS();
      if (wanted.noted) told.facts = notes.get(wanted.noted) ?? null;
      if (wanted.enter) told.ready = ENTER(element, wanted.enter);
      if ('press' in wanted) {
        const aim = AIM(element, wanted.press);
        told.ready = aim !== null;
        if (Array.isArray(aim)) guard.over(element);
        told.at = Array.isArray(aim) ? aim : null;
      }
      if (wanted.release) guard.release();
      const answer = document.createElement('data');
      answer.textContent = JSON.stringify(told);
      return [answer];
    },
    query(element, asked) { return this.queryAll(element, asked)[0]; },
  };
})()
