import type { Engine } from '../cli/engine.ts'
import type { PodContents } from './pod-variables.ts'
import { type Contents, type KubeFile, type WantedPod, readKubeFile } from './read-kube-file.ts'

/**
 * The ConfigMaps and Secrets of a file, and those Secrets that the pod names and "mycontainer secret" keeps: as YAML
 * of a Secret, as podman has them, or as the bytes of one key, which has the secret's name.
 */
export async function withStoredSecrets(
  engine: Engine,
  file: KubeFile,
  pod: WantedPod,
): Promise<PodContents> {
  const secrets: Contents = new Map(file.secrets)
  const missing = namesOf(pod).filter((name) => !secrets.has(name))
  if (missing.length === 0) return { configMaps: file.configMaps, secrets }
  const stored = new Set((await engine.secretList()).map(({ name }) => name))
  for (const name of missing.filter((each) => stored.has(each)))
    secrets.set(name, contentOf(name, Buffer.from(await engine.secretData(name))))
  return { configMaps: file.configMaps, secrets }
}

function namesOf({ spec }: WantedPod): string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return [
    ...(spec.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []),
    ...containers.flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
    ),
    ...containers.flatMap(({ envFrom = [] }) =>
      envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []),
    ),
  ]
}

function contentOf(name: string, data: Buffer): ReadonlyMap<string, Buffer> {
  try {
    const [found] = [...readKubeFile(name, data.toString()).secrets.values()]
    if (found) return found
  } catch {
    // Not YAML: a password, a key.
  }
  return new Map([[name, data]])
}
