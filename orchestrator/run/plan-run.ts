import type { JsonObject, KubeObject } from '../api/object.ts'

export interface RunWish {
  readonly name: string
  readonly namespace: string
  readonly image: string
  /** Absent: a tag `latest` is asked for at its registry again each time, others only where they are not there. */
  readonly pullPolicy?: 'IfNotPresent' | undefined
  readonly replicas: number
  /** Zero: nobody calls it. */
  readonly port: number
  /** Empty: the image's own. */
  readonly command: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
}

export interface RunPlan {
  readonly deployment: KubeObject
  /** Absent where the program listens nowhere. */
  readonly service: KubeObject | undefined
}

/** `registry:5000/team/web_app:v1` → `web-app`: the last part of its path, as the name of an object. */
export function nameFromImage(image: string): string {
  const path = image.split('@')[0] ?? ''
  const last = path.slice(path.lastIndexOf('/') + 1).split(':')[0] ?? ''
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'app' : name
}

/** The objects of a workload, as `kubectl create deployment` and `kubectl expose` name and label them. */
export function planRun(wish: RunWish): RunPlan {
  const { name, namespace, image, pullPolicy, replicas, port, command, env } = wish
  const labels = { app: name }
  const container: JsonObject = {
    name,
    image,
    ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }),
    ...(port === 0 ? {} : { ports: [{ containerPort: port }] }),
    ...(command.length === 0 ? {} : { command: [...command] }),
    ...(env.length === 0 ? {} : { env: env.map((variable) => ({ ...variable })) }),
  }
  const template = {
    metadata: { labels },
    spec: { containers: [container], topologySpreadConstraints: [spread(labels)] },
  }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: { replicas, selector: { matchLabels: labels }, template },
  }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: { type: 'NodePort', selector: labels, ports: [{ port, targetPort: port }] },
  }
  return { deployment, service: port === 0 ? undefined : service }
}

/** Over the nodes, as far as there is room. */
function spread(labels: Readonly<Record<string, string>>): JsonObject {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { ...labels } },
  }
}
