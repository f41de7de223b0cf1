import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { connectDbus } from './dbus-connection.ts'
import { type DbusValue, dbusText } from './dbus-value.ts'

/** The systemd that manages the groups of this process. */
export interface Systemd {
  /** Path of the group that all of its units are in; empty for the top of the hierarchy. */
  readonly top: string
  /** A call of org.freedesktop.systemd1.Manager. @throws {OperationError} `SYSCALL_FAILED`, `TIMEOUT` */
  call(member: string, signature: string, values: readonly DbusValue[]): readonly DbusValue[]
  /** How a job has ended: `done`, or why not. @throws {OperationError} `TIMEOUT` */
  awaitJob(job: DbusValue | undefined): string
  close(): void
}

interface Address {
  readonly path: string
  /** A bus between us, or the manager's own socket. */
  readonly isBus: boolean
}

/** How long one answer may take, ms: a unit that waits for its slice takes seconds on a busy host. */
const answerMs = 30_000

const name = 'org.freedesktop.systemd1'
const path = '/org/freedesktop/systemd1'
const managerInterface = `${name}.Manager`

/**
 * Talk with the systemd of this host, or of this user.
 *
 * @param rootless whether this process lacks the rights of the host's root
 * @returns undefined where none runs: then nobody minds groups that are made without it
 * @throws {OperationError} `SYSCALL_FAILED`, `ACCESS_DENIED`, `TIMEOUT`
 */
export function openSystemd(rootless: boolean, env: NodeJS.ProcessEnv): Systemd | undefined {
  // sd_booted(3)
  if (!existsSync('/run/systemd/system')) return undefined
  const address = addresses(rootless, env).find((one) => isThere(one.path))
  return address && openAt(address)
}

function isThere(socket: string): boolean {
  return socket.startsWith('\0') || existsSync(socket)
}

function addresses(rootless: boolean, env: NodeJS.ProcessEnv): Address[] {
  if (!rootless)
    return [
      { path: '/run/systemd/private', isBus: false },
      ...busAddress(env['DBUS_SYSTEM_BUS_ADDRESS']),
      { path: '/run/dbus/system_bus_socket', isBus: true },
    ]
  const folder = env['XDG_RUNTIME_DIR'] ?? ''
  const own = folder === '' ? [] : [{ path: join(folder, 'systemd/private'), isBus: false }]
  const bus = folder === '' ? [] : [{ path: join(folder, 'bus'), isBus: true }]
  return [...own, ...busAddress(env['DBUS_SESSION_BUS_ADDRESS']), ...bus]
}

/** The first address of a kind that we speak; https://dbus.freedesktop.org/doc/dbus-specification.html#addresses */
function busAddress(text = ''): Address[] {
  const [, kind, value = ''] = /(?:^|;)unix:(?:[^;]*,)?(path|abstract)=([^,;]+)/.exec(text) ?? []
  if (kind === undefined) return []
  return [{ path: `${kind === 'abstract' ? '\0' : ''}${decodeURIComponent(value)}`, isBus: true }]
}

function openAt({ path: socket, isBus }: Address): Systemd {
  const connection = connectDbus(socket, isBus, answerMs)
  const at = { destination: name, path }
  const call: Systemd['call'] = (member, signature, values) =>
    connection.call({ ...at, interface: managerInterface, member, signature, values })
  try {
    if (isBus) {
      const rule = `type='signal',interface='${managerInterface}',member='JobRemoved'`
      const bus = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus' }
      const signature = 's'
      connection.call({
        ...bus,
        interface: bus.destination,
        member: 'AddMatch',
        signature,
        values: [rule],
      })
      call('Subscribe', '', [])
    }
    const [top] = connection.call({
      ...at,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      values: [managerInterface, 'ControlGroup'],
    })
    return {
      top: textOf(top).replace(/\/$/, ''),
      call,
      awaitJob: (job) => {
        for (;;) {
          const [, ended, , result] = connection.signal('JobRemoved')
          if (ended === job) return dbusText(result)
        }
      },
      close: () => connection.close(),
    }
  } catch (error) {
    connection.close()
    throw error
  }
}

function textOf(variant: DbusValue | undefined): string {
  if (typeof variant === 'object' && 'value' in variant) return dbusText(variant.value)
  throw new OperationError('PROTOCOL', 'ask systemd for its control group', {})
}
