import { writeFileSync } from 'node:fs'
import { OperationError, hasCode } from '../../../../native/error.ts'
import { absolutePath } from '../../absolute-path.ts'
import type { Command } from '../../command.ts'
import type { Container, Engine } from '../../engine.ts'
import { flag } from '../../flag-spec.ts'

const heading = `# Save the output of this file and use kubectl create -f to import
# it into Kubernetes, or "mycontainer kube play" to have it here.
`

/** `kube generate`, also `generate kube` */
export const kubeGenerateCommand: Command = {
  usage: '[OPTIONS] CONTAINER|POD [CONTAINER|POD...]',
  summary: 'Generate Kubernetes YAML from containers or a pod of "kube play"',
  flags: [
    flag('string', 'filename,f', 'Write output to the specified path'),
    flag('int', 'replicas,r', 'Replicas of a deployment', { default: '1' }),
    flag('bool', 'service,s', 'Generate YAML for a Kubernetes service object'),
    flag('string', 'type,t', 'Kind of object: pod or deployment', { default: 'pod' }),
  ],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const kind = flags.string('type')?.toLowerCase() ?? 'pod'
    if (kind !== 'pod' && kind !== 'deployment')
      throw new OperationError(
        'INVALID_ARGUMENT',
        'generate YAML for Kubernetes',
        { type: kind.slice(0, 40) },
        { hint: 'The types are pod and deployment' },
      )
    const opened = await engine()
    const found: Container[] = []
    for (const name of args) found.push(...(await containersOf(opened, name)))
    const { kubeObjects } = await import('../../../kube/generate-kube.ts')
    const { stringify } = await import('yaml')
    const replicas = flags.number('replicas') ?? 1
    const objects = kubeObjects(found, { kind, replicas, service: flags.bool('service') })
    // Kubernetes reads YAML 1.1, where yes and dates are no texts.
    const style = { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' } as const
    const text = objects.map((object) => `---\n${stringify(object, style)}`).join('')
    const file = flags.string('filename')
    if (file === undefined) io.stdout.write(`${heading}${text}`)
    else writeNew(absolutePath(io.cwd, file), `${heading}${text}`)
    return 0
  },
}

/** A container, or all of a pod. */
async function containersOf(engine: Engine, name: string): Promise<readonly Container[]> {
  const { containersOfPod } = await import('../../../kube/play-kube.ts')
  const pod = await containersOfPod(engine, name)
  if (pod.length > 0) return pod
  try {
    return [await engine.inspect(name)]
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error
    throw new OperationError('NOT_FOUND', `no such container or pod: ${name}`)
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' })
  } catch (cause) {
    throw new OperationError(
      'ALREADY_EXISTS',
      'write YAML for Kubernetes',
      { path },
      { cause, hint: 'Name a file that is not there yet' },
    )
  }
}
