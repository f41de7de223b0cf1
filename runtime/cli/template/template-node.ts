/** A syntax tree of the Go text/template subset that --format takes. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with'
      readonly pipe: Pipe
      readonly body: readonly TemplateNode[]
      readonly otherwise: readonly TemplateNode[]
    }
  | {
      readonly kind: 'range'
      readonly pipe: Pipe
      /** Names of the key and element variables, or of the element alone. */
      readonly variables: readonly string[]
      readonly body: readonly TemplateNode[]
      readonly otherwise: readonly TemplateNode[]
    }

export interface Pipe {
  /** Set by `$x := …` or `$x = …`; nothing is printed then. */
  readonly assignTo?: string | undefined
  /** Each gets the result of the one before as its last argument. */
  readonly calls: readonly Call[]
}

export interface Call {
  readonly head: Term
  readonly args: readonly Term[]
}

export type Term =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'function'; readonly name: string }
  /** `.A.B`, `$x.A`, `(…).A`; no fields: the base itself. */
  | {
      readonly kind: 'path'
      readonly base: 'dot' | Variable | Pipe
      readonly fields: readonly string[]
    }

export interface Variable {
  readonly variable: string
}
