// Lets what a mouse does reach one element and nothing that may have come in its place. It ends by itself: a guard that was
// forgotten must not keep later presses from where they belong.
(() => {
  const KINDS = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'], LONGEST = 5000;  // milliseconds
  let element = null, since = 0;
  const judge = event => {
    if (event.timeStamp > since + LONGEST) return release();
    if (!event.isTrusted || event.composedPath()[0] === element) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const release = () => KINDS.forEach(kind => window.removeEventListener(kind, judge, true));
  const over = one => {
    element = one;
    since = performance.now();
    KINDS.forEach(kind => window.addEventListener(kind, judge, true));
  };
  return {over, release};
})()
