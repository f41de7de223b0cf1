import type { Client } from '../../client/client.ts'
import { makeInformers } from '../../client/informers.ts'
import type { Informers } from '../../client/informers.ts'
import { followedKinds } from './follow-objects.ts'
import type { Followed } from './follow-objects.ts'

/**
 * Keep cache and queue as the API has it.
 * @param shared informers that others read too; they are not stopped here. Absent: the scheduler has its own
 * @returns when all is known that was there at the start
 */
export async function followCluster(
  client: Client,
  followed: Followed,
  shared?: Informers,
): Promise<{ stop(): void }> {
  const informers = shared ?? makeInformers(client)
  let isStopped = false
  const stop = () => {
    isStopped = true
    if (!shared) informers.stop()
  }
  try {
    for (const group of followedKinds(followed)) {
      const started = group.map(([kind, follow]) => {
        const informer = informers.of(kind)
        informer.onChange((object, isThere) => {
          if (!isStopped) follow(object, isThere)
        })
        return informer
      })
      await Promise.all(started.map((informer) => informer.synced))
    }
  } catch (error) {
    stop()
    throw error
  }
  return { stop }
}
