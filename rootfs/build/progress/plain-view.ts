import type { BuildEvent } from '../execute/build-request.ts'

/** Shows the events of a build. */
export interface BuildView {
  readonly show: (event: BuildEvent) => void
  /** Write what is left; nothing is shown after it. */
  readonly end: () => void
}

/** A step as the views keep it. */
interface Step {
  readonly title: string
  readonly begun: number
  /** Output that has no end of line yet. */
  rest: string
}

/**
 * Lines as BuildKit's plain progress has them: `#5 [builder 2/4] RUN make`, output with the seconds
 * since the step began, `#5 DONE 0.4s`. Steps that run side by side take turns, each time with their title.
 *
 * @param now milliseconds
 */
export function openPlainView(write: (text: string) => void, now: () => number): BuildView {
  const steps = new Map<number, Step>()
  let current = 0
  const line = (id: number, text: string): void => {
    const step = steps.get(id)
    if (id !== current && step) write(`${current === 0 ? '' : '\n'}#${id} ${step.title}\n`)
    current = id
    write(`#${id} ${text}\n`)
  }
  const seconds = (id: number): string =>
    ((now() - (steps.get(id)?.begun ?? now())) / 1000).toFixed(1)
  const output = (id: number, text: string, isEnd: boolean): void => {
    const step = steps.get(id)
    if (!step) return
    const lines = (step.rest + text).split('\n')
    step.rest = isEnd ? '' : (lines.pop() ?? '')
    for (const each of lines) if (!isEnd || each !== '') line(id, `${elapsed(step, now())} ${each}`)
  }
  return {
    show(event) {
      if (event.kind === 'note') return write(`note: ${event.text}\n`)
      const { id } = event
      if (event.kind === 'begin')
        return void steps.set(id, { title: event.title, begun: now(), rest: '' })
      if (event.kind === 'output') return output(id, lastOfCarriage(event.data.toString()), false)
      output(id, '', true)
      if (event.kind === 'cached') line(id, 'CACHED')
      else if (event.kind === 'done') line(id, `DONE ${seconds(id)}s`)
      else if (event.kind === 'cancelled') line(id, 'CANCELED')
      else line(id, `ERROR: ${event.message}`)
    },
    end: () => undefined,
  }
}

function elapsed({ begun }: Step, now: number): string {
  return ((now - begun) / 1000).toFixed(3)
}

/** Progress bars of programs write one line many times. */
function lastOfCarriage(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(/[^\n]*\r(?=[^\n])/g, '')
}
