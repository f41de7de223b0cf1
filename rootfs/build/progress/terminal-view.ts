import type { BuildEvent } from '../execute/build-request.ts'
import type { BuildView } from './plain-view.ts'

/** The part of a terminal that the view uses. */
export interface Terminal {
  readonly write: (text: string) => void
  readonly columns: () => number
  readonly rows: () => number
}

interface Step {
  readonly title: string
  readonly begun: number
  ended: number | undefined
  state: 'running' | 'done' | 'cached' | 'failed' | 'cancelled'
  output: string
}

const redrawMs = 100
const shownLines = 6
const keptBytes = 64 * 1024

/**
 * Steps with their times, redrawn in place; of a running step also its last lines of output. What a
 * failed step wrote is shown in full at the end.
 *
 * @param now milliseconds
 */
export function openTerminalView(terminal: Terminal, now: () => number): BuildView {
  const steps = new Map<number, Step>()
  const begun = now()
  let drawn = 0
  const erase = (): string => (drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '')
  const draw = (above = '', isEnd = false): void => {
    const lines = frame([...steps.values()], { terminal, begun, now: now(), isEnd })
    terminal.write(erase() + above + lines.map((line) => `${line}\n`).join(''))
    drawn = isEnd ? 0 : lines.length
  }
  const timer = setInterval(draw, redrawMs)
  timer.unref()
  return {
    show(event) {
      if (event.kind === 'note') draw(`note: ${event.text}\n`)
      else update(steps, event, now())
    },
    end() {
      clearInterval(timer)
      draw('', true)
      for (const { state, title, output } of steps.values())
        if (state === 'failed' && output !== '')
          terminal.write(`------\n > ${title}:\n${output.trimEnd()}\n------\n`)
    },
  }
}

function update(
  steps: Map<number, Step>,
  event: Exclude<BuildEvent, { kind: 'note' }>,
  now: number,
): void {
  if (event.kind === 'begin') {
    const step = { title: event.title, begun: now, ended: undefined, output: '' }
    steps.set(event.id, { ...step, state: 'running' })
    return
  }
  const step = steps.get(event.id)
  if (!step) return
  if (event.kind === 'output') {
    step.output = (step.output + event.data.toString()).slice(-keptBytes)
    return
  }
  step.state = event.kind
  step.ended = now
}

interface FrameScope {
  readonly terminal: Terminal
  readonly begun: number
  readonly now: number
  readonly isEnd: boolean
}

function frame(steps: readonly Step[], { terminal, begun, now, isEnd }: FrameScope): string[] {
  const finished = steps.filter(({ ended }) => ended !== undefined).length
  const head = `[+] Building ${((now - begun) / 1000).toFixed(1)}s (${finished}/${steps.length})`
  const lines = steps.flatMap((step) => stepLines(step, now, terminal.columns()))
  // At the end everything may scroll; before, what scrolled away could not be redrawn.
  const room = Math.max(1, terminal.rows() - 2)
  return [head, ...(isEnd ? lines : lines.slice(-room))]
}

function stepLines(step: Step, now: number, columns: number): string[] {
  const time = `${(((step.ended ?? now) - step.begun) / 1000).toFixed(1)}s`
  const mark = {
    running: '=>',
    done: '=>',
    cached: '=> CACHED',
    failed: '=> ERROR',
    cancelled: '=> CANCELED',
  }[step.state]
  const room = Math.max(10, columns - time.length - 2)
  const title = `${mark} ${step.title}`.slice(0, room).padEnd(room)
  const tail = step.state === 'running' ? lastLines(step.output, columns) : []
  return [`${title} ${time}`, ...tail]
}

function lastLines(output: string, columns: number): string[] {
  const lines = output.split(/[\r\n]+/).filter((line) => line !== '')
  return lines
    .slice(-shownLines)
    .map((line) => `=> => ${line.replaceAll(/\p{Cc}/gu, ' ')}`.slice(0, Math.max(1, columns - 1)))
}
