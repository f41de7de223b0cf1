import { declareSyscall } from './ffi/library.ts'

// SAFETY: capget(2) and capset(2) get buffers that are held during the call. Ids and capabilities
// belong to this thread alone, and are put back before it goes on.
const setfsuid = declareSyscall('setfsuid', ['uint'])
const setfsgid = declareSyscall('setfsgid', ['uint'])

const capget = declareSyscall('capget', ['void *', 'void *'])
const capset = declareSyscall('capset', ['void *', 'void *'])

const capabilityVersion3 = 0x20080522

/**
 * Make system calls as another user, as far as files are concerned: what they create belongs to
 * that user. The capabilities stay, which the kernel would take away with root's id (setfsuid(2),
 * capabilities(7)).
 *
 * @param work synchronous, and only calls through the FFI: Node's own may run on other threads
 */
export function asFileUser<T>(uid: number, gid: number, work: () => T): T {
  const header = new Uint32Array([capabilityVersion3, 0])
  const sets = new Uint32Array(6)
  capget(header, sets)
  const previousGroup = Number(setfsgid(gid))
  const previousUser = Number(setfsuid(uid))
  capset(header, sets)
  try {
    return work()
  } finally {
    setfsuid(previousUser)
    setfsgid(previousGroup)
  }
}
