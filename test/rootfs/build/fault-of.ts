import { DockerfileError } from '../../../rootfs/build/dockerfile/dockerfile-error.ts'

/** The complaint that `work` ends with. */
export function faultOf(work: () => unknown): DockerfileError {
  try {
    work()
  } catch (error) {
    if (error instanceof DockerfileError) return error
    throw error
  }
  throw new Error('there was no complaint')
}
