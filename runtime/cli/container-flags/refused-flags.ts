import { OperationError } from '../../../native/error.ts'
import type { FlagSpec } from '../flag-spec.ts'
import { flag } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

// Flags that other engines have and this one does not act on. They are known, so that whoever uses one is told what to
// write instead of what it may have been meant for.

interface RefusedFlag {
  readonly kind: 'bool' | 'string' | 'list'
  /** Values that ask for what is so anyhow. */
  readonly harmless?: readonly string[]
  /** One sentence. */
  readonly instead: string
}

const pull = 'Get the image first: "myimage pull" has this flag'
const ids = 'Use --userns auto, or name the ids with --uidmap and --gidmap'

const refused: Readonly<Record<string, RefusedFlag>> = {
  authfile: { kind: 'string', instead: pull },
  'cert-dir': { kind: 'string', instead: pull },
  cgroups: {
    kind: 'string',
    harmless: ['enabled'],
    instead: 'Each container has a control group of its own; --cgroup-parent says where',
  },
  'conmon-pidfile': {
    kind: 'string',
    instead: 'Use --pidfile for its program; its monitor is in "mycontainer inspect"',
  },
  creds: { kind: 'string', instead: 'Log in first: "myimage login"' },
  'decryption-key': {
    kind: 'string',
    instead: 'Get the image decrypted: "skopeo copy --decryption-key"',
  },
  'health-log-destination': {
    kind: 'string',
    harmless: ['local'],
    instead: '"mycontainer inspect" has the log',
  },
  'health-max-log-count': { kind: 'string', instead: 'The last five results are kept' },
  'health-max-log-size': { kind: 'string', instead: 'Results are kept up to 4096 bytes each' },
  'health-startup-cmd': {
    kind: 'string',
    instead:
      'Use --health-start-period with --health-start-interval: failures do not count until then',
  },
  hostuser: { kind: 'list', instead: 'Use --user with numbers, or bind /etc/passwd' },
  'init-path': { kind: 'string', instead: 'Use --init: the init is part of the engine' },
  isolation: {
    kind: 'string',
    harmless: ['', 'default'],
    instead: 'There is one kind: namespaces',
  },
  'link-local-ip': {
    kind: 'list',
    instead: 'Use --ip or --ip6; the kernel makes link-local addresses',
  },
  'rdt-class': { kind: 'string', instead: 'mycontainer-oci knows intelRdt of a configuration' },
  sdnotify: {
    kind: 'string',
    harmless: ['ignore'],
    instead: 'Tell readiness with --health-cmd: "mycontainer inspect" has .State.Health',
  },
  'seccomp-policy': {
    kind: 'string',
    harmless: ['default'],
    instead: 'Use --security-opt seccomp=FILE',
  },
  'shm-size-systemd': { kind: 'string', instead: 'Use --tmpfs /run:size=SIZE' },
  subgidname: { kind: 'string', instead: ids },
  subuidname: { kind: 'string', instead: ids },
  'tls-verify': { kind: 'bool', harmless: ['true'], instead: pull },
  'use-api-socket': {
    kind: 'bool',
    harmless: ['false'],
    instead: 'Bind the socket of "mycontainer serve --docker" with -v: who has it is root',
  },
}

export function refusedFlags(): FlagSpec[] {
  return Object.entries(refused).map(([name, { kind }]) => flag(kind, name, '', { hidden: true }))
}

/** @throws {OperationError} UNSUPPORTED with what to write instead */
export function refuseUnsupported(flags: ParsedFlags): void {
  for (const [name, { harmless = [], instead }] of Object.entries(refused)) {
    if (!flags.has(name)) continue
    const value = flags.list(name).at(-1) ?? ''
    if (harmless.includes(value)) continue
    throw new OperationError(
      'UNSUPPORTED',
      `use the flag --${name}`,
      { value: value.slice(0, 100) },
      { hint: instead },
    )
  }
}
