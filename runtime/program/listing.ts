import { argumentFormats } from './flags/formats.ts'
import { formatOperand, readText } from './format-operand.ts'
import { RECORD } from './format.ts'
import type { Program, Step } from './program.ts'

/** One step as strace would show the call: `$root = open_tree(AT_FDCWD, "/b", OPEN_TREE_CLONE)`. */
export function formatStep(program: Program, step: Step): string {
  const result = step.to === undefined ? '' : `$${step.to.name} = `
  return `${result}${formatOperation(program, step)}${formatTolerance(step)}`
}

function formatOperation(program: Program, step: Step): string {
  const show = (index: number): string => formatOperand(program, step.args[index] ?? 0, 'number')
  switch (step.op) {
    case 'SYS': {
      const formats = argumentFormats(step.call)
      return `${step.call}(${step.args.map((operand, index) => formatOperand(program, operand, formats[index] ?? 'number')).join(', ')})`
    }
    case 'MOVE':
      return show(0)
    case 'JUMP_ZERO':
      return `if ${show(0)} == 0`
    case 'JUMP_NONZERO':
      return `if ${show(0)} != 0`
    case 'JUMP_EQUAL':
      return `if ${show(0)} == ${show(1)}`
    case 'STORE':
      return `data[${show(1)}] = ${show(0)}`
    case 'LOAD':
      return `data[${show(0)}]`
    case 'FORMAT':
      return `format(${JSON.stringify(textAt(program, step, 2))}, ${show(3)})`
    case 'CHECK':
      return `check data[${show(0)}]`
    case 'ASSERT':
      return `assert ${show(0)} == ${show(1)}`
    case 'RECORD':
      return `record(${Object.keys(RECORD).find((name) => RECORD[name as keyof typeof RECORD] === step.args[0]) ?? show(0)})`
    case 'REMOVE_TREE':
      return `remove_tree(${show(0)}, ${JSON.stringify(textAt(program, step, 1))})`
    case 'MONITOR':
      return 'become the monitor'
    default:
      return `${step.op.toLowerCase()}(${step.args.map((_, index) => show(index)).join(', ')})`
  }
}

function textAt({ data }: Program, step: Step, index: number): string {
  return readText(data, Number(step.args[index]))
}

function formatTolerance({ ignore, jump, jumpIfOk }: Step): string {
  const errnos = ignore === 'any' ? ' ~any' : ignore.map((name) => ` ~${name}`).join('')
  if (jump === undefined) return errnos
  return `${errnos} ${jumpIfOk ? 'ok→' : '→'}${jump.index}`
}

export interface ListingOptions {
  /** Each step with its reason and source. Default true. */
  readonly why?: boolean
}

/** The whole program, a numbered line for each step; alike steps in a row share one line. */
export function formatListing(program: Program, options: ListingOptions = {}): string {
  const { steps, cleanupStart } = program
  const width = String(steps.length).length + 1
  const lines: string[] = []
  for (let index = 0; index < steps.length;) {
    if (index === cleanupStart) lines.push('cleanup:')
    const length = runLength(steps, index)
    const step = steps[index]!
    const times = length > 1 ? ` … ×${length}` : ''
    const why = options.why === false ? '' : `   ; ${step.why} [${step.source}]`
    lines.push(`${String(index).padStart(width)} ${formatStep(program, step)}${times}${why}`)
    index += length
  }
  return `${lines.join('\n')}\n`
}

/** How many steps from `index` on are the same call for the same reason: dropping 30 capabilities is one line. */
export function runLength(steps: readonly Step[], index: number): number {
  const first = steps[index]!
  if (first.op !== 'SYS' || first.call !== 'prctl' || first.jump !== undefined) return 1
  let length = 1
  for (let next = steps[index + length]; isAlike(first, next); next = steps[index + length])
    length++
  return length
}

function isAlike(first: Step, next: Step | undefined): boolean {
  return (
    next?.op === 'SYS' &&
    next.call === first.call &&
    next.why === first.why &&
    next.phase === first.phase
  )
}
