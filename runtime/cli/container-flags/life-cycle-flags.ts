import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import type { ContainerOptions, PullPolicy } from '../../container/options.ts'
import { parseHealth } from '../../container/parse/health.ts'
import { parseInteger } from '../../container/parse/integer.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import { labelFileLines, parseKeyValues } from '../../container/parse/key-value.ts'
import { parseLogOptions } from '../../container/parse/log-options.ts'
import { parseHostname, parseName } from '../../container/parse/name.ts'
import { parseRestartPolicy } from '../../container/parse/restart-policy.ts'
import { parseSignal, signalName } from '../../container/parse/signal.ts'
import { explainFlags, readExplain } from '../explain-flags.ts'
import { alias, flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'
import type { ReadContext } from './read-context.ts'

/** Names, labels, logs, health, and how the container ends or comes back. */
export function lifeCycleFlags(): FlagSpec[] {
  return [
    flag('list', 'annotation', 'Add an annotation to the container', { value: 'map' }),
    flag('string', 'arch', 'Architecture of the image: part of --platform'),
    flag('string', 'cidfile', 'Write the container ID to the file'),
    flag('string', 'domainname', 'Container NIS domain name'),
    flag('bool', 'dry-run', 'Print the system calls of the container and stop'),
    ...explainFlags('container'),
    flag('string', 'health-cmd', 'Command to run to check health'),
    flag('string', 'health-interval', 'Time between running the check (ms|s|m|h)', {
      value: 'duration',
      default: '30s',
    }),
    flag(
      'string',
      'health-on-failure',
      'Action once the container turns unhealthy (none|kill|restart|stop)',
      { default: 'none' },
    ),
    flag('int', 'health-retries', 'Consecutive failures needed to report unhealthy', {
      default: '3',
    }),
    flag(
      'string',
      'health-start-interval',
      'Time between running the check during the start period (ms|s|m|h)',
      { value: 'duration', default: '5s' },
    ),
    flag('string', 'health-start-period', 'Start period before failures count (ms|s|m|h)', {
      value: 'duration',
      default: '0s',
    }),
    flag('string', 'health-timeout', 'Maximum time to allow one check to run (ms|s|m|h)', {
      value: 'duration',
      default: '30s',
    }),
    flag('string', 'hostname,h', 'Container host name'),
    flag('list', 'label,l', 'Set meta data on a container'),
    flag('list', 'label-file', 'Read in a line delimited file of labels'),
    flag('string', 'log-driver', 'Logging driver for the container', { default: 'json-file' }),
    flag('list', 'log-opt', 'Log driver options'),
    flag('string', 'name', 'Assign a name to the container'),
    flag('bool', 'no-hostname', "Leave the image's /etc/hostname alone"),
    flag('bool', 'no-healthcheck', 'Disable any container-specified HEALTHCHECK'),
    flag('string', 'os', 'Operating system of the image: part of --platform'),
    flag('string', 'pidfile', 'Write the container process ID to the file'),
    flag('string', 'pod', 'Run the container in a pod (new:NAME makes one)', { value: 'pod' }),
    flag('string', 'pod-id-file', 'Run the container in the pod whose id is in the file', {
      value: 'file',
    }),
    flag('string', 'platform', 'Set platform if the image has several'),
    flag('string', 'pull', 'Pull image before running ("always", "missing", "never", "newer")', {
      default: 'missing',
    }),
    flag('bool', 'quiet,q', 'Suppress the pull output'),
    flag('bool', 'replace', 'If a container with the same name exists, replace it'),
    flag('list', 'requires', 'Containers to start before this one'),
    flag('string', 'restart', 'Restart policy to apply when a container exits', { default: 'no' }),
    flag(
      'bool',
      'rm',
      'Automatically remove the container and its associated anonymous volumes when it exits',
    ),
    flag('bool', 'rmi', 'Remove the image too, unless other containers use it'),
    flag('string', 'stop-signal', 'Signal to stop the container'),
    flag('int', 'stop-timeout', 'Timeout (in seconds) to stop a container', { default: '10' }),
    flag('int', 'timeout', 'Maximum time (in seconds) the container may run', { default: '0' }),
    flag('bool', 'timings', 'Print what each step took'),
    flag('string', 'variant', 'Variant of the architecture: part of --platform'),
    alias('bool', 'disable-content-trust', 'disable-content-trust'),
    // Of pulls: they try again by themselves.
    alias('string', 'retry', 'retry'),
    alias('string', 'retry-delay', 'retry-delay'),
    alias('bool', 'passwd', 'passwd'),
    alias('string', 'runtime', 'runtime'),
  ]
}

type LifeCycleOptions = Pick<
  ContainerOptions,
  | 'name'
  | 'hostname'
  | 'noHostname'
  | 'requires'
  | 'domainname'
  | 'labels'
  | 'annotations'
  | 'health'
  | 'log'
  | 'restart'
  | 'stopSignal'
  | 'stopTimeout'
  | 'timeout'
  | 'rm'
  | 'rmi'
  | 'replace'
  | 'cidfile'
  | 'pidfile'
  | 'pull'
  | 'platform'
  | 'quiet'
  | 'explain'
  | 'dryRun'
  | 'timings'
>

/** @throws {OperationError} INVALID_ARGUMENT */
export function readLifeCycleFlags(flags: ParsedFlags, context: ReadContext): LifeCycleOptions {
  const [name, hostname, domainname, stopSignal] = [
    'name',
    'hostname',
    'domainname',
    'stop-signal',
  ].map((key) => flags.string(key))
  return {
    ...(name === undefined || name === '' ? {} : { name: parseName('container', name) }),
    ...(hostname === undefined ? {} : { hostname: parseHostname(hostname) }),
    ...(domainname === undefined ? {} : { domainname: parseHostname(domainname) }),
    labels: readLabels(flags, context),
    annotations: parseKeyValues('annotation', flags.list('annotation')),
    health: readHealth(flags),
    log: parseLogOptions(flags.string('log-driver'), flags.list('log-opt')),
    ...readEnding(flags),
    ...(stopSignal === undefined ? {} : { stopSignal: signalName(parseSignal(stopSignal)) }),
    cidfile: readPath(flags, 'cidfile', context),
    pidfile: readPath(flags, 'pidfile', context),
    pull: pullPolicy(flags.string('pull') ?? 'missing'),
    platform: readPlatform(flags),
    ...(flags.bool('no-hostname') ? { noHostname: true } : {}),
    ...(flags.has('requires') ? { requires: readRequired(flags) } : {}),
    quiet: flags.bool('quiet'),
    ...readExplain(flags),
    timings: flags.bool('timings'),
  }
}

/** @throws {OperationError} INVALID_ARGUMENT where both ways say something */
function readPlatform(flags: ParsedFlags): string | undefined {
  const platform = flags.string('platform')
  const [os, arch, variant] = ['os', 'arch', 'variant'].map((name) => flags.string(name))
  if (os === undefined && arch === undefined && variant === undefined) return platform
  if (platform !== undefined || (arch === undefined && variant !== undefined))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'choose a platform',
      {},
      { hint: 'Use --platform OS/ARCH[/VARIANT], or --os, --arch and --variant' },
    )
  return [os ?? 'linux', arch, variant].filter((part) => part !== undefined).join('/')
}

function readRequired(flags: ParsedFlags): readonly string[] {
  return flags
    .list('requires')
    .flatMap((text) => text.split(','))
    .map((name) => parseName('container', name))
}

function readPath(flags: ParsedFlags, name: string, { io }: ReadContext): string | undefined {
  const path = flags.string(name)
  return path === undefined ? undefined : absolutePath(io.cwd, path)
}

function readLabels(flags: ParsedFlags, { readText }: ReadContext): Record<string, string> {
  const files = flags.list('label-file').flatMap((path) => labelFileLines(readText(path)))
  return parseKeyValues('label', [...files, ...flags.list('label')])
}

function readHealth(flags: ParsedFlags): ContainerOptions['health'] {
  return parseHealth({
    noHealthcheck: flags.bool('no-healthcheck'),
    command: flags.string('health-cmd'),
    interval: flags.string('health-interval'),
    timeout: flags.string('health-timeout'),
    retries: flags.number('health-retries'),
    startPeriod: flags.string('health-start-period'),
    startInterval: flags.string('health-start-interval'),
    onFailure: flags.string('health-on-failure'),
  })
}

type Ending = Pick<
  ContainerOptions,
  'restart' | 'rm' | 'rmi' | 'replace' | 'stopTimeout' | 'timeout'
>

function readEnding(flags: ParsedFlags): Ending {
  const restart = parseRestartPolicy(flags.string('restart') ?? 'no')
  const rm = flags.bool('rm') || flags.bool('rmi')
  if (rm && restart.name !== 'no')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'combine --rm with --restart',
      {},
      {
        hint: 'A container that is removed when it ends cannot be started again',
      },
    )
  if (flags.bool('replace') && (flags.string('name') ?? '') === '')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'replace a container without --name',
      {},
      {
        hint: 'Say with --name which container to replace',
      },
    )
  const [stopTimeout, timeout] = ['stop-timeout', 'timeout'].map((key) => flags.string(key))
  return {
    restart,
    rm,
    rmi: flags.bool('rmi'),
    replace: flags.bool('replace'),
    ...(stopTimeout === undefined
      ? {}
      : { stopTimeout: parseInteger('stop-timeout', stopTimeout, -1, 2 ** 31 - 1) }),
    ...(timeout === undefined ? {} : { timeout: parseInteger('timeout', timeout, 0, 2 ** 31 - 1) }),
  }
}

function pullPolicy(text: string): PullPolicy {
  if (text === 'always' || text === 'missing' || text === 'never' || text === 'newer') return text
  throw invalidValue('pull policy', text, 'The policies are always, missing, never and newer')
}
