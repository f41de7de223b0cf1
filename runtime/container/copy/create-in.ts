import { fstatSync } from 'node:fs'
import { asFileUser } from '../../../native/file-system-user.ts'

const EOVERFLOW = 75

/**
 * Create something in a folder of a container. Where that lies on a mount on which our own id does
 * not exist (a tmpfs or volume of a user namespace), it is made as the folder's owner.
 *
 * @param folder descriptor
 * @param make returns what the kernel returned; called again where it says EOVERFLOW
 */
export function createIn(folder: number, make: () => number): number {
  const result = make()
  if (result !== -EOVERFLOW) return result
  const { uid, gid } = fstatSync(folder)
  return asFileUser(uid, gid, make)
}
