import type { BuildView } from './plain-view.ts'

/** Of one step; a program that fails says why at its end. */
const keptBytes = 64 * 1024

/** Shows nothing, but of a step that fails what its program wrote: without it nobody knows why. */
export function openQuietView(write: (text: string) => void): BuildView {
  const kept = new Map<number, Buffer>()
  return {
    show(event) {
      if (event.kind === 'note') return
      if (event.kind === 'output') {
        const all = Buffer.concat([kept.get(event.id) ?? Buffer.alloc(0), event.data])
        kept.set(event.id, all.subarray(-keptBytes))
      } else if (event.kind === 'failed') {
        const text = kept.get(event.id)?.toString() ?? ''
        if (text !== '') write(text.endsWith('\n') ? text : `${text}\n`)
      } else kept.delete(event.id)
    },
    end: () => undefined,
  }
}
