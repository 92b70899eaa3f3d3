// What the links of a page are called, and where they lead.
links => links.map(link => ({
  name: (link.innerText || link.getAttribute('aria-label') || link.title || '').replace(/\s+/g, ' ').trim().slice(0, 200),
  url: link.href
}))
