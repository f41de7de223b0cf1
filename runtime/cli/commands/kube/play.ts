import { readFileSync } from 'node:fs'
import { OperationError } from '../../../../native/error.ts'
import { absolutePath } from '../../absolute-path.ts'
import type { CommandIo } from '../../command-io.ts'
import type { Command, Invocation } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import type { ParsedFlags } from '../../parsed-flags.ts'

/** `kube play`, also `play kube` */
export const kubePlayCommand: Command = {
  usage: '[OPTIONS] KUBEFILE|-',
  summary: 'Make pods and volumes from a Kubernetes YAML file',
  flags: [
    flag('list', 'annotation', 'Add annotations to pods (key=value)'),
    flag('list', 'configmap', 'YAML file of a Kubernetes ConfigMap', { value: 'file' }),
    flag('bool', 'down', 'Stop and remove the pods of the file'),
    flag('bool', 'force', 'With --down, remove the volumes of claims, too'),
    flag('list', 'ip', 'Static IP addresses to assign to the pods, in their order'),
    flag('string', 'log-driver', 'Logging driver for the containers'),
    flag('list', 'log-opt', 'Logging driver options'),
    flag('list', 'mac-address', 'Static MAC addresses to assign to the pods, in their order'),
    flag('list', 'network', 'Connect pods to network(s), or network mode'),
    flag('bool', 'no-hosts', "Do not make /etc/hosts, use the image's"),
    flag('list', 'publish', 'Publish further ports of the pods'),
    flag('bool', 'quiet,q', 'Suppress output of pulls, and what is not acted on'),
    flag('bool', 'replace', 'Remove pods of the same names first'),
    flag('bool', 'start', 'Start the pods after making them', { default: 'true' }),
    flag('string', 'userns', 'User namespace to use'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  run: (invocation) => (invocation.flags.bool('down') ? takeDown(invocation) : play(invocation)),
}

/** `kube down` */
export const kubeDownCommand: Command = {
  usage: '[OPTIONS] KUBEFILE|-',
  summary: 'Stop and remove the pods of a Kubernetes YAML file',
  flags: [flag('bool', 'force', 'Remove the volumes of claims, too')],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  run: takeDown,
}

async function play({ flags, args, io, engine }: Invocation): Promise<number> {
  const { readKubeFile } = await import('../../../kube/read-kube-file.ts')
  const { playPod } = await import('../../../kube/play-kube.ts')
  const [path = ''] = args
  const file = readKubeFile(path, await textOf(io, path))
  for (const other of flags.list('configmap')) {
    const { configMaps } = readKubeFile(other, await textOf(io, other))
    for (const [name, content] of configMaps) file.configMaps.set(name, content)
  }
  if (!flags.bool('quiet')) for (const note of file.notes) io.stderr.write(`WARNING: ${note}\n`)
  if (file.pods.length + file.claims.length === 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `play ${path}`,
      { reason: 'no pod in it' },
      { hint: 'It takes Pod, Deployment, DaemonSet and PersistentVolumeClaim' },
    )
  const opened = await engine()
  const { rootless } = await opened.info()
  const volumes = new Set((await opened.volumeList()).map(({ name }) => name))
  for (const { name, labels } of file.claims) {
    if (!volumes.has(name)) await opened.volumeCreate(name, { labels, options: {} })
    io.stdout.write(`Volumes:\n${name}\n`)
  }
  for (const [at, pod] of file.pods.entries()) {
    const options = {
      flags: { ...readPodFlags(flags, at), ownIpc: rootless },
      start: flags.bool('start', true),
      replace: flags.bool('replace'),
      quiet: flags.bool('quiet'),
    }
    const { id, containers } = await playPod(opened, file, pod, options, io)
    const title = containers.length > 1 ? 'Containers' : 'Container'
    io.stdout.write(`Pod:\n${id}\n${title}:\n${containers.join('\n')}\n\n`)
  }
  return 0
}

/** @param at which pod of the file it is: addresses are given in their order */
function readPodFlags(flags: ParsedFlags, at: number) {
  return {
    network: flags.list('network'),
    ip: flags.list('ip')[at],
    mac: flags.list('mac-address')[at],
    noHosts: flags.bool('no-hosts'),
    logDriver: flags.string('log-driver'),
    logOptions: flags.list('log-opt'),
    annotations: flags.list('annotation'),
    userns: flags.string('userns'),
    publish: flags.list('publish'),
  }
}

async function takeDown({ flags, args, io, engine }: Invocation): Promise<number> {
  const { readKubeFile } = await import('../../../kube/read-kube-file.ts')
  const { removePod } = await import('../../../kube/play-kube.ts')
  const [path = ''] = args
  const { pods, claims } = readKubeFile(path, await textOf(io, path))
  const opened = await engine()
  const removed: string[] = []
  for (const { name } of pods) {
    const id = await removePod(opened, name, true)
    if (id !== undefined) removed.push(`${id}\n`)
  }
  io.stdout.write(`Pods stopped:\n${removed.join('')}Pods removed:\n${removed.join('')}`)
  io.stdout.write('Volumes removed:\n')
  if (flags.bool('force'))
    for (const { name } of claims) {
      await opened.volumeRemove(name, { force: true })
      io.stdout.write(`${name}\n`)
    }
  return 0
}

async function textOf({ stdin, cwd }: CommandIo, path: string): Promise<string> {
  if (path === '-') {
    const pieces: Uint8Array[] = []
    for await (const piece of stdin) pieces.push(Uint8Array.from(piece))
    return Buffer.concat(pieces).toString()
  }
  if (/^https?:/.test(path))
    throw new OperationError(
      'UNSUPPORTED',
      'read a file of Kubernetes from the network',
      { path: path.slice(0, 100) },
      { hint: `Get it first: curl -L ${path.slice(0, 100)} | mycontainer kube play -` },
    )
  try {
    return readFileSync(absolutePath(cwd, path), 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read a file of Kubernetes', { path }, { cause })
  }
}
