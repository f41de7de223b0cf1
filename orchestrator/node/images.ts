import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError, hasCode } from '../../native/error.ts'
import { silentProgress } from '../../rootfs/copy/transfer-progress.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { isHostImage } from '../../runtime/container/resolve-image.ts'
import { parseReference } from '../../rootfs/reference.ts'
import type { KubeObject } from '../api/object.ts'
import { listAt, textAt, valueAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import type { PodSources } from './environment/pod-sources.ts'
import type { ContainerSpec, Waiting } from './pod-containers.ts'
import { pullPolicy } from './pull-policy.ts'

export interface ImageTools {
  readonly context: EngineContext
  readonly sources: PodSources
  /** Says what happened about the container. */
  readonly tell: (text: EventText) => void
  /** The pod's own folder. */
  readonly folder: string
  readonly pulling: PullsUnderWay
  /** As `host:port`. */
  readonly insecureRegistries: ReadonlySet<string>
  /** Nobody waits for the image any more; a pull that others may wait for goes on. */
  readonly signal: AbortSignal
}

/** By image and credentials: bytes of the image that comes. */
export type PullsUnderWay = Map<string, Promise<number>>

/** That an image is not there, in the words of the kubelet: `reason` is ErrImagePull, ErrImageNeverPull, InvalidImageName. */
export class ImageProblem extends Error {
  readonly waiting: Waiting

  constructor(reason: string, message: string) {
    super(message)
    this.waiting = { reason, message }
  }
}

/**
 * See to it that the image of a container is in the store.
 *
 * @throws {ImageProblem}
 */
export async function ensureContainerImage(
  { context, sources, tell, folder, pulling, signal, insecureRegistries }: ImageTools,
  pod: KubeObject,
  { spec }: ContainerSpec,
): Promise<void> {
  const image = textAt(spec, ['image']) ?? ''
  const policy = pullPolicy(spec)
  if (isHostImage(image)) return
  const store = await context.images()
  const isPresent = findImage(store, image)
  if (policy === 'Never' && !isPresent) {
    const message = `Container image "${image}" is not present with pull policy of Never`
    tell({ type: 'Warning', reason: 'ErrImageNeverPull', message })
    throw new ImageProblem('ErrImageNeverPull', message)
  }
  if (isPresent && policy !== 'Always') {
    const message = `Container image "${image}" already present on machine`
    return tell({ type: 'Normal', reason: 'Pulled', message })
  }
  tell({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` })
  const startedAt = performance.now()
  try {
    const auth = await readAuths(sources, pod)
    const shared = pullOnce(pulling, `${image} ${auth ?? ''}`, () =>
      pull(context, image, {
        auth: authFile(auth, folder),
        isInsecure: insecureRegistries.has(parseReference(image).domain),
      }),
    )
    const bytes = await unlessAborted(shared, signal)
    const took = duration(performance.now() - startedAt)
    const size = ` Image size: ${bytes} bytes.`
    const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting).${size}`
    tell({ type: 'Normal', reason: 'Pulled', message })
  } catch (error) {
    signal.throwIfAborted()
    const why = `failed to pull image "${image}": ${describeError(error)}`
    tell({
      type: 'Warning',
      reason: 'Failed',
      message: `Failed to pull image "${image}": ${describeError(error)}`,
    })
    tell({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' })
    throw new ImageProblem('ErrImagePull', why)
  }
}

function findImage(store: Awaited<ReturnType<EngineContext['images']>>, image: string): boolean {
  try {
    if (store.find(image)) return true
    // What is no name of anything here must be able to be one elsewhere.
    parseReference(image)
    return false
  } catch (error) {
    if (!hasCode(error, 'INVALID_ARGUMENT')) throw error
    throw new ImageProblem(
      'InvalidImageName',
      `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    )
  }
}

async function pull(
  context: EngineContext,
  image: string,
  { auth, isInsecure }: { readonly auth: string | undefined; readonly isInsecure: boolean },
): Promise<number> {
  const { pullImage } = await import('../../rootfs/copy/pull-image.ts')
  const { openRegistryAccess } = await import('../../rootfs/registry-client/registry-access.ts')
  const { env } = context
  const environment = auth === undefined ? env : { ...env, REGISTRY_AUTH_FILE: auth }
  const access = openRegistryAccess({
    environment,
    tlsVerify: isInsecure ? false : undefined,
    onNote: () => undefined,
  })
  try {
    const pulled = await pullImage(await context.images(), image, {
      access,
      progress: silentProgress,
    })
    return pulled.size
  } finally {
    access.close()
  }
}

/** Pods that want the same image at once wait for one pull. */
function pullOnce(
  pulling: PullsUnderWay,
  key: string,
  begin: () => Promise<number>,
): Promise<number> {
  const known = pulling.get(key)
  if (known) return known
  const pulled = begin().finally(() => pulling.delete(key))
  pulling.set(key, pulled)
  return pulled
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    signal.throwIfAborted()
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
    // Nobody may be left to hear of it.
    promise.catch(() => undefined)
  }
}

/** The pod's pull secrets as the text of one file of credentials; undefined where it has none. */
async function readAuths(sources: PodSources, pod: KubeObject): Promise<string | undefined> {
  const auths: Record<string, unknown> = {}
  for (const reference of listAt(pod, ['spec', 'imagePullSecrets'])) {
    const name = textAt(reference, ['name']) ?? ''
    const secret = await sources.secret(pod.metadata.namespace ?? '', name)
    const data = (key: string): unknown => {
      const text = valueAt(secret, ['data', key])
      return typeof text === 'string'
        ? JSON.parse(Buffer.from(text, 'base64').toString())
        : undefined
    }
    const config = data('.dockerconfigjson') as { auths?: object } | undefined
    // The older type has the list itself.
    Object.assign(auths, config?.auths, data('.dockercfg'))
  }
  return Object.keys(auths).length === 0 ? undefined : JSON.stringify({ auths })
}

function authFile(auths: string | undefined, folder: string): string | undefined {
  const path = join(folder, 'auth.json')
  rmSync(path, { force: true })
  if (auths === undefined) return undefined
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(path, auths, { mode: 0o600 })
  return path
}

/** As Go prints a duration: `1.234s`, `56ms`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`
  return `${(milliseconds / 1000).toFixed(3).replace(/\.?0+$/, '')}s`
}
