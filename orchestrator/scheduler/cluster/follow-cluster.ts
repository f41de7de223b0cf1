import type { Client } from '../../client/client.ts'
import { makeInformer } from '../../client/informer.ts'
import { followedKinds } from './follow-objects.ts'
import type { Followed } from './follow-objects.ts'

/** Keep cache and queue as the API has it. @returns when all is known that was there at the start */
export async function followCluster(client: Client, followed: Followed): Promise<{ stop(): void }> {
  const informers: ReturnType<typeof makeInformer>[] = []
  const stop = () => {
    for (const informer of informers) informer.stop()
  }
  try {
    for (const group of followedKinds(followed)) {
      const started = group.map(([kind, follow]) => {
        const informer = makeInformer(client, kind)
        informer.onChange(follow)
        return informer
      })
      informers.push(...started)
      await Promise.all(started.map((informer) => informer.synced))
    }
  } catch (error) {
    stop()
    throw error
  }
  return { stop }
}
