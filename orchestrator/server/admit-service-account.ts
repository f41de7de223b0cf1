import { setTimeout as delay } from 'node:timers/promises'
import type { Kind } from '../api/kind.ts'
import { listAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { forbidden, StatusError } from '../api/status-error.ts'
import type { Admission } from './admission.ts'

// Every pod runs as a service account, and finds its token, the authority and its namespace where clients look.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#service-account-admission-controller

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
/** As other clusters ask for it: an hour and a bit, so that its renewal falls before an hour is over. */
const tokenSeconds = 3607
/** The account of a new namespace is made a moment after the namespace. */
const attempts = 20
const attemptEveryMs = 50

/**
 * @param readAccount throws a StatusError 404 when there is none
 * @param suffix five letters for the name of the volume
 */
export function makeServiceAccountAdmission(
  readAccount: (namespace: string, name: string) => Promise<KubeObject>,
  suffix: () => string,
): Admission {
  return async ({ operation, kind, object, subresource }) => {
    if (operation !== 'CREATE' || subresource !== undefined || !object.spec) return
    if (kind.group !== '' || kind.plural !== 'pods') return
    if (object.metadata.annotations?.['kubernetes.io/config.mirror']) return
    const { spec } = object
    const name = textAt(spec, ['serviceAccountName']) || 'default'
    spec['serviceAccountName'] = name
    spec['serviceAccount'] = name
    const account = await findAccount(kind, object, name, readAccount)
    const automount =
      valueAt(spec, ['automountServiceAccountToken']) ??
      valueAt(account, ['automountServiceAccountToken'])
    if (automount !== false) mountToken(spec, suffix)
    const secrets = listAt(account, ['imagePullSecrets'])
    if (listAt(spec, ['imagePullSecrets']).length === 0 && secrets.length > 0)
      spec['imagePullSecrets'] = structuredClone(secrets)
  }
}

async function findAccount(
  kind: Kind,
  { metadata }: KubeObject,
  name: string,
  read: (namespace: string, name: string) => Promise<KubeObject>,
): Promise<KubeObject> {
  const namespace = metadata.namespace ?? ''
  for (let attempt = 1; ; attempt++)
    try {
      return await read(namespace, name)
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.code !== 404) throw error
      if (name !== 'default' || attempt === attempts)
        throw forbidden(
          kind,
          metadata.name ?? '',
          `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
        )
      await delay(attemptEveryMs)
    }
}

function mountToken(spec: JsonObject, suffix: () => string): void {
  const volumes = listAt(spec, ['volumes'])
  const kept = volumes.find(({ name }) => typeof name === 'string' && name.startsWith(volumePrefix))
  const name = textAt(kept, ['name']) ?? volumePrefix + suffix()
  let isUsed = false
  for (const container of [...listAt(spec, ['initContainers']), ...listAt(spec, ['containers'])]) {
    const mounts = listAt(container, ['volumeMounts'])
    if (mounts.some((mount) => mount['mountPath'] === mountPath)) continue
    container['volumeMounts'] = [...mounts, { name, readOnly: true, mountPath }]
    isUsed = true
  }
  if (isUsed && !kept) spec['volumes'] = [...volumes, tokenVolume(name)]
}

function tokenVolume(name: string): JsonObject {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
    },
  }
}
