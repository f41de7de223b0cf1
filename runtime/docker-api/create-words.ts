// The JSON of a container as the words of `mycontainer create`: one way in for everything, so that the
// same things are checked.

import { OperationError } from '../../native/error.ts'
import {
  type JsonObject,
  booleanField,
  mapField,
  numberField,
  objectField,
  objectOf,
  objectsField,
  textField,
  textsField,
  wordsField,
} from './json-fields.ts'
import { mountWords } from './mount-words.ts'
import { networkWords } from './network-words.ts'
import { resourceWords } from './resource-words.ts'
import { each, pairs, toggle, word } from './words.ts'

export interface CreateWords {
  readonly flags: readonly string[]
  readonly image: string
  readonly command: readonly string[]
}

/** @throws {OperationError} `INVALID_ARGUMENT` for a field of the wrong type */
export function createWords(body: JsonObject, name: string | undefined): CreateWords {
  const host = objectField(body, 'HostConfig')
  const image = textField(body, 'Image')
  if (image === undefined)
    throw new OperationError('INVALID_ARGUMENT', 'no image was named', {}, { exitCode: 1 })
  const flags = [
    ...word('name', name),
    ...processWords(body),
    ...namespaceWords(host),
    ...networkWords(body, host),
    ...mountWords(body, host),
    ...resourceWords(host),
    ...securityWords(host),
    ...objectsField(host, 'DeviceRequests').flatMap(deviceWords),
    ...endingWords(body, host),
    ...healthWords(objectField(body, 'Healthcheck')),
    ...logWords(objectField(host, 'LogConfig')),
  ]
  return { flags, image, command: wordsField(body, 'Cmd') ?? [] }
}

/** `--gpus`, or names of CDI devices. */
function deviceWords(request: JsonObject): string[] {
  const ids = textsField(request, 'DeviceIDs')
  const driver = textField(request, 'Driver') ?? 'nvidia'
  if (driver === 'cdi') return ids.flatMap((name) => ['--device', name])
  if (driver !== 'nvidia')
    throw new OperationError(
      'UNSUPPORTED',
      'give a container devices of a driver',
      { driver },
      { hint: 'The drivers are nvidia and cdi' },
    )
  const count = numberField(request, 'Count') ?? 0
  const all = count === -1 ? 'all' : String(count)
  return ['--gpus', ids.length > 0 ? `device=${ids.join(',')}` : all]
}

function processWords(body: JsonObject): string[] {
  const entrypoint = wordsField(body, 'Entrypoint')
  const isReset = entrypoint?.length === 1 && entrypoint[0] === ''
  const env = textsField(body, 'Env')
  // None of the three: nobody is attached.
  const attached = ['Stdin', 'Stdout', 'Stderr'].filter((name) =>
    booleanField(body, `Attach${name}`),
  )
  return [
    ...each(
      'env',
      env.filter((entry) => entry.includes('=')),
    ),
    ...each(
      'unsetenv',
      env.filter((entry) => !entry.includes('=')),
    ),
    ...pairs('label', mapField(body, 'Labels')),
    ...word('hostname', textField(body, 'Hostname')),
    ...word('domainname', textField(body, 'Domainname')),
    ...word('user', textField(body, 'User')),
    ...word('workdir', textField(body, 'WorkingDir')),
    ...(entrypoint && entrypoint.length > 0
      ? ['--entrypoint', isReset ? '' : JSON.stringify(entrypoint)]
      : []),
    ...toggle('tty', booleanField(body, 'Tty')),
    ...toggle('interactive', booleanField(body, 'OpenStdin')),
    ...(attached.length === 0
      ? ['--detach']
      : each(
          'attach',
          attached.map((one) => `STD${one.slice(3).toUpperCase()}`),
        )),
  ]
}

function namespaceWords(host: JsonObject): string[] {
  return [
    ...word('pid', textField(host, 'PidMode')),
    ...word('ipc', textField(host, 'IpcMode')),
    ...word('uts', textField(host, 'UTSMode')),
    ...word('userns', textField(host, 'UsernsMode')),
    ...word('cgroupns', textField(host, 'CgroupnsMode')),
    ...word('cgroup-parent', textField(host, 'CgroupParent')),
  ]
}

function securityWords(host: JsonObject): string[] {
  return [
    ...toggle('privileged', booleanField(host, 'Privileged')),
    ...toggle('read-only', booleanField(host, 'ReadonlyRootfs')),
    ...each('cap-add', textsField(host, 'CapAdd')),
    ...each('cap-drop', textsField(host, 'CapDrop')),
    ...each('security-opt', textsField(host, 'SecurityOpt').map(securityOption)),
    ...each('group-add', textsField(host, 'GroupAdd')),
    ...pairs('sysctl', mapField(host, 'Sysctls')),
    ...pairs('annotation', mapField(host, 'Annotations')),
  ]
}

/** Docker's clients send the profile itself. */
function securityOption(text: string): string {
  if (!/^seccomp[=:]\s*\{/.test(text)) return text
  throw new OperationError(
    'UNSUPPORTED',
    'take a seccomp profile by the socket',
    {},
    { hint: 'Use mycontainer run --security-opt seccomp=FILE' },
  )
}

function endingWords(body: JsonObject, host: JsonObject): string[] {
  const restart = objectField(host, 'RestartPolicy')
  const name = textField(restart, 'Name')
  const retries = numberField(restart, 'MaximumRetryCount')
  const policy = name === 'on-failure' && retries !== undefined ? `${name}:${retries}` : name
  return [
    ...toggle('rm', booleanField(host, 'AutoRemove')),
    ...toggle('init', booleanField(host, 'Init')),
    ...word('restart', policy),
    ...word('stop-signal', textField(body, 'StopSignal')),
    ...word('stop-timeout', numberField(body, 'StopTimeout')),
  ]
}

/** Nanoseconds, as a duration of the command line. */
function duration(from: JsonObject, name: string): string | undefined {
  const nanoseconds = numberField(from, name)
  return nanoseconds === undefined ? undefined : `${Math.ceil(nanoseconds / 1e6)}ms`
}

function healthWords(check: JsonObject): string[] {
  const test = textsField(check, 'Test')
  if (test[0] === 'NONE') return ['--no-healthcheck']
  return [
    ...word('health-cmd', test.length === 0 ? undefined : JSON.stringify(test)),
    ...word('health-interval', duration(check, 'Interval')),
    ...word('health-timeout', duration(check, 'Timeout')),
    ...word('health-start-period', duration(check, 'StartPeriod')),
    ...word('health-start-interval', duration(check, 'StartInterval')),
    ...word('health-retries', numberField(check, 'Retries')),
  ]
}

function logWords(log: JsonObject): string[] {
  const config = mapField(objectOf(log, 'LogConfig'), 'Config')
  return [...word('log-driver', textField(log, 'Type')), ...pairs('log-opt', config)]
}
