import type { Test } from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import type { Client, KindName } from '../../../orchestrator/client/client.ts'
import { makeInformer } from '../../../orchestrator/client/informer.ts'
import { makeLocalClient } from '../../../orchestrator/client/local-client.ts'
import type {
  ControllerSettings,
  StartController,
} from '../../../orchestrator/controllers/controller.ts'
import { startControllers } from '../../../orchestrator/controllers/start-controllers.ts'
import { openApi } from '../server/api-under-test.ts'

export interface ClusterUnderTest {
  readonly client: Client
  /** Wait until what is there satisfies the test. @returns the objects of that moment */
  readonly until: (
    kind: KindName,
    test: (objects: KubeObject[]) => boolean,
  ) => Promise<KubeObject[]>
  /** Change the status of an object, as an agent would. */
  readonly patchStatus: (object: KubeObject, status: Record<string, unknown>) => Promise<KubeObject>
}

/**
 * The API over a store of its own, and some controllers.
 * @param expected where problems are told, for a test that makes some; absent: a problem fails the test
 */
export async function openCluster(
  t: Test,
  list: readonly StartController[],
  settings: Partial<ControllerSettings> = {},
  expected?: string[],
): Promise<ClusterUnderTest> {
  const { server } = await openApi(t)
  const client = makeLocalClient(server, { name: 'test', groups: ['system:masters'] })
  const problems = expected ?? []
  const controllers = startControllers({
    client,
    list,
    settings,
    record: () => undefined,
    onProblem: (what, error) => problems.push(`${what}: ${String(error)}`),
  })
  t.teardown(async () => {
    await controllers.stop()
    if (!expected && problems.length > 0) throw new Error(problems.join('\n'))
  })
  return {
    client,
    until: (kind, test) => untilTrue(t, client, kind, test),
    patchStatus: (object, status) =>
      client.patch(
        object,
        { name: object.metadata.name ?? '', namespace: object.metadata.namespace },
        'merge',
        { status: status as KubeObject['status'] & object },
        'status',
      ),
  }
}

async function untilTrue(
  t: Test,
  client: Client,
  kind: KindName,
  test: (objects: KubeObject[]) => boolean,
): Promise<KubeObject[]> {
  const informer = makeInformer(client, kind)
  const { promise, resolve, reject } = Promise.withResolvers<KubeObject[]>()
  const timer = setTimeout(() => {
    t.comment(JSON.stringify(informer.list(), undefined, 1))
    reject(new Error(`${kind.kind} never came to what was waited for`))
  }, 15_000)
  const look = (): void => {
    const objects = informer.list()
    if (test(objects)) resolve(objects)
  }
  try {
    await informer.synced
    informer.onChange(look)
    look()
    return await promise
  } finally {
    clearTimeout(timer)
    informer.stop()
  }
}

/** A node that is ready. */
export function readyNode(name: string, labels: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: {},
    status: {
      conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }],
    },
  }
}

export function runningStatus(ip: string): Record<string, unknown> {
  const since = '2026-01-01T00:00:00Z'
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
  }
}
