import { OperationError } from '../../native/error.ts'
import { plainMount } from './mount-spec.ts'
import type { ContainerOptions } from './options.ts'
import type { ResolvedConfig } from './record.ts'

// What systemd needs to be the first process of a container, as podman gives it (podman-run(1), --systemd) and as
// systemd asks for it (https://systemd.io/CONTAINER_INTERFACE). Pure.

const initPaths = new Set(['/usr/sbin/init', '/sbin/init', '/usr/local/sbin/init'])

/** Fresh at each start: systemd must not find what an earlier run of it has left. By destination, permissions. */
const scratch = { '/run': 0o755, '/run/lock': 0o1777, '/tmp': 0o1777, '/var/log/journal': 0o755 }

/**
 * Whether a container runs systemd: always, or by the look of its program.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` together with --init, which would be the first process
 */
export function runsSystemd(
  { systemd = 'true', init }: Pick<ContainerOptions, 'systemd' | 'init'>,
  [program = '']: readonly string[],
): boolean {
  if (systemd === 'false') return false
  if (systemd === 'always' && init)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'combine --systemd=always with --init',
      {},
      { hint: 'systemd has to be the first process, and so has the init: leave --init out' },
    )
  const isNamedSo = initPaths.has(program) || program.split('/').at(-1) === 'systemd'
  return systemd === 'always' || (isNamedSo && !init)
}

/** @returns options whose `systemd` is `always` or absent, with all that is needed where it is `always` */
export function withSystemdMode(
  { systemd, ...options }: ContainerOptions,
  { entrypoint, command }: Pick<ResolvedConfig, 'entrypoint' | 'command'>,
): ContainerOptions {
  const wish = { init: options.init, systemd }
  if (!runsSystemd(wish, [...entrypoint, ...command])) return options
  const taken = new Set(options.mounts.map(({ destination }) => destination))
  const mounts = Object.entries(scratch)
    .filter(([path]) => !taken.has(path))
    .map(([path, tmpfsMode]) => ({
      ...plainMount('tmpfs', path),
      tmpfsMode,
      exec: path === '/tmp',
    }))
  return { ...options, systemd: 'always', mounts: [...options.mounts, ...mounts] }
}
