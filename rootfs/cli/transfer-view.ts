import type { BlobProgress, TransferProgress } from '../copy/transfer-progress.ts'
import { humanSize } from '../human-size.ts'
import { blobLabel, progressLines } from './progress-lines.ts'
import { printError } from './print.ts'

interface Line {
  readonly label: string
  readonly bytes: number
  position: number
  outcome: string | undefined
}

const redrawMs = 100
const barWidth = 30

/** Bars on a terminal, a line for each blob elsewhere; both on standard error. */
export function openTransferView(isQuiet: boolean): TransferProgress {
  const note = (text: string): void => printError(`myimage: note: ${text}\n`)
  if (isQuiet) return { ...progressLines(() => undefined), note }
  if (!process.stderr.isTTY) return { ...progressLines((line) => printError(`${line}\n`)), note }
  return terminalView(process.stderr)
}

function terminalView(output: NodeJS.WriteStream): TransferProgress {
  const open: Line[] = []
  let drawn = 0
  let timer: NodeJS.Timeout | undefined
  const erase = (): string => (drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '')
  const draw = (above: readonly string[] = []): void => {
    const shown = open.slice(0, Math.max(1, (output.rows ?? 24) - 2))
    const columns = output.columns ?? 80
    const lines = [...above, ...shown.map((line) => barOf(line).slice(0, columns - 1))]
    output.write(`${erase()}${lines.map((line) => `${line}\n`).join('')}`)
    drawn = shown.length
  }
  return {
    begin(digest, kind, bytes): BlobProgress {
      const line: Line = { label: blobLabel(digest, kind), bytes, position: 0, outcome: undefined }
      open.push(line)
      timer ??= setInterval(() => draw(), redrawMs)
      timer.unref()
      return {
        position: (position) => (line.position = position),
        done(outcome) {
          open.splice(open.indexOf(line), 1)
          draw([`${line.label}  ${humanSize(bytes)}  ${outcome}`])
        },
      }
    },
    note: (text) => draw([`myimage: note: ${text}`]),
    end() {
      clearInterval(timer)
      output.write(erase())
      drawn = 0
    },
  }
}

function barOf({ label, bytes, position }: Line): string {
  const part = bytes === 0 ? 1 : Math.min(1, position / bytes)
  const filled = Math.round(part * barWidth)
  const bar = `${'='.repeat(filled)}${filled < barWidth ? '>' : ''}`.slice(0, barWidth)
  return `${label}  [${bar.padEnd(barWidth)}]  ${humanSize(position)} / ${humanSize(bytes)}`
}
