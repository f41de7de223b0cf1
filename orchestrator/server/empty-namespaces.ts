import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import { serverUser } from './bootstrap.ts'
import { deleteObject } from './delete-object.ts'
import { isReview } from './handle-review.ts'
import { everything, listObjects } from './list-objects.ts'
import { tellContent } from './namespace-conditions.ts'
import type { NamespaceContent } from './namespace-conditions.ts'
import { keyPrefix, readObject } from './object-storage.ts'

// A namespace that is to go loses everything in it, and then its finalizer. Runs beside the server because without it
// no namespace ever goes; it meets the API only through the store and the same functions as requests.

const retryMs = 1_000
const ownFinalizer = 'kubernetes'

export interface Worker {
  stop(): Promise<void>
}

/** Delete what is in the namespace. @returns what is still there, held by a finalizer or a grace period */
async function emptyNamespace(context: ApiContext, namespace: string): Promise<NamespaceContent> {
  const seen = new Set<string>()
  const remaining = new Map<string, number>()
  const finalizers = new Map<string, number>()
  for (const kind of context.registry.all()) {
    if (
      !kind.namespaced ||
      isReview(kind) ||
      !kind.verbs.includes('delete') ||
      seen.has(kind.storage)
    )
      continue
    seen.add(kind.storage)
    const left = await deleteAll(context, kind, namespace)
    if (left.length > 0) remaining.set(`${kind.plural}.${kind.group}`, left.length)
    for (const { metadata } of left)
      for (const name of metadata.finalizers ?? [])
        finalizers.set(name, (finalizers.get(name) ?? 0) + 1)
  }
  return { remaining, finalizers }
}

async function deleteAll(
  context: ApiContext,
  kind: Kind,
  namespace: string,
): Promise<KubeObject[]> {
  const { items } = await listObjects(context.store, kind, { ...everything, namespace })
  const left: KubeObject[] = []
  const options = { propagationPolicy: 'Background', dryRun: false } as const
  for (const { metadata } of items)
    try {
      const target = { kind, namespace, name: metadata.name ?? '' }
      const deletion = await deleteObject(context, target, options, serverUser)
      if (!deletion.gone) left.push(deletion.object)
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.code !== 404) throw error
    }
  return left
}

async function finalize(context: ApiContext, kind: Kind, name: string): Promise<void> {
  const options = { user: serverUser, dryRun: false }
  const change = (current: KubeObject): KubeObject => {
    const finalizers = current.spec?.['finalizers']
    const rest = Array.isArray(finalizers)
      ? finalizers.filter((entry) => entry !== ownFinalizer)
      : []
    return { ...current, spec: { ...current.spec, finalizers: rest } }
  }
  await context.resources.update(kind, undefined, name, change, options, 'finalize')
}

/** Say in its status what a namespace waits for. */
async function tell(
  context: ApiContext,
  kind: Kind,
  name: string,
  content: NamespaceContent,
): Promise<void> {
  const current = await context.resources.get(kind, undefined, name)
  const now = new Date()
  if (tellContent(current, content, now) === current) return
  const options = { user: serverUser, dryRun: false }
  const change = (one: KubeObject): KubeObject => tellContent(one, content, now)
  await context.resources.update(kind, undefined, name, change, options, 'status')
}

/** Watch namespaces, and empty those that are to go. */
export async function startNamespaceDeletion(context: ApiContext): Promise<Worker> {
  const kind = context.registry.byKind('v1', 'Namespace')!
  const waiting = new Set<string>()
  let stopped = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  function offer({ metadata }: KubeObject): void {
    if (metadata.deletionTimestamp === undefined || metadata.name === undefined) return
    waiting.add(metadata.name)
    running ??= work().finally(() => (running = undefined))
  }

  async function work(): Promise<void> {
    for (const name of waiting) {
      if (stopped) return
      waiting.delete(name)
      try {
        const content = await emptyNamespace(context, name)
        if (content.remaining.size === 0) await finalize(context, kind, name)
        else {
          await tell(context, kind, name, content)
          again(name)
        }
      } catch (error) {
        if (error instanceof StatusError && error.status.code === 404) continue
        context.logger.error(`empty namespace ${name}`, error)
        again(name)
      }
    }
  }

  function again(name: string): void {
    timer = setTimeout(() => {
      waiting.add(name)
      running ??= work().finally(() => (running = undefined))
    }, retryMs)
    timer.unref()
  }

  const { store } = context
  const start = await store.list(keyPrefix(kind))
  const watch = await store.watch(keyPrefix(kind), start.revision, {
    onEvents: (events) => {
      for (const { type, value, revision } of events)
        if (type === 'put') offer(readObject(kind, value, revision))
    },
  })
  for (const { value, revision } of start.entries) offer(readObject(kind, value, revision))
  return {
    stop: async () => {
      stopped = true
      watch.stop()
      clearTimeout(timer)
      await running
    },
  }
}
