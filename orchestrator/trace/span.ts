// What `myorch trace` is made of: every part says what it did to which object, when, and for how long. Spans find
// each other by the objects' uids and owner references; no part hands an identifier to another.

export interface SpanObject {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly name: string
  /** Absent where the object has none yet, or what is traced knows it only by name. */
  readonly uid?: string | undefined
}

export interface Span {
  /** Who: `api`, `deployment-controller`, `scheduler`, `node/dev-1`. */
  readonly part: string
  /** What, as a verb and its object: `write revision 1042`, `reconcile`, `pull image`, `start container web`. */
  readonly action: string
  readonly object: SpanObject
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number
  readonly milliseconds: number
  /** What else is worth knowing, as it is to be printed: `{ revision: '1042', image: 'web:v1' }`. */
  readonly detail?: Readonly<Record<string, string>>
}

/** Where spans go: the ring of the server, or the sender of an agent. Never throws, never waits. */
export type RecordSpan = (span: Span) => void
