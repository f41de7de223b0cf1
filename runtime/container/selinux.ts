import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'

export interface SelinuxLabels {
  /** `process.selinuxLabel` */
  readonly process: string
  /** `linux.mountLabel` */
  readonly mount: string
}

export interface SelinuxWish {
  /** Values of `--security-opt label=`, in their order. */
  readonly label: readonly string[]
  /** Id of the container: its categories come from it. */
  readonly id: string
}

/** Where SELinux is; a test has others. */
export interface SelinuxPlaces {
  readonly kernel: string
  readonly policies: string
}

const hostPlaces: SelinuxPlaces = { kernel: '/sys/fs/selinux', policies: '/etc/selinux' }

/**
 * The SELinux labels of a container that asks for them, as docker has it: the types that the host's policy has for
 * containers, where none are given, and two categories that other containers do not have.
 *
 * @returns undefined for none
 * @throws {OperationError} `UNSUPPORTED` for labels that were asked for on a host without SELinux
 */
export function selinuxLabels(
  { label, id }: SelinuxWish,
  places = hostPlaces,
): SelinuxLabels | undefined {
  const wanted = label.filter((one) => one !== 'disable')
  if (label.includes('disable') || wanted.length === 0) return undefined
  const contexts = readContexts(places)
  if (contexts === undefined)
    throw new OperationError(
      'UNSUPPORTED',
      `label the container (label=${wanted.join(', label=')})`,
      {},
      {
        hint: 'This host has no SELinux, or its policy none for containers: leave the option out, or install container-selinux',
      },
    )
  const given = new Map(wanted.map((one) => splitOnce(one)))
  const level = given.get('level') ?? `s0:${categories(id)}`
  const [user = '', role = '', type = ''] = contexts.process.split(':')
  const [fileUser = '', fileRole = '', fileType = ''] = contexts.file.split(':')
  return {
    process: [
      given.get('user') ?? user,
      given.get('role') ?? role,
      given.get('type') ?? type,
      level,
    ].join(':'),
    mount: [fileUser, fileRole, given.get('filetype') ?? fileType, level].join(':'),
  }
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(':')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Two different ones of 1024, in ascending order: half a million pairs. */
function categories(id: string): string {
  const number = Number.parseInt(id.slice(0, 12), 16)
  const first = number % 1024
  const second = (first + 1 + (Math.trunc(number / 1024) % 1023)) % 1024
  return `c${Math.min(first, second)},c${Math.max(first, second)}`
}

/** `lxc_contexts` of the policy that is in force, selinux_lxc_contexts_path(3). */
function readContexts({
  kernel,
  policies,
}: SelinuxPlaces): { process: string; file: string } | undefined {
  if (!existsSync(join(kernel, 'enforce'))) return undefined
  try {
    const policy = /^\s*SELINUXTYPE\s*=\s*([\w.-]+)/m.exec(
      readFileSync(join(policies, 'config'), 'utf8'),
    )?.[1]
    const text = readFileSync(join(policies, policy ?? 'targeted', 'contexts/lxc_contexts'), 'utf8')
    const value = (key: string): string | undefined =>
      new RegExp(`^\\s*${key}\\s*=\\s*"([^"]+)"`, 'm').exec(text)?.[1]
    const process = value('process')
    const file = value('file')
    return process !== undefined && file !== undefined ? { process, file } : undefined
  } catch {
    return undefined
  }
}
