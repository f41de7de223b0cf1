import { listAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from './session.ts'

/** What `debug` puts beside, or in the place of, what runs. */
export interface DebugWish {
  /** Of the new container, or of the one that is changed in a copy. */
  readonly container: string
  readonly image: string | undefined
  readonly command: readonly string[]
  /** The words are arguments of the image's own command. */
  readonly isArguments: boolean
  readonly env: readonly string[]
  readonly pullPolicy: string | undefined
  readonly stdin: boolean
  readonly tty: boolean
}

function newContainer(wish: DebugWish): JsonObject {
  const { container, image, command, env, pullPolicy } = wish
  if (image === undefined) throw new CommandFailure('you must specify --image or --set-image')
  return {
    name: container,
    image,
    ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }),
    stdin: wish.stdin,
    tty: wish.tty,
    terminationMessagePolicy: 'File',
    ...(env.length === 0 ? {} : { env: env.map(readVariable) }),
    ...(command.length === 0 ? {} : { [wish.isArguments ? 'args' : 'command']: [...command] }),
  }
}

function readVariable(text: string): JsonObject {
  const at = text.indexOf('=')
  if (at < 1) throw new CommandFailure(`Invalid environment variable: ${text}`)
  return { name: text.slice(0, at), value: text.slice(at + 1) }
}

/** A container that joins a pod as it runs. */
export function ephemeralContainer(wish: DebugWish, target: string | undefined): JsonObject {
  const container = newContainer(wish)
  return target === undefined ? container : { ...container, targetContainerName: target }
}

export interface CopyWish extends DebugWish {
  readonly name: string
  /** `NAME=IMAGE`; `*` is every container. */
  readonly images: ReadonlyMap<string, string>
  readonly sharesProcesses: boolean
  readonly isOnSameNode: boolean
}

/** A pod like another, for looking at: nothing selects it and no probe ends it. */
export function copyOfPod(pod: KubeObject, wish: CopyWish): KubeObject {
  const { nodeName, ephemeralContainers: _, ...spec } = pod.spec ?? {}
  const containers = listAt(pod, ['spec', 'containers']).map((container) => {
    const { livenessProbe: _l, readinessProbe: _r, startupProbe: _s, ...kept } = container
    const image = wish.images.get(textAt(container, ['name']) ?? '') ?? wish.images.get('*')
    return { ...kept, ...(image === undefined ? {} : { image }) }
  })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: wish.name, namespace: pod.metadata.namespace ?? '' },
    spec: {
      ...spec,
      ...(wish.isOnSameNode && nodeName !== undefined ? { nodeName } : {}),
      ...(wish.sharesProcesses ? { shareProcessNamespace: true } : {}),
      containers: withDebugger(containers, wish),
    },
  }
}

function withDebugger(containers: JsonObject[], wish: CopyWish): JsonObject[] {
  const index = containers.findIndex(({ name }) => name === wish.container)
  const before = containers[index]
  if (!before)
    return wish.images.size > 0 && wish.image === undefined
      ? containers
      : [...containers, newContainer(wish)]
  const { command, image, stdin, tty, env } = wish
  const { args, ...rest } = before
  const changed: JsonObject = {
    ...rest,
    ...(args === undefined || command.length > 0 ? {} : { args }),
    ...(image === undefined ? {} : { image }),
    ...(command.length === 0 ? {} : { [wish.isArguments ? 'args' : 'command']: [...command] }),
    ...(env.length === 0 ? {} : { env: [...listAt(before, ['env']), ...env.map(readVariable)] }),
    ...(stdin ? { stdin } : {}),
    ...(tty ? { tty } : {}),
  }
  return containers.with(index, changed)
}

/** A pod with the namespaces of a node, and its files in /host. */
export function podOnNode(
  node: string,
  name: string,
  namespace: string,
  wish: DebugWish,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'kubectl-debug' } },
    spec: {
      nodeName: node,
      hostIPC: true,
      hostNetwork: true,
      hostPID: true,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      containers: [
        { ...newContainer(wish), volumeMounts: [{ mountPath: '/host', name: 'host-root' }] },
      ],
      volumes: [{ name: 'host-root', hostPath: { path: '/' } }],
    },
  }
}
