import { templateError } from './template-error.ts'
import { isObject, isTruthy, show, templateFunctions } from './template-functions.ts'
import type { TemplateFunction } from './template-functions.ts'
import type { Call, Pipe, TemplateNode, Term } from './template-node.ts'

interface Scope {
  readonly dot: unknown
  /** `$` is the whole data. */
  readonly variables: Map<string, unknown>
  readonly functions: Readonly<Record<string, TemplateFunction>>
}

/**
 * Fill a parsed template with `data`. A field that the data does not have is an error, so that
 * a typing slip does not print an empty line for ever.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function renderTemplate(nodes: readonly TemplateNode[], data: unknown): string {
  const variables = new Map([['$', data]])
  return renderNodes(nodes, { dot: data, variables, functions: templateFunctions() })
}

function renderNodes(nodes: readonly TemplateNode[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join('')
}

function renderNode(node: TemplateNode, scope: Scope): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'print': {
      const value = evaluatePipe(node.pipe, scope)
      return node.pipe.assignTo === undefined ? show(value) : ''
    }
    case 'if':
    case 'with': {
      const value = evaluatePipe(node.pipe, scope)
      if (!isTruthy(value)) return renderNodes(node.otherwise, scope)
      return renderNodes(node.body, node.kind === 'with' ? { ...scope, dot: value } : scope)
    }
    case 'range':
      return renderRange(node, scope)
  }
}

function renderRange(node: TemplateNode & { kind: 'range' }, scope: Scope): string {
  const value = evaluatePipe(node.pipe, scope)
  const items = rangeItems(value)
  if (items.length === 0) return renderNodes(node.otherwise, scope)
  const [first, second] = node.variables
  return items
    .map(([key, item]) => {
      const variables = new Map(scope.variables)
      if (first !== undefined) variables.set(first, second === undefined ? item : key)
      if (second !== undefined) variables.set(second, item)
      return renderNodes(node.body, { ...scope, dot: item, variables })
    })
    .join('')
}

/** Maps go by the order of their keys, as in Go. */
function rangeItems(value: unknown): (readonly [unknown, unknown])[] {
  if (value === undefined || value === null || value === '') return []
  if (Array.isArray(value)) return value.map((item: unknown, at) => [at, item] as const)
  if (isObject(value))
    return Object.keys(value)
      .toSorted()
      .map((key) => [key, value[key]] as const)
  throw templateError(`range can't iterate over ${show(value)}`)
}

function evaluatePipe(pipe: Pipe, scope: Scope): unknown {
  let value: unknown
  pipe.calls.forEach((call, at) => {
    value = at === 0 ? evaluateCall(call, scope, []) : evaluateCall(call, scope, [value])
  })
  if (pipe.assignTo !== undefined) scope.variables.set(pipe.assignTo, value)
  return value
}

function evaluateCall(call: Call, scope: Scope, piped: readonly unknown[]): unknown {
  const { head } = call
  if (head.kind !== 'function') {
    const value = evaluateTerm(head, scope)
    const given = [...call.args.map((arg) => evaluateTerm(arg, scope)), ...piped]
    // What Go calls a method: `{{.Label "tier"}}`.
    if (typeof value === 'function') return value(...given) as unknown
    if (given.length > 0) throw templateError("can't give argument to non-function")
    return value
  }
  const run = Object.hasOwn(scope.functions, head.name) ? scope.functions[head.name] : undefined
  if (!run) throw templateError(`function "${head.name}" not defined`)
  return run(...call.args.map((arg) => evaluateTerm(arg, scope)), ...piped)
}

function evaluateTerm(term: Term, scope: Scope): unknown {
  if (term.kind === 'literal') return term.value
  if (term.kind === 'function') return evaluateCall({ head: term, args: [] }, scope, [])
  return term.fields.reduce<unknown>(
    (value, name, index) => field(value, name, mapFields.has(term.fields[index - 1] ?? '')),
    evaluateBase(term.base, scope),
  )
}

/** What is a map in docker's documents: a key that is not there has no value, and is no mistake. */
const mapFields = new Set(['Annotations', 'Attributes', 'Labels', 'Networks', 'Options', 'Ports'])

function evaluateBase(base: (Term & { kind: 'path' })['base'], scope: Scope): unknown {
  if (base === 'dot') return scope.dot
  if ('calls' in base) return evaluatePipe(base, scope)
  if (scope.variables.has(base.variable)) return scope.variables.get(base.variable)
  throw templateError(`undefined variable "${base.variable}"`)
}

function field(value: unknown, name: string, isMap: boolean): unknown {
  if (value === null || value === undefined)
    throw templateError(`nil data; no entry for key "${name}"`)
  if (isObject(value) && Object.hasOwn(value, name)) return value[name]
  if (isMap && isObject(value)) return undefined
  throw templateError(`can't evaluate field ${name}: there is no such field`)
}
