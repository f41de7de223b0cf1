// What Landlock (landlock(7)) adds to a container. Why these levels: docs/decisions/landlock.md.

import type { Config } from '../spec/config.ts'

/**
 * - `off`: nothing.
 * - `own`: a domain of its own: who comes in from outside cannot be traced, nor met on abstract sockets.
 * - `scoped`: signals do not leave the domain either, whatever namespaces are shared.
 * - `strict`: moreover files are written below writable mounts alone, no device node is made, and no mount changed.
 */
export const landlockLevels = ['off', 'own', 'scoped', 'strict'] as const
export type LandlockLevel = (typeof landlockLevels)[number]

/** Rights of landlock_add_rule(2), version 3 of the interface. */
export const LANDLOCK_FILE = {
  WRITE_FILE: 1 << 1,
  REMOVE_DIR: 1 << 4,
  REMOVE_FILE: 1 << 5,
  MAKE_CHAR: 1 << 6,
  MAKE_DIR: 1 << 7,
  MAKE_REG: 1 << 8,
  MAKE_SOCK: 1 << 9,
  MAKE_FIFO: 1 << 10,
  MAKE_BLOCK: 1 << 11,
  MAKE_SYM: 1 << 12,
  REFER: 1 << 13,
  TRUNCATE: 1 << 14,
} as const

/** Scopes of landlock_create_ruleset(2), version 6. */
export const LANDLOCK_SCOPE = { ABSTRACT_UNIX_SOCKET: 1, SIGNAL: 2 } as const

/** The version that knows all of the above: Linux 6.12. */
export const landlockVersionNeeded = 6

/** Everything that changes a file or a folder. */
const changes = Object.values(LANDLOCK_FILE).reduce<number>((all, right) => all | right, 0)
const ofFiles = LANDLOCK_FILE.WRITE_FILE | LANDLOCK_FILE.TRUNCATE
const nodes = LANDLOCK_FILE.MAKE_CHAR | LANDLOCK_FILE.MAKE_BLOCK

export interface LandlockPlace {
  /** Absolute path in the container. */
  readonly path: string
  /** Rights where it is a folder. */
  readonly folder: number
  /** Rights where it is a file; the kernel refuses all others there. */
  readonly file: number
}

export interface LandlockRules {
  /** The user wants it: a kernel without it is an error. */
  readonly isRequired: boolean
  /** Rights over files that nobody has but where `places` gives them. */
  readonly handled: number
  readonly scoped: number
  readonly places: readonly LandlockPlace[]
}

export interface LandlockWish {
  /** As the user has it; absent: whatever cannot be felt. */
  readonly level: LandlockLevel | undefined
  readonly privileged: boolean
}

/**
 * Rules for the first process of a container.
 *
 * @returns undefined where there are to be none
 */
export function landlockRules(wish: LandlockWish, config: Config): LandlockRules | undefined {
  const { level } = wish
  if (level === 'off' || (level === undefined && !isUnfelt(wish, config))) return undefined
  const { ABSTRACT_UNIX_SOCKET, SIGNAL } = LANDLOCK_SCOPE
  const isScoped = level === 'scoped' || level === 'strict'
  return {
    isRequired: level !== undefined,
    scoped: ABSTRACT_UNIX_SOCKET | (isScoped ? SIGNAL : 0),
    ...(level === 'strict' ? fileRules(config) : { handled: 0, places: [] }),
  }
}

/**
 * Rules for a process that enters later. It must be able to signal what runs there, and the container to keep its files;
 * so it gets those about files alone.
 */
export function landlockExecRules(wish: LandlockWish, config: Config): LandlockRules | undefined {
  if (wish.level !== 'strict') return undefined
  return { isRequired: true, scoped: 0, ...fileRules(config) }
}

/** Who shares processes or a network is there to trace or to talk; who is privileged, to do everything. */
function isUnfelt({ privileged }: LandlockWish, { linux }: Config): boolean {
  const isOwn = (type: 'pid' | 'network'): boolean =>
    linux?.namespaces?.some((one) => one.type === type && one.path === undefined) === true
  return !privileged && isOwn('pid') && isOwn('network')
}

function fileRules({ root, mounts = [] }: Config): Pick<LandlockRules, 'handled' | 'places'> {
  const isWritable = ({ type, options = [] }: (typeof mounts)[number]): boolean =>
    type !== 'sysfs' && type !== 'proc' && !options.some((word) => word === 'ro' || word === 'rro')
  const writable = [
    ...(root.readonly === true ? [] : ['/']),
    ...mounts.filter(isWritable).map(({ destination }) => destination),
  ]
  const everything = { folder: changes & ~nodes, file: ofFiles }
  return {
    handled: changes,
    places: [
      // Names of threads, oom_score_adj, maps of user namespaces; what concerns the machine is a read-only mount there.
      { path: '/proc', folder: ofFiles, file: ofFiles },
      // Streams are named pipes of the monitor's; programs open them once more as /dev/stderr.
      ...[0, 1, 2].map((n) => ({ path: `/proc/self/fd/${n}`, folder: ofFiles, file: ofFiles })),
      ...[...new Set(writable)].map((path) => ({ path, ...everything })),
    ],
  }
}
