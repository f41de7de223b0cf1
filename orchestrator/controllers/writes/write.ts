import type { KubeObject } from '../../api/object.ts'
import type { DeleteOptions } from '../../client/client.ts'

// What planners return: the writes that bring what is closer to what is wanted, as data. run-writes.ts makes them.

/** An event about an object, as people read it in `kubectl describe`. */
export interface Remark {
  readonly about: KubeObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** What is said when a write is done, and when it is not; the error is appended to the latter. `%s` is the object's name. */
export interface Remarks {
  readonly done?: Remark
  readonly failed?: Remark
}

export type Write =
  | ({ readonly verb: 'create'; readonly object: KubeObject } & Remarks)
  /** At the revision that the object carries: somebody faster makes it fail, and the next plan sees why. */
  | ({
      readonly verb: 'update'
      readonly object: KubeObject
      readonly subresource?: string
    } & Remarks)
  /** Only this very object, not another of its name. */
  | ({
      readonly verb: 'delete'
      readonly object: KubeObject
      readonly options?: DeleteOptions
    } & Remarks)
  | { readonly verb: 'remark'; readonly remark: Remark }

/** What a planner says of one object. */
export interface Plan {
  readonly writes: readonly Write[]
  /** Milliseconds after which to plan again though nothing changed: a deadline, a back-off. */
  readonly againInMs?: number | undefined
  /** What to write when one of the writes failed, like a condition that says so. */
  readonly onFailure?: (error: Error) => readonly Write[]
}

/** The status of the object, unless it already is that. */
export function statusWrite(object: KubeObject, status: KubeObject['status']): Write {
  return {
    verb: 'update',
    object: { ...object, ...(status ? { status } : {}) },
    subresource: 'status',
  }
}
