// A table as its headers and the texts of its rows; cells that span columns stand in each of them.
(table) => {
  const squeeze = text => (text ?? '').replace(/\s+/g, ' ').trim();
  const isRow = e => e.tagName === 'TR' || e.getAttribute('role') === 'row';
  const CELLS = ':scope > td, :scope > th, :scope > [role=cell], :scope > [role=gridcell], :scope > [role=columnheader],'
    + ' :scope > [role=rowheader]';
  const rows = [...table.querySelectorAll('tr,[role=row]')].filter(e => e.closest('table,[role=table],[role=grid]') === table);
  const heads = e => e.tagName === 'TH' || e.getAttribute('role') === 'columnheader';
  const texts = row => [...row.querySelectorAll(CELLS)].flatMap(cell =>
    Array(Math.min(Math.max(cell.colSpan || 1, 1), 100)).fill(squeeze(cell.innerText)));
  const head = rows.find(row => row.closest('thead')) ?? rows.find(row => {
    const cells = [...row.querySelectorAll(CELLS)];
    return cells.length > 0 && cells.every(heads);
  });
  const body = rows.filter(row => row !== head && isRow(row) && !row.closest('thead') && row.querySelector(CELLS)
    && row.checkVisibility());
  return {headers: head ? texts(head) : [], rows: body.map(row => ({cells: texts(row)}))};
}
