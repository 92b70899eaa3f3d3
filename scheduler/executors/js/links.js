// What the links of a page to files and pages are called, and where they lead; what is no address is passed over.
links => links.slice(0, 5000).flatMap(link => {
  const url = URL.canParse(link.getAttribute('href'), link.baseURI) && new URL(link.getAttribute('href'), link.baseURI)
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.href.length > 2000) return []
  url.hash = ''
  const name = link.innerText || link.textContent || link.getAttribute('aria-label') || link.getAttribute('title') || ''
  return [{ name: name.replace(/\s+/g, ' ').trim().slice(0, 200), url: url.href }]
})
