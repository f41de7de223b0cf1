import type { KubeObject } from '../../api/object.ts'
import type { Write } from './write.ts'

/** Start a pod for its owner, whose events tell of it. */
export function createPod(about: KubeObject, object: KubeObject): Write {
  return {
    verb: 'create',
    object,
    done: { about, type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: %s' },
    failed: { about, type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
  }
}

export function deletePod(about: KubeObject, object: KubeObject): Write {
  return {
    verb: 'delete',
    object,
    done: { about, type: 'Normal', reason: 'SuccessfulDelete', message: 'Deleted pod: %s' },
    failed: { about, type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: ' },
  }
}
