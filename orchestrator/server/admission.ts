import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { User } from './http-message.ts'

/** A write between validation and the store. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly kind: Kind
  /** What is to be stored; a step may change it. Of a deletion: what is to go. */
  readonly object: KubeObject
  readonly current?: KubeObject
  readonly subresource?: string | undefined
  readonly user: User
  readonly dryRun: boolean
  /** Tells the client something; absent: nobody listens. */
  readonly warn?: ((text: string) => void) | undefined
  /** Puts something on record with the request. */
  readonly annotate?: ((key: string, value: string) => void) | undefined
}

/** Changes the object, or throws a StatusError. */
export type Admission = (request: AdmissionRequest) => Promise<void>

/** All steps, one after the other. */
export function chainAdmission(steps: readonly Admission[]): Admission {
  return async (request) => {
    for (const step of steps) await step(request)
  }
}
