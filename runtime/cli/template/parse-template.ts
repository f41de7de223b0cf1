import { templateError } from './template-error.ts'
import type { Call, Pipe, TemplateNode, Term } from './template-node.ts'
import { tokenize } from './tokenize.ts'
import type { Token } from './tokenize.ts'

/** Deeper nesting than this is an attack on the stack, not a template. */
const maximumDepth = 100

/**
 * Parse a template of `--format`.
 * @throws {OperationError} INVALID_ARGUMENT
 * @see https://pkg.go.dev/text/template
 */
export function parseTemplate(template: string): readonly TemplateNode[] {
  const reader = new TokenReader(tokenize(template))
  const { nodes, end } = readNodes(reader, 0)
  if (end !== undefined) throw templateError(`unexpected {{${end}}}`)
  return nodes
}

class TokenReader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  next(): Token | undefined {
    return this.#tokens[this.#at++]
  }

  isNext(text: string): boolean {
    return this.peek()?.kind === 'sign' && this.peek()?.text === text
  }

  skipBlank(): void {
    while (this.isNext(' ')) this.#at++
  }

  /** Take the word if it comes next. */
  takeWord(...words: string[]): string | undefined {
    this.skipBlank()
    const token = this.peek()
    if (token?.kind !== 'word' || !words.includes(token.text)) return undefined
    this.#at++
    return token.text
  }

  requireClose(): void {
    this.skipBlank()
    const token = this.next()
    if (token?.kind !== 'close') throw templateError(`unexpected ${token?.text ?? 'end'} in action`)
  }

  /** Names before `:=` or `=`, and which; nothing is consumed when there are none. */
  takeAssignment(): string[] {
    const start = this.#at
    const names: string[] = []
    for (;;) {
      this.skipBlank()
      const token = this.peek()
      if (token?.kind !== 'variable') break
      names.push(token.text)
      this.#at++
      this.skipBlank()
      if (!this.isNext(',')) break
      this.#at++
    }
    if (names.length > 0 && (this.isNext(':=') || this.isNext('='))) {
      this.#at++
      return names
    }
    this.#at = start
    return []
  }
}

interface Block {
  readonly nodes: TemplateNode[]
  /** What ended it: undefined at the end of the template. */
  readonly end: 'end' | 'else' | undefined
}

function readNodes(reader: TokenReader, depth: number): Block {
  if (depth > maximumDepth) throw templateError('nested too deeply')
  const nodes: TemplateNode[] = []
  for (let token = reader.next(); token !== undefined; token = reader.next()) {
    if (token.kind === 'text') {
      nodes.push({ kind: 'text', text: token.text })
      continue
    }
    const end = reader.takeWord('end', 'else')
    if (end === 'end') {
      reader.requireClose()
      return { nodes, end }
    }
    if (end === 'else') return { nodes, end }
    nodes.push(readAction(reader, depth))
  }
  return { nodes, end: undefined }
}

function readAction(reader: TokenReader, depth: number): TemplateNode {
  const keyword = readKeyword(reader)
  if (keyword === undefined) {
    const [assignTo] = reader.takeAssignment()
    const pipe = readPipe(reader, depth)
    reader.requireClose()
    return { kind: 'print', pipe: assignTo === undefined ? pipe : { ...pipe, assignTo } }
  }
  const variables = reader.takeAssignment()
  const pipe = readPipe(reader, depth)
  reader.requireClose()
  const { body, otherwise } = readBranches(reader, depth)
  if (keyword === 'range') return { kind: 'range', pipe, variables, body, otherwise }
  const [assignTo] = variables
  return {
    kind: keyword,
    pipe: assignTo === undefined ? pipe : { ...pipe, assignTo },
    body,
    otherwise,
  }
}

function readKeyword(reader: TokenReader): 'if' | 'with' | 'range' | undefined {
  const word = reader.takeWord('if', 'with', 'range')
  return word === 'if' || word === 'with' || word === 'range' ? word : undefined
}

function readBranches(
  reader: TokenReader,
  depth: number,
): { body: TemplateNode[]; otherwise: TemplateNode[] } {
  const first = readNodes(reader, depth + 1)
  if (first.end === undefined) throw templateError('unexpected EOF: {{end}} is missing')
  if (first.end === 'end') return { body: first.nodes, otherwise: [] }
  reader.skipBlank()
  const chained = reader.peek()
  // `{{else if …}}` shares the {{end}} of the outer one.
  if (chained?.kind === 'word')
    return { body: first.nodes, otherwise: [readAction(reader, depth + 1)] }
  reader.requireClose()
  const second = readNodes(reader, depth + 1)
  if (second.end !== 'end') throw templateError('unexpected EOF: {{end}} is missing')
  return { body: first.nodes, otherwise: second.nodes }
}

function readPipe(reader: TokenReader, depth: number): Pipe {
  if (depth > maximumDepth) throw templateError('nested too deeply')
  const calls: Call[] = []
  for (;;) {
    const terms = readTerms(reader, depth)
    const [head, ...args] = terms
    if (!head) throw templateError('missing value for command')
    calls.push({ head, args })
    if (!reader.isNext('|')) return { calls }
    reader.next()
  }
}

function readTerms(reader: TokenReader, depth: number): Term[] {
  const terms: Term[] = []
  for (;;) {
    reader.skipBlank()
    const term = readTerm(reader, depth)
    if (!term) return terms
    terms.push(term)
  }
}

function readTerm(reader: TokenReader, depth: number): Term | undefined {
  const token = reader.peek()
  switch (token?.kind) {
    case 'string':
      reader.next()
      return { kind: 'literal', value: unquote(token.text) }
    case 'number':
      reader.next()
      return { kind: 'literal', value: Number(token.text) }
    case 'field':
      return { kind: 'path', base: 'dot', fields: readFields(reader) }
    case 'variable':
      reader.next()
      return { kind: 'path', base: { variable: token.text }, fields: readFields(reader) }
    case 'word':
      reader.next()
      return wordTerm(token.text)
    case 'sign':
      return readSign(reader, token.text, depth)
    default:
      return undefined
  }
}

function readSign(reader: TokenReader, sign: string, depth: number): Term | undefined {
  if (sign === '.') {
    reader.next()
    return { kind: 'path', base: 'dot', fields: [] }
  }
  if (sign !== '(') return undefined
  reader.next()
  const base = readPipe(reader, depth + 1)
  reader.skipBlank()
  if (!reader.isNext(')')) throw templateError('unclosed left paren')
  reader.next()
  return { kind: 'path', base, fields: readFields(reader) }
}

function readFields(reader: TokenReader): string[] {
  const fields: string[] = []
  for (let token = reader.peek(); token?.kind === 'field'; token = reader.peek()) {
    fields.push(token.text.slice(1))
    reader.next()
  }
  return fields
}

function wordTerm(text: string): Term {
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' }
  return text === 'nil' ? { kind: 'literal', value: null } : { kind: 'function', name: text }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' }

function unquote(text: string): string {
  const inner = text.slice(1, -1)
  if (text.startsWith('`')) return inner
  return inner.replaceAll(/\\(.)/g, (_, sign: string) => escapes[sign] ?? sign)
}
