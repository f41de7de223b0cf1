import * as z from 'zod/mini'
import { once } from '../spec/once.ts'

// The parts of Kubernetes objects that one machine without a cluster can act on. What is not here is told.

type Shape = Readonly<Record<string, z.ZodMiniType>>
type Optional<S extends Shape> = { [K in keyof S]: z.ZodMiniOptional<S[K]> }

/** Each field may be absent; others are dropped. */
function some<S extends Shape>(shape: S): z.ZodMiniObject<Optional<S>> {
  const fields = Object.entries(shape).map(([name, schema]) => [name, z.optional(schema)])
  return z.object(Object.fromEntries(fields) as Optional<S>, 'a mapping')
}

const text = (): z.ZodMiniString => z.string('a text')
const flag = (): z.ZodMiniBoolean => z.boolean('true or false')
const integer = (): z.ZodMiniNumber => z.number('a whole number').check(z.int(), z.nonnegative())
const texts = (): z.ZodMiniArray<z.ZodMiniString> => z.array(text(), 'a list of texts')
const textMap = (): z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniString> =>
  z.record(z.string(), text(), 'a mapping of texts')
const quantity = () => z.union([z.string(), z.number()], 'a quantity, such as 500m or 64Mi')
const quantities = () => z.record(z.string(), quantity())

const metadata = () => some({ name: text(), labels: textMap(), annotations: textMap() })

const keyOf = () => z.object({ name: text(), key: text(), optional: z.optional(flag()) })

const variable = () =>
  z.object({
    name: text(),
    value: z.optional(text()),
    valueFrom: z.optional(
      some({
        configMapKeyRef: keyOf(),
        secretKeyRef: keyOf(),
        fieldRef: z.object({ fieldPath: text() }),
      }),
    ),
  })

const allOf = () => z.object({ name: text(), optional: z.optional(flag()) })

const variables = () => some({ prefix: text(), configMapRef: allOf(), secretRef: allOf() })

const port = () =>
  z.object({
    containerPort: integer(),
    hostPort: z.optional(integer()),
    hostIP: z.optional(text()),
    protocol: z.optional(z.enum(['TCP', 'UDP', 'SCTP'], 'TCP, UDP or SCTP')),
    name: z.optional(text()),
  })

const seccomp = () =>
  z.object({
    type: z.enum(['RuntimeDefault', 'Unconfined', 'Localhost']),
    localhostProfile: z.optional(text()),
  })

const security = () =>
  some({
    allowPrivilegeEscalation: flag(),
    capabilities: some({ add: texts(), drop: texts() }),
    privileged: flag(),
    readOnlyRootFilesystem: flag(),
    runAsGroup: integer(),
    runAsUser: integer(),
    seccompProfile: seccomp(),
  })

const portName = () => z.union([z.number(), z.string()])

const probe = () =>
  some({
    exec: some({ command: texts() }),
    httpGet: z.object({
      port: portName(),
      path: z.optional(text()),
      scheme: z.optional(text()),
      host: z.optional(text()),
    }),
    tcpSocket: z.object({ port: portName(), host: z.optional(text()) }),
    failureThreshold: integer(),
    initialDelaySeconds: integer(),
    periodSeconds: integer(),
    timeoutSeconds: integer(),
  })

const mount = () =>
  z.object({
    name: text(),
    mountPath: text(),
    readOnly: z.optional(flag()),
    subPath: z.optional(text()),
    mountPropagation: z.optional(z.enum(['None', 'HostToContainer', 'Bidirectional'])),
  })

const container = once(() =>
  z.object({
    name: text(),
    image: text(),
    ...some({
      args: texts(),
      command: texts(),
      env: z.array(variable()),
      envFrom: z.array(variables()),
      imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
      livenessProbe: probe(),
      ports: z.array(port()),
      readinessProbe: probe(),
      resources: some({ limits: quantities(), requests: quantities() }),
      securityContext: security(),
      startupProbe: probe(),
      stdin: flag(),
      tty: flag(),
      volumeMounts: z.array(mount()),
      workingDir: text(),
    }).shape,
  }),
)

const items = () => z.array(z.object({ key: text(), path: text(), mode: z.optional(integer()) }))

const volume = () =>
  z.object({
    name: text(),
    ...some({
      configMap: some({ name: text(), items: items(), defaultMode: integer(), optional: flag() }),
      emptyDir: some({ medium: text(), sizeLimit: quantity() }),
      hostPath: z.object({ path: text(), type: z.optional(text()) }),
      persistentVolumeClaim: z.object({ claimName: text(), readOnly: z.optional(flag()) }),
      secret: some({
        secretName: text(),
        items: items(),
        defaultMode: integer(),
        optional: flag(),
      }),
    }).shape,
  })

const podSpec = once(() =>
  z.object({
    containers: z.array(container(), 'a list of containers').check(z.minLength(1)),
    ...some({
      dnsConfig: some({
        nameservers: texts(),
        searches: texts(),
        options: z.array(some({ name: text(), value: text() })),
      }),
      hostAliases: z.array(z.object({ ip: text(), hostnames: z.optional(texts()) })),
      hostIPC: flag(),
      hostNetwork: flag(),
      hostPID: flag(),
      hostname: text(),
      initContainers: z.array(container()),
      restartPolicy: z.enum(['Always', 'OnFailure', 'Never'], 'Always, OnFailure or Never'),
      securityContext: some({
        fsGroup: integer(),
        runAsGroup: integer(),
        runAsUser: integer(),
        seccompProfile: seccomp(),
        supplementalGroups: z.array(integer()),
        sysctls: z.array(z.object({ name: text(), value: text() })),
      }),
      shareProcessNamespace: flag(),
      terminationGracePeriodSeconds: integer(),
      volumes: z.array(volume()),
    }).shape,
  }),
)

const template = () => z.object({ metadata: z.optional(metadata()), spec: podSpec() })

/** By kind; `apiVersion` and `kind` are looked at before. */
export const kindSchemas = once(() => ({
  Pod: z.object({ metadata: metadata(), spec: podSpec() }),
  Deployment: z.object({
    metadata: metadata(),
    spec: z.object({ replicas: z.optional(integer()), template: template() }),
  }),
  DaemonSet: z.object({ metadata: metadata(), spec: z.object({ template: template() }) }),
  ConfigMap: z.object({
    metadata: metadata(),
    ...some({ data: textMap(), binaryData: textMap() }).shape,
  }),
  Secret: z.object({
    metadata: metadata(),
    ...some({ data: textMap(), stringData: textMap() }).shape,
  }),
  PersistentVolumeClaim: z.object({
    metadata: metadata(),
    spec: z.optional(some({ resources: some({ requests: quantities() }) })),
  }),
}))

export type PodSpec = z.infer<ReturnType<typeof podSpec>>
export type PodContainer = z.infer<ReturnType<typeof container>>
export type PodVolume = z.infer<ReturnType<typeof volume>>
export type Metadata = z.infer<ReturnType<typeof metadata>>
export type Probe = z.infer<ReturnType<typeof probe>>
