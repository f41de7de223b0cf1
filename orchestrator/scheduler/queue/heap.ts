/** A binary heap: the least comes out first. */
export interface Heap<Item> {
  readonly size: number
  push(item: Item): void
  peek(): Item | undefined
  pop(): Item | undefined
}

export function makeHeap<Item>(compare: (a: Item, b: Item) => number): Heap<Item> {
  const items: Item[] = []
  const swapIfLess = (child: number, parent: number): boolean => {
    const a = items[child]!
    const b = items[parent]!
    if (compare(a, b) >= 0) return false
    items[child] = b
    items[parent] = a
    return true
  }
  const sink = () => {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= items.length) return
      const right = left + 1
      const least = right < items.length && compare(items[right]!, items[left]!) < 0 ? right : left
      if (!swapIfLess(least, at)) return
      at = least
    }
  }
  return {
    get size() {
      return items.length
    },
    push: (item) => {
      let at = items.push(item) - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (!swapIfLess(at, parent)) return
        at = parent
      }
    },
    peek: () => items[0],
    pop: () => {
      const first = items[0]
      const last = items.pop()
      if (items.length > 0 && last !== undefined) {
        items[0] = last
        sink()
      }
      return first
    },
  }
}
