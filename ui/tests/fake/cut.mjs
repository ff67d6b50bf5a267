/* Finds words that cannot be read on a page: cut off, outside the window, broken in the middle.
   The function runs inside the page, so it knows nothing but what it is given. */

/** Lists what is cut on the page as it stands: `[{ fault, where, text }]`. */
export function cutWords() {
  const SLACK = 1.5
  const found = []
  const where = (element) => {
    const names = []
    for (let at = element; at && at !== document.body && names.length < 4; at = at.parentElement) {
      const classes = [...at.classList].map((name) => `.${name}`).join('')
      names.unshift(at.localName + classes)
    }
    return names.join(' > ')
  }
  const tell = (fault, element, text) =>
    found.push({ fault, where: where(element), text: text.trim().slice(0, 60) })

  // Who shows less than they hold, with the box they show; scrollable ones can be scrolled.
  const clips = (element) => {
    const boxes = []
    for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
      const style = getComputedStyle(at)
      const hides = (way) => way === 'hidden' || way === 'clip'
      const scrolls = (way) => way === 'auto' || way === 'scroll'
      if (scrolls(style.overflowX)) return { boxes, scrolled: true }
      const box = at.getBoundingClientRect()
      if (hides(style.overflowX) || hides(style.overflowY))
        boxes.push({ box, x: hides(style.overflowX), y: hides(style.overflowY), at })
      if (style.position === 'fixed') {
        boxes.push({ box: window0(), x: true, y: true, at })
        return { boxes, scrolled: false }
      }
    }
    return { boxes, scrolled: false }
  }
  const window0 = () => ({ left: 0, right: innerWidth, top: 0, bottom: innerHeight })
  const unseen = (element) => {
    const style = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    return (
      style.visibility === 'hidden' ||
      style.opacity === '0' ||
      (box.width <= 2 && box.height <= 2) || // said to screen readers only
      style.clipPath !== 'none' ||
      element.closest('[aria-hidden=true], svg, option, select, script, style') !== null
    )
  }

  const wide = document.documentElement.scrollWidth - innerWidth
  if (wide > 0) tell(`page ${wide} px wider than the window`, document.body, document.title)

  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const range = document.createRange()
  while (walk.nextNode()) {
    const node = walk.currentNode
    const element = node.parentElement
    if (!node.data.trim() || !element || unseen(element)) continue
    range.selectNodeContents(node)
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 0)
    if (!rects.length) continue
    const right = Math.max(...rects.map((rect) => rect.right))
    const left = Math.min(...rects.map((rect) => rect.left))
    const top = Math.min(...rects.map((rect) => rect.top))
    const bottom = Math.max(...rects.map((rect) => rect.bottom))
    const { boxes, scrolled } = clips(element)
    for (const { box, x, y, at } of boxes) {
      // Whoever cuts a name on purpose gives the whole of it in a title.
      const told = element.closest('[title]')?.title ?? ''
      if (told.includes(node.data.trim())) continue
      if (x && (right > box.right + SLACK || left < box.left - SLACK)) {
        tell('cut at the side', at, node.data)
      } else if (y && (bottom > box.bottom + SLACK * 2 || top < box.top - SLACK * 2)) {
        tell('cut above or below', at, node.data)
      }
    }
    if (!scrolled && (right > innerWidth + SLACK || left < -SLACK))
      tell('outside the window', element, node.data)
    for (const word of node.data.matchAll(/\p{L}{4,}/gu)) {
      range.setStart(node, word.index)
      range.setEnd(node, word.index + word[0].length)
      const lines = new Set([...range.getClientRects()].map((rect) => Math.round(rect.top)))
      if (lines.size > 1) tell('broken in the middle of a word', element, word[0])
    }
  }

  // What stands in a button or a chip must not run over its edge.
  for (const element of document.querySelectorAll('button, .btn, .st, .chip, .tag, th, summary')) {
    if (unseen(element) || element.closest('.cut')) continue
    const over = element.scrollWidth - element.clientWidth
    if (element.clientWidth > 0 && over > 2 && getComputedStyle(element).display !== 'inline')
      tell(`runs ${over} px over its edge`, element, element.textContent)
  }
  // A field that shows less than its value or its hint.
  for (const field of document.querySelectorAll('input, textarea')) {
    if (unseen(field) || field.type === 'hidden' || field.readOnly) continue
    if (field.localName === 'input' && field.scrollWidth > field.clientWidth + 2)
      tell('a field shorter than what it holds', field, field.value || field.placeholder)
  }
  return found
}
