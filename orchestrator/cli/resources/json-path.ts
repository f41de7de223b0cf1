import { isObject } from '../../api/object.ts'
import { CommandFailure } from './session.ts'

// JSONPath as kubectl has it: `{.items[*].metadata.name}`, `{range .items[*]}{.metadata.name}{"\n"}{end}`,
// `[?(@.type=="Ready")]`, `..name`, `['a','b']`, `[0:2]`. https://kubernetes.io/docs/reference/kubectl/jsonpath/

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'fields'; readonly names: readonly string[] }
  | { readonly type: 'all' }
  | { readonly type: 'descend' }
  | {
      readonly type: 'slice'
      readonly from: number | undefined
      readonly to: number | undefined
      readonly step: number
      /** One item, which has to be there. */
      readonly single?: boolean
    }
  | {
      readonly type: 'filter'
      readonly left: Operand
      readonly operator: string
      readonly right: Operand | undefined
    }

type Operand = { readonly path: readonly Step[] } | { readonly literal: unknown }

type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly path: readonly Step[] }
  | { readonly type: 'range'; readonly path: readonly Step[]; readonly body: readonly Node[] }

/** Fill in a template. @throws CommandFailure for one that is none */
export function formatJsonPath(template: string, value: unknown): string {
  const pieces = splitTemplate(template)
  return render(parseNodes(pieces, false), value)
}

/** All values at one path, with or without braces around it and a dot before it. @throws CommandFailure */
export function valuesAtPath(path: string, value: unknown): unknown[] {
  const inner = path.replace(/^\{(.*)\}$/, '$1')
  return evaluate(parsePath(/^[.[@$]/.test(inner) ? inner : `.${inner}`), [value], value)
}

/** As kubectl shows a value: texts bare, everything else as JSON. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return value
  return value === null || value === undefined ? '' : JSON.stringify(sortFields(value))
}

/** Fields in the order of their names, as Go writes maps. */
export function sortFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortFields)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sortFields(value[name])]),
  )
}

function splitTemplate(template: string): { code: boolean; text: string }[] {
  const pieces: { code: boolean; text: string }[] = []
  let at = 0
  while (at < template.length) {
    const open = template.indexOf('{', at)
    const end = open === -1 ? template.length : open
    if (end > at) pieces.push({ code: false, text: template.slice(at, end) })
    if (open === -1) break
    const close = closing(template, open)
    pieces.push({ code: true, text: template.slice(open + 1, close).trim() })
    at = close + 1
  }
  return pieces
}

/** Where a brace closes, outside of quotes. */
function closing(template: string, open: number): number {
  let quote = ''
  for (let at = open + 1; at < template.length; at++) {
    const letter = template[at]!
    if (letter === '\\') at++
    else if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === '"' || letter === "'") quote = letter
    else if (letter === '}') return at
  }
  throw new CommandFailure(`error parsing jsonpath ${template}, unclosed action`)
}

function parseNodes(pieces: { code: boolean; text: string }[], within: boolean): Node[] {
  const nodes: Node[] = []
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    const { code, text } = piece
    if (!code) nodes.push({ type: 'text', text })
    else if (text === 'end') {
      if (!within) throw new CommandFailure('error parsing jsonpath, not in range')
      return nodes
    } else if (text.startsWith('range '))
      nodes.push({
        type: 'range',
        path: parsePath(text.slice(6).trim()),
        body: parseNodes(pieces, true),
      })
    else if (/^["']/.test(text)) nodes.push({ type: 'text', text: unquote(text) })
    else nodes.push({ type: 'path', path: parsePath(text) })
  }
  if (within) throw new CommandFailure('error parsing jsonpath, unexpected EOF, expecting {end}')
  return nodes
}

function render(nodes: readonly Node[], value: unknown, root = value): string {
  return nodes
    .map((node) => {
      if (node.type === 'text') return node.text
      const values = evaluate(node.path, [value], root)
      if (node.type === 'path') return values.map(shownValue).join(' ')
      return values.map((each) => render(node.body, each, root)).join('')
    })
    .join('')
}

function parsePath(text: string): Step[] {
  const steps: Step[] = []
  let rest = text.replace(/^[@$]/, '')
  while (rest !== '') {
    const [step, taken] = rest.startsWith('[') ? parseBracket(rest) : parseDot(rest, text)
    if (step) steps.push(step)
    rest = rest.slice(taken)
  }
  return steps
}

function parseDot(rest: string, whole: string): [Step | undefined, number] {
  if (rest.startsWith('..'))
    return [{ type: 'descend' }, rest[2] === '[' || rest[2] === '*' ? 2 : 1]
  if (rest.startsWith('.*') || rest.startsWith('*'))
    return [{ type: 'all' }, rest.startsWith('.') ? 2 : 1]
  const match = /^\.?((?:[^.[\]\\\s]|\\.)*)/.exec(rest)
  if (!match || match[0] === '')
    throw new CommandFailure(`error parsing jsonpath {${whole}}, unrecognized character`)
  const name = match[1]!.replaceAll(/\\(.)/g, '$1')
  return [name === '' ? undefined : { type: 'field', name }, match[0].length]
}

function parseBracket(rest: string): [Step, number] {
  const end = closingBracket(rest)
  const inner = rest.slice(1, end).trim()
  const taken = end + 1
  if (inner === '*') return [{ type: 'all' }, taken]
  const filter = /^\?\((.*)\)$/s.exec(inner)
  if (filter) return [parseFilter(filter[1]!.trim()), taken]
  if (/^["']/.test(inner))
    return [{ type: 'fields', names: inner.split(',').map((name) => unquote(name.trim())) }, taken]
  const slice = /^(-?\d*)(:(-?\d*))?(:(\d*))?$/.exec(inner)
  if (!slice) throw new CommandFailure(`error parsing jsonpath, invalid array index ${inner}`)
  const number = (part: string | undefined): number | undefined =>
    part === undefined || part === '' ? undefined : Number(part)
  const from = number(slice[1])
  if (slice[2] === undefined && from !== undefined)
    return [
      { type: 'slice', from, to: from === -1 ? undefined : from + 1, step: 1, single: true },
      taken,
    ]
  return [{ type: 'slice', from, to: number(slice[3]), step: number(slice[5]) ?? 1 }, taken]
}

function closingBracket(text: string): number {
  let quote = ''
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!
    if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === '"' || letter === "'") quote = letter
    else if (letter === '[') depth++
    else if (letter === ']' && --depth === 0) return at
  }
  throw new CommandFailure('error parsing jsonpath, unterminated array')
}

function parseFilter(text: string): Step {
  const match = /^(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/s.exec(text)
  if (!match)
    return { type: 'filter', left: parseOperand(text), operator: 'exists', right: undefined }
  return {
    type: 'filter',
    left: parseOperand(match[1]!),
    operator: match[2]!,
    right: parseOperand(match[3]!),
  }
}

function parseOperand(text: string): Operand {
  if (/^[@$.]/.test(text)) return { path: parsePath(text) }
  if (/^["']/.test(text)) return { literal: unquote(text) }
  try {
    return { literal: JSON.parse(text) }
  } catch {
    throw new CommandFailure(`error parsing jsonpath, unrecognized identifier ${text}`)
  }
}

function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? letter)
}

function evaluate(path: readonly Step[], values: readonly unknown[], root: unknown): unknown[] {
  return path.reduce<unknown[]>(
    (current, step) => current.flatMap((value) => take(step, value, root)),
    [...values],
  )
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.type) {
    case 'field':
      return isObject(value) && value[step.name] !== undefined ? [value[step.name]] : []
    case 'fields':
      return step.names.flatMap((name) => take({ type: 'field', name }, value, root))
    case 'all':
      return children(value)
    case 'descend':
      return [value, ...children(value).flatMap((child) => take(step, child, root))]
    case 'slice':
      if (step.single && Array.isArray(value)) requireItem(step.from ?? 0, value.length)
      return Array.isArray(value)
        ? value.slice(step.from, step.to).filter((_, index) => index % step.step === 0)
        : []
    case 'filter':
      return children(value).filter((child) => holds(step, child, root))
  }
}

function requireItem(index: number, length: number): void {
  if (index >= length || index < -length)
    throw new CommandFailure(
      `error executing jsonpath: array index out of bounds: index ${index}, length ${length}`,
    )
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isObject(value)
    ? Object.keys(value)
        .toSorted()
        .map((name) => value[name])
    : []
}

function holds(step: Extract<Step, { type: 'filter' }>, value: unknown, root: unknown): boolean {
  const read = (operand: Operand): unknown[] =>
    'path' in operand ? evaluate(operand.path, [value], root) : [operand.literal]
  const left = read(step.left)
  if (step.operator === 'exists' || !step.right) return left.length > 0
  const [a] = left
  const [b] = read(step.right)
  if (a === undefined || b === undefined) return false
  if (step.operator === '==') return a === b
  if (step.operator === '!=') return a !== b
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : shownValue(a) < shownValue(b)
        ? -1
        : Number(shownValue(a) !== shownValue(b))
  return (
    { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[step.operator] ?? false
  )
}
