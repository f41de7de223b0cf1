// The one interface between the API server and what keeps its objects. Keys are paths, values are text that
// the store does not read. One revision counts all changes; every write makes the next one.

/** One key as it is now, or was at some revision. */
export interface StoredEntry {
  readonly key: string
  readonly value: string
  /** The write that gave it this value. */
  readonly revision: number
}

export interface StoreEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** What a put wrote; of a delete, what was there before. */
  readonly value: string
  /** What was there before: absent for a key that is new. */
  readonly previous?: StoredEntry | undefined
}

export interface ListOptions {
  /** As it was then; absent: as it is now. */
  readonly revision?: number | undefined
  /** Only keys after this one. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

export interface ListResult {
  /** In the order of keys. */
  readonly entries: readonly StoredEntry[]
  /** The revision at which all of this is true. */
  readonly revision: number
  /** How many keys of the prefix come after the last entry. */
  readonly remaining: number
}

export interface StoreWatch {
  stop(): void
}

export interface WatchHandler {
  /** Events of one or more whole commits, in the order of revisions; never called again after `stop`. */
  onEvents(events: readonly StoreEvent[]): void
}

/**
 * What every backend does; `test/orchestrator/store/store-suite.ts` is this contract as code. A promise that a write
 * returns is fulfilled when the write survives a crash of the machine. Failures are `OperationError`s with the codes named.
 */
export interface Store {
  /** The last revision that was written. */
  currentRevision(): Promise<number>
  get(key: string): Promise<StoredEntry | undefined>
  /** @throws EXPIRED when `options.revision` is compacted, INVALID_ARGUMENT when it is not written yet */
  list(prefix: string, options?: ListOptions): Promise<ListResult>
  /** @returns the new revision @throws ALREADY_EXISTS */
  create(key: string, value: string): Promise<number>
  /** @returns the new revision @throws CONFLICT when the key is not at `revision`, NOT_FOUND when it is gone */
  update(key: string, value: string, revision: number): Promise<number>
  /** @returns the new revision @throws CONFLICT, NOT_FOUND as `update` */
  delete(key: string, revision: number): Promise<number>
  /**
   * Tell of every change under `prefix` after `afterRevision`, those that happened already first.
   * @throws EXPIRED when changes after that revision are compacted
   */
  watch(prefix: string, afterRevision: number, handler: WatchHandler): Promise<StoreWatch>
  /** Forget what was before `revision`: lists and watches from before it fail from then on. */
  compact(revision: number): Promise<void>
  close(): Promise<void>
}
