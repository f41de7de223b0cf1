// Units of systemd that keep a container or a pod: systemd.service(5). Pure.

export interface UnitWish {
  /** `container` or `pod`, and what the user calls it. */
  readonly kind: 'container' | 'pod'
  readonly name: string
  /** Name of the unit without `.service`. */
  readonly unit: string
  /** The program and its flags before the command. */
  readonly command: readonly string[]
  readonly restartPolicy: string
  /** Seconds; absent: systemd's own. */
  readonly restartSeconds?: number | undefined
  readonly startSeconds?: number | undefined
  /** Seconds that the program has to end. */
  readonly stopSeconds: number
  readonly after: readonly string[]
  readonly wants: readonly string[]
  readonly requires: readonly string[]
  /** `NAME=value` each. */
  readonly env: readonly string[]
  /** The first lines, with `#` each. */
  readonly heading?: string | undefined
}

/** What systemd waits beyond the container's own time before it kills what is left: podman's. */
const graceSeconds = 60

/**
 * A container's unit stays with it, so systemd knows how it ended, and has what it writes in the journal. A pod's starts
 * it and stops it.
 */
export function systemdUnit(wish: UnitWish): string {
  const { kind, name, unit, command, stopSeconds } = wish
  const run = (...words: readonly string[]): string =>
    [...command, ...words].map((word) => quoted(word.replaceAll('$', '$$$$'))).join(' ')
  const time = ['-t', String(stopSeconds)]
  const service =
    kind === 'container'
      ? [
          'Type=exec',
          // What a program ends with that had SIGTERM, and did not handle it.
          'SuccessExitStatus=143',
          `Restart=${wish.restartPolicy}`,
          ...setting('RestartSec', wish.restartSeconds),
          ...setting('TimeoutStartSec', wish.startSeconds),
          `TimeoutStopSec=${stopSeconds + graceSeconds}`,
          `ExecStart=${run('start', '--attach', name)}`,
          `ExecStop=${run('stop', '--ignore', ...time, name)}`,
        ]
      : [
          'Type=oneshot',
          'RemainAfterExit=yes',
          ...setting('TimeoutStartSec', wish.startSeconds),
          `TimeoutStopSec=${stopSeconds + graceSeconds}`,
          `ExecStart=${run('pod', 'start', name)}`,
          `ExecStop=${run('pod', 'stop', '--ignore', ...time, name)}`,
        ]
  const lines = [
    ...(wish.heading === undefined ? [] : [`# ${unit}.service`, `# ${wish.heading}`, '']),
    '[Unit]',
    `Description=${escaped(`mycontainer ${kind} ${name}`)}`,
    'Wants=network-online.target',
    ['After=network-online.target', ...wish.after].join(' '),
    ...wish.wants.map((other) => `Wants=${other}`),
    ...wish.requires.map((other) => `Requires=${other}`),
    '',
    '[Service]',
    ...wish.env.map((entry) => `Environment=${quoted(entry)}`),
    ...service,
    '',
    '[Install]',
    'WantedBy=default.target',
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function setting(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`${name}=${value}`]
}

/** `%` begins a specifier, systemd.unit(5). */
function escaped(text: string): string {
  return text.replaceAll('%', '%%')
}

/** One word, systemd.syntax(7). In a command line `$` begins a variable, systemd.service(5). */
function quoted(word: string): string {
  const text = escaped(word)
  if (/^[\w@%+=:,./$-]+$/.test(text)) return text
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
