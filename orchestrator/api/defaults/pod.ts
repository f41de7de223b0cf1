import { isObject } from '../object.ts'
import type { JsonObject } from '../object.ts'
import { itemsOf, objectField, setDefaults } from './set-default.ts'

/** Defaults of a pod's specification, in a pod or in a template. */
export function defaultPodSpec(spec: JsonObject): void {
  setDefaults(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  })
  // The old name of the field, which clients still read.
  spec['serviceAccountName'] ??= spec['serviceAccount']
  spec['serviceAccount'] ??= spec['serviceAccountName']
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const container of itemsOf(spec, list)) defaultContainer(container, spec)
  for (const volume of itemsOf(spec, 'volumes')) defaultVolume(volume)
  for (const constraint of itemsOf(spec, 'topologySpreadConstraints'))
    setDefaults(constraint, { nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore' })
}

function defaultContainer(container: JsonObject, spec: JsonObject): void {
  setDefaults(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(container['image']),
    resources: {},
  })
  for (const port of itemsOf(container, 'ports')) {
    setDefaults(port, { protocol: 'TCP' })
    if (spec['hostNetwork'] === true) port['hostPort'] ??= port['containerPort']
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (isObject(container[probe])) defaultProbe(container[probe])
  for (const variable of itemsOf(container, 'env')) {
    const source = variable['valueFrom']
    if (isObject(source) && isObject(source['fieldRef']))
      setDefaults(source['fieldRef'], { apiVersion: 'v1' })
  }
  defaultRequests(objectField(container, 'resources'))
  const lifecycle = container['lifecycle']
  if (!isObject(lifecycle)) return
  for (const hook of ['postStart', 'preStop']) {
    const action = lifecycle[hook]
    if (isObject(action)) defaultHttpGet(action)
  }
}

/** An image without a tag, or with `latest`, may be another one tomorrow. */
function pullPolicy(image: unknown): string {
  if (typeof image !== 'string' || image.includes('@')) return 'IfNotPresent'
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

/** Who limits a resource and requests nothing requests as much. */
function defaultRequests(resources: JsonObject): void {
  const limits = resources['limits']
  if (!isObject(limits) || Object.keys(limits).length === 0) return
  const requests = objectField(resources, 'requests')
  for (const [name, amount] of Object.entries(limits)) requests[name] ??= amount
}

function defaultProbe(probe: JsonObject): void {
  setDefaults(probe, {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  })
  defaultHttpGet(probe)
  if (isObject(probe['grpc'])) setDefaults(probe['grpc'], { service: '' })
}

function defaultHttpGet(action: JsonObject): void {
  if (isObject(action['httpGet'])) setDefaults(action['httpGet'], { path: '/', scheme: 'HTTP' })
}

const fileMode = 0o644
/** Volume sources that have a mode for their files. */
const withMode = ['secret', 'configMap', 'downwardAPI', 'projected']

function defaultVolume(volume: JsonObject): void {
  // A volume of no kind is an empty folder.
  if (Object.keys(volume).length <= 1) volume['emptyDir'] = {}
  for (const source of withMode)
    if (isObject(volume[source])) setDefaults(volume[source], { defaultMode: fileMode })
  if (isObject(volume['hostPath'])) setDefaults(volume['hostPath'], { type: '' })
  for (const source of itemsOf(objectOr(volume['projected']), 'sources'))
    if (isObject(source['serviceAccountToken']))
      setDefaults(source['serviceAccountToken'], { expirationSeconds: 3600 })
  for (const holder of [
    volume['downwardAPI'],
    ...itemsOf(objectOr(volume['projected']), 'sources').map((source) => source['downwardAPI']),
  ])
    for (const item of itemsOf(objectOr(holder), 'items'))
      if (isObject(item['fieldRef'])) setDefaults(item['fieldRef'], { apiVersion: 'v1' })
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** Defaults of a template; labels of its own come from the client. */
export function defaultPodTemplate(template: JsonObject): void {
  defaultPodSpec(objectField(template, 'spec'))
}
