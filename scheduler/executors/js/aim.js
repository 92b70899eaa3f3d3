// Says where a box is to be pressed so that it is ticked or not, as wanted: a point, or nothing but true when it is so already.
// Null where that is not all there is to it: the box is of another kind, covered, out of sight or moving, or nobody may press it.
(e, wanted) => {
  if (e.tagName !== 'INPUT' || !['checkbox', 'radio'].includes(e.type) || e.indeterminate) return null;
  if (e.matches(':disabled') || e.closest('[aria-disabled=true],[inert]')) return null;
  if (e.checked === wanted) return true;
  if (e.type === 'radio' && !wanted) return null;
  const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
  if (box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth) return null;
  const moves = one => one.playState === 'running' && one.effect?.target?.contains(e);
  return e.getRootNode().elementFromPoint(x, y) === e && !document.getAnimations().some(moves) ? [x, y] : null;
}
