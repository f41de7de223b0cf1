import type { IdMapping } from '../spec/config.ts'
import { close, refuseFeature, refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, CLONE, O, P_PIDFD, SIGCHLD, SIGKILL, WEXITED } from './flags/values.ts'
import type { Operand, Slot } from './operand.ts'
import { CLONE_ARGS_SIZE, cloneArgs } from './structs.ts'

const source = 'user_namespaces(7)'

/** Id outside of the container's user namespace, the same id where there is none; undefined: not mapped. */
export function findHostId(c: Compilation, kind: 'uid' | 'gid', id: number): number | undefined {
  const mappings = kind === 'uid' ? c.linux.uidMappings : c.linux.gidMappings
  if (!c.isForeign || mappings === undefined || mappings.length === 0) return id
  const row = mappings?.find((m) => id >= m.containerID && id < m.containerID + m.size)
  return row === undefined ? undefined : row.hostID + id - row.containerID
}

/** @throws {OperationError} `INVALID_SPEC` for an id that is not mapped */
export function hostId(c: Compilation, kind: 'uid' | 'gid', id: number): number {
  const found = findHostId(c, kind, id)
  if (found !== undefined) return found
  return refuseSpec(
    `process.user.${kind}`,
    { [kind]: id },
    'Map this id in linux.uidMappings and linux.gidMappings, or choose a mapped one',
  )
}

function mapText(mappings: readonly IdMapping[]): string {
  return mappings.map((m) => `${m.containerID} ${m.hostID} ${m.size}\n`).join('')
}

/** Outer half: give the namespace of process `pid` its ids; without them it has none at all. */
export function writeIdMaps(
  c: Compilation,
  pid: Operand,
  mappings: { readonly uid: readonly IdMapping[]; readonly gid: readonly IdMapping[] },
): void {
  const files: [string, string, string][] = [
    ['uid_map', mapText(mappings.uid), 'users of the container become these users of the host'],
    ['gid_map', mapText(mappings.gid), 'groups of the container become these groups of the host'],
  ]
  const { b } = c
  for (const [name, text, why] of files) {
    const path = b.format(`/proc/%d/${name}`, pid, {
      why: 'the pid is known only now',
      source: 'proc(5)',
    })
    b.call('openat', [AT_FDCWD, path, O.WRONLY | O.CLOEXEC, 0], { to: b.slot('file'), why, source })
    b.call('write', [b.slot('file'), b.text(text), Buffer.byteLength(text)], { why, source })
    close(c, b.slot('file'), 'a map can be written only once')
  }
}

/** Inner half: become root of the namespace; until then the process is nobody there. */
export function becomeNamespaceRoot(c: Compilation): void {
  const { b } = c
  const why = 'the capabilities over the new namespaces go with its own root user'
  b.call('setresgid', [0, 0, 0], { why, source })
  b.call('setresuid', [0, 0, 0], { why, source })
}

/**
 * Outer half: a user namespace for idmapped mounts, made by a child that ends at once. The
 * container's own namespace exists too late: its mounts must be mapped by somebody with rights
 * over the host's file systems.
 *
 * @returns the slot with the namespace's descriptor
 */
export function prepareMappingNamespace(
  c: Compilation,
  name: string,
  mappings: { readonly uid: readonly IdMapping[]; readonly gid: readonly IdMapping[] },
): Slot {
  const { b, base } = c
  if (base.host.rootless)
    refuseFeature(
      'idmapped mounts',
      { rootless: 'yes' },
      'An idmapped mount of the host’s files needs root; chown the files instead',
    )
  const why = 'a mount is mapped by the mappings of some user namespace, so one must exist'
  const [helper, pidfd, userns] = [b.slot('helper'), b.slot('helperPidfd'), b.slot(name)]
  const hold = b.slot('helperPipe')
  const outer = b.label('mapping namespace made')
  const pidfdCell = b.data.scratch(8)
  b.call('pipe2', [{ kind: 3, value: hold.value, name: hold.name }, O.CLOEXEC], {
    why: 'keeps the helper waiting until its namespace is held',
    source: 'pipe(2)',
  })
  const args = cloneArgs(b.data, CLONE.NEWUSER | CLONE.PIDFD, pidfdCell, SIGCHLD)
  b.call('clone3', [args, CLONE_ARGS_SIZE], { to: helper, why, source: 'mount_setattr(2)' })
  b.jumpIfNonZero(helper, outer, { why: 'only the child waits', source: 'clone(2)' })
  b.call('read', [{ kind: 4, value: hold.value, name: hold.name }, b.data.scratch(8), 1], {
    ignore: 'any',
    why: 'waits to be killed: the namespace must live until it is held',
    source: 'pipe(7)',
  })
  b.call('exit_group', [0], { why: 'nothing more to do for it', source: 'exit_group(2)' })
  b.place(outer)
  b.load(pidfd, pidfdCell, 0, 4, {
    why: 'the helper is ended and reaped by it',
    source: 'clone(2)',
  })
  b.operation('GUARD', [pidfd, helper], {
    why: 'a failure here must not leave the helper behind',
    source: 'pidfd_send_signal(2)',
  })
  writeIdMaps(c, helper, mappings)
  const path = b.format('/proc/%d/ns/user', helper, {
    why: 'the pid is known only now',
    source: 'proc(5)',
  })
  b.call('openat', [AT_FDCWD, path, O.CLOEXEC, 0], { to: userns, why, source: 'mount_setattr(2)' })
  b.call('pidfd_send_signal', [pidfd, SIGKILL, 0, 0], {
    why: 'its namespace is held by the descriptor',
    source: 'pidfd_send_signal(2)',
  })
  b.call('waitid', [P_PIDFD, pidfd, 0, WEXITED, 0], {
    why: 'no zombie stays with the monitor',
    source: 'waitid(2)',
  })
  b.operation('GUARD', [-1, -1], { why: 'the helper is gone', source: 'pidfd_send_signal(2)' })
  close(c, pidfd, 'the helper is gone')
  close(c, { kind: 4, value: hold.value, name: hold.name }, 'the helper is gone')
  close(c, { kind: 5, value: hold.value, name: hold.name }, 'the helper is gone')
  return userns
}
