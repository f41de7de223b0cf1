import type { Mount } from '../../spec/config.ts'

/** Where the --init program is seen inside; the root's own /sbin may be read-only or absent. */
export const containerInitPath = '/run/mycontainer-init'

/** The mount that shows the host's init program inside. */
export function initMount(source: string): Mount {
  return {
    destination: containerInitPath,
    type: 'bind',
    source,
    options: ['bind', 'ro', 'nosuid', 'nodev'],
  }
}
