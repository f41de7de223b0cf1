import { capabilityMask, capabilityNames, findCapabilityNumber } from '../security/capabilities.ts'
import type { Compilation } from './compilation.ts'
import { PR, PR_CAP_AMBIENT } from './flags/values.ts'
import { capabilityData, idArray } from './structs.ts'

const source = 'capabilities(7)'
const SYS_ADMIN = 1n << 21n

interface Sets {
  readonly effective: bigint
  readonly permitted: bigint
  readonly inheritable: bigint
}

/** Inner half: user and groups, and no right more than the configuration grants. */
export function dropPrivileges(c: Compilation): void {
  const { b } = c
  dropBounding(c)
  b.call('prctl', [PR.SET_KEEPCAPS, 1, 0, 0, 0], {
    why: 'a change of user would empty the sets before they are set',
    source,
  })
  becomeUser(c)
  b.call('prctl', [PR.SET_KEEPCAPS, 0, 0, 0, 0], {
    why: 'the program’s own changes of user must behave as usual',
    source,
  })
  setCapabilities(c, keepsAdmin(c) ? SYS_ADMIN : 0n)
  raiseAmbient(c)
}

/** Without no_new_privs a filter needs CAP_SYS_ADMIN: it goes right after the filter is in. */
export function keepsAdmin(c: Compilation): boolean {
  return c.linux.seccomp !== undefined && c.config.process?.noNewPrivileges !== true
}

function sets(c: Compilation): Sets {
  const { effective = [], permitted = [], inheritable = [] } = c.config.process?.capabilities ?? {}
  return {
    effective: capabilityMask(effective),
    permitted: capabilityMask(permitted),
    inheritable: capabilityMask(inheritable),
  }
}

/** The three sets of the process, with `extra` kept for a last step. */
export function setCapabilities(c: Compilation, extra: bigint): void {
  const { effective, permitted, inheritable } = sets(c)
  // With no section at all the program gets none: the specification leaves it to the runtime.
  const wanted = { effective: effective | extra, permitted: permitted | extra, inheritable }
  const { header, sets: data } = capabilityData(c.b.data, wanted)
  c.b.call('capset', [header, data], {
    why:
      extra === 0n
        ? 'exactly what the configuration grants'
        : 'what the configuration grants, and the right to load the filter',
    source: 'capset(2)',
  })
}

function dropBounding(c: Compilation): void {
  const { b, base } = c
  const kept = new Set(c.config.process?.capabilities?.bounding)
  const last = base.host.lastCapability ?? 40
  for (const [number, name] of capabilityNames.entries())
    if (number <= last && !kept.has(name))
      b.call('prctl', [PR.CAPBSET_DROP, number, 0, 0, 0], {
        why: 'not even a set-user-ID program may bring it back',
        source,
      })
}

function becomeUser(c: Compilation): void {
  const { b } = c
  const { uid = 0, gid = 0, additionalGids = [] } = c.config.process?.user ?? {}
  b.call('setgroups', [additionalGids.length, idArray(b.data, additionalGids)], {
    // Denied where an ordinary user has one id only; then there is but one group to be in.
    ...(c.base.host.rootless ? { ignore: ['EPERM'] } : {}),
    why: 'the groups of whoever started the container must not come along',
    source: 'setgroups(2)',
  })
  b.call('setresgid', [gid, gid, gid], {
    why: 'before the user: afterwards there is no right left to do it',
    source: 'setresgid(2)',
  })
  b.call('setresuid', [uid, uid, uid], {
    why: 'real, effective and saved: nothing to go back to',
    source: 'setresuid(2)',
  })
}

function raiseAmbient(c: Compilation): void {
  const { b } = c
  b.call('prctl', [PR.CAP_AMBIENT, PR_CAP_AMBIENT.CLEAR_ALL, 0, 0, 0], {
    why: 'an ambient set of whoever started the container must not come along',
    source,
  })
  const { ambient = [] } = c.config.process?.capabilities ?? {}
  for (const name of ambient) {
    const number = findCapabilityNumber(name)
    if (number !== undefined)
      b.call('prctl', [PR.CAP_AMBIENT, PR_CAP_AMBIENT.RAISE, number, 0, 0], {
        ignore: ['EPERM'],
        why: `${name} stays through the execve of a program without file capabilities; one that is not granted is left out`,
        source,
      })
  }
}
