import { writeFileSync } from 'node:fs'
import { OperationError } from '../../../../native/error.ts'
import { invalidValue } from '../../../container/parse/invalid-value.ts'
import { parseName } from '../../../container/parse/name.ts'
import { randomName } from '../../../container/random-name.ts'
import type { Share } from '../../../pod/pod.ts'
import { absolutePath } from '../../absolute-path.ts'
import type { Command } from '../../command.ts'
import { containerFlags, readContainerFlags } from '../../container-flags/container-flags.ts'
import { openReadContext } from '../../container-flags/read-context.ts'
import { alias, flag } from '../../flag-spec.ts'
import type { ParsedFlags } from '../../parsed-flags.ts'

/** Flags of a container that a pod has for its namespaces, and so for all of its own. */
const shared = new Set(
  (
    'add-host annotation cgroup-parent device dns dns-option dns-opt dns-search gidmap hostname ip ip6 label label-file ' +
    'mac-address memory memory-swap cpus cpu-shares cpuset-cpus cpuset-mems net network network-alias no-hosts publish ' +
    'security-opt shm-size sysctl uidmap userns uts volume volumes-from'
  ).split(' '),
)

/** `pod create` */
export const podCreateCommand: Command = {
  usage: '[OPTIONS] [NAME]',
  summary: 'Create a new empty pod',
  flags: [
    ...containerFlags().filter(({ name }) => shared.has(name)),
    flag('bool', 'infra', 'Create an infra container that holds the namespaces', {
      default: 'true',
    }),
    flag('string', 'infra-name', 'Name of the infra container'),
    flag('string', 'exit-policy', '', { hidden: true }),
    flag('string', 'name,n', 'Assign a name to the pod'),
    flag('string', 'pod-id-file', 'Write the pod ID to the file', { value: 'file' }),
    flag('bool', 'replace', 'If a pod with the same name exists, replace it'),
    flag('string', 'share', 'Namespaces that its containers share (ipc,net,uts,pid, none)', {
      default: 'ipc,net,uts',
    }),
    alias('string', 'infra-image', 'infra-image'),
  ],
  minimumArguments: 0,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const { createPod } = await import('../../../pod/create-pod.ts')
    refuseOthers(flags)
    const infraName = flags.string('infra-name')
    const wish = {
      name: parseName('pod', args[0] ?? flags.string('name') ?? randomName()),
      ...(infraName === undefined ? {} : { infraName: parseName('container', infraName) }),
      shares: readShares(flags.string('share') ?? 'ipc,net,uts'),
      replace: flags.bool('replace'),
      options: readContainerFlags(
        // Those are the pod's, not those of the container that stands for it.
        flags.without('name', 'replace', 'pod-id-file'),
        ['host', 'sleep', 'infinity'],
        openReadContext(io),
      ),
    }
    const id = await createPod(await engine(), wish, io)
    const file = flags.string('pod-id-file')
    if (file !== undefined) writeFileSync(absolutePath(io.cwd, file), id)
    io.stdout.write(`${id}\n`)
    return 0
  },
}

function refuseOthers(flags: ParsedFlags): void {
  const policy = flags.string('exit-policy') ?? 'continue'
  if (flags.bool('infra', true) && policy === 'continue') return
  throw new OperationError(
    'UNSUPPORTED',
    flags.bool('infra', true)
      ? 'stop a pod when its last container ends'
      : 'make a pod without an infra container',
    {},
    { hint: 'The infra container is the pod: it holds what the others share, until "pod stop"' },
  )
}

function readShares(text: string): Share[] {
  const words = text.replace(/^\+/, 'ipc,net,uts,').split(',')
  const names = words.filter((word) => word !== '' && word !== 'none')
  const known: ReadonlySet<string> = new Set(['ipc', 'net', 'uts', 'pid'])
  const wrong = names.find((name) => !known.has(name))
  if (wrong !== undefined)
    throw invalidValue('namespace to share', wrong, 'They are ipc, net, uts and pid, or none')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each is known
  return [...new Set(names)] as Share[]
}
