import { isProcessAlive, readStartTicks } from '../container/process-identity.ts'

/** Says of a container which build made it: "pid start-ticks". */
export const stepAnnotation = 'mycontainer.build-step'

export function stepOwner(): string {
  return `${process.pid} ${readStartTicks(process.pid) ?? 0}`
}

/** Whether the build of this annotation, or name of a folder, still goes on. */
export function isOwnerAlive(owner: string): boolean {
  const [pid = 0, ticks = 0] = owner.split(' ').map(Number)
  return isProcessAlive(pid, ticks)
}
